"""Perceive-IR's ablations on rain: Tables VI, VII, VIII and X, and the sweep of Figure 8.

On a laptop every row starts from the same small Restormer, trained on five tasks before, and learns
rain for a few hundred steps. That makes a row cheap, and, because the start does not change with
the seed, the spread over seeds small; it also means that a part has little time to show its worth.
Rows that are the same training are trained once.

Taught in chapter 21.
"""

from irlib.ledger.paper_tables import PaperTable, Row
from irlib.perceiver.variants import ROWS as PROMPT_ROWS
from irlib.reproduce.declared import Preparation, Reproduction, Training
from irlib.reproduce.measurements import embedded
from irlib.reproduce.tables import declare, systems_table
from irlib.reproduce.trainings import COMMON_STEPS, MINUTES, scaled, steps_at

START = "restormer-equal"
STEPS = 200
PAPER_STEPS = 100_000
BATCH = 6
PROMPT_MINUTES = 5.0

#: The part that a column of Table VI stands for, and the loss of a column of Table VII.
PARTS = {"prompt": "prompts", "dino-v2": "dino", "pgm": "pgm", "cfe": "cfe"}
LOSSES = {"l-clip": "clip", "l-dpl": "dpl", "l-cl": "cl"}

#: Column of Figure 8, the paper's own weight, and that of this library's small recipe.
WEIGHTS = {
    "cl": ("lambda1-cl", 0.1, 1.0),
    "clip": ("lambda2-clip", 0.05, 2.0),
    "dpl": ("lambda3-dpl", 0.1, 0.01),
}
FULL = "full"

NOTE = (
    "On a laptop every row goes on from one small Restormer that has learned five tasks, for a few "
    "hundred steps with rain. The common start keeps the spread over seeds small, and the way "
    "short."
)


@declare("perceive-ir/table-06")
def components(printed: PaperTable, scale: str) -> Reproduction:
    """Table VI: prompts, DINO, guidance and code, switched on one after another."""
    rows = {}
    for row in printed.rows:
        off = [part for column, part in PARTS.items() if not row.settings[column]]
        options = ["--without", *off] if off else []
        if len(off) == len(PARTS):
            # What is left is the backbone; with one loss alone it is the plain network.
            options += ["--without-loss", "dpl"]
        rows[row.key] = _rain(scale, f"table-06/{row.key}" if off else FULL, options)
    note = (
        "Without CFE there is no code to contrast, so L_cl goes with it, and L_clip with the "
        "prompts. The paper does not say how semantics enter without PGM, or what PGM gets without "
        "DINO and CFE; chapter 11 says what is done here."
    )
    return _table(printed, scale, rows, "a", note)


@declare("perceive-ir/table-07")
def losses(printed: PaperTable, scale: str) -> Reproduction:
    """Table VII: the three losses beside the reconstruction."""
    rows = {}
    for row in printed.rows:
        off = [loss for column, loss in LOSSES.items() if not row.settings[column]]
        if off == ["clip"]:  # to leave the prompts out is to leave their loss out
            rows[row.key] = _rain(scale, "table-06/h", ["--without", "prompts"])
        elif off:
            rows[row.key] = _rain(scale, f"table-07/{row.key}", ["--without-loss", *off])
        else:
            rows[row.key] = _rain(scale, FULL)
    note = (
        "Every row trains the full network. The negatives of L_cl, which the paper does not name "
        "for a single task, are the codes of other images. Row e is row h of Table VI: the same "
        "training, which the paper prints with two results."
    )
    return _table(printed, scale, rows, "a", note)


@declare("perceive-ir/table-08")
def prompts(printed: PaperTable, scale: str) -> Reproduction:
    """Table VIII: how many tiers, which words, which start of the prompts."""
    rows = {}
    for row in printed.rows:
        if row.own:
            rows[row.key] = _rain(scale, FULL)
            continue
        init, words = PROMPT_ROWS[row.key]
        learned = _prompts(scale, f"table-08/{row.key}", ["--init", init, "--words", *words])
        options = ["--prompts", learned.path]
        rows[row.key] = _rain(scale, f"table-08/{row.key}", options, learned)
    note = (
        "The prompts are learned from all five tasks, once a row; only the second stage has seeds. "
        "With four tiers the paper does not say which images feed the fourth; chapter 7 says what "
        "stands in for them. Row i takes the prompts that are there for the CLIP, on a laptop "
        "those that irlib ships."
    )
    return _table(printed, scale, rows, "i", note)


@declare("perceive-ir/table-10")
def medium_images(printed: PaperTable, scale: str) -> Reproduction:
    """Table X: which network makes the medium images that the prompts learn from."""
    rows = {}
    for row in printed.rows:
        if row.own:
            rows[row.key] = _rain(scale, FULL)
        elif row.key != "mprnet":
            learned = _prompts(scale, f"table-10/{row.key}", ["--medium-model", row.key])
            options = ["--prompts", learned.path]
            rows[row.key] = _rain(scale, f"table-10/{row.key}", options, learned)
    note = "The network of a row only makes images for the prompts; the restorer is the same."
    return _table(printed, scale, rows, "restormer", note)


@declare("perceive-ir/fig-08")
def loss_weights(printed: PaperTable, scale: str) -> Reproduction:
    """Figure 8: nine settings of the three loss weights."""
    rows = {}
    for row in printed.rows:
        weights = _weights(row, scale)
        if weights:
            rows[row.key] = _rain(scale, f"fig-08/{row.key}", ["--loss-weights", *weights])
        else:
            rows[row.key] = _rain(scale, FULL)
    note = (
        "On a laptop each weight is halved or doubled as in the figure, but around those of this "
        "library's small recipe, whose losses have other sizes than the paper's."
    )
    return _table(printed, scale, rows, "e", note)


def _weights(row: Row, scale: str) -> list[str]:
    """The weights of a row, as they are typed; none where they are the recipe's own."""
    typed = []
    for loss, (column, own, small) in WEIGHTS.items():
        printed = row.settings[column]
        weight = printed if scale == "paper" else printed / own * small
        typed.append(f"{loss}={weight:g}")
    chosen = all(row.settings[column] == own for column, own, _ in WEIGHTS.values())
    return [] if chosen else typed


def _rain(scale: str, name: str, options: list[str] | None = None, *needs: Preparation) -> Training:
    """A Perceive-IR that learns rain: from the common start, at scale paper from scratch."""
    if scale == "paper":
        budget = ["--scale", scale, "--recipe", "paper", "--tasks", "derain"]
        budget += ["--steps", str(PAPER_STEPS)]
        minutes = 0.0
    else:
        budget = ["--scale", scale, "--tasks", "derain", "--init", START]
        budget += ["--steps", str(steps_at(STEPS, scale)), "--batch", str(BATCH)]
        minutes = MINUTES["perceive-ir"] * steps_at(STEPS, scale) / COMMON_STEPS
    arguments = (*budget, *(options or []))
    return Training(scaled(f"ablations/{name}", scale), "perceive-ir", arguments, minutes, needs)


def _prompts(scale: str, name: str, options: list[str]) -> Preparation:
    """Prompts of the first stage."""
    arguments = ("prompts", "train", "--scale", scale, *options)
    minutes = {"pocket": PROMPT_MINUTES}.get(scale, 0.0)
    record = scaled(f"ablations/{name}/prompts", scale)
    return Preparation(record, arguments, "prompts.safetensors", minutes)


def _table(
    printed: PaperTable, scale: str, rows: dict[str, Training], reference: str, note: str
) -> Reproduction:
    rain = embedded(("derain",))
    if scale != "paper":
        note = f"{NOTE} {note}"
    systems = {row: (training, rain) for row, training in rows.items()}
    return systems_table(printed, scale, systems, reference=reference, note=note)
