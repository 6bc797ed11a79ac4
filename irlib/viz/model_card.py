"""What stands beside shipped weights: a card from their header and the ledger, and a picture."""

from __future__ import annotations

from pathlib import Path

import torch

from irlib import ledger
from irlib.data.images import write_image
from irlib.degradations import FIVE_TASKS
from irlib.evaluation.embedded import embedded_pairs
from irlib.evaluation.restore import restore_image
from irlib.models import MODELS, as_restorer, load_weights, tell
from irlib.models.weights import read_header, weights_path
from irlib.viz.scores_page import scores_text


def model_card(name: str, root: str | Path | None = None) -> str:
    """The card of a shipped network as Markdown.

    Args:
        name: Shipped name, such as ``promptir-pocket``, or a file of that name.
        root: Folder of records; the checkout's ``book/results`` when None.
    """
    path = weights_path(name)
    name, header = path.stem, read_header(path)
    encoder = header["facts"].get("encoder")
    told = MODELS.get(header["model"]).needs_task
    manner = (
        "once it is told which of them to remove (an oracle; by itself it does not know)"
        if told
        else "blindly: it is not told which"
    )
    needs = []
    if encoder:
        needs = [
            f"- Needs: the DINO it was trained with ({encoder['kind']}: {encoder['detail']}, "
            f"identity `{encoder['identity']}`); another one is refused"
        ]
    return "\n".join(
        [
            f"# {name}",
            "",
            "Written by `irlib models card`; nothing here is typed by hand.",
            "",
            f"A small {header['model']} that restores noise, haze, rain, motion blur and darkness "
            f"{manner}. It is made for teaching. Authors' networks of full "
            "size, trained on the field's data, restore far better.",
            "",
            f"- File: `{path.name}`, tensors only (safetensors)",
            "- Licence: MIT, like the code",
            f"- Configuration: `{header['config']}`",
            *needs,
            "",
            "Not for: evidence, medicine, or any use where a plausible invention does harm. It "
            "invents detail where detail is lost, and it has seen few kinds of photographs.",
            "",
            scores_text(root, _records_of(path, root), header["model"]),
        ]
    )


def _records_of(path: Path, root: str | Path | None) -> str:
    """What the names of a file's records begin with: those of the training that wrote it.

    Of trainings that ended with the same weights, bit for bit, the first by name.
    """
    digest = ledger.sha256_of_file(path)
    for record in ledger.records(root):
        if record.kind == "training" and record.weights_sha256 == digest:
            return record.name.rpartition("/")[0]
    return path.stem


def before_and_after(name: str, path: str | Path, side: int = 176) -> Path:
    """Writes the README's picture: degraded cuts of held-out photographs over their restorations.

    Args:
        name: Shipped name, such as ``promptir-pocket``.
        path: Where to write, ``.jpg`` or ``.png``.
        side: Side of a cut in pixels.
    """
    columns = []
    for number, task in enumerate(FIVE_TASKS):
        cuts = embedded_pairs(task, crop=side)
        _, _, degraded = cuts[number % len(cuts)]
        network = as_restorer(load_weights(name), name)
        tell(network, task)
        restored = restore_image(network, degraded)
        gap = torch.ones(3, 8, side)
        columns += [torch.cat((degraded, gap, restored), dim=1), torch.ones(3, 2 * side + 8, 8)]
    write_image(path, torch.cat(columns[:-1], dim=2))
    return Path(path)
