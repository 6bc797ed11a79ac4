"""Building blocks of the networks: pure functions and modules without files or global state."""

from irlib.nn.attention import TransposedAttention, attend_and_project, channel_attention
from irlib.nn.baseline_block import BaselineBlock, SqueezeExcitation
from irlib.nn.channel_mean import ChannelMean, local_mean
from irlib.nn.degradation_code import DegradationEncoder
from irlib.nn.feed_forward import GatedFeedForward
from irlib.nn.guidance import GuidedStage, PromptGuidance
from irlib.nn.guided_blocks import (
    GuidedAttention,
    GuidedMixer,
    GuidedNafBlock,
    GuidedTransformerBlock,
)
from irlib.nn.instruction_condition import InstructionCondition
from irlib.nn.instruction_head import InstructionHead
from irlib.nn.layer_norm import NORMS, BiasFreeLayerNorm, WithBiasLayerNorm
from irlib.nn.naf_block import (
    NAF_EPSILON,
    NafBlock,
    NafMixer,
    SimpleGateFeedForward,
    SimplifiedChannelAttention,
    scale_and_project,
    scaled_conv,
    simple_gate,
)
from irlib.nn.padding import pad_to_multiple
from irlib.nn.prompt import PromptGeneration, PromptInteraction
from irlib.nn.resample import Downsample, Upsample
from irlib.nn.transformer import TransformerBlock

__all__ = [
    "NAF_EPSILON",
    "NORMS",
    "BaselineBlock",
    "BiasFreeLayerNorm",
    "ChannelMean",
    "DegradationEncoder",
    "Downsample",
    "GatedFeedForward",
    "GuidedAttention",
    "GuidedMixer",
    "GuidedNafBlock",
    "GuidedStage",
    "GuidedTransformerBlock",
    "InstructionCondition",
    "InstructionHead",
    "NafBlock",
    "NafMixer",
    "PromptGeneration",
    "PromptGuidance",
    "PromptInteraction",
    "SimpleGateFeedForward",
    "SimplifiedChannelAttention",
    "SqueezeExcitation",
    "TransformerBlock",
    "TransposedAttention",
    "Upsample",
    "WithBiasLayerNorm",
    "attend_and_project",
    "channel_attention",
    "local_mean",
    "pad_to_multiple",
    "scale_and_project",
    "scaled_conv",
    "simple_gate",
]
