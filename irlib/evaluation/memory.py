"""How large an image or a tile the memory at hand can carry.

Taught in chapters 18 and 24.
"""

import math
import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

# On a CPU a larger tile is no faster, so a fixed part is enough: with the photograph itself, a
# restoring of 24 megapixels stays under 4 GB.
_CPU_TILE_CEILING = 2_000_000_000
# Whole is worth more memory, since tiles change what global attention sees: this takes a
# photograph of 1500 pixels a side at the shipped network's width.
_CPU_WHOLE_CEILING = 8_000_000_000
_SHARE_OF_FREE = 0.5
_PROBE = 128
# Kernels hold some scratch space, and an allocator does not fit exactly.
_ROOM = 1.1


def free_memory(device: torch.device) -> int:
    """Returns the bytes that a model may use on a device now, as far as the system tells."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        cached = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return free + cached
    import psutil

    return min(psutil.virtual_memory().available, _left_in_container())


def _left_in_container(root: Path = Path("/sys/fs/cgroup")) -> float:
    """Returns what a container's memory limit leaves, which the machine's free memory ignores."""
    try:
        limit = (root / "memory.max").read_text().strip()
        used = (root / "memory.current").read_text().strip()
        return math.inf if limit == "max" else max(int(limit) - int(used), 0)
    except (OSError, ValueError):
        return math.inf


def bytes_per_pixel(model: nn.Module, multiple: int, like: Tensor) -> float:
    """Estimates the peak memory of a forward pass, in bytes for each pixel of the image.

    A small image goes through the model while the tensors that live at once are counted, its
    weights left out. Whatever has a size of its own, such as an encoder's view of the image, counts
    as if it belonged to the pixels: too much rather than too little.

    Args:
        model: Takes (1, 3, H, W).
        multiple: H and W must be multiples of this.
        like: Gives the device and the dtype of the image.
    """
    side = -(-_PROBE // multiple) * multiple
    image = torch.zeros(1, 3, side, side, device=like.device, dtype=like.dtype)
    with _LiveBytes() as counted:
        model(image)
    # The least a layer can hold is an image in and an image out.
    floor = 2 * 3 * like.element_size()
    return _ROOM * max(counted.peak / side**2, floor)


class _LiveBytes(TorchDispatchMode):
    """Counts the bytes of the tensors that operations make, for as long as each lives.

    What an operation takes that none has made, such as weights, was there before; neither it nor
    a view of it counts.
    """

    def __init__(self) -> None:
        super().__init__()
        self.peak = 0
        self._now = 0
        self._known: set[int] = set()

    def __torch_dispatch__(
        self,
        func: Callable,
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        for storage in _storages((args, kwargs)):
            self._meet(storage, 0)
        made = func(*args, **(kwargs or {}))
        for storage in _storages(made):
            self._meet(storage, storage.nbytes())
        return made

    def _meet(self, storage: torch.UntypedStorage, size: int) -> None:
        key = storage._cdata  # views of one tensor share it
        if key in self._known:
            return
        self._known.add(key)
        weakref.finalize(storage, self._forget, key, size)
        self._now += size
        self.peak = max(self.peak, self._now)

    def _forget(self, key: int, size: int) -> None:
        self._known.discard(key)
        self._now -= size


def _storages(found: Any) -> list[torch.UntypedStorage]:
    return [x.untyped_storage() for x in tree_leaves(found) if isinstance(x, Tensor)]


def affordable_pixels(model: nn.Module, multiple: int, like: Tensor) -> tuple[int, int]:
    """Returns how many pixels the model can take at once on the device of ``like``.

    Returns:
        The most for a whole image, and the most for a tile where the image is larger than that.
    """
    budget = _SHARE_OF_FREE * free_memory(like.device)
    ceilings = (budget, budget)
    if like.device.type != "cuda":
        ceilings = (min(budget, _CPU_WHOLE_CEILING), min(budget, _CPU_TILE_CEILING))
    a_pixel = bytes_per_pixel(model, multiple, like)
    whole, tile = (int(bytes_ / a_pixel) for bytes_ in ceilings)
    return whole, tile


def is_out_of_memory(error: BaseException) -> bool:
    """Tells a lack of memory from every other failure, on any device."""
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    words = ("out of memory", "can't allocate memory", "not enough memory", "cannot allocate")
    return isinstance(error, RuntimeError) and any(word in str(error).lower() for word in words)
