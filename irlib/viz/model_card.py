"""The model card of shipped weights, written from their header and the ledger."""

from __future__ import annotations

from pathlib import Path

from irlib.models.weights import read_header, weights_path
from irlib.viz.scores_page import scores_text


def model_card(name: str, root: str | Path | None = None) -> str:
    """The card of a shipped network as Markdown.

    Args:
        name: Shipped name, such as ``promptir-pocket``.
        root: Folder of records; the checkout's ``book/results`` when None.
    """
    path = weights_path(name)
    header = read_header(path)
    return "\n".join(
        [
            f"# {name}",
            "",
            "Written by `irlib models card`; nothing here is typed by hand.",
            "",
            f"A small {header['model']} that restores noise, haze, rain, motion blur and darkness "
            "blindly: it is not told which. It is made for teaching. Authors' networks of full "
            "size, trained on the field's data, restore far better.",
            "",
            f"- File: `{path.name}`, {path.stat().st_size / 1e6:.1f} MB of tensors (safetensors)",
            "- Licence: MIT, like the code",
            f"- Configuration: `{header['config']}`",
            "",
            "Not for: evidence, medicine, or any use where a plausible invention does harm. It "
            "invents detail where detail is lost, and it has seen few kinds of photographs.",
            "",
            scores_text(root),
        ]
    )
