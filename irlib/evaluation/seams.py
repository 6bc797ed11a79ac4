"""What restoring in tiles costs against restoring the whole image at once.

A network with global attention (Restormer, PromptIR) computes statistics over all that it sees, and
PromptIR stretches its prompts over it; both change when it sees a tile. Tiles that share their
statistics (:mod:`irlib.evaluation.shared_statistics`) come close to the whole again. Dark pictures
need the most exact ones: there a small error of them moves the brightness of the whole picture, on
which PSNR mostly depends. Taught in chapter 24.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from irlib.errors import UsageError
from irlib.evaluation.restore import restore_image
from irlib.evaluation.tiling import spans
from irlib.nn.padding import pad_to_multiple


@dataclass(frozen=True)
class TilingCost:
    """How a tiled restoration differs from that of the whole image, all on the scale of [0, 1].

    Attributes:
        step_at_borders: Mean absolute step between neighbouring pixels of the difference image
            (tiled minus whole), where one tile fades into the next; 0 where no tiles meet.
        step_inside: The same where a single tile decides; 0 where there is no such place.
        mean_difference: Mean absolute difference between tiled and whole.
        psnr_whole: PSNR in dB of the whole restoration against the clean image, or None.
        psnr_tiled: The same of the tiled one.
    """

    step_at_borders: float
    step_inside: float
    mean_difference: float
    psnr_whole: float | None = None
    psnr_tiled: float | None = None

    @property
    def psnr_change(self) -> float | None:
        """Tiled minus whole in dB: negative where tiles cost quality."""
        if self.psnr_whole is None or self.psnr_tiled is None:
            return None
        return self.psnr_tiled - self.psnr_whole


def tiling_cost(
    model: nn.Module,
    image: Tensor,
    tile: int = 512,
    overlap: int = 32,
    *,
    clean: Tensor | None = None,
    whole: Tensor | None = None,
    share: bool = True,
) -> TilingCost:
    """Restores an image in tiles and whole, and compares the two.

    Args:
        model: As for :func:`irlib.evaluation.restore.restore_image`, as are tile and overlap.
        image: (3, H, W) in [0, 1], the degraded image.
        tile: Side of a tile in pixels.
        overlap: Pixels that neighbouring tiles share at least.
        clean: (3, H, W) in [0, 1], what the image should become; without it no PSNR is given.
        whole: The restoration of the whole image where it is at hand, which spares making it.
        share: Whether tiles share their statistics, as for restoring.

    Raises:
        UsageError: The sizes of the images differ, or the tile or the overlap cannot be used.
        IrlibError: As restoring raises, such as for too little memory for the whole image.
    """
    for name, other in (("clean image", clean), ("whole restoration", whole)):
        if other is not None and other.shape != image.shape:
            raise UsageError(
                f"the {name} has the shape {tuple(other.shape)} and the degraded image "
                f"{tuple(image.shape)}; give images of one size."
            )
    tiled = restore_image(model, image, tile, overlap, share=share)
    if whole is None:
        whole = restore_image(model, image, None)
    at_borders, inside = _steps(tiled - whole, tile, overlap, int(getattr(model, "multiple", 1)))
    return TilingCost(
        step_at_borders=_mean(at_borders),
        step_inside=_mean(inside),
        mean_difference=float((tiled - whole).abs().mean(dtype=torch.float64)),
        psnr_whole=_psnr(whole, clean),
        psnr_tiled=_psnr(tiled, clean),
    )


def _steps(difference: Tensor, tile: int, overlap: int, multiple: int) -> tuple[Tensor, Tensor]:
    """Returns the absolute steps along both sides, where tiles fade and where they do not."""
    padded, _ = pad_to_multiple(difference, multiple)
    at_borders, inside = [], []
    for side in (1, 2):
        length, along = difference.shape[side], padded.shape[side]
        fading = torch.zeros(along - 1, dtype=torch.bool)
        for span in spans(along, -(-tile // multiple) * multiple, overlap, multiple):
            fading[span.start : span.stop - 1] |= span.weights.diff() != 0
        fading = fading[: length - 1].to(difference.device)
        steps = difference.diff(dim=side).abs().movedim(side, 0)
        at_borders.append(steps[fading].flatten())
        inside.append(steps[~fading].flatten())
    return torch.cat(at_borders), torch.cat(inside)


def _mean(values: Tensor) -> float:
    return float(values.mean(dtype=torch.float64)) if values.numel() else 0.0


def _psnr(restored: Tensor, clean: Tensor | None) -> float | None:
    if clean is None:
        return None
    from irlib.metrics import psnr

    return float(psnr(restored[None], clean[None], "whole"))
