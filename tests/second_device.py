"""A second device for machines with none: it computes on the CPU and refuses what a GPU refuses.

Import it in a process of its own: PyTorch cannot take a device back.
"""

import torch
from torch import Tensor
from torch.optim.optimizer import register_optimizer_step_post_hook
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map
from torch.utils.backend_registration import (
    _DummyBackendModule,
    _setup_privateuseone_for_python_backend,
)
from torch.utils.flop_counter import flop_registry

NAME = "imitated"
#: Operations that may read one device and write another, as on a GPU.
BETWEEN = {"aten::copy_", "aten::_to_copy"}
#: Their second argument, the places, may lie on the CPU; the rest may not.
INDEXING = {"aten::index", "aten::index_put", "aten::index_put_", "aten::_index_put_impl_"}
#: What not every GPU has: Apple's have no float64.
HAS = {"float64": True}
#: Operations of convolutions and of matrix products, done on either device inside `SecondDevice`.
WORK = {"cpu": 0, NAME: 0}
#: Steps of optimisers, by the device of what they move.
STEPS = {"cpu": 0, NAME: 0}


class Backend(_DummyBackendModule):
    """What PyTorch asks of a device's module."""

    def get_amp_supported_dtype(self):
        return [torch.bfloat16, torch.float16]


_setup_privateuseone_for_python_backend(NAME, backend_module=Backend())
DEVICE = torch.device(NAME, 0)


class There(Tensor):
    """A tensor on the second device: the numbers are those of ``here``, which lies on the CPU."""

    @staticmethod
    def __new__(cls, here):
        size, stride, offset = here.shape, here.stride(), here.storage_offset()
        with torch.inference_mode(False):  # a view of such a wrapper could not be made
            made = Tensor._make_wrapper_subclass(
                cls, size, strides=stride, storage_offset=offset, dtype=here.dtype, device=DEVICE
            )
        made.here = here
        return made

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        return compute(func, args, kwargs or {})

    def __repr__(self):
        return f"There({self.here})"

    def __format__(self, spec):
        return format(self.here, spec)

    def tolist(self):
        return self.here.tolist()


def _is_float64(out):
    return any(isinstance(x, Tensor) and x.dtype == torch.float64 for x in tree_flatten(out)[0])


def is_there(device):
    return device is not None and torch.device(device).type == NAME


def compute(func, args, kwargs):
    """One operation on the CPU's numbers, with the answer on the device where a GPU has it."""
    tensors = [each for each in tree_flatten((args, kwargs))[0] if isinstance(each, Tensor)]
    there = [each for each in tensors if isinstance(each, There)]
    name = func._schema.name
    bound = (args[:1], args[2:], kwargs) if name in INDEXING and there else (args, kwargs)
    # numbers without dimensions may come from the CPU, as on a GPU
    strangers = any(
        isinstance(each, Tensor) and each.dim() and not isinstance(each, There)
        for each in tree_flatten(bound)[0]
    )
    if there and strangers and name not in BETWEEN:
        raise RuntimeError(f"{name}: Expected all tensors to be on the same device")
    where = kwargs.get("device")
    lands = is_there(where) if where is not None else bool(there)
    inner = tree_map(lambda x: x.here if isinstance(x, There) else x, (args, kwargs))
    given, named = inner[0], dict(inner[1])
    if is_there(where):
        named["device"] = torch.device("cpu")
    out = func(*given, **named)
    if lands and not HAS["float64"] and _is_float64(out):
        raise TypeError(f"{name}: the device has no float64")
    count = flop_registry.get(func._overloadpacket)
    if count is not None:
        WORK[NAME if lands else "cpu"] += count(*given, **named, out_val=out)
    if func._schema.is_mutable and isinstance(out, Tensor):
        return args[0]
    return tree_map(lambda x: There(x) if lands and isinstance(x, Tensor) else x, out)


class SecondDevice(TorchDispatchMode):
    """Inside, tensors can be made on the second device, and work is counted."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if func.namespace == "aten" and func._overloadpacket not in flop_registry:
            # inference_mode hands over conv2d and linear whole: count the product inside
            with self:
                made = func.decompose(*args, **(kwargs or {}))
            if made is not NotImplemented:
                return made
        return compute(func, args, kwargs or {})


# What PyTorch asks below Python, where no mode listens: backward passes and torch.tensor.
LIBRARY = torch.library.Library("aten", "IMPL", "PrivateUse1")


def _strided(size, stride, *, dtype=None, layout=None, device=None, pin_memory=None):
    return There(torch.empty_strided(size, stride, dtype=dtype))


def _empty(size, *, dtype=None, layout=None, device=None, pin_memory=None, memory_format=None):
    return There(torch.empty(size, dtype=dtype, memory_format=memory_format))


def _copied(source, target, non_blocking=False):
    inner = [each.here if isinstance(each, There) else each for each in (source, target)]
    inner[1].copy_(inner[0])
    return target


LIBRARY.impl("empty_strided", _strided)
LIBRARY.impl("empty.memory_format", _empty)
LIBRARY.impl("_copy_from", _copied)


def back(tensor):
    """The numbers on the CPU, whichever device a tensor lies on."""
    return tensor.here if isinstance(tensor, There) else tensor


def take_over():
    """From here on, in this thread, this is the device that irlib chooses, and work is counted.

    Not counted: `irlib.training.loop.train`, which asks Lightning for a device. Lightning does not
    know this one and stays on the CPU.
    """
    from irlib import device
    from irlib.training import loop

    def uncounted(*given, **named):
        before = dict(WORK), dict(STEPS)
        out = train(*given, **named)
        WORK.update(before[0])
        STEPS.update(before[1])
        return out

    def count_step(optimiser, *_):
        STEPS[optimiser.param_groups[0]["params"][0].device.type] += 1

    train, loop.train = loop.train, uncounted
    device.choose_device = lambda name="auto": DEVICE if name == "auto" else torch.device(name)
    register_optimizer_step_post_hook(count_step)
    SecondDevice().__enter__()
