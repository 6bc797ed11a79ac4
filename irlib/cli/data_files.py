"""``irlib data index`` and ``irlib data pack``: large training sets that open at once."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from irlib.data.listing import Listing

Names = Annotated[list[str], typer.Argument(help="Benchmarks; see `irlib data list`.")]
Root = Annotated[
    Path | None, typer.Option("--data", help="Folder of the benchmarks. Default: IRLIB_DATA.")
]


def index(names: Names, data: Root = None) -> None:
    """Note which pairs a benchmark holds, so that training need not list its folders.

    The index stays beside the benchmarks, in .irlib-index. It is void as soon as a file is added
    or removed; then the folders are listed again, with a warning.

    Example: irlib data index ots gopro-train --data benchmarks
    """
    from irlib.data.benchmarks import data_root
    from irlib.data.listing import FOLDER, write_index

    root = data_root(data)
    for name in names:
        found = _listing(name, root, root / FOLDER)
        typer.echo(f"{name}: {len(found.pairs)} in {write_index(found, root)}")


def pack(
    names: Names,
    data: Root = None,
    output: Annotated[
        Path | None,
        typer.Option(help="Folder of the packed files. Default: packed/ beside the benchmarks."),
    ] = None,
) -> None:
    """Decode a benchmark once into one file of pixels, from which training reads patches.

    The file takes as much space as the pixels: three bytes each. Training uses what it finds in
    packed/ under its --data folder; the images themselves need not be there.

    Example: irlib data pack ots --data benchmarks
    """
    from tqdm import tqdm

    from irlib.data.benchmarks import data_root
    from irlib.data.packing import FOLDER, pack_file, write_pack

    root = data_root(data)
    folder = root / FOLDER if output is None else output
    for name in names:
        found = _listing(name, root, folder)
        with tqdm(unit="image", desc=f"pack {name}") as bar:

            def tell(done: int, images: int, bar: tqdm = bar) -> None:
                bar.total = images
                bar.update(done - bar.n)

            path = write_pack(found, root, folder / pack_file(name, root).name, tell)
        size = path.stat().st_size / 1e6
        typer.echo(f"{name}: {len(found.pairs)} pairs, {size:.0f} MB in {path}")


def _listing(name: str, root: Path, place: Path) -> "Listing":
    """The pairs as they lie on the disk; ``place`` is made first, for it may change a folder."""
    from irlib.data.benchmarks import get_benchmark
    from irlib.data.listing import listing

    benchmark = get_benchmark(name)
    place.mkdir(parents=True, exist_ok=True)
    return listing(name, root, *benchmark.listed(root))
