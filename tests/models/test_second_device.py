"""Networks, degradations, losses and metrics away from the CPU, on a device that these tests make.

It computes the CPU's numbers and refuses to mix devices, as a GPU does; once it also refuses
float64, as Apple's GPUs do. What it cannot show: other rounding, other kernels, memory and speed.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from torch.utils import backend_registration

from irlib.degradations import list_degradations
from irlib.models import list_models

SCRIPT = Path(__file__).with_name("on_second_device.py")
pytestmark = pytest.mark.skipif(
    not hasattr(backend_registration, "_setup_privateuseone_for_python_backend"),
    reason="this PyTorch cannot make a device in Python",
)


@pytest.fixture(scope="module", params=["float64", "no float64"])
def report(request):
    command = [sys.executable, str(SCRIPT), request.param]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_the_device_refuses_what_a_gpu_refuses(report):
    assert len(report["refuses"]) == 4
    assert all(report["refuses"].values()), report["refuses"]


@pytest.mark.parametrize("name", list_models())
def test_a_network_trains_a_step_there_as_on_the_cpu(report, name):
    found = report["networks"][name]
    assert found["output"] < 1e-5
    assert found["gradients"] < 1e-4
    cpu, there = found["learn"]
    assert cpu == there != []


@pytest.mark.parametrize("name", list_degradations())
def test_a_degradation_draws_the_same_picture_there(report, name):
    assert report["degradations"][name] < 1e-6


@pytest.mark.parametrize(
    "name", ["psnr", "ssim", "charbonnier", "charbonnier_fft", "psnr_loss", "uciqe", "uiqm"]
)
def test_a_measure_is_the_same_there(report, name):
    assert report["measures"][name] < 1e-4


def test_a_photograph_is_restored_in_tiles_by_a_network_there(report):
    assert report["restored"] < 1e-5
