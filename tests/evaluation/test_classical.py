"""The classical methods undo the degradation they are made for, on images that fit their model."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.data import astronaut, coffee

from irlib.errors import UsageError
from irlib.evaluation.classical import METHOD_OF_TASK, METHODS, classical_method
from irlib.evaluation.dark_channel import box_mean, dark_channel, guided_filter
from irlib.evaluation.deconvolution import point_spread
from irlib.metrics import psnr


def photo(image=astronaut, side=96):
    return torch.from_numpy(image()[100 : 100 + side, 100 : 100 + side]).permute(2, 0, 1) / 255


def gain(method, degraded, clean):
    return float(psnr(method(degraded), clean, "whole") - psnr(degraded, clean, "whole"))


FAST = [name for name in METHODS.names() if name != "bm3d"]


@settings(max_examples=20, deadline=None)
@given(
    name=st.sampled_from(FAST),
    height=st.integers(8, 40),
    width=st.integers(8, 40),
    level=st.sampled_from([0.0, 0.3, 1.0]),
    spread=st.sampled_from([0.0, 0.5]),
)
def test_every_method_keeps_shape_and_range(name, height, width, level, spread):
    noise = torch.rand(3, height, width, generator=torch.Generator().manual_seed(0))
    image = (level + spread * (noise - 0.5)).clamp(0, 1)
    restored = classical_method(name)(image)
    assert restored.shape == image.shape
    assert restored.dtype == torch.float32
    assert torch.isfinite(restored).all()
    assert 0 <= restored.min() <= restored.max() <= 1


def test_bm3d_removes_the_noise_it_is_told_of():
    clean = photo(side=24)
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))
    noisy = (clean + 25 / 255 * noise).clamp(0, 1)
    assert gain(classical_method("bm3d", sigma=25), noisy, clean) > 3
    with pytest.raises(UsageError, match="must know the deviation"):
        classical_method("bm3d")


def test_the_dark_channel_lifts_haze():
    clean = photo(coffee, 128)
    assert gain(classical_method("dark-channel"), 0.4 * clean + 0.6 * 0.9, clean) > 3


def test_the_dark_channel_is_the_minimum_over_colours_and_patch():
    image = torch.rand(3, 20, 20, generator=torch.Generator().manual_seed(0))
    assert dark_channel(image, 5)[0, 10, 7] == image[:, 8:13, 5:10].min()
    assert dark_channel(image, 5)[0, 0, 0] == image[:, :3, :3].min()


def test_the_box_mean_is_the_mean_of_what_lies_inside():
    image = torch.rand(1, 9, 12, generator=torch.Generator().manual_seed(0))
    assert torch.isclose(box_mean(image, 2)[0, 4, 6], image[0, 2:7, 4:9].mean())
    assert torch.isclose(box_mean(image, 2)[0, 0, 0], image[0, :3, :3].mean())
    assert torch.allclose(box_mean(torch.ones(1, 3, 3), 40), torch.ones(1, 3, 3))


def test_a_guided_filter_guided_by_its_source_keeps_a_strong_edge():
    step = torch.zeros(1, 16, 16)
    step[..., 8:] = 1
    assert torch.allclose(guided_filter(step, step, 4, 1e-4), step, atol=0.01)
    flat = torch.full((1, 16, 16), 0.5)
    assert torch.allclose(guided_filter(flat, step, 16, 1e-4), torch.tensor(0.5), atol=0.2)


def test_gamma_and_clahe_brighten_a_dark_photograph():
    clean = photo()
    dark = (clean * 0.15).clamp(0, 1)
    assert gain(classical_method("gamma"), dark, clean) > 3
    assert gain(classical_method("clahe"), dark, clean) > 1


def test_gamma_reaches_the_mean_it_aims_at():
    restored = classical_method("gamma")(torch.full((3, 8, 8), 0.1))
    assert torch.allclose(restored, torch.tensor(0.45), atol=1e-3)


@pytest.mark.parametrize("words", ["gaussian:1.5", "linear:7:0", "linear:9:30"])
def test_deconvolution_undoes_the_blur_it_assumes(words):
    clean = photo()
    kernel = torch.from_numpy(point_spread(words)).float()
    blurred = torch.nn.functional.conv2d(
        torch.nn.functional.pad(clean[:, None], [kernel.shape[0] // 2] * 4, mode="reflect"),
        kernel.flip(0, 1)[None, None],
    )[:, 0]
    assert gain(classical_method("richardson-lucy", psf=words), blurred, clean) > 1


@given(st.floats(1, 60), st.floats(-360, 360))
def test_kernels_are_odd_and_sum_to_one(length, angle):
    kernel = point_spread(f"linear:{length}:{angle}")
    assert kernel.shape[0] == kernel.shape[1]
    assert kernel.shape[0] % 2 == 1
    assert kernel.min() >= 0
    assert kernel.sum() == pytest.approx(1)
    assert np.allclose(kernel, kernel[::-1, ::-1], atol=1e-9)


@pytest.mark.parametrize(
    "words", ["", "gaussian", "gaussian:0", "gaussian:nan", "linear:5", "linear:1e9:0", "disc:3"]
)
def test_other_kernels_are_refused(words):
    with pytest.raises(UsageError, match="no blur kernel"):
        point_spread(words)


def test_the_streak_median_removes_thin_bright_streaks_and_nothing_dark():
    clean = torch.full((3, 24, 24), 0.4)
    rainy = clean.clone()
    rainy[:, :, 10:12] = 0.8
    method = classical_method("streak-median")
    assert torch.equal(method(rainy), clean)
    dark = clean.clone()
    dark[:, :, 10:12] = 0.1
    assert torch.equal(method(dark), dark)


def test_unknown_methods_and_needless_kernels_are_refused():
    with pytest.raises(UsageError, match="did you mean 'gamma'"):
        classical_method("gama")
    with pytest.raises(UsageError, match="does not use one"):
        classical_method("gamma", psf="gaussian:2")


def test_every_task_has_a_method_to_compare_with():
    assert set(METHOD_OF_TASK.values()) <= set(METHODS.names())
