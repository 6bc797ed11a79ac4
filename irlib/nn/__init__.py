"""Building blocks of the networks: pure functions and modules without files or global state."""

from irlib.nn.attention import TransposedAttention, attend_and_project, channel_attention
from irlib.nn.feed_forward import GatedFeedForward
from irlib.nn.layer_norm import NORMS, BiasFreeLayerNorm, WithBiasLayerNorm
from irlib.nn.padding import pad_to_multiple
from irlib.nn.prompt import PromptGeneration, PromptInteraction
from irlib.nn.resample import Downsample, Upsample
from irlib.nn.transformer import TransformerBlock

__all__ = [
    "NORMS",
    "BiasFreeLayerNorm",
    "Downsample",
    "GatedFeedForward",
    "PromptGeneration",
    "PromptInteraction",
    "TransformerBlock",
    "TransposedAttention",
    "Upsample",
    "WithBiasLayerNorm",
    "attend_and_project",
    "channel_attention",
    "pad_to_multiple",
]
