import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.metrics import peak_signal_noise_ratio

from irlib.errors import UsageError
from irlib.metrics import PROTOCOLS, Protocol, psnr


def pair(height=37, width=41, batch=2, seed=0):
    generator = torch.Generator().manual_seed(seed)
    target = torch.rand(batch, 3, height, width, generator=generator)
    noise = 0.1 * torch.randn(target.shape, generator=generator)
    return (target + noise).clamp(0, 1), target


def as_skimage(image):
    return image.permute(1, 2, 0).double().numpy()


def test_equals_scikit_image():
    restored, target = pair()
    ours = psnr(restored, target, "whole")
    theirs = [
        peak_signal_noise_ratio(as_skimage(t), as_skimage(r), data_range=1)
        for r, t in zip(restored, target, strict=True)
    ]
    assert ours.dtype == torch.float64
    np.testing.assert_allclose(ours.numpy(), theirs, atol=1e-6, rtol=0)


@pytest.mark.parametrize("name", PROTOCOLS.names())
def test_identical_images_score_infinity(name):
    _, target = pair()
    assert psnr(target, target, name).tolist() == [math.inf, math.inf]


@given(seed=st.integers(0, 1000), batch=st.integers(1, 4), name=st.sampled_from(PROTOCOLS.names()))
@settings(max_examples=20, deadline=None)
def test_a_batch_scores_as_its_images_alone(seed, batch, name):
    restored, target = pair(batch=batch, seed=seed)
    together = psnr(restored, target, name)
    alone = torch.cat([psnr(r, t, name) for r, t in zip(restored, target, strict=True)])
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-9)


def test_a_constant_error_has_the_psnr_of_the_formula():
    target = torch.full((1, 3, 16, 16), 0.25, dtype=torch.float64)
    assert psnr(target + 0.1, target).item() == pytest.approx(20.0, abs=1e-9)


def test_values_outside_the_range_are_clipped_first():
    restored, target = pair()
    wild = torch.where(target > 0.9, restored + 5, restored)
    assert torch.equal(psnr(wild, target), psnr(wild.clamp(0, 1), target))


def test_the_border_is_left_out():
    restored, target = pair()
    spoiled = restored.clone()
    spoiled[..., :4, :] = 0
    spoiled[..., -4:] = 1
    inner = Protocol("inner", border=4)
    assert torch.equal(psnr(spoiled, target, inner), psnr(restored, target, inner))


@pytest.mark.parametrize(
    ("restored", "target", "message"),
    [
        (torch.rand(3, 16, 16), torch.rand(3, 16, 17), "same"),
        (torch.rand(1, 16, 16), torch.rand(1, 16, 16), "three colours"),
        (torch.rand(16, 16), torch.rand(16, 16), "three colours"),
        (torch.rand(3, 15, 64), torch.rand(3, 15, 64), "16 × 16"),
        (torch.zeros(3, 16, 16, dtype=torch.uint8),) * 2 + ("255",),
    ],
)
def test_wrong_images_are_refused_with_the_shape_expected(restored, target, message):
    with pytest.raises(UsageError, match=message):
        psnr(restored, target)


def test_an_unknown_protocol_suggests_the_nearest():
    with pytest.raises(UsageError, match="'restormer-y'"):
        psnr(torch.rand(3, 16, 16), torch.rand(3, 16, 16), "restormer_y")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_gives_the_same_score():
    restored, target = pair()
    torch.testing.assert_close(psnr(restored.cuda(), target.cuda()).cpu(), psnr(restored, target))
