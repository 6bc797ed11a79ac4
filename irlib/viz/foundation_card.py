"""The model card of a pocket foundation model, from its header and the ledger."""

from __future__ import annotations

from pathlib import Path

from irlib.errors import UsageError
from irlib.foundation.checkpoints import read_header
from irlib.foundation.sources import pocket_path
from irlib.ledger import Record, read_record
from irlib.registry import unknown_name

WHAT_IT_IS = {
    "clip": (
        "A small CLIP that places photographs and sentences about their quality and degradation in "
        "one space. It stands in the book where OpenAI's ViT-B/32 stands in the papers. It knows "
        "only the words of its own captions and nothing of what a photograph shows."
    ),
    "dino": (
        "A small vision transformer trained without labels by self-distillation, in the manner of "
        "DINO. It stands in the book where DINOv2 ViT-B/14 stands in the papers. It has seen few "
        "photographs and many synthetic scenes, so it knows textures and layouts, not objects."
    ),
    "vgg": (
        "Sixteen narrow layers in the layout of VGG-16's first sixteen, trained to tell "
        "degradations, their strength and textures apart. It stands in the book where VGG-16 "
        "trained on ImageNet stands in the papers, as a distance between pictures."
    ),
    "namer": (
        "A small convolutional classifier that names which of the five degradations a picture "
        "suffers from. Networks that must be told the degradation are told by it in blind mode. "
        "It has no name for a clean picture and gives one name where there are two."
    ),
}
QUESTIONS = {
    "clip": (
        ("accuracy", "names the degradation of unseen photographs, by sentences alone"),
        ("chance", "the same by chance"),
        ("quality_order", 'finds the better of two neighbouring strengths ("excellent photo")'),
        ("quality_order_chance", "the same by chance"),
    ),
    "dino": (
        ("picture", "linear read-out: from which picture a crop is"),
        ("picture/untrained", "the same, untrained network"),
        ("picture/mean-colour", "the same, mean colour alone"),
        ("picture/chance", "the same by chance"),
        ("degradation", "linear read-out: which degradation an unseen photograph has"),
        ("degradation/untrained", "the same, untrained network"),
        ("degradation/chance", "the same by chance"),
    ),
    "vgg": (
        ("order", "distance grows from light over medium to heavy"),
        ("order/untrained", "the same, untrained network"),
        ("unit_length_order", "the same, channels of each pixel brought to unit length (as LPIPS)"),
        ("unit_length_order/untrained", "the same, untrained network"),
        ("order/squared-error", "the same, squared error of pixels"),
        ("order/chance", "the same by chance"),
        ("degradation", "linear read-out: which degradation an unseen photograph has"),
        ("degradation/untrained", "the same, untrained network"),
        ("degradation/chance", "the same by chance"),
    ),
    "namer": (
        ("accuracy", "names the degradation of crops of unseen photographs"),
        ("accuracy/light", "the same, light degradations"),
        ("accuracy/medium", "the same, medium ones"),
        ("accuracy/heavy", "the same, heavy ones"),
        ("accuracy/whole", "whole photographs, medium degradations"),
        ("accuracy/clip", "crops, by the pocket CLIP's sentences"),
        ("accuracy/whole/clip", "whole photographs, by the pocket CLIP's sentences"),
        ("chance", "either by chance"),
    ),
}


def foundation_card(name: str, root: str | Path | None = None) -> str:
    """The card of a shipped pocket model as Markdown.

    Args:
        name: "clip", "dino", "vgg" or "namer".
        root: Folder of records; the checkout's ``book/results`` when None.

    Raises:
        UsageError: An unknown model, or one whose records are missing.
    """
    if name not in WHAT_IT_IS:
        raise UsageError(unknown_name("foundation model", name, list(WHAT_IT_IS)))
    path = pocket_path(name)
    header = read_header(path)
    evidence = read_record(f"{name}-pocket/evidence", root)
    training = read_record(f"{name}-pocket/training", root)
    return "\n".join(
        [
            f"# {path.stem}",
            "",
            "Written by `irlib foundation card`; nothing here is typed by hand.",
            "",
            WHAT_IT_IS[name],
            "",
            f"- File: `{path.name}`, tensors only (safetensors)",
            "- Licence: MIT, like the code",
            f"- Configuration: `{header['config']}`",
            "",
            "Not for: any use outside teaching. Where a result matters, load the published weights "
            "(source `pretrained` or a file); every record says which were used.",
            "",
            "## What it has learned",
            "",
            *_table(name, evidence),
            "",
            f"How: {evidence.notes}. Command: `{evidence.command}`",
            "",
            "## How it was trained",
            "",
            *_training(training),
            "",
        ]
    )


def _table(name: str, evidence: Record) -> list[str]:
    rows = ["| question | share | record |", "|---|---:|---|"]
    for key, words in QUESTIONS[name]:
        rows.append(f"| {words} | {evidence.values[key]:.3f} | `{evidence.name}` |")
    return rows


def _training(training: Record) -> list[str]:
    recipe = training.recipe or {}
    return [
        "- Data: the training photographs inside scikit-image and dead leaves of this repository; "
        "the held-out photographs were never opened",
        f"- Steps: {training.steps} of {recipe.get('batch')} pictures",
        f"- Device: {training.device}",
        f"- Minutes: {training.minutes:.0f}",
        f"- Seed: {recipe.get('seed')}",
        f"- Command: `{training.command}`",
        f"- Record: `{training.name}`",
    ]
