"""``irlib export``: a network in a form that other programs run."""

from pathlib import Path
from typing import Annotated

import typer

from irlib.cli.network_options import Dino, Download, Instruction, Task
from irlib.errors import UsageError

app = typer.Typer()
Help = typer.Option


@app.callback()
def export() -> None:
    """Write a network in a form that other programs run."""


@app.command("onnx")
def onnx_command(
    weights: Annotated[str, typer.Argument(help="A weights file, or a shipped name.")],
    out: Annotated[Path, Help("--out", help="The ONNX file to write.")],
    size: Annotated[
        str,
        Help(help="dynamic (any height and width), a side in pixels, or HEIGHTxWIDTH."),
    ] = "dynamic",
    dino: Dino = None,
    download: Download = False,
    task: Task = None,
    instruction: Instruction = None,
) -> None:
    """Write a network as ONNX and check the file against PyTorch, to 1e-4.

    A network that must be told the degradation is told it here, once for all images. Needs
    irlib's extra packages "export". Up to a minute, on any CPU.

    Example: irlib export onnx promptir-pocket --out promptir-pocket.onnx
    """
    sides = _size(size)

    from irlib import models
    from irlib.ledger import sha256_of_file
    from irlib.models.onnx_file import check_exportable, export_onnx
    from irlib.models.weights import weights_path

    if out.is_dir():
        raise UsageError(f"--out {out} is a folder; name the file to write, such as {out}/a.onnx.")
    path = weights_path(weights)
    network = models.load_weights(path)
    check_exportable(network, sides)
    if network.needs_task and task is None and instruction is None:
        raise UsageError(
            f"{network.name} must be told the degradation, and an ONNX file is told it once; give "
            f"--task, one of {', '.join(network.known_tasks)}."
        )
    restorer = models.as_restorer(
        network, path, encoder=dino, download=download, task=task, instruction=instruction
    )
    told = {"task": task, "instruction": instruction}
    facts = {"weights": path.stem, "sha256": sha256_of_file(path)}
    facts |= {key: value for key, value in told.items() if value is not None}
    difference = export_onnx(restorer, out, size=sides, facts=facts)
    typer.echo(f"{out} ({out.stat().st_size / 1e6:.1f} MB), {network.name}, size {size}")
    typer.echo(f"largest difference from PyTorch: {difference:.1e}")


def _size(text: str) -> tuple[int, int] | None:
    if text == "dynamic":
        return None
    words = text.lower().split("x")
    if len(words) > 2 or not all(word.isdecimal() for word in words):
        raise UsageError(
            f"a size of {text!r} was given; expected dynamic, a side in pixels such as 256, or "
            "HEIGHTxWIDTH such as 256x384."
        )
    return int(words[0]), int(words[-1])
