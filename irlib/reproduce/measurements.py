"""What is measured on trained weights: embedded photographs anywhere, benchmarks where they are.

A column of a printed table names a test set and a metric. On a laptop each column has two answers:
one on held-out embedded photographs with the same kind of degradation, and one on the real images
that lie under the data root.
"""

from collections.abc import Sequence

from irlib.ledger.paper_tables import Column
from irlib.reproduce.declared import Measurement

#: The five tasks on the held-out embedded photographs, noise of level 25.
EMBEDDED = Measurement("embedded", ("--embedded",))
#: The same by a network that must be told the degradation, told by a small classifier.
BLIND = Measurement("embedded-blind", ("--task", "blind", "--embedded"))

#: Degradation of embedded photographs that stands for a printed test set.
STAND_INS = {
    "cbsd68-sigma15": "noise15",
    "cbsd68-sigma25": "noise25",
    "cbsd68-sigma50": "noise50",
    "cbsd68-sigma60": "noise60",
    "cbsd68-sigma100": "noise100",
    "sots-outdoor": "dehaze",
    "rain100l": "derain",
    "gopro": "deblur",
    "lol": "lowlight",
    "uieb": "underwater",
}
#: Benchmarks on which the papers measure more than PSNR and SSIM.
UNDER_WATER = ("uieb", "uieb-c60")
#: Benchmarks on which a paper prints more than PSNR and SSIM.
MORE_MEASURES = ("uieb", "uieb-c60")
NOISE_LEVELS = ("noise15", "noise25", "noise50")
#: Benchmarks that are measured by another name than the papers' (on a laptop).
ON_A_LAPTOP = {"lol": ("lol-train", "LOL's training images, from which nothing here has learned")}


def embedded(tasks: Sequence[str]) -> Measurement:
    """Some degradations on the held-out embedded photographs.

    Args:
        tasks: "denoise" stands for the three levels of :data:`NOISE_LEVELS`; "cdd11" for all
            mixtures; any other name of :func:`irlib.evaluation.embedded.embedded_tasks`.
    """
    spelt = [name for task in tasks for name in (NOISE_LEVELS if task == "denoise" else (task,))]
    # One degradation of three photographs takes a tenth of a minute, or less.
    minutes = 0.1 * (11 if "cdd11" in tasks else len(spelt))
    return Measurement(
        f"embedded-{'+'.join(tasks)}", ("--embedded", "--tasks", *spelt), None, minutes
    )


def measured_tasks(measurement: Measurement) -> tuple[str, ...]:
    """The names that begin the values of an embedded measurement's record."""
    if measurement == EMBEDDED:
        return ("denoise", "dehaze", "derain", "deblur", "lowlight")
    return measurement.arguments[2:]


def test_set_of(column: Column) -> str:
    """The test set of a measured column: its key without the metric."""
    return column.key.rpartition("/")[0]


def embedded_value(measurement: Measurement, test_set: str, metric: str) -> str | None:
    """Key of the value that stands for a printed number, or None where nothing does.

    Args:
        measurement: :data:`EMBEDDED` or of :func:`embedded`.
        test_set: Such as ``cbsd68-sigma25`` or ``cdd11-low_haze``.
        metric: Only "psnr" and "ssim" are measured on embedded photographs.
    """
    task = STAND_INS.get(test_set)
    group = test_set.removeprefix("cdd11-")
    known = measured_tasks(measurement)
    if group != test_set and "cdd11" in known:
        return f"cdd11_{group}/{metric}" if metric in ("psnr", "ssim") else None
    if measurement == EMBEDDED and task == "noise25":
        task = "denoise"
    return f"{task}/{metric}" if task in known and metric in ("psnr", "ssim") else None


def on_benchmark(
    test_set: str, benchmark: str, sigma: int | None, scale: str
) -> tuple[Measurement, str]:
    """The measurement on a benchmark, and what it stands for where it is not the printed one.

    Args:
        test_set: Names the record, such as ``cbsd68-sigma25``.
        benchmark: Name of :func:`irlib.data.get_benchmark`.
        sigma: Noise to add, 0-255 scale, or None.
        scale: At scale paper the printed test set itself.
    """
    used, stands_for = benchmark, ""
    if scale != "paper" and benchmark in ON_A_LAPTOP:
        used, stands_for = ON_A_LAPTOP[benchmark]
    arguments = ["--benchmark", used]
    if sigma is not None:
        arguments += ["--sigma", str(sigma)]
    group = test_set.removeprefix("cdd11-")
    if group != test_set:
        arguments += ["--group", group]
    if used in UNDER_WATER:
        arguments += ["--measures", "all"]
    return Measurement(test_set, tuple(arguments), used), stands_for
