"""What the learned judge says of a picture: its tier, with probabilities. Taught in chapter 7."""

import math
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

_MOST_A_SIDE = 4


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
    """Judges a picture by cuts of CLIP's size spread over it, their logits averaged.

    Cuts keep the picture's own sharpness and noise, which shrinking it would hide.

    Args:
        clip: The CLIP of the prompts.
        prompts: From :func:`irlib.perceiver.load_prompts`.
        image: (3, H, W) in [0, 1].
        logit_scale: The one that the prompts were learned with.

    Raises:
        UsageError: Another CLIP.
    """
    features = clip.encode_image(spread_cuts(image, clip.image_size).to(clip.device))
    logits = tier_logits(features, prompts.encode(clip), logit_scale).float().mean(dim=0)
    best = prompts.tiers - 1
    return TierScore(
        prompts.words,
        tuple(torch.softmax(logits, dim=0).tolist()),
        float(expected_quality(logits)) / best,
    )


def spread_cuts(image: Tensor, size: int) -> Tensor:
    """Squares spread evenly over a picture (3, H, W), edge to edge: (N, 3, size, size).

    As many a side as cover it, at most four; a picture smaller than a square is enlarged.
    """
    image = common_size([image], size)[0]
    tops, lefts = (_starts(side, size) for side in image.shape[-2:])
    return torch.stack([image[:, y : y + size, x : x + size] for y in tops for x in lefts])


def _starts(side: int, size: int) -> list[int]:
    count = min(_MOST_A_SIDE, math.ceil(side / size))
    return [round(i * (side - size) / max(1, count - 1)) for i in range(count)]
