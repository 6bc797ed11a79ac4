"""How large an image or a tile the memory at hand can carry."""

import math
from pathlib import Path

import torch
from torch import Tensor, nn

# On a CPU a larger tile is no faster, so a fixed part is enough: with the photograph itself, a
# restoring of 24 megapixels stays under 4 GB.
_CPU_TILE_CEILING = 2_000_000_000
# Whole is worth more memory, since tiles change what global attention sees: this takes a
# photograph of 1500 pixels a side at the shipped network's width.
_CPU_WHOLE_CEILING = 8_000_000_000
_SHARE_OF_FREE = 0.5
_PROBE = 64
# Beside its largest layer's input and output a network keeps skip connections and scratch space;
# a Restormer holds nearly twice as much in all.
_HELD_BESIDE_ONE_LAYER = 2.0


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

    A small image goes through the model while its layers' inputs and outputs are measured.

    Args:
        model: Takes (1, 3, H, W).
        multiple: H and W must be multiples of this.
        like: Gives the device and the dtype of the image.
    """
    largest = 0

    def measure(_: nn.Module, inputs: tuple, output: object) -> None:
        nonlocal largest
        tensors = [*inputs, *(output if isinstance(output, (tuple, list)) else [output])]
        held = sum(t.numel() * t.element_size() for t in tensors if isinstance(t, Tensor))
        largest = max(largest, held)

    side = -(-_PROBE // multiple) * multiple
    hooks = [module.register_forward_hook(measure) for module in model.modules()]
    try:
        model(torch.zeros(1, 3, side, side, device=like.device, dtype=like.dtype))
    finally:
        for hook in hooks:
            hook.remove()
    # The least a layer can hold is an image in and an image out.
    floor = 2 * 3 * like.element_size() * side * side
    return _HELD_BESIDE_ONE_LAYER * max(largest, floor) / side**2


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
