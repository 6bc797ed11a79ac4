"""The trainings behind the tables, each declared once and shared by every table that needs it.

On a laptop all systems learn from the same samples in the same order: the five tasks with the
common recipe, three tasks and single tasks with the same recipe and fewer steps. At scale paper
each follows its authors' own recipe.

Taught in chapter 20.
"""

from collections.abc import Sequence
from dataclasses import replace

from irlib.degradations import FIVE_TASKS
from irlib.reproduce.declared import Training

THREE_TASKS = ("denoise", "dehaze", "derain")

#: Steps on a laptop; those of the five tasks are the common recipe's.
THREE_TASK_STEPS = 600
SINGLE_TASK_STEPS = 300
COMMON_STEPS = 850
SMOKE_STEPS = 2

#: About how many minutes :data:`COMMON_STEPS` take on one core of a laptop.
MINUTES = {
    "airnet": 10.0,
    "am-promptir": 8.0,
    "dfpir": 8.0,
    "dppd": 7.0,
    "instructir": 7.0,
    "nafnet": 4.0,
    "perceive-ir": 10.0,
    "pivpnet": 7.0,
    "promptir": 9.0,
    "restormer": 8.0,
}
#: The recipe of scale paper that a table of several systems means, where it is not the default.
RECIPES = {"restormer": "all-in-one", "nafnet": "all-in-one", "perceive-ir": "paper"}
NAFNET_BACKBONE = "perceive-ir-nafnet"


def five_task(system: str, scale: str) -> Training:
    """A system trained on all five tasks; on a laptop the equal budget of chapter 18."""
    if scale == "paper":
        return _training("five-task", system, scale, FIVE_TASKS)
    return _training("equal-budget", system, scale, (), COMMON_STEPS)


def repeated(system: str, threads: int, scale: str) -> Training:
    """:func:`five_task` on a number of CPU threads: the same seed, added up in another order."""
    training = five_task(system, scale)
    name = scaled(f"rounding/{system}/threads-{threads}", scale)
    where = ("--accelerator", "cpu", "--threads", str(threads))
    return replace(training, name=name, arguments=(*training.arguments, *where))


def three_task(system: str, scale: str) -> Training:
    """A system trained on noise, haze and rain."""
    return _training("three-task", system, scale, THREE_TASKS, THREE_TASK_STEPS)


def single_task(task: str, system: str, scale: str, recipe: str | None = None) -> Training:
    """A system trained on one task; at scale paper maybe by a recipe that is named."""
    family = f"single-task/{task}"
    return _training(family, system, scale, (task,), SINGLE_TASK_STEPS, recipe)


def some_tasks(tasks: Sequence[str], system: str, scale: str) -> Training:
    """A system trained on a subset of the tasks with the budget of a single one."""
    if len(tasks) == 1:
        return single_task(tasks[0], system, scale)
    if scale == "paper" and tuple(tasks) in (THREE_TASKS, FIVE_TASKS):
        # The authors' recipe has the same length whatever the table.
        return (three_task if tuple(tasks) == THREE_TASKS else five_task)(system, scale)
    return _training(f"tasks/{'+'.join(tasks)}", system, scale, tuple(tasks), SINGLE_TASK_STEPS)


def mixtures(system: str, scale: str) -> Training:
    """A system trained on the eleven mixtures of CDD-11, with the budget of the five tasks."""
    return _training("composite", system, scale, ("cdd11",), COMMON_STEPS)


def scaled(name: str, scale: str) -> str:
    """A training's name; only those of scale pocket go without their scale."""
    return name if scale == "pocket" else f"{scale}/{name}"


def steps_at(steps: int, scale: str) -> int:
    """Steps of a small training: as declared, or the few that scale smoke takes."""
    return SMOKE_STEPS if scale == "smoke" else steps


def _training(
    family: str,
    system: str,
    scale: str,
    tasks: tuple[str, ...],
    steps: int = 0,
    recipe: str | None = None,
) -> Training:
    model = "perceive-ir" if system == NAFNET_BACKBONE else system
    arguments = ["--scale", scale]
    if scale == "paper":
        recipe = recipe or RECIPES.get(model)
    if recipe:
        arguments += ["--recipe", recipe]
    if system == NAFNET_BACKBONE:
        arguments += ["--backbone", "nafnet"]
    if tasks:
        arguments += ["--tasks", *tasks]
    minutes = 0.0
    if scale != "paper":
        if scale == "smoke" or steps != COMMON_STEPS:
            arguments += ["--steps", str(steps_at(steps, scale))]
        minutes = MINUTES[model] * steps_at(steps, scale) / COMMON_STEPS
    name = scaled(f"{family}/{system}", scale)
    if recipe == "released-64":
        name += "-width64"
    return Training(name, model, tuple(arguments), minutes)
