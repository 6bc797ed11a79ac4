"""Measures beside PSNR and SSIM: likeness as a network sees it, and two that need no reference.

Taught in chapter 22.
"""

from collections.abc import Callable, Sequence

from torch import Tensor

from irlib.errors import IrlibError, UsageError
from irlib.registry import unknown_name

Measure = Callable[[Tensor, Tensor | None], float]

WITH_REFERENCE = ("lpips",)
WITHOUT_REFERENCE = ("uciqe", "uiqm")
NAMES = (*WITH_REFERENCE, *WITHOUT_REFERENCE)
ALL = "all"


def choose_measures(
    names: Sequence[str], reference: bool = True
) -> tuple[dict[str, Measure], list[str]]:
    """Functions of a restored image and its reference, and what could not be had.

    Args:
        names: Of :data:`NAMES`, or ``all``: those that this machine can compute on this set.
        reference: Whether the set has references.

    Returns:
        The measures by name, and a sentence for each that ``all`` had to leave out.

    Raises:
        UsageError: An unknown name, or one that needs a reference where there is none.
        IrlibError: A measure asked for by its name that this machine cannot compute.
    """
    for name in names:
        if name not in (*NAMES, ALL):
            raise UsageError(unknown_name("measure", name, [*NAMES, ALL]))
        if name in WITH_REFERENCE and not reference:
            raise UsageError(
                f"{name} compares with a reference, and this set has none; ask for "
                f"{' or '.join(WITHOUT_REFERENCE)}."
            )
    wanted = [name for name in NAMES if name in names or ALL in names]
    chosen: dict[str, Measure] = {}
    missing = []
    for name in wanted:
        if name in WITH_REFERENCE and not reference:
            continue
        try:
            chosen[name] = _measure(name)
        except IrlibError as error:
            if name in names:
                raise
            missing.append(f"{name} not measured: {str(error).partition('. ')[0]}.")
    return chosen, missing


def _measure(name: str) -> Measure:
    if name == "lpips":
        from irlib.evaluation.perceptual import load_lpips

        return load_lpips()
    from irlib import metrics

    function = {"uciqe": metrics.uciqe, "uiqm": metrics.uiqm}[name]
    return lambda image, reference: float(function(image))
