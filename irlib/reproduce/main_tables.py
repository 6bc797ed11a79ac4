"""The main tables: five tasks at once, three at once, one by one, subsets, and two backbones.

Taught in chapter 20.
"""

from collections.abc import Callable

from irlib.degradations import FIVE_TASKS
from irlib.ledger.paper_tables import PaperTable
from irlib.models import list_models
from irlib.reproduce.declared import Measurement, Reproduction, Training
from irlib.reproduce.measurements import EMBEDDED, embedded
from irlib.reproduce.tables import (
    Systems,
    assembled,
    cells_on,
    declare,
    row_cells,
    systems_table,
)
from irlib.reproduce.trainings import (
    NAFNET_BACKBONE,
    THREE_TASKS,
    five_task,
    single_task,
    some_tasks,
    three_task,
)

#: Rows that name a system of this library otherwise than the library does.
SAME = {"instructir-5d": "instructir", "instructir-3d": "instructir"}
#: Rows of authors' tables that are variants of their own systems.
VARIANTS = {
    "instructir-6d": "it learns a sixth degradation, super-resolution, which this book has not",
    "instructir-7d": "it learns super-resolution and retouching, which this book has not",
    "instructir-without-text": "InstructIR without sentences is no preset of this library",
}
#: What others are compared with, the first that a table has.
REFERENCES = ("promptir", "restormer", "airnet")

_TOLD = (
    "AM-PromptIR, DFPIR and InstructIR are told the degradation, which the others find out "
    "themselves."
)
FIVE_NOTE = (
    "On a laptop: the equal budget of chapter 18, the same samples in the same order for every "
    f"system. {_TOLD}"
)
THREE_NOTE = (
    "On a laptop: the common recipe of chapter 18 with noise, haze and rain alone, for fewer "
    f"steps. {_TOLD}"
)
ALONE_NOTE = "On a laptop: the common recipe of chapter 18 with one task, for a third of its steps."


def systems_of(
    printed: PaperTable, train: Callable[[str], Training], measured: Measurement
) -> Systems:
    """The rows that are systems of this library, all trained and measured alike.

    Args:
        printed: The paper's table.
        train: Declares the training of a system.
        measured: On embedded photographs.
    """
    known = {name: name for name in list_models()} | SAME
    rows = [row.key for row in printed.rows if row.key in known]
    return {row: (train(known[row]), measured) for row in rows}


def reference_of(printed: PaperTable) -> str | None:
    """The row that the others are compared with, or None."""
    rows = {row.key for row in printed.rows}
    return next((name for name in REFERENCES if name in rows), None)


@declare("perceive-ir/table-03", "dppd/table-2", "dfpir/five-tasks", "instructir/five-tasks")
def five_tasks(printed: PaperTable, scale: str) -> Reproduction:
    """Noise, haze, rain, blur and darkness in one network."""
    systems = systems_of(printed, lambda name: five_task(name, scale), EMBEDDED)
    reference = reference_of(printed)
    return systems_table(printed, scale, systems, reference, FIVE_NOTE, VARIANTS)


@declare(
    "perceive-ir/table-02",
    "promptir/table-1",
    "dppd/table-1",
    "am-promptir/table-1",
    "am-promptir/table-1-superseded",
    "dfpir/three-tasks",
    "instructir/three-tasks",
)
def three_tasks(printed: PaperTable, scale: str) -> Reproduction:
    """Noise, haze and rain in one network; InstructIR's table has one of five tasks beside it."""
    measured = embedded(THREE_TASKS)
    systems = systems_of(printed, lambda name: three_task(name, scale), measured)
    if "instructir-5d" in systems:
        systems["instructir-5d"] = (five_task("instructir", scale), measured)
    return systems_table(printed, scale, systems, reference_of(printed), THREE_NOTE)


@declare("instructir/denoising")
def denoising_of_five(printed: PaperTable, scale: str) -> Reproduction:
    """Denoising by networks of five tasks, and by an InstructIR of three."""
    measured = embedded(("denoise",))
    systems = systems_of(printed, lambda name: five_task(name, scale), measured)
    systems["instructir-3d"] = (three_task("instructir", scale), measured)
    return systems_table(printed, scale, systems, reference_of(printed), FIVE_NOTE)


@declare("airnet/quoted")
def airnet_quoted(printed: PaperTable, scale: str) -> Reproduction:
    """AirNet as others print it."""
    systems = {
        "three-tasks": (three_task("airnet", scale), embedded(THREE_TASKS)),
        "five-tasks": (five_task("airnet", scale), EMBEDDED),
        "five-tasks-denoising": (five_task("airnet", scale), embedded(("denoise",))),
    }
    return systems_table(printed, scale, systems, note=FIVE_NOTE)


@declare("perceive-ir/table-04")
def denoising_alone(printed: PaperTable, scale: str) -> Reproduction:
    """One network for noise alone."""
    measured = embedded(("denoise",))
    systems = systems_of(printed, lambda name: single_task("denoise", name, scale), measured)
    return systems_table(printed, scale, systems, "promptir", ALONE_NOTE)


@declare("perceive-ir/table-05")
def one_by_one(printed: PaperTable, scale: str) -> Reproduction:
    """Haze, rain, blur and darkness, a network each."""
    cells = []
    for row in [row.key for row in printed.rows if row.key in list_models()]:
        for task in FIVE_TASKS[1:]:
            training = single_task(task, row, scale)
            cells += row_cells(printed, row, training, embedded((task,)), scale, task)
    note = f"{ALONE_NOTE} Of blur and darkness only some rows of this table could be read."
    return assembled(printed, scale, cells, "restormer", note)


@declare("nafnet/readme")
def nafnet_deblurring(printed: PaperTable, scale: str) -> Reproduction:
    """NAFNet of two widths on GoPro."""
    rows = {"nafnet-gopro-width32": "released", "nafnet-gopro-width64": "released-64"}
    systems: Systems = {}
    for row, recipe in rows.items():
        if scale == "paper":
            systems[row] = (single_task("deblur", "nafnet", scale, recipe), None)
        elif recipe == "released":
            systems[row] = (single_task("deblur", "nafnet", scale), embedded(("deblur",)))
    absent = {
        "nafnet-gopro-width64": "a laptop trains one width; scale paper has a recipe for this one"
    }
    return systems_table(printed, scale, systems, note=ALONE_NOTE, absent=absent)


@declare("perceive-ir/table-09")
def subsets(printed: PaperTable, scale: str) -> Reproduction:
    """Perceive-IR trained on sixteen subsets of the five tasks."""
    columns = ("noise", "haze", "rain", "blur", "low-light")
    systems: Systems = {}
    for row in printed.rows:
        tasks = [t for t, c in zip(FIVE_TASKS, columns, strict=True) if row.settings[c]]
        systems[row.key] = (some_tasks(tasks, "perceive-ir", scale), embedded(tasks))
    note = (
        "On a laptop every row has the same few hundred steps, however many tasks share them, so "
        "what a task loses here it loses also to practice."
    )
    return systems_table(printed, scale, systems, "n-h-r-b-l", note)


@declare("perceive-ir/fig-01")
def radar(printed: PaperTable, scale: str) -> Reproduction:
    """The radar of Perceive-IR: its own rows of Tables II and III, noise of all levels as one."""
    settings = {
        "n-h-r": (three_task("perceive-ir", scale), embedded(THREE_TASKS), THREE_SETS),
        "n-h-r-b-l": (five_task("perceive-ir", scale), EMBEDDED, FIVE_SETS),
    }
    cells = []
    for row, (training, measured, sets) in settings.items():
        for column in printed.columns:
            if column.kind == "measured" and printed.value(row, column.key) is not None:
                own = [of for of in sets if of[1] == column.benchmark]
                cells += cells_on(printed.id, row, column.key, own, training, measured, scale)
    return assembled(printed, scale, cells, None, FIVE_NOTE)


@declare("perceive-ir/table-13")
def backbones(printed: PaperTable, scale: str) -> Reproduction:
    """Averages of both settings, Perceive-IR on both backbones."""
    names = {row.key: row.key for row in printed.rows}
    names |= {"perceive-ir-restormer": "perceive-ir", "perceive-ir-nafnet": NAFNET_BACKBONE}
    cells = []
    for row, system in names.items():
        three, five = three_task(system, scale), five_task(system, scale)
        for metric in ("psnr", "ssim"):
            column = f"three-tasks/{metric}"
            measured = embedded(THREE_TASKS)
            cells += cells_on(printed.id, row, column, THREE_SETS, three, measured, scale)
            column = f"five-tasks/{metric}"
            cells += cells_on(printed.id, row, column, FIVE_SETS, five, EMBEDDED, scale)
    return assembled(printed, scale, cells, "promptir", FIVE_NOTE)


#: Name, benchmark and noise level of what the two settings average over.
THREE_SETS = (
    ("cbsd68-sigma15", "cbsd68", 15),
    ("cbsd68-sigma25", "cbsd68", 25),
    ("cbsd68-sigma50", "cbsd68", 50),
    ("sots-outdoor", "sots-outdoor", None),
    ("rain100l", "rain100l", None),
)
FIVE_SETS = (
    ("cbsd68-sigma25", "cbsd68", 25),
    ("sots-outdoor", "sots-outdoor", None),
    ("rain100l", "rain100l", None),
    ("gopro", "gopro", None),
    ("lol", "lol", None),
)
