"""Textures and colours of dead leaves."""

import numpy as np
import pytest

from irlib.data import leaf_textures, photos
from irlib.data.leaf_textures import (
    choose_texture,
    natural_colours,
    palette,
    power_law_noise,
    texture_bank,
)


@pytest.mark.parametrize("side", [16, 61, 128])
def test_a_bank_is_normalised_and_finite(side):
    bank = texture_bank(side, np.random.default_rng(0))
    assert bank.shape[1:] == (side, side)
    assert bank.dtype == np.float32
    assert np.isfinite(bank).all()
    assert np.abs(bank.mean((1, 2))).max() < 0.1
    assert np.abs(bank).max() <= 3.0


def test_choices_fit_the_bank():
    bank = texture_bank(16, np.random.default_rng(0))
    chosen = choose_texture(2000, np.random.default_rng(0))
    assert set(chosen.tolist()) == set(range(len(bank)))


@pytest.mark.parametrize("exponent", [0.0, 1.0, 2.0])
def test_noise_has_the_stated_spectrum(exponent):
    noise = power_law_noise(256, exponent, np.random.default_rng(0))
    power = np.abs(np.fft.fft2(noise)) ** 2
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(256), np.fft.fftfreq(256)))
    band = (frequency > 4 / 256) & (frequency < 0.4)
    slope = np.polyfit(np.log(frequency[band]), np.log(power[band]), 1)[0]
    assert slope == pytest.approx(-2.0 * exponent, abs=0.2)


def test_palettes_are_colours():
    rng = np.random.default_rng(0)
    for colours in [natural_colours(50, rng)] + [palette(50, rng) for _ in range(20)]:
        assert colours.shape == (50, 2, 3)
        assert colours.dtype == np.float32
        assert colours.min() >= 0.0
        assert colours.max() <= 1.0


def test_palettes_never_open_a_test_photograph():
    assert set(leaf_textures._PALETTE_WEIGHTS) <= {"procedural", *photos.TRAIN_PHOTOS}
