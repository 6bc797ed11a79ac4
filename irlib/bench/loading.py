"""How fast training pairs come from files and from a packed form, and how fast a large set opens.

Taught in chapter 19.
"""

import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

import torch
from PIL import Image
from torch.utils.data import DataLoader

from irlib.bench.turns import in_turns
from irlib.data.benchmarks import get_benchmark
from irlib.data.decoding import decoded_sizes
from irlib.data.folder_check import inspect_folder
from irlib.data.images import write_image
from irlib.data.listing import FOLDER, listing, read_index, write_index
from irlib.data.mixing import Entry, MixedPairs
from irlib.data.packing import packed_pairs, write_pack
from irlib.data.pairing import Pair, folder_pairs
from irlib.data.photos import TRAIN_PHOTOS, photo
from irlib.data.seeding import generator_for
from irlib.degradations import degrade_task

# The side of the patches of all-in-one papers, and the usual height and width of OTS's images.
_PATCH = 128
_SIZE = (413, 550)
_BATCH = 8
_HAZES = 35  # of each scene of OTS
#: Ways a pair is stored, in the order of the report.
FORMS = ("png", "jpeg", "packed")


def measure_loading(
    rounds: int, count: int, workers: Sequence[int] = (), seconds: float = 2.0
) -> dict[str, float]:
    """Training pairs a second from PNG, from JPEG and from the packed form of the same images.

    Seconds are those that a core spent on it, so that other programs do not count, except for
    numbers of workers that are asked for.

    Args:
        rounds: Rounds of each form, run in turns; medians are returned.
        count: Pairs made in a round.
        workers: Numbers of data-loading processes to try besides, by the clock on the wall.
        seconds: How long each of these is watched.

    Returns:
        For each form ``FORM_pairs_per_s`` (made by one core), ``FORM_worker_pairs_per_s`` (made and
        sent by one worker process), ``FORM_taken_per_s`` (what one training process can take from
        its workers at most), and ``FORM_workers_N``; and ``jpegs_per_s``, whole images that one
        core decodes, as a folder's check does.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with tempfile.TemporaryDirectory(prefix="irlib-speed-") as place:
            samples = _stored(Path(place))
            ways = [_making(samples[form], count) for form in FORMS]
            own = zip(*in_turns(rounds, *ways, clock=time.process_time), strict=True)
            values = {
                f"{form}_pairs_per_s": count / median(times)
                for form, times in zip(FORMS, own, strict=True)
            }
            jpegs = sorted((Path(place) / "jpeg").rglob("*.jpg")) * rounds
            started = time.process_time()
            decoded_sizes(jpegs)
            values["jpegs_per_s"] = len(jpegs) / (time.process_time() - started)
            for form in FORMS:
                _, sent, taken = _watched(samples[form], 1, seconds)
                values |= {f"{form}_worker_pairs_per_s": sent, f"{form}_taken_per_s": taken}
                for number in workers:
                    values[f"{form}_workers_{number}"] = _watched(samples[form], number, seconds)[0]
    finally:
        torch.set_num_threads(threads)
    return values


def saturation(values: dict[str, float], form: str) -> float:
    """How many workers keep one training process so busy that another makes nothing faster."""
    return values[f"{form}_taken_per_s"] / values[f"{form}_worker_pairs_per_s"]


def measure_opening(pairs: int) -> dict[str, float]:
    """Seconds of processor time that a made-up OTS of tiny files takes to check, list and open.

    Tiny files leave what a set costs by its number of files alone.

    Args:
        pairs: Hazy images of the tree; 72,135 in the set itself.

    Returns:
        ``check_seconds`` (``irlib data check``, whole), ``list_seconds`` (the pairs, from the
        folders), ``index_seconds`` (the pairs, from an index) and ``tree_pairs``.
    """
    with tempfile.TemporaryDirectory(prefix="irlib-tree-") as place:
        root = Path(place)
        _made_up_tree(root / "OTS", pairs)
        ots = get_benchmark("ots")
        (root / FOLDER).mkdir()
        took: dict[str, float] = {}

        def timed(name: str, work: Callable):
            started = time.process_time()
            result = work()
            took[name] = time.process_time() - started
            return result

        folder, found = timed("list_seconds", lambda: ots.listed(root))
        write_index(listing("ots", root, folder, found), root)
        indexed = timed("index_seconds", lambda: read_index("ots", root))
        if indexed != found:
            raise AssertionError("the index holds other pairs than the folders")
        timed("check_seconds", lambda: inspect_folder(root, "ots", subset=True))
        return {**took, "tree_pairs": float(len(found))}


def _stored(place: Path) -> dict[str, MixedPairs]:
    """The same hazy pairs as PNG, as JPEG and packed."""
    for name in TRAIN_PHOTOS:
        clean = torch.nn.functional.interpolate(
            photo(name)[None], size=_SIZE, mode="bilinear", antialias=True
        )[0]
        hazy = degrade_task(clean, "dehaze", generator=generator_for("loading", name)).image
        for form, suffix in (("png", ".png"), ("jpeg", ".jpg")):
            for side, image in (("input", hazy), ("target", clean)):
                path = place / form / side / f"{name}{suffix}"
                path.parent.mkdir(parents=True, exist_ok=True)
                write_image(path, image)
    found = {form: folder_pairs(place / form) for form in ("png", "jpeg")}
    pack = place / "packed" / "pairs.safetensors"
    write_pack(listing("pairs", place, place / "png", found["png"]), place, pack)
    found["packed"] = packed_pairs("pairs", place)
    return {form: _samples(pairs) for form, pairs in found.items()}


def _samples(pairs: list[Pair]) -> MixedPairs:
    return MixedPairs([Entry("dehaze", p.clean, p.degraded) for p in pairs], patch=_PATCH)


def _making(samples: MixedPairs, count: int) -> Callable[[int], object]:
    return lambda number: [samples[number * count + i] for i in range(count)]


def _watched(samples: MixedPairs, workers: int, seconds: float) -> tuple[float, float, float]:
    """Pairs a second out of a data loader: by the clock, and by the seconds of either side.

    The last two are what one worker's core makes, and what the core that takes them can take.
    """
    import psutil

    before = {child.pid for child in psutil.Process().children()}
    batches = iter(DataLoader(samples, _BATCH, sampler=range(10**9), num_workers=workers))
    for _ in range(2 * workers + 1):  # what was made while the workers started
        next(batches)
    makers = [child for child in psutil.Process().children() if child.pid not in before]

    def spent() -> tuple[float, float, float]:
        times = [child.cpu_times() for child in makers]
        return time.perf_counter(), sum(t.user + t.system for t in times), time.process_time()

    made, started = 0, spent()
    while time.perf_counter() - started[0] < seconds:
        next(batches)
        made += _BATCH
    clock, theirs, own = (now - then for now, then in zip(spent(), started, strict=True))
    # Short watches may end before a tick of the operating system's clock.
    return made / clock, made / max(theirs, 0.01), made / max(own, 1e-6)


def _made_up_tree(folder: Path, pairs: int) -> None:
    """OTS's folders and names, every image eight pixels wide."""
    tiny = folder / "tiny.jpg"
    folder.mkdir()
    Image.effect_noise((8, 8), 60).convert("RGB").save(tiny)
    content = tiny.read_bytes()
    tiny.unlink()
    for part in ("clear", *(f"haze/part{number}" for number in range(1, 5))):
        (folder / part).mkdir(parents=True)
    for number in range(pairs):
        scene, haze = divmod(number, _HAZES)
        if haze == 0:
            (folder / "clear" / f"{scene:04d}.jpg").write_bytes(content)
        airlight, beta = 0.8 + 0.05 * (haze % 5), 0.04 * (1 + haze // 5)
        name = f"{scene:04d}_{airlight:.2f}_{beta:.2f}.jpg"
        (folder / "haze" / f"part{haze % 4 + 1}" / name).write_bytes(content)
