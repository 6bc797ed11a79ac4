"""How fast training pairs are made and a network works, in rounds that alternate.

What is compared runs in turns, a round of the one and then a round of the other, so that whatever
else the machine does falls on both; a median of rounds is reported. Rates belong to a device;
ratios travel better.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from irlib.data.augment import dihedral, random_crop_pair
from irlib.data.embedded import EmbeddedPairs
from irlib.data.images import write_image
from irlib.data.photos import TRAIN_PHOTOS, photo
from irlib.data.seeding import generator_for
from irlib.degradations import FIVE_TASKS, degrade_task
from irlib.models import RestorationModel

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
                time.process_time,
            )
    finally:
        torch.set_num_threads(threads)
    return {
        "pairs_per_s": count / median(s[0] for s in seconds),
        "file_pairs_per_s": count / median(s[1] for s in seconds),
        "pairs_ratio": median(theirs / mine for mine, theirs in seconds),
    }


def measure_network(
    model: RestorationModel, rounds: int, *, batch: int, patch: int
) -> dict[str, float]:
    """Images a second of a network on the CPU, restoring and training, in 32 bits.

    Args:
        model: The network; its weights move.
        rounds: Rounds of each.
        batch: Images at a time.
        patch: Side of an image in pixels.

    Returns:
        ``forward_images_per_s``, ``training_images_per_s`` and ``training_ratio``: how many forward
        passes one training step costs.
    """
    optimiser = torch.optim.AdamW(model.parameters())
    images = torch.rand(batch, 3, patch, patch, generator=torch.Generator().manual_seed(0))

    def forward(_: int) -> None:
        with torch.inference_mode():
            model(images)

    def step(_: int) -> None:
        optimiser.zero_grad()
        (model(images) - images).abs().mean().backward()
        optimiser.step()

    seconds = in_turns(rounds, forward, step)
    return {
        "forward_images_per_s": batch / median(s[0] for s in seconds),
        "training_images_per_s": batch / median(s[1] for s in seconds),
        "training_ratio": median(trained / forwarded for forwarded, trained in seconds),
    }


def in_turns(
    rounds: int,
    first: Callable[[int], Any],
    second: Callable[[int], Any],
    clock: Callable[[], float] = time.perf_counter,
) -> list[tuple[float, float]]:
    """Seconds that each of two functions takes in each round, after one round that is not counted.

    Which of the two comes first alternates, so that neither always meets a warm cache.

    Args:
        rounds: How many rounds are timed.
        first: Called with the number of the round.
        second: Likewise.
        clock: Tells the seconds.
    """
    both, found = (first, second), []
    for number in range(rounds + 1):
        seconds = [0.0, 0.0]
        for which in (0, 1) if number % 2 else (1, 0):
            started = clock()
            both[which](number)
            seconds[which] = clock() - started
        found.append((seconds[0], seconds[1]))
    return found[1:]


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
