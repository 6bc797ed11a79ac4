"""Takes the networks, degradations, losses and metrics to a second device; prints what it found.

A process of its own, whose report is JSON.
"""

import importlib
import json
import sys
from pathlib import Path

import torch

from irlib import losses, metrics, models
from irlib.degradations import degrade, list_degradations
from irlib.evaluation.restore import restore_image

sys.path.insert(0, str(Path(__file__).parents[1]))
second_device = importlib.import_module("second_device")  # it lies one folder up
DEVICE, back = second_device.DEVICE, second_device.back


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
    second_device.HAS["float64"] = sys.argv[1] == "float64"
    with second_device.SecondDevice():
        report = {
            "networks": {name: network_gap(name) for name in models.list_models()},
            "degradations": {name: degradation_gap(name) for name in list_degradations()},
            "measures": {name: measure_gap(measure) for name, measure in MEASURES.items()},
            "restored": restored_gap(),
            "refuses": {name: refuses(mix) for name, mix in MIXES.items()},
        }
    print(json.dumps(report))
