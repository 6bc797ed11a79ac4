"""What the learned judge says of a picture: its tier, with probabilities. Taught in chapter 7."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from irlib.losses import tier_logits
from irlib.perceiver.gate import expected_quality
from irlib.perceiver.triplets import common_size

if TYPE_CHECKING:
    from irlib.foundation import Clip
    from irlib.perceiver.prompts import PromptSet


@dataclass(frozen=True)
class TierScore:
    """The verdict on one picture.

    Attributes:
        words: The tiers, worst first.
        probabilities: One a tier.
        quality: Expected tier, from 0 (worst) to 1 (best).
    """

    words: tuple[str, ...]
    probabilities: tuple[float, ...]
    quality: float

    @property
    def tier(self) -> str:
        """The most probable tier."""
        return self.words[max(range(len(self.words)), key=self.probabilities.__getitem__)]


@torch.no_grad()
def score_image(
    clip: "Clip", prompts: "PromptSet", image: Tensor, logit_scale: float = 100.0
) -> TierScore:
    """Judges a picture by five cuts of CLIP's size: the corners and the centre, logits averaged.

    Cuts keep the picture's own sharpness and noise, which shrinking it would hide. A picture
    smaller than a cut is enlarged.

    Args:
        clip: The CLIP of the prompts.
        prompts: From :func:`irlib.perceiver.load_prompts`.
        image: (3, H, W) in [0, 1].
        logit_scale: The one that the prompts were learned with.

    Raises:
        UsageError: Another CLIP.
    """
    features = clip.encode_image(five_cuts(image, clip.image_size).to(clip.device))
    logits = tier_logits(features, prompts.encode(clip), logit_scale).float().mean(dim=0)
    best = prompts.tiers - 1
    return TierScore(
        prompts.words,
        tuple(torch.softmax(logits, dim=0).tolist()),
        float(expected_quality(logits)) / best,
    )


def five_cuts(image: Tensor, size: int) -> Tensor:
    """The four corners and the centre of a picture (3, H, W): (5, 3, size, size)."""
    image = common_size([image], size)[0]
    bottom, right = (side - size for side in image.shape[-2:])
    corners = [(0, 0), (0, right), (bottom, 0), (bottom, right), (bottom // 2, right // 2)]
    return torch.stack([image[:, y : y + size, x : x + size] for y, x in corners])
