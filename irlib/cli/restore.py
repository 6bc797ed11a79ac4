"""``irlib restore``: one's own photographs, through a trained model."""

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from irlib.cli.network_options import Compile, Dino, Download, Instruction, Task
from irlib.errors import UsageError

Help = typer.Option


def restore(
    inputs: Annotated[
        list[str], typer.Argument(help="Photographs, and folders of them.", metavar="INPUT...")
    ],
    output: Annotated[Path, Help("--output", "-o", help="Folder to write the results into.")] = (
        Path("restored")
    ),
    weights: Annotated[
        str, Help(help="A weights file, or the name of shipped weights.")
    ] = "promptir-pocket",
    dino: Dino = None,
    download: Download = False,
    task: Task = None,
    instruction: Instruction = None,
    tile: Annotated[
        str, Help(help="auto (by free memory), none (whole image) or a tile's side in pixels.")
    ] = "auto",
    tile_overlap: Annotated[int, Help(help="Pixels that neighbouring tiles share.")] = 32,
    device: Annotated[str, Help(help="auto, cpu, cuda or mps.")] = "auto",
    compile: Compile = False,
    recursive: Annotated[bool, Help("--recursive", "-r", help="Folders in folders too.")] = False,
    suffix: Annotated[str, Help(help="Put behind each name, such as -restored.")] = "",
    format: Annotated[str, Help(help="keep, png, jpeg, tiff, webp or bmp.")] = "keep",
    overwrite: Annotated[
        bool, Help("--overwrite/--no-overwrite", help="Make results anew that are there already.")
    ] = False,
    side_by_side: Annotated[
        bool, Help("--side-by-side", help="Also write input and result beside each other, as PNG.")
    ] = False,
) -> None:
    """Restore photographs; a bad file is reported and the rest goes on (exit status 1).

    A photograph too large for the memory is restored in tiles. Networks with global attention
    then gather the whole photograph's statistics first, in passes that end early; the result comes
    close to that of the whole photograph but is not equal to it.

    Bits, grey, transparency, EXIF data and colour profile of each file are kept.

    Example: irlib restore holiday/ night.jpg --output restored
    """
    from irlib.evaluation.restore_plan import plan
    from irlib.evaluation.tiling import check_tile

    size = _tile(tile)
    check_tile(size if isinstance(size, int) else max(1, 2 * tile_overlap), tile_overlap)
    jobs = plan(
        inputs,
        output,
        recursive=recursive,
        suffix=suffix,
        format=format,
        side_by_side=side_by_side,
    )

    from irlib import models
    from irlib.device import choose_device
    from irlib.evaluation.restore_files import restore_files

    chosen = choose_device(device)
    model = models.as_restorer(
        models.load_weights(weights),
        weights,
        encoder=dino,
        download=download,
        task=task,
        instruction=instruction,
    )
    if isinstance(model, models.WithTask):
        model.check_told()  # before the first photograph fails for it
    if compile:
        models.compile_network(model, chosen)
    for job in jobs:
        if job.renamed:
            typer.echo(f"{job.source} is written as {job.target.name}: its name was taken.")
    counts = {"restored": 0, "kept": 0, "failed": 0}
    with ExitStack() as stack:
        bars = _Bars(len(jobs), stack)
        outcomes = restore_files(
            model,
            jobs,
            tile=size,
            overlap=tile_overlap,
            device=chosen,
            overwrite=overwrite,
            progress=bars.tiles_of,
        )
        for outcome in outcomes:
            counts[outcome.status] += 1
            bars.file_done()
            if outcome.status == "failed":
                bars.say(f"irlib: failed: {outcome.reason}")
    typer.echo(_summary(counts, output))
    if counts["failed"]:
        raise typer.Exit(1)


def _tile(text: str) -> str | int | None:
    if text in ("auto", "none"):
        return None if text == "none" else text
    try:
        return int(text)
    except ValueError:
        raise UsageError(
            f"a tile of {text!r} was given; expected auto, none or a number of pixels."
        ) from None


def _summary(counts: dict[str, int], output: Path) -> str:
    parts = [f"{counts['restored']} restored into {output}"]
    if counts["kept"]:
        parts.append(f"{counts['kept']} were there already (--overwrite makes them anew)")
    if counts["failed"]:
        parts.append(f"{counts['failed']} failed")
    return ", ".join(parts) + "."


class _Bars:
    """A progress bar over files, and below it one over the tiles of the file in work."""

    def __init__(self, files: int, stack: ExitStack) -> None:
        from tqdm import tqdm

        # None hides a bar where nobody watches, as in a log file.
        self._files = stack.enter_context(tqdm(total=files, unit="file", disable=None))
        self._tiles = stack.enter_context(tqdm(unit="tile", leave=False, disable=None))

    def tiles_of(self, job):
        """Starts the tile bar for a job and returns what moves it."""
        self._tiles.set_description(job.source.name)

        def show(done: int, total: int) -> None:
            self._tiles.total, self._tiles.n = total, done
            self._tiles.refresh()

        return show

    def file_done(self) -> None:
        """Moves the bar over files."""
        self._files.update()

    def say(self, text: str) -> None:
        """Prints a line to stderr without breaking the bars."""
        import sys

        self._files.write(text, file=sys.stderr)
