"""The book's own comparisons, which no paper printed: one budget, rounding, and each loss left out.

Taught in chapter 20.
"""

from collections.abc import Callable
from dataclasses import replace

from irlib.models import MODELS, list_models
from irlib.reproduce.declared import Cell, Reproduction, Training
from irlib.reproduce.main_tables import FIVE_NOTE, FIVE_SETS
from irlib.reproduce.measurements import BLIND, EMBEDDED
from irlib.reproduce.tables import cells_on
from irlib.reproduce.trainings import five_task, repeated, scaled

EQUAL_BUDGET, ROUNDING, LOSSES = "equal-budget", "rounding", "losses"
COLUMN = "average/psnr"

#: Whose seeds are repeated, and on how many CPU threads.
REPEATED = ("nafnet", "perceive-ir")
THREADS = (1, 2)

#: What Perceive-IR adds to the reconstruction loss.
ADDED = ("cl", "clip", "dpl")
NOISE = ("cbsd68-sigma25", "cbsd68", 25)

ROUNDING_NOTE = (
    "The equal budget of chapter 18 on one CPU thread and on two. Nothing but the order of "
    "additions differs, so what the scores differ by is rounding, grown through the training."
)
ON_CPU = "It counts CPU threads; recipes of scale paper are made for GPUs."
LOSSES_NOTE = (
    "Perceive-IR on five tasks, whole and without one of its three losses; on a laptop the equal "
    "budget of chapter 18, on one CPU thread."
)


def equal_budget(scale: str) -> Reproduction:
    """Every system of the library on the five tasks (chapter 18)."""
    cells: list[Cell] = []
    for system in list_models():
        training = five_task(system, scale)
        cells += cells_on(EQUAL_BUDGET, system, COLUMN, FIVE_SETS, training, EMBEDDED, scale)
        if MODELS.get(system).needs_task and scale != "paper":
            words = "the degradation is named by a small classifier"
            cells.append(Cell(EQUAL_BUDGET, system, COLUMN, training, BLIND, "psnr", words))
    return Reproduction(EQUAL_BUDGET, tuple(cells), "promptir", FIVE_NOTE, scale)


def rounding(scale: str) -> Reproduction:
    """The same seeds once more on other numbers of CPU threads (chapter 20)."""
    if scale == "paper":
        return Reproduction(ROUNDING, (), note=ON_CPU, scale=scale)
    cells = []
    for system in REPEATED:
        for threads in THREADS:
            row, training = f"{system}-threads-{threads}", repeated(system, threads, scale)
            cells.append(_mean_of_five(ROUNDING, row, training, scale))
    return Reproduction(ROUNDING, tuple(cells), note=ROUNDING_NOTE, scale=scale)


def losses(scale: str) -> Reproduction:
    """Perceive-IR whole, and without each of the losses that it adds (chapter 11)."""
    own = "perceive-ir"
    whole = five_task(own, scale) if scale == "paper" else repeated(own, 1, scale)
    rows = {"all": whole} | {f"without-{loss}": _without(whole, loss, scale) for loss in ADDED}
    cells: list[Cell] = []
    for row, training in rows.items():
        cells.append(_mean_of_five(LOSSES, row, training, scale))
        cells += cells_on(LOSSES, row, "cbsd68-sigma25/psnr", [NOISE], training, None, scale)
    return Reproduction(LOSSES, tuple(cells), "all", LOSSES_NOTE, scale)


def _mean_of_five(table: str, row: str, training: Training, scale: str) -> Cell:
    """Of embedded photographs on a laptop, of the benchmarks at scale paper."""
    return cells_on(table, row, COLUMN, FIVE_SETS, training, EMBEDDED, scale)[0]


def _without(whole: Training, loss: str, scale: str) -> Training:
    name = scaled(f"ablations/perceive-ir/without-{loss}", scale)
    return replace(whole, name=name, arguments=(*whole.arguments, "--without-loss", loss))


#: Each of them, built for a scale.
OWN: dict[str, Callable[[str], Reproduction]] = {
    EQUAL_BUDGET: equal_budget,
    ROUNDING: rounding,
    LOSSES: losses,
}
