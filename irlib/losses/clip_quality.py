"""L_clip: the restored image should look to CLIP like the prompt of good images.

Taught in chapter 10.
"""

from collections.abc import Callable

import torch
from torch import Tensor

Encoder = Callable[[Tensor], Tensor]


def clip_quality(
    restored: Tensor, encode_image: Encoder, text_features: Tensor, *, scale: float = 1.0
) -> Tensor:
    """Mean of ``1 - softmax(cos(V, T_k))_good`` over the restored images (Perceive-IR, Eq. 9).

    Gradient flows through the frozen image encoder into ``restored`` and nowhere else. Pixels
    outside [0, 1] are clamped for CLIP and get none: L_rec has to see the unclamped output.
    Without a scale the value lies in [0.2130, 0.9366] for three tiers and moves little in practice;
    the term acts through its gradient.

    Args:
        restored: (B, 3, H, W), the network's output, of any size.
        encode_image: Maps images in [0, 1] to L2-normalised features (B, D): resizing, CLIP's
            normalisation and the frozen encoder, as ``irlib.foundation``'s ``Clip.encode_image``.
        text_features: (K, D), L2-normalised features of the frozen prompts, worst tier first: the
            last row is the good one.
        scale: Factor on the cosines. Paper and released code have none (1), unlike stage 1 of the
            code (100).
    """
    return (1 - good_share(encode_image(restored.clamp(0, 1)), text_features, scale=scale)).mean()


def good_share(image_features: Tensor, text_features: Tensor, *, scale: float = 1.0) -> Tensor:
    """Probability of the best tier for each image.

    Args:
        image_features: (B, D), L2-normalised.
        text_features: (K, D), L2-normalised, worst tier first; detached.
        scale: Factor on the cosines.

    Returns:
        (B,), in (0, 1).
    """
    # Cosines of CLIP differ in the third digit, which bf16 does not have.
    with torch.autocast(image_features.device.type, enabled=False):
        similarities = image_features.float() @ text_features.detach().float().t()
        return torch.softmax(scale * similarities, dim=1)[:, -1]
