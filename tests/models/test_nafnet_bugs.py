"""What NAFNet's code does wrong and ours does not; numbered as its specification lists them.

Bug 3, a layer norm differentiated by hand, has its test in test_instructir.py, and the gradients of
whole blocks in tests/nn/test_naf_block.py.
"""

import pytest
import torch

from irlib import models
from irlib.evaluation import restore_image
from irlib.metrics import PROTOCOLS, psnr, ssim
from irlib.nn import pad_to_multiple


def lively(**config):
    torch.manual_seed(0)
    model = models.create("nafnet", preset_name="smoke", **config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith(("beta", "gamma")):
                parameter.normal_(std=0.5)
    return model


@pytest.mark.parametrize("name", PROTOCOLS.names())
def test_bug_1_the_peak_does_not_follow_the_prediction(name):
    generator = torch.Generator().manual_seed(0)
    target = 0.2 + 0.6 * torch.rand(1, 3, 64, 64, generator=generator)
    restored = target + 0.01 * torch.randn(target.shape, generator=generator)
    beyond = restored.clone()
    beyond[..., 32, 32] = 1.001
    assert abs(psnr(beyond, target, name) - psnr(restored, target, name)) < 6  # theirs: 48 more
    assert torch.equal(psnr(beyond, target, name), psnr(beyond.clamp(max=1), target, name))


def test_bug_2_ssim_needs_no_gpu_and_treats_colours_apart():
    target, restored = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    order = torch.tensor([2, 0, 1])  # a window over colours too would see another volume
    torch.testing.assert_close(ssim(restored[order], target[order]), ssim(restored, target))
    each = [ssim(r.expand(3, -1, -1), t.expand(3, -1, -1)) for r, t in zip(restored, target)]  # noqa: B905
    torch.testing.assert_close(ssim(restored, target), torch.stack(each).mean(0))


def test_bug_4_windows_do_not_depend_on_what_came_first():
    size, large = (32, 32), torch.rand(1, 3, 64, 96)
    with torch.no_grad():
        fresh = lively(train_size=size)(large)
        model = lively(train_size=size)
        model(torch.rand(1, 3, 16, 16))
        model(torch.rand(1, 3, 128, 16))
        assert torch.equal(model(large), fresh)


def test_bug_5_a_configuration_can_be_used_twice():
    config = models.preset("nafnet", "smoke")
    before = dict(config)
    first, second = (models.create("nafnet", **config) for _ in range(2))
    assert config == before
    assert first.config == second.config


def test_bug_6_restoring_fills_up_with_mirrored_pixels_and_not_with_darkness():
    model, image = lively(), 0.5 + 0.5 * torch.rand(3, 45, 77)
    padded, (height, width) = pad_to_multiple(image[None], model.multiple, "reflect")
    with torch.no_grad():
        mirrored = model(padded)[0, :, :height, :width].clamp(0, 1)
        darkened = model(image[None])[0].clamp(0, 1)
    restored = restore_image(model, image, tile=None)
    torch.testing.assert_close(restored, mirrored)
    assert (restored - darkened).abs().max() > 1e-4
