"""A second device for machines with none: it computes on the CPU and refuses what a GPU refuses.

Run as a script it takes the networks, the degradations, the losses and the metrics to that device
and prints as JSON what it found. It is a process of its own because PyTorch cannot take a device
back.
"""

import json

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map
from torch.utils.backend_registration import (
    _DummyBackendModule,
    _setup_privateuseone_for_python_backend,
)

from irlib import losses, metrics, models
from irlib.degradations import degrade, list_degradations
from irlib.evaluation.restore import restore_image

NAME = "second"
#: Operations that may read one device and write another, as on a GPU.
BETWEEN = {"aten::copy_", "aten::_to_copy"}
#: Their second argument, the places, may lie on the CPU; the rest may not.
INDEXING = {"aten::index", "aten::index_put", "aten::index_put_", "aten::_index_put_impl_"}


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

    def tolist(self):
        return self.here.tolist()


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
    if func._schema.is_mutable and isinstance(out, Tensor):
        return args[0]
    return tree_map(lambda x: There(x) if lands and isinstance(x, Tensor) else x, out)


class SecondDevice(TorchDispatchMode):
    """Inside, tensors can be made on the second device."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
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


def beside(name, network, pictures):
    """What a network takes beside its pictures, on their device."""
    if name == "perceive-ir":
        fixed = torch.Generator().manual_seed(1)
        return ([torch.rand(2, 96, generator=fixed).to(pictures.device) for _ in range(4)],)
    if name in {"am-promptir", "dfpir", "instructir"}:
        return (network.told(["derain", "dehaze"]),)
    return ()


def step_on(device, name, weights, pictures):
    """A pass, its gradients and a step of an optimiser: the output and the gradients."""
    network = models.create(name, preset_name="smoke").eval().to(device)
    network.load_state_dict(weights)
    pictures = pictures.to(device)
    out = network(pictures, *beside(name, network, pictures))
    out = out[0] if isinstance(out, tuple) else out
    losses.l1(out, pictures).backward()
    torch.optim.AdamW(network.parameters(), lr=1e-3).step()
    gradients = {n: back(p.grad) for n, p in network.named_parameters() if p.grad is not None}
    return back(out.detach()), gradients


def network_gap(name):
    """How far output and gradients on the device lie from the CPU's, and whose gradients exist."""
    torch.manual_seed(0)
    weights = models.create(name, preset_name="smoke").state_dict()
    pictures = torch.rand(2, 3, 32, 32)
    here, slopes_here = step_on("cpu", name, weights, pictures)
    there, slopes_there = step_on(DEVICE, name, weights, pictures)
    largest = max(slope.abs().max().item() for slope in slopes_here.values())
    gaps = [(slopes_there[n] - slope).abs().max().item() for n, slope in slopes_here.items()]
    return {
        "output": (there - here).abs().max().item(),
        "gradients": max(gaps) / largest,
        "learn": [sorted(slopes_here), sorted(slopes_there)],
    }


def degradation_gap(name):
    """How far the same draw lies apart on both devices."""
    picture = torch.rand(3, 64, 64, generator=torch.Generator().manual_seed(0))
    drawn = [
        back(degrade(picture.to(device), name, generator=torch.Generator().manual_seed(3)).image)
        for device in ("cpu", DEVICE)
    ]
    return (drawn[1] - drawn[0]).abs().max().item()


def measure_gap(measure):
    """How far a loss or a metric of two batches lies apart on both devices."""
    pairs = torch.rand(2, 2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    found = [back(measure(*pairs.to(device))) for device in ("cpu", DEVICE)]
    return (found[1] - found[0]).abs().max().item()


def restored_gap():
    """How far a photograph restored in tiles lies apart, with the network on either device."""
    torch.manual_seed(0)
    network = models.create("promptir", preset_name="smoke").eval()
    photograph = torch.rand(3, 70, 90)
    found = [
        back(restore_image(network.to(device), photograph, tile=48, overlap=8))
        for device in ("cpu", DEVICE)
    ]
    return (found[1] - found[0]).abs().max().item()


def refuses(mix):
    """Whether a computation across the devices stops, as it does on a GPU."""
    try:
        mix(torch.rand(3), torch.rand(3).to(DEVICE))
    except RuntimeError:
        return True
    return False


MIXES = {
    "sum": lambda near, far: near + far,
    "sum in place": lambda near, far: far.add_(near),
    "places of another device": lambda near, far: near[far > 0],
    "values of another device": lambda near, far: far.index_put_((far > 0,), near),
}


MEASURES = {
    "psnr": metrics.psnr,
    "ssim": metrics.ssim,
    "charbonnier": losses.charbonnier,
    "charbonnier_fft": losses.charbonnier_fft,
    "psnr_loss": losses.psnr_loss,
    "uciqe": lambda picture, _: metrics.uciqe(picture[0]),
    "uiqm": lambda picture, _: metrics.uiqm(picture[0]),
}

if __name__ == "__main__":
    with SecondDevice():
        report = {
            "networks": {name: network_gap(name) for name in models.list_models()},
            "degradations": {name: degradation_gap(name) for name in list_degradations()},
            "measures": {name: measure_gap(measure) for name, measure in MEASURES.items()},
            "restored": restored_gap(),
            "refuses": {name: refuses(mix) for name, mix in MIXES.items()},
        }
    print(json.dumps(report))
