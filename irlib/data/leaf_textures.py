"""A bank of grey textures for dead leaves, and the palettes that colour them.

The bank is made once a scene; leaves cut random windows from it. Noise of several spectra,
gratings, checkers, bricks, marble, cracks and text-like strokes stand for what photographs
contain: a denoiser trained on smooth shapes alone wipes texture away.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from irlib.data.photos import photo

# How often a scene takes its colours from each training photograph. Photographs of everyday
# scenes weigh most; "procedural" draws from `natural_colours` instead.
_PALETTE_WEIGHTS = {
    "procedural": 8.0,
    "astronaut": 3.0,
    "motorcycle_left": 5.0,
    "ihc": 0.7,
    "retina": 0.4,
    "hubble_deep_field": 0.3,
    "camera": 0.8,
    "gravel": 0.4,
    "coins": 0.4,
}


def _normalised(texture: np.ndarray) -> np.ndarray:
    texture = texture - texture.mean()
    return (texture / (texture.std() + 1e-6)).clip(-3.0, 3.0).astype(np.float32)


def power_law_noise(
    side: int, exponent: float, rng: np.random.Generator, stretch: float = 1.0, angle: float = 0.0
) -> np.ndarray:
    """Periodic Gaussian noise whose amplitude spectrum falls as 1 / f^exponent.

    Args:
        side: pixels a side.
        exponent: 0 is white, 1 resembles photographs, 2 clouds.
        stretch: above 1 makes it streaky, like hair or wood.
        angle: direction of the streaks, radians.

    Returns:
        (side, side) float32, mean 0 and deviation 1, clipped at 3 deviations.
    """
    fy = np.fft.fftfreq(side).astype(np.float32)[:, None]
    fx = np.fft.rfftfreq(side).astype(np.float32)[None, :]
    along = np.cos(angle) * fx + np.sin(angle) * fy
    across = np.cos(angle) * fy - np.sin(angle) * fx
    power = (along * stretch) ** 2 + across**2
    power[0, 0] = np.inf
    shape = (side, fx.shape[1])
    spectrum = rng.standard_normal(shape, np.float32) + 1j * rng.standard_normal(shape, np.float32)
    spectrum *= power.astype(np.float32) ** np.float32(-0.5 * exponent)
    return _normalised(np.fft.irfft2(spectrum, (side, side)))


def _turned_grid(side: int, angle: float) -> tuple[np.ndarray, np.ndarray]:
    ramp = np.arange(side, dtype=np.float32)
    c, s = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    return c * ramp[None] + s * ramp[:, None], c * ramp[:, None] - s * ramp[None]


def _triangle(phase: np.ndarray) -> np.ndarray:
    # 0 at whole numbers, 1 half-way between them
    phase = phase - np.floor(phase)
    return 1.0 - np.abs(2.0 * phase - 1.0)


def grating(side: int, rng: np.random.Generator) -> np.ndarray:
    """Stripes: a sinusoid, sharpened at random towards a square wave."""
    u, _ = _turned_grid(side, rng.uniform(0.0, np.pi))
    period = np.exp(rng.uniform(np.log(3.0), np.log(40.0)))
    wave = np.sin(np.float32(2.0 * np.pi / period) * u)
    return _normalised((wave * rng.choice([0.7, 2.0, 5.0])).clip(-1.0, 1.0))


def checker(side: int, rng: np.random.Generator) -> np.ndarray:
    """A chessboard with edges one pixel soft."""
    u, v = _turned_grid(side, rng.uniform(0.0, np.pi) * rng.integers(2))
    period = np.exp(rng.uniform(np.log(8.0), np.log(60.0)))
    sharp = period / 2.0
    across = ((_triangle(u / period) - 0.5) * sharp).clip(-1.0, 1.0)
    return _normalised(across * ((_triangle(v / period) - 0.5) * sharp).clip(-1.0, 1.0))


def bricks(side: int, rng: np.random.Generator, rough: np.ndarray) -> np.ndarray:
    """Courses of bricks or tiles, each with its own tone, between mortar lines."""
    angle = rng.choice([0.0, np.pi / 2, rng.uniform(0.0, np.pi)])
    u, v = _turned_grid(side, angle)
    height = np.exp(rng.uniform(np.log(5.0), np.log(30.0)))
    width = height * rng.uniform(1.0, 3.0)
    row = v / height
    course = np.floor(row)
    column = u / width + 0.5 * np.mod(course, 2.0) * rng.integers(2)
    tone = rng.standard_normal((64, 64)).astype(np.float32)
    face = tone[course.astype(np.int32) % 64, np.floor(column).astype(np.int32) % 64]
    gap = np.minimum(_triangle(row) * height, _triangle(column) * width)
    mortar = (1.5 - 0.5 * gap).clip(0.0, 1.0) * rng.choice([-1.0, 1.0])
    return _normalised(0.35 * face + 1.5 * mortar + 0.3 * rough)


def strokes(side: int, rng: np.random.Generator) -> np.ndarray:
    """Lines of made-up glyphs, so that text survives denoising."""
    bars = np.zeros((7, 7, 5), np.float32)
    bars[0, :, 0] = bars[1, :, 4] = bars[2, 0, :] = bars[3, 3, :] = bars[4, 6, :] = 1.0
    bars[5, :, 2] = 1.0
    bars[6, [1, 2, 3, 4, 5], [4, 3, 2, 1, 0]] = 1.0
    chosen = rng.random((26, 7)) < 0.4
    alphabet = (chosen[:, :, None, None] * bars).max(1)
    alphabet = np.pad(alphabet, ((0, 0), (2, 3), (0, 2)))
    zoom = int(rng.integers(1, 4))
    lines, letters = -(-side // (12 * zoom)), -(-side // (7 * zoom))
    page = alphabet[rng.integers(0, 26, (lines, letters))]
    page *= (rng.random((lines, letters)) < 0.82)[:, :, None, None]
    page = page.transpose(0, 2, 1, 3).reshape(lines * 12, letters * 7)
    page = page.repeat(zoom, 0).repeat(zoom, 1)[:side, :side]
    page = page + np.roll(page, 1, 0) + np.roll(page, 1, 1) if zoom > 1 else page
    return _normalised(page)


def texture_bank(side: int, rng: np.random.Generator) -> np.ndarray:
    """The textures of one scene.

    Args:
        side: pixels a side.
        rng: source of chance.

    Returns:
        (12, side, side) float32, each of mean about 0 and deviation about 1.
    """
    cloud = power_law_noise(side, rng.uniform(1.5, 2.0), rng)
    natural = power_law_noise(side, rng.uniform(0.9, 1.3), rng)
    fine = power_law_noise(side, rng.uniform(0.3, 0.8), rng)
    streaks = power_law_noise(
        side, rng.uniform(0.8, 1.2), rng, rng.uniform(4, 15), rng.uniform(0, np.pi)
    )
    u, _ = _turned_grid(side, rng.uniform(0.0, np.pi))
    marble = np.sin(
        u * np.float32(rng.uniform(0.1, 0.6)) + np.float32(rng.uniform(1.0, 5.0)) * cloud
    )
    cracks = -np.exp(-np.abs(natural) * np.float32(rng.uniform(3.0, 10.0)))
    blobs = np.tanh(
        (natural - np.float32(rng.uniform(0.0, 1.2))) * np.float32(rng.uniform(2.0, 8.0))
    )
    foliage = np.abs(np.roll(natural, side // 3, 0)) * (1.0 + 0.5 * np.roll(fine, side // 2, 1))
    return np.stack(
        [
            cloud,
            natural,
            fine,
            streaks,
            _normalised(marble),
            _normalised(cracks),
            _normalised(blobs),
            _normalised(foliage),
            grating(side, rng),
            checker(side, rng),
            bricks(side, rng, fine),
            strokes(side, rng),
        ]
    )


def choose_texture(count: int, rng: np.random.Generator) -> np.ndarray:
    """Indices into a `texture_bank`, natural noise more often than patterns.

    Returns:
        (count,) integer array.
    """
    weights = np.array([1.0, 3.0, 1.5, 2.0, 1.0, 1.0, 1.0, 2.0, 1.0, 0.7, 1.0, 1.0])
    return rng.choice(len(weights), count, p=weights / weights.sum())


@cache
def _photo_colours(name: str) -> np.ndarray:
    # Pairs of pixels a few steps apart: (2048, 2, 3). Neighbours in a photograph are what the
    # two tones of one natural texture look like.
    picture = photo(name).numpy()
    _, height, width = picture.shape
    rng = np.random.default_rng(2048)
    y, x = rng.integers(8, height - 8, 2048), rng.integers(8, width - 8, 2048)
    dy, dx = rng.integers(-8, 9, 2048), rng.integers(-8, 9, 2048)
    return np.stack([picture[:, y, x].T, picture[:, y + dy, x + dx].T], axis=1)


def natural_colours(count: int, rng: np.random.Generator) -> np.ndarray:
    """Colours with the broad luminance and muted, warm-to-cool chroma of outdoor scenes.

    Returns:
        (count, 2, 3) float32 in [0, 1]: pairs of related colours.
    """
    grey = rng.beta(1.3, 1.5, (count, 1))
    # Daylight scenes vary far more along yellow-blue than along green-magenta.
    warm = rng.normal(rng.normal(0.05, 0.05), rng.uniform(0.02, 0.16), (count, 1))
    green = rng.normal(rng.normal(0.02, 0.03), rng.uniform(0.01, 0.08), (count, 1))
    chroma = warm * np.array([[1.0, 0.1, -1.1]]) + green * np.array([[-0.6, 0.6, -0.3]])
    first = grey + chroma * (0.3 + grey)
    second = first * rng.uniform(0.4, 1.5, (count, 1)) + rng.normal(0.0, 0.03, (count, 3))
    return np.stack([first, second], axis=1).clip(0.0, 1.0).astype(np.float32)


def palette(count: int, rng: np.random.Generator) -> np.ndarray:
    """The colours of one scene, from a training photograph or from `natural_colours`.

    Args:
        count: how many pairs.
        rng: source of chance.

    Returns:
        (count, 2, 3) float32 in [0, 1].
    """
    weights = np.array(list(_PALETTE_WEIGHTS.values()))
    source = str(rng.choice(list(_PALETTE_WEIGHTS), p=weights / weights.sum()))
    if source == "procedural":
        return natural_colours(count, rng)
    colours = _photo_colours(source)[rng.integers(0, 2048, count)]
    # Another light, exposure and saturation, so that few photographs make many palettes.
    colours = colours ** np.exp(rng.normal(-0.1, 0.25)) * (1.0 + rng.normal(0.0, 0.06, 3))
    grey = colours.mean(-1, keepdims=True)
    colours = grey + rng.uniform(0.4, 1.0) * (colours - grey)
    return colours.clip(0.0, 1.0).astype(np.float32)
