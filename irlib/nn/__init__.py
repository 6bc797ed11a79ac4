"""Building blocks of the networks: pure functions and modules without files or global state."""

from irlib.nn.attention import TransposedAttention, attend_and_project, channel_attention
from irlib.nn.baseline_block import BaselineBlock, SqueezeExcitation
from irlib.nn.channel_mean import ChannelMean, local_mean
from irlib.nn.contrastive_encoder import ContrastiveEncoder
from irlib.nn.deformable import DeformableConv, deformable_conv
from irlib.nn.degradation_code import DegradationEncoder
from irlib.nn.degradation_guided import (
    DegradationGuidedBlock,
    DegradationGuidedGroup,
    DegradationGuidedModule,
    FeatureTransform,
)
from irlib.nn.feed_forward import GatedFeedForward
from irlib.nn.gated_conv import GatedConvBlock
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
from irlib.nn.mixed_attention import MixedAttention, StripGate
from irlib.nn.mixed_block import MixedBlock
from irlib.nn.momentum_keys import MomentumKeys
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
from irlib.nn.perturbation import MaskedCrossAttention, Perturbation
from irlib.nn.prior_detail import PriorDetail, channel_prior
from irlib.nn.prompt import PromptGeneration, PromptInteraction
from irlib.nn.resample import Downsample, Upsample
from irlib.nn.selective_fusion import SelectiveFusion
from irlib.nn.skip_fusion import SkipFusion
from irlib.nn.text_prompt import TextPrompt, WordSigns, WordVector
from irlib.nn.transformer import TransformerBlock
from irlib.nn.two_scale_feed_forward import TwoScaleFeedForward
from irlib.nn.visual_prompt import VisualPrompt

__all__ = [
    "NAF_EPSILON",
    "NORMS",
    "BaselineBlock",
    "BiasFreeLayerNorm",
    "ChannelMean",
    "ContrastiveEncoder",
    "DeformableConv",
    "DegradationEncoder",
    "DegradationGuidedBlock",
    "DegradationGuidedGroup",
    "DegradationGuidedModule",
    "Downsample",
    "FeatureTransform",
    "GatedConvBlock",
    "GatedFeedForward",
    "GuidedAttention",
    "GuidedMixer",
    "GuidedNafBlock",
    "GuidedStage",
    "GuidedTransformerBlock",
    "InstructionCondition",
    "InstructionHead",
    "MaskedCrossAttention",
    "MixedAttention",
    "MixedBlock",
    "MomentumKeys",
    "NafBlock",
    "NafMixer",
    "Perturbation",
    "PriorDetail",
    "PromptGeneration",
    "PromptGuidance",
    "PromptInteraction",
    "SelectiveFusion",
    "SimpleGateFeedForward",
    "SimplifiedChannelAttention",
    "SkipFusion",
    "SqueezeExcitation",
    "StripGate",
    "TextPrompt",
    "TransformerBlock",
    "TransposedAttention",
    "TwoScaleFeedForward",
    "Upsample",
    "VisualPrompt",
    "WithBiasLayerNorm",
    "WordSigns",
    "WordVector",
    "attend_and_project",
    "channel_attention",
    "channel_prior",
    "deformable_conv",
    "local_mean",
    "pad_to_multiple",
    "scale_and_project",
    "scaled_conv",
    "simple_gate",
]
