import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.metrics import structural_similarity

from irlib.errors import UsageError
from irlib.metrics import PROTOCOLS, Protocol, ssim

SCIKIT_IMAGE_SETTING = {
    "uniform7": {},
    "gaussian11": {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False},
}


def pair(height=37, width=41, batch=2, seed=0):
    generator = torch.Generator().manual_seed(seed)
    target = torch.rand(batch, 3, height, width, generator=generator)
    noise = 0.1 * torch.randn(target.shape, generator=generator)
    return (target + noise).clamp(0, 1), target


@pytest.mark.parametrize("window", SCIKIT_IMAGE_SETTING)
def test_equals_scikit_image(window):
    restored, target = pair()
    ours = ssim(restored, target, Protocol("test", ssim_window=window))
    theirs = [
        structural_similarity(
            t.permute(1, 2, 0).double().numpy(),
            r.permute(1, 2, 0).double().numpy(),
            data_range=1,
            channel_axis=-1,
            **SCIKIT_IMAGE_SETTING[window],
        )
        for r, t in zip(restored, target, strict=True)
    ]
    assert ours.dtype == torch.float64
    np.testing.assert_allclose(ours.numpy(), theirs, atol=1e-6, rtol=0)


@pytest.mark.parametrize("name", PROTOCOLS.names())
def test_identical_images_score_one(name):
    _, target = pair()
    torch.testing.assert_close(
        ssim(target, target, name), torch.ones(2, dtype=torch.float64), rtol=0, atol=1e-12
    )


@given(seed=st.integers(0, 1000), name=st.sampled_from(PROTOCOLS.names()))
@settings(max_examples=20, deadline=None)
def test_symmetric_bounded_and_batched(seed, name):
    restored, target = pair(batch=3, seed=seed)
    together = ssim(restored, target, name)
    assert (together < 1).all()
    torch.testing.assert_close(together, ssim(target, restored, name))
    alone = torch.cat([ssim(r, t, name) for r, t in zip(restored, target, strict=True)])
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-12)


def test_the_windows_differ():
    restored, target = pair()
    uniform = ssim(restored, target, Protocol("a"))
    gaussian = ssim(restored, target, Protocol("b", ssim_window="gaussian11"))
    assert (uniform - gaussian).abs().min() > 1e-4


@pytest.mark.parametrize(("window", "size"), [("uniform7", 7), ("gaussian11", 11)])
def test_the_smallest_image_is_the_window(window, size):
    protocol = Protocol("test", ssim_window=window)
    restored, target = pair(size, size)
    assert ssim(restored, target, protocol).shape == (2,)
    with pytest.raises(UsageError, match=f"{size} × {size}"):
        ssim(restored[..., 1:], target[..., 1:], protocol)
