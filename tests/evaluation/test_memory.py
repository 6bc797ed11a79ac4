import math
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from irlib.evaluation import memory

CHILD = """
from pathlib import Path
import torch
from irlib import models
from irlib.evaluation.memory import bytes_per_pixel

def kilobytes(what):
    status = Path("/proc/self/status").read_text()
    return int(status.split(what + ":")[1].split()[0])

network = models.create("restormer", preset_name="pocket").eval()
with torch.inference_mode():
    estimated = bytes_per_pixel(network, network.multiple, torch.empty(0))
    image = torch.zeros(1, 3, 512, 512)
    network(image[..., :256, :256])  # what the libraries keep for themselves comes with it
    network(image)
    before = kilobytes("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    network(image)
print(estimated, 1024 * (kilobytes("VmHWM") - before) / 512**2)
"""


def test_a_wider_network_costs_more_a_pixel():
    like = torch.empty(0)
    narrow, wide = (
        memory.bytes_per_pixel(
            nn.Sequential(nn.Conv2d(3, width, 3, padding=1), nn.Conv2d(width, 3, 1)), 8, like
        )
        for width in (8, 64)
    )
    # At least the input and the output of the widest layer, four bytes a value.
    assert narrow >= 4 * (3 + 8)
    assert wide >= 4 * (3 + 64)
    assert wide > 3 * narrow


class Chain(nn.Module):
    """Holds, at its peak, two maps of 12 channels."""

    def __init__(self):
        super().__init__()
        self.large = nn.Parameter(torch.zeros(10**6))

    def forward(self, x):
        held = torch.cat([x, x, x, x], dim=1)
        for _ in range(5):
            held = held.exp()  # the old map is let go
        return held[:, :3] * self.large[None, :1, None, None]


def test_what_lives_at_once_is_counted_and_weights_are_not():
    with torch.inference_mode():
        a_pixel = memory.bytes_per_pixel(Chain(), 1, torch.empty(0)) / memory._ROOM
    assert a_pixel == pytest.approx(4 * (12 + 12))


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="no peak to reset here")
def test_the_estimate_is_about_what_a_pass_really_takes():
    command = [sys.executable, "-c", CHILD]
    done = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    assert done.returncode == 0, done.stderr
    estimated, taken = map(float, done.stdout.split())
    # What an allocator gives back to the system, and when, differs from run to run; an estimate
    # above what is taken only makes tiles smaller.
    assert 0.8 < estimated / taken < 3


def test_a_containers_limit_counts(tmp_path):
    assert memory._left_in_container(tmp_path) == math.inf
    (tmp_path / "memory.current").write_text("300\n")
    (tmp_path / "memory.max").write_text("max\n")
    assert memory._left_in_container(tmp_path) == math.inf
    (tmp_path / "memory.max").write_text("1000\n")
    assert memory._left_in_container(tmp_path) == 700


def test_free_memory_is_a_positive_number_of_bytes():
    assert memory.free_memory(torch.device("cpu")) > 2**20


def test_a_whole_image_may_use_more_memory_than_a_tile_but_never_more_than_is_free(monkeypatch):
    network, like = nn.Conv2d(3, 64, 3, padding=1), torch.empty(0)
    a_pixel = memory.bytes_per_pixel(network, 8, like)
    monkeypatch.setattr(memory, "free_memory", lambda device: 10**12)
    whole, tile = memory.affordable_pixels(network, 8, like)
    assert whole > tile
    assert tile * a_pixel <= 2.5e9  # what 4 GB leave beside a photograph of 24 megapixels
    monkeypatch.setattr(memory, "free_memory", lambda device: 10**9)
    whole, tile = memory.affordable_pixels(network, 8, like)
    assert whole == tile
    assert whole * a_pixel <= 10**9 / 2


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MemoryError(), True),
        (RuntimeError("CUDA out of memory. Tried"), True),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"), True),
        (RuntimeError("expected 3 channels"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_lack_of_memory_is_told_from_other_failures(error, expected):
    assert memory.is_out_of_memory(error) == expected
