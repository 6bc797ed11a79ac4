"""How fast training pairs are made, beside the authors' way of loading."""

import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from irlib.bench.turns import in_turns
from irlib.data.augment import dihedral, random_crop_pair
from irlib.data.embedded import EmbeddedPairs
from irlib.data.images import write_image
from irlib.data.photos import TRAIN_PHOTOS, photo
from irlib.data.seeding import generator_for
from irlib.degradations import FIVE_TASKS, degrade_task

# The side of the patches that all-in-one networks are trained on in the papers.
_PATCH = 128
# BSD400's images, which the authors decode anew for each patch, have this height and width.
_FILE_SIZE = (320, 480)


def measure_pairs(rounds: int, count: int) -> dict[str, float]:
    """Training pairs of 128 pixels a second on one thread, five tasks in turn, in two ways.

    Ours keeps the clean images in memory. The authors decode a file for each pair, crop it in the
    middle to a multiple of 16, cut a random patch and turn it. Both draw the same degradations. The
    seconds are those a core spent on it, so that other programs do not count.

    Args:
        rounds: Rounds of each way.
        count: Pairs made in a round.

    Returns:
        ``pairs_per_s``, ``file_pairs_per_s`` (the authors' way) and ``pairs_ratio``, the median
        over rounds of ours by theirs.
    """
    ours = EmbeddedPairs(patch=_PATCH, scenes=2)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with tempfile.TemporaryDirectory(prefix="irlib-speed-") as folder:
            files = _write_files(Path(folder))
            seconds = in_turns(
                rounds,
                lambda number: [ours[number * count + i] for i in range(count)],
                lambda number: [_pair_from_file(files, number * count + i) for i in range(count)],
                clock=time.process_time,
            )
    finally:
        torch.set_num_threads(threads)
    return {
        "pairs_per_s": count / median(s[0] for s in seconds),
        "file_pairs_per_s": count / median(s[1] for s in seconds),
        "pairs_ratio": median(theirs / mine for mine, theirs in seconds),
    }


def _write_files(folder: Path) -> list[Path]:
    """Embedded photographs as files of a benchmark's size, JPEG and PNG in turn."""
    paths = []
    for name in TRAIN_PHOTOS:
        path = folder / f"{name}{('.jpg', '.png')[len(paths) % 2]}"
        resized = torch.nn.functional.interpolate(
            photo(name)[None], size=_FILE_SIZE, mode="bilinear", antialias=True
        )
        write_image(path, resized[0])
        paths.append(path)
    return paths


def _pair_from_file(files: list[Path], position: int) -> tuple[Tensor, Tensor]:
    """One training pair, made as the authors' loaders do: (degraded, target)."""
    generator = generator_for("file", position)
    chosen = files[int(torch.randint(len(files), (), generator=generator))]
    with Image.open(chosen) as opened:
        pixels = np.array(opened.convert("RGB"))
    height, width = pixels.shape[:2]
    top, left = height % 16 // 2, width % 16 // 2
    pixels = pixels[top : top + height // 16 * 16, left : left + width // 16 * 16]
    (patch,) = random_crop_pair([torch.from_numpy(pixels).movedim(-1, 0)], _PATCH, generator)
    mode = int(torch.randint(1, 8, (), generator=generator))
    target = dihedral(patch, mode).contiguous().float() / 255
    task = FIVE_TASKS[position % len(FIVE_TASKS)]
    return degrade_task(target, task, generator=generator).image, target
