import math

import pytest
import torch
from torch import nn

from irlib.evaluation import memory


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
