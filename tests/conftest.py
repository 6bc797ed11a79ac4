"""Fixtures that all tests share."""

from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"


@pytest.fixture(scope="session")
def root() -> Path:
    """The top folder of the project."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real benchmark images and parity fixtures beside the checkout, if there."""
    if not SHARED.is_dir():
        pytest.skip("needs the shared benchmark images and parity fixtures beside the checkout")
    return SHARED


@pytest.fixture
def generator() -> torch.Generator:
    """A seeded CPU generator, fresh for each test."""
    return torch.Generator().manual_seed(0)
