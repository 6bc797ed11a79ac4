"""What every degradation promises: the same image in a batch or alone, on any device."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from irlib.degradations import FIVE_TASKS, SEVERITIES, degrade, degrade_task, list_degradations
from irlib.degradations.sampling import draw
from irlib.errors import UsageError

SINGLE = {
    **{
        name: lambda image, g, n=name: degrade(image, n, generator=g)
        for name in list_degradations()
    },
    **{task: lambda image, g, t=task: degrade_task(image, t, g) for task in FIVE_TASKS},
}


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("name", SINGLE)
@settings(max_examples=5, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    count=st.integers(1, 3),
)
def test_an_image_is_the_same_in_a_batch_or_alone(name, seed, height, width, count):
    images = torch.rand(count, 3, height, width, generator=seeded(seed))
    together = SINGLE[name](images, seeded(seed))
    generator = seeded(seed)
    for index, image in enumerate(images):
        alone = SINGLE[name](image, generator)
        assert alone.image.shape == image.shape
        torch.testing.assert_close(together.image[index], alone.image, rtol=0, atol=1e-5)
        for key, value in alone.parameters.items():
            assert together.parameters[key].shape == (count, *value.shape)
            torch.testing.assert_close(together.parameters[key][index], value, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("severity", SEVERITIES)
@pytest.mark.parametrize("name", list_degradations())
def test_presets_stay_in_range_and_leave_the_clean_image_alone(name, severity):
    clean = torch.rand(2, 3, 24, 32, generator=seeded())
    before = clean.clone()
    result = degrade(clean, name, severity=severity, generator=seeded(1))
    assert result.image.min() >= 0
    assert result.image.max() <= 1
    assert torch.isfinite(result.image).all()
    assert not torch.equal(result.image, clean)
    assert torch.equal(clean, before)


@pytest.mark.parametrize("name", SINGLE)
def test_any_batch_axes_and_float_types(name):
    clean = torch.rand(2, 2, 3, 16, 20, generator=seeded())
    expected = SINGLE[name](clean.reshape(4, 3, 16, 20), seeded(3))
    result = SINGLE[name](clean, seeded(3))
    assert result.image.shape == clean.shape
    torch.testing.assert_close(result.image.reshape(4, 3, 16, 20), expected.image)
    for value in result.parameters.values():
        assert value.shape[:2] == (2, 2)
    half = SINGLE[name](clean.half(), seeded(3)).image
    assert half.dtype == torch.float16
    assert SINGLE[name](clean.double(), seeded(3)).image.dtype == torch.float64


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("name", SINGLE)
def test_the_device_changes_nothing(name):
    clean = torch.rand(2, 3, 40, 48, generator=seeded())
    here, there = SINGLE[name](clean, seeded(5)), SINGLE[name](clean.cuda(), seeded(5))
    assert there.image.device.type == "cuda"
    # One rounding step apart where the result is quantised to 8 bits.
    torch.testing.assert_close(there.image.cpu(), here.image, rtol=0, atol=1.01 / 255)
    assert (there.image.cpu() - here.image).abs().mean() < 1e-4


@pytest.mark.parametrize("name", SINGLE)
@pytest.mark.parametrize("shape", [(32, 32), (1, 32, 32), (32, 32, 3), (2, 4, 8, 8), (0, 3, 8, 8)])
def test_wrong_shapes_are_refused(name, shape):
    with pytest.raises(UsageError, match="shape"):
        SINGLE[name](torch.rand(shape), seeded())


def test_integers_are_refused_with_the_remedy():
    with pytest.raises(UsageError, match="Divide 8-bit pixels by 255"):
        degrade(torch.zeros(3, 8, 8, dtype=torch.uint8), "haze", generator=seeded())


@pytest.mark.parametrize("generator", [None, 0])
def test_a_generator_is_needed(generator):
    with pytest.raises(UsageError, match=r"CPU torch\.Generator"):
        degrade(torch.rand(3, 8, 8), "rain", generator=generator)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_cuda_generator_is_refused():
    with pytest.raises(UsageError, match="cuda"):
        degrade(torch.rand(3, 8, 8), "rain", generator=torch.Generator("cuda"))


@pytest.mark.parametrize(
    "amount", [(2, 1), "much", (1, 2, 3), (-1, 2), float("nan"), None, (0, 99)]
)
def test_ranges_that_are_none_are_refused(amount):
    with pytest.raises(UsageError, match="strength is"):
        draw("strength", amount, seeded(), high=50)


@given(st.floats(0, 100), st.floats(0, 100), st.integers(0, 2**31))
def test_a_draw_lies_in_its_range(a, b, seed):
    low, high = sorted((a, b))
    value = float(draw("strength", (low, high), seeded(seed)))
    assert low - 1e-4 <= value <= high + 1e-4


def test_fixing_one_argument_leaves_the_other_draws_as_they_were():
    one, other = seeded(), seeded()
    draw("a", 3.0, one)
    draw("a", (1, 9), other)
    assert torch.rand((), generator=one) == torch.rand((), generator=other)
