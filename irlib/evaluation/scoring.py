"""One image through a model or a classical method, and its scores before and after."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn

from irlib.evaluation.measures import Measure
from irlib.metrics import Protocol, measure

Restorer = nn.Module | Callable[[Tensor], Tensor]
SCORES = ("psnr", "ssim", "input_psnr", "input_ssim")


def as_function(
    model: Restorer, tile: str | int | None = None, device: str | torch.device | None = None
) -> Callable[[Tensor], Tensor]:
    """A function from one degraded (3, H, W) image to its restoration in [0, 1].

    Args:
        model: A network, or already such a function (a classical method).
        tile: Tiling of networks, as in :func:`irlib.evaluation.restore.restore_image`; None
            restores the whole image at once, as the authors evaluate.
        device: Where a network runs; where it already is when None.
    """
    if not isinstance(model, nn.Module):
        return model
    from irlib.evaluation.restore import restore_image

    return lambda image: restore_image(model, image, tile=tile, device=device)


def centre_crop(image: Tensor, protocol: Protocol) -> Tensor:
    """The centre crop of a protocol, without its border: what the model gets to see.

    PromptIR's code crops before anything else, so that the network never sees what is not measured;
    the border of other protocols is cut from the restored image alone.

    Args:
        image: (3, H, W).
        protocol: Its ``crop_multiple`` is used.
    """
    return dataclasses.replace(protocol, border=0).crop(image)


def score(
    restore: Callable[[Tensor], Tensor],
    degraded: Tensor,
    clean: Tensor | None,
    protocol: Protocol,
    extra: Mapping[str, Measure] | None = None,
) -> tuple[dict[str, float], Tensor]:
    """Restore one image and measure it, and its input, against the reference.

    Args:
        restore: From (3, H, W) to (3, H, W).
        degraded: (3, H, W) in [0, 1], already cropped.
        clean: Same shape, or None where there is no reference.
        protocol: How both are measured.
        extra: Further measures, see :func:`irlib.evaluation.measures.choose_measures`. They see the
            pixels that the protocol keeps, in colour.

    Returns:
        ``psnr`` (dB), ``ssim``, ``input_psnr`` and ``input_ssim`` where there is a reference, then
        each further measure and the same of the input; and the restored image on the CPU.
    """
    with torch.no_grad():
        restored = restore(degraded).detach().float().cpu()
    row = {}
    if clean is not None:
        # One batch: the reference and its statistics are prepared once.
        images, references = torch.stack([restored, degraded.float()]), torch.stack([clean, clean])
        both = measure(images, references, protocol)
        row = {"psnr": float(both["psnr"][0]), "ssim": float(both["ssim"][0])}
        row |= {"input_psnr": float(both["psnr"][1]), "input_ssim": float(both["ssim"][1])}
    target = None if clean is None else protocol.crop(clean)
    for name, function in (extra or {}).items():
        row[name] = function(protocol.crop(restored), target)
        row[f"input_{name}"] = function(protocol.crop(degraded), target)
    return row, restored


def mean_of(rows: list[dict], keys: Sequence[str] = SCORES) -> dict[str, float]:
    """The mean over images of each score."""
    return {key: sum(row[key] for row in rows) / len(rows) for key in keys}
