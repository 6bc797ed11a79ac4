"""``irlib tiles``: what restoring in tiles costs, degradation by degradation."""

import time
from pathlib import Path
from typing import Annotated

import typer

Help = typer.Option

COLUMNS = ("psnr_whole", "psnr_tiled", "step_at_borders", "step_inside")


def tiles(
    photo: Annotated[
        Path | None, typer.Argument(help="A clean photograph. Default: a held-out embedded one.")
    ] = None,
    weights: Annotated[str, Help(help="Weights: a file or a shipped name.")] = "promptir-pocket",
    side: Annotated[int, Help(help="Longer side to scale the photograph to, in pixels.")] = 1500,
    tile: Annotated[int, Help(help="Side of a tile in pixels.")] = 512,
    tile_overlap: Annotated[int, Help(help="Pixels that neighbouring tiles share.")] = 32,
    record: Annotated[str | None, Help(help="Write a ledger record of this name.")] = None,
    results: Annotated[
        Path | None, Help(help="Folder of records. Default: book/results of the checkout.")
    ] = None,
) -> None:
    """Degrade a photograph in five ways; restore it in tiles and whole, and compare the two.

    Steps are of the difference between the two, in grey levels (0-255): at the borders of tiles
    they should be no larger than inside.

    Example: irlib tiles --side 1500 --record promptir-pocket/tiles
    """
    from irlib import ledger, models
    from irlib.data.images import read_image
    from irlib.data.photos import TEST_PHOTOS
    from irlib.data.photos import photo as embedded_photo
    from irlib.data.seeding import generator_for
    from irlib.degradations import degrade
    from irlib.errors import UsageError
    from irlib.evaluation.embedded import DEGRADATION_OF_TASK
    from irlib.evaluation.seams import tiling_cost
    from irlib.evaluation.tiling import check_tile
    from irlib.models.weights import weights_path

    if side < tile:
        raise UsageError(
            f"--side {side} is smaller than --tile {tile}: one tile would hold the whole "
            "photograph. Choose a larger side or smaller tiles."
        )
    check_tile(tile, tile_overlap)
    if record is not None:
        # A wrong name is found before the long part.
        ledger.record_path(record, results, writing=True)
    started = time.perf_counter()
    network = models.as_restorer(models.load_weights(weights), weights)
    name = photo.stem if photo else TEST_PHOTOS[0]
    clean = _scaled(read_image(photo).rgb() if photo else embedded_photo(name), side)
    size = f"{clean.shape[-1]}x{clean.shape[-2]}"
    typer.echo(f"{name}, {size}; tiles of {tile}, {tile_overlap} shared")
    typer.echo("degradation   whole dB   tiled dB   tiled-whole   step at borders   inside")
    values: dict[str, float] = {}
    for task, degradation in DEGRADATION_OF_TASK.items():
        generator = generator_for("tiles", degradation, name)
        models.tell(network, task)
        degraded = degrade(clean, degradation, generator=generator).image
        cost = tiling_cost(network, degraded, tile, tile_overlap, clean=clean)
        at_borders, inside = 255 * cost.step_at_borders, 255 * cost.step_inside
        found = (cost.psnr_whole, cost.psnr_tiled, at_borders, inside)
        values |= {f"{task}/{key}": value for key, value in zip(COLUMNS, found, strict=True)}
        typer.echo(
            f"{degradation:11}   {cost.psnr_whole:8.2f}   {cost.psnr_tiled:8.2f}   "
            f"{cost.psnr_change:+11.3f}   {at_borders:15.4f}   {inside:6.4f}"
        )
    if record is None:
        return
    path = ledger.write_record(
        ledger.Record(
            name=record,
            kind="evaluation",
            values=values,
            weights_sha256=ledger.sha256_of_file(weights_path(weights)),
            device=ledger.device_in_words("cpu"),
            minutes=(time.perf_counter() - started) / 60,
            versions=ledger.library_versions(),
            commit=ledger.commit(),
            command=f"irlib tiles {'PHOTO ' if photo else ''}--weights {weights} --side {side} "
            f"--tile {tile} --tile-overlap {tile_overlap} --record {record}",
            notes=f"{name} scaled to {size}; tiles of {tile} pixels "
            f"that share {tile_overlap}; steps in grey levels of 255",
        ),
        results,
    )
    typer.echo(f"Record: {path}", err=True)


def _scaled(image, side: int):
    """The image with its longer side at ``side`` pixels."""
    from torch.nn import functional

    scale = side / max(image.shape[-2:])
    size = [max(1, round(length * scale)) for length in image.shape[-2:]]
    return functional.interpolate(
        image[None], size=size, mode="bicubic", antialias=True, align_corners=False
    )[0].clamp(0, 1)
