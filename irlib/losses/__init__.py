"""Losses, one file a loss; those of an image and its target under the names that recipes use."""

from irlib.losses.charbonnier import charbonnier, charbonnier_fft, spectrum_l1
from irlib.losses.clip_quality import clip_quality, good_share
from irlib.losses.degradation_contrast import contrast_terms, degradation_contrast, level_labels
from irlib.losses.difficulty_aware import (
    difficulty_aware,
    difficulty_weights,
    patch_psnr,
    proxy_psnr,
)
from irlib.losses.epoch_probe import choose_probe, probe_psnr
from irlib.losses.momentum_contrast import momentum_contrast, momentum_logits
from irlib.losses.reconstruction import l1, psnr_loss
from irlib.losses.tier_cross_entropy import tier_cross_entropy, tier_logits
from irlib.losses.total import LossWeights
from irlib.registry import Registry

losses: Registry = Registry("loss")
losses.register("l1")(l1)
losses.register("psnr")(psnr_loss)
losses.register("charbonnier-fft")(charbonnier_fft)

__all__ = [
    "LossWeights",
    "charbonnier",
    "charbonnier_fft",
    "choose_probe",
    "clip_quality",
    "contrast_terms",
    "degradation_contrast",
    "difficulty_aware",
    "difficulty_weights",
    "good_share",
    "l1",
    "level_labels",
    "losses",
    "momentum_contrast",
    "momentum_logits",
    "patch_psnr",
    "probe_psnr",
    "proxy_psnr",
    "psnr_loss",
    "spectrum_l1",
    "tier_cross_entropy",
    "tier_logits",
]
