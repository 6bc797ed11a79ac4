"""``irlib data leaks``: whether test images lie among the training images."""

from pathlib import Path
from typing import Annotated

import typer

# More lines than this hide what they say.
_MOST_ROWS = 200


def leaks(
    train: Annotated[
        Path, typer.Argument(help="Training images: a folder, or a list with a path on each line.")
    ],
    test: Annotated[Path, typer.Argument(help="Test images: a folder.")],
    images: Annotated[
        Path | None,
        typer.Option(help="Folder that the paths of a list start from. Default: the list's own."),
    ] = None,
    alike: Annotated[
        float, typer.Option(help="Likeness from which on two pictures are named, up to 1.")
    ] = 0.95,
) -> None:
    """Name every test image that the training images hold, under any name, size and file type.

    Names alone are compared where a list names files that are not here. Exit status 0: none was
    found. 1: some were. 2: wrong use.

    Example: irlib data leaks lists/denoise.txt benchmarks/Urban100 --images data/Train/Denoise
    """
    from irlib.data.leaks import find_leaks, training_images
    from irlib.data.pairing import folder_images

    trained, tested = training_images(train, images), folder_images(test)
    found, absent = find_leaks(trained, tested, alike)
    for leak in found[:_MOST_ROWS]:
        more = f" and {leak.others} more" if leak.others else ""
        likeness = f" ({leak.likeness:.3f})" if leak.kind == "looks alike" else ""
        typer.echo(f"{leak.kind}{likeness}: {leak.test} is in training as {leak.train}{more}")
    if len(found) > _MOST_ROWS:
        typer.echo(f"and {len(found) - _MOST_ROWS} more test images")
    if absent:
        typer.echo(
            f"{len(absent)} of {len(trained)} training files are not here; only their names were "
            "compared."
        )
    typer.echo(
        f"{len(found)} of {len(tested)} test images found among {len(trained)} training images."
    )
    if found:
        raise typer.Exit(1)
