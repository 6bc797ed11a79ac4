"""Cross entropy of stage 1: which quality tier does an image belong to? Taught in chapter 7."""

import torch.nn.functional as F
from torch import Tensor


def tier_logits(image_features: Tensor, text_features: Tensor, scale: float = 100.0) -> Tensor:
    """Scaled cosine similarities of images and tiers, ``s V T^T``.

    Args:
        image_features: (B, D), L2-normalised.
        text_features: (K, D), L2-normalised, worst tier first.
        scale: ``s``. The paper writes none (1); the released code takes CLIP's own, 100.

    Returns:
        (B, K).
    """
    return scale * image_features @ text_features.t()


def tier_cross_entropy(
    image_features: Tensor, text_features: Tensor, tiers: Tensor, scale: float = 100.0
) -> Tensor:
    """Mean of ``-log softmax(s cos(V, T_k))`` at the image's own tier (Perceive-IR, Eq. 1).

    With ``scale=1`` no image can come below ``-ln(e / (e + 2/e))``, about 0.24, and no triplet
    below ``ln(1 + 2 exp(-3/2))``, about 0.37: three directions cannot all be opposite. Cosines of
    CLIP differ by a few hundredths, so that its gradients are tiny as well; hence the default.

    Args:
        image_features: (B, D), L2-normalised.
        text_features: (K, D), L2-normalised, worst tier first.
        tiers: (B,), whole numbers from 0 (worst) to K - 1 (best).
        scale: ``s``; 1 is what the paper writes.
    """
    return F.cross_entropy(tier_logits(image_features, text_features, scale), tiers)
