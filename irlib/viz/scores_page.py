"""The page "What the shipped network reaches": a table made from ledger records, nothing typed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from irlib import ledger
from irlib.ledger import Record
from irlib.models import MODELS
from irlib.viz.pages import write_page

PAGE_NAME = "scores.md"
NETWORK = "promptir-pocket"

STAGES = ("-first", "-second", "", "-fourth", "-fifth", "-sixth", "-seventh", "-average")
"""How the names of records of a training in stages end, in order."""

TITLES = {
    "airnet": "AirNet",
    "am-promptir": "AM-PromptIR",
    "dfpir": "DFPIR",
    "dppd": "DPPD (our reading)",
    "instructir": "InstructIR",
    "nafnet": "NAFNet",
    "perceive-ir": "Perceive-IR",
    "pivpnet": "PIVPNet",
    "promptir": "PromptIR",
    "restormer": "Restormer",
}

SOURCE = (
    "On photographs and dead leaves of this repository, degraded on the fly; no benchmark image"
)
DATA = (
    f"{SOURCE}, though the generators were adjusted to summary statistics of CBSD68, Rain100L, "
    "SOTS and LOL, and interim weights were tried on images of all sets above: the tasks' turns in "
    "the later stages, what clean patches look like there, and the shares of the average were "
    "chosen after that."
)


@dataclass(frozen=True)
class TestSet:
    """One test set of the page.

    Attributes:
        title: What to call it.
        key: Ends the records' names: ``NETWORK/<key>``, ``classical/<method>-<key>``.
        methods: Classical methods measured on the same images, with the name a reader knows.
    """

    title: str
    key: str
    methods: tuple[tuple[str, str], ...]


SETS = (
    TestSet("CBSD68, noise of sigma 25", "cbsd68-sigma25", (("bm3d", "BM3D, told sigma"),)),
    TestSet("Rain100L", "rain100l", (("streak-median", "median across streaks"),)),
    TestSet("SOTS outdoor", "sots", (("dark-channel", "dark channel prior"),)),
    TestSet("LOL", "lol", (("gamma", "gamma"), ("clahe", "CLAHE"))),
    TestSet("GoPro", "gopro", (("richardson-lucy", "Richardson–Lucy, Gaussian kernel"),)),
    TestSet(
        "GoPro patches", "gopro-patches", (("richardson-lucy", "Richardson–Lucy, Gaussian kernel"),)
    ),
)


def write_scores_page(folder: str | Path, root: str | Path | None = None) -> Path:
    """Writes the fragment of "What the shipped network reaches" from the records.

    Args:
        folder: Where pages made by commands lie, ``book/_generated``; made if missing.
        root: Folder of records; the checkout's ``book/results`` when None.
    """
    return write_page(Path(folder) / PAGE_NAME, scores_text(root))


def scores_text(
    root: str | Path | None = None, network: str = NETWORK, model: str = "promptir"
) -> str:
    """The tables as Markdown: real benchmark images first, then the embedded photographs.

    Args:
        root: Folder of records; the checkout's ``book/results`` when None.
        network: What the names of its records begin with, ``NETWORK/...``.
        model: What kind of network it is, by its registered name.
    """
    known = set(ledger.record_names(root))
    knows = "oracle" if MODELS.get(model).needs_task else "blind"
    called = f"{TITLES.get(model, model)}, pocket ({knows})"
    parts = []
    for test_set in SETS:
        names = [(f"{network}/{test_set.key}", called)]
        names += [(f"classical/{m}-{test_set.key}", title) for m, title in test_set.methods]
        rows = [(title, ledger.read_record(n, root)) for n, title in names if n in known]
        if names[0][0] in known:  # without it there is nothing to compare with
            parts += [f"## {test_set.title}", _facts(rows[0][1]), _table(rows)]
    if f"{network}/embedded" in known:
        record = ledger.read_record(f"{network}/embedded", root)
        parts += [f"## Held-out photographs ({knows})", _embedded(record)]
    if f"{network}/embedded-blind" in known:
        record = ledger.read_record(f"{network}/embedded-blind", root)
        title = "## Held-out photographs (blind: a small classifier names the degradation)"
        parts += [title, _embedded(record)]
    if f"{network}/tiles" in known:
        parts += ["## In tiles", _tiles(ledger.read_record(f"{network}/tiles", root))]
    trainings = (f"{network}/training{stage}" for stage in STAGES)
    stages = [name for name in trainings if name in known]
    if stages:
        parts += ["## How it was trained", DATA if network == NETWORK else f"{SOURCE}."]
        parts += [_training(ledger.read_record(name, root)) for name in stages]
    return "\n\n".join(parts) + "\n" if parts else "No record has been written yet.\n"


def _facts(record: Record) -> str:
    test_set = record.test_set or {}
    expected = test_set.get("expected")
    part = f" of {expected} (a subset)" if expected and expected != test_set["count"] else ""
    return f"{test_set['count']} images{part}; protocol {record.protocol['name']}, RGB."


def _table(rows: Sequence[tuple[str, Record]]) -> str:
    lines = [
        "| method | PSNR in (dB) | PSNR out (dB) | interval | SSIM in | SSIM out | record |",
        "|---|---:|---:|---:|---:|---:|---|",
    ]
    for title, record in rows:
        v, spread = record.values, record.spread.get("psnr")
        interval = f"{spread['low']:.2f} – {spread['high']:.2f}" if spread else "one image"
        lines.append(
            f"| {title} | {v['input_psnr']:.2f} | {v['psnr']:.2f} | {interval} | "
            f"{v['input_ssim']:.3f} | {v['ssim']:.3f} | `{record.name}` |"
        )
    return "\n".join(lines)


def _embedded(record: Record) -> str:
    tasks = sorted({key.split("/")[0] for key in record.values if "/" in key})
    lines = [
        "| task | PSNR in (dB) | PSNR out (dB) | SSIM in | SSIM out | record |",
        "|---|---:|---:|---:|---:|---|",
    ]
    for task in tasks:
        v = {k: record.values[f"{task}/{k}"] for k in ("input_psnr", "psnr", "input_ssim", "ssim")}
        lines.append(
            f"| {task} | {v['input_psnr']:.2f} | {v['psnr']:.2f} | {v['input_ssim']:.3f} | "
            f"{v['ssim']:.3f} | `{record.name}` |"
        )
    return "\n".join(lines)


def _tiles(record: Record) -> str:
    """What restoring in tiles costs, degradation by degradation."""
    lines = [
        f"{record.notes[0].upper()}{record.notes[1:]}.",
        "",
        "| task | whole (dB) | tiled (dB) | step at borders | step inside | record |",
        "|---|---:|---:|---:|---:|---|",
    ]
    for task in dict.fromkeys(key.split("/")[0] for key in record.values):
        keys = ("psnr_whole", "psnr_tiled", "step_at_borders", "step_inside")
        whole, tiled, borders, inside = (record.values[f"{task}/{key}"] for key in keys)
        lines.append(
            f"| {task} | {whole:.2f} | {tiled:.2f} | {borders:.3f} | "
            f"{inside:.3f} | `{record.name}` |"
        )
    return "\n".join(lines)


def _training(record: Record) -> str:
    recipe = record.recipe or {}
    if record.steps is None:  # an average of trained weights
        # A whole hash is wider than a telephone; the record has it.
        parts = re.sub(r"([\d.]+) of ([0-9a-f]{12})[0-9a-f]{52}", r"`\1 × \2…`", record.notes)
        return _listed(record, {"Average": parts})
    facts = {
        "Tasks": ", ".join(recipe.get("tasks", [])),
        "Loss": str(recipe.get("loss")),
        "Steps": f"{record.steps} of {recipe.get('batch')} patches of {recipe.get('patch')} pixels",
        "Device": record.device or "unknown",
        "Minutes": f"{record.minutes:.0f}",
        "Seed": str(recipe.get("seed")),
    }
    return _listed(record, facts)


def _listed(record: Record, facts: dict[str, str]) -> str:
    """A list of its own for each record: lists that follow each other would run together."""
    items = facts | {"Command": f"`{record.command}`"}
    lines = [f"- {name}: {value}" for name, value in items.items()]
    return "\n".join([f"`{record.name}`:", "", *lines])
