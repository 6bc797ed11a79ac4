"""Whether image files can be decoded, and how large they are: the slow half of a folder's check."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# A large set takes minutes, in which something should move on the screen.
_SHOWN_FROM = 1000


def decoded_sizes(
    paths: Sequence[Path],
) -> tuple[dict[Path, tuple[int, int]], dict[Path, str]]:
    """Decode every image whole.

    Args:
        paths: Image files.

    Returns:
        (width, height) of each image that can be decoded, and the problem of each that cannot.
    """
    from tqdm import tqdm

    sizes, problems = {}, {}
    # Threads suffice: decoders release the interpreter's lock.
    with ThreadPoolExecutor(max_workers=min(32, 2 * (os.cpu_count() or 1))) as pool:
        answers = tqdm(
            pool.map(_decoded_size, paths),
            total=len(paths),
            desc="decode",
            unit="image",
            leave=False,
            disable=len(paths) < _SHOWN_FROM,
        )
        for path, answer in zip(paths, answers, strict=True):
            if isinstance(answer, str):
                problems[path] = answer
            else:
                sizes[path] = answer
    return sizes, problems


def _decoded_size(path: Path) -> tuple[int, int] | str:
    from PIL import Image

    try:
        if path.stat().st_size == 0:
            return "is empty"
        with Image.open(path) as image:
            image.load()
            return image.size
    # Pillow's decoders raise many kinds of errors on damaged files, and all mean the same here.
    except Exception as error:
        words = str(error).replace(str(path), path.name) or type(error).__name__
        return f"cannot be decoded ({words})"
