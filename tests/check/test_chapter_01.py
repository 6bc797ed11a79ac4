"""A right answer passes, and each plausible wrong one is told what it got wrong."""

import pytest
import torch

from irlib.check import check
from irlib.metrics import psnr, ssim


def right_psnr(restored, target):
    return -10 * (restored.clamp(0, 1) - target).square().mean((1, 2, 3)).log10()


def channel_mean(restored, target):
    return -10 * (restored.clamp(0, 1) - target).square().mean((2, 3)).log10().mean(1)


def without_clipping(restored, target):
    return -10 * (restored - target).square().mean((1, 2, 3)).log10()


def batch_together(restored, target):
    error = restored.clamp(0, 1) - target
    return (-10 * error.square().mean().log10()).expand(len(error))


def finite(restored, target):
    return right_psnr(restored, target).clamp(max=100)


def peak_255(restored, target):
    return right_psnr(restored, target) + 48.13


def right_luma(image, weights=(65.481, 128.553, 24.966), black=16.0):
    weights = torch.tensor(weights).view(3, 1, 1)
    return (black + (image * weights).sum(-3, keepdim=True)) / 255


def right_crop(image, multiple):
    height, width = image.shape[-2:]
    top, left = (height % multiple) // 2, (width % multiple) // 2
    return image[
        ...,
        top : top + height // multiple * multiple,
        left : left + width // multiple * multiple,
    ]


def mirrored_crop(image, multiple):
    return right_crop(image.flip(-1, -2), multiple).flip(-1, -2)


def padded(image, multiple):
    height, width = image.shape[-2:]
    return torch.nn.functional.pad(image, (0, -width % multiple, 0, -height % multiple))


def likeness(restored, target):
    """The ratio of SSIM in each 7 x 7 window, without constants of its own."""
    pool = torch.nn.functional.avg_pool2d
    x, y = restored.double(), target.double()
    a, b = pool(x, 7, 1), pool(y, 7, 1)
    spread = pool(x * x, 7, 1) - a**2 + pool(y * y, 7, 1) - b**2
    together = pool(x * y, 7, 1) - a * b
    return (2 * a * b + 1e-4) * (2 * together + 9e-4) / ((a**2 + b**2 + 1e-4) * (spread + 9e-4))


def worst_windows(restored, target, share=0.05):
    values = likeness(restored, target).mean(0).flatten().sort().values
    return values[: max(1, int(share * len(values)))].mean()


def even_windows(restored, target):
    every = likeness(restored, target)
    return every.mean() - 2 * every.std()


def brightness_forgiven(restored, target):
    error = restored - target
    return -(error - error.mean()).square().mean()


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("ch01.psnr", right_psnr),
        ("ch01.luma", right_luma),
        ("ch01.crop", right_crop),
        ("ch01.score", worst_windows),
    ],
)
def test_the_right_answer_passes(name, answer, capsys):
    assert check(name, answer)
    assert "Right" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "answer", "hint"),
    [
        ("ch01.psnr", channel_mean, "mean of three PSNRs"),
        ("ch01.psnr", batch_together, "on its own"),
        ("ch01.psnr", without_clipping, "clipped"),
        ("ch01.psnr", finite, "infinity"),
        ("ch01.psnr", peak_255, "10 log10(1/0.01) = 20"),
        ("ch01.luma", lambda x: right_luma(x.flip(-3)), "red"),
        ("ch01.luma", lambda x: right_luma(x, black=0.0), "grey 0 became 0.00"),
        ("ch01.luma", lambda x: right_luma(x)[..., 0, :, :], "became"),
        (
            "ch01.luma",
            lambda x: right_luma(x).mean((-1, -2), True).expand_as(x[..., :1, :, :]),
            "pixel",
        ),
        ("ch01.crop", lambda x, m: right_crop(x.flip(-1), m), "returned whole"),
        ("ch01.crop", mirrored_crop, "first pixel kept"),
        ("ch01.crop", padded, "not (3, 320, 480)"),
        ("ch01.score", psnr, "a change of tone beats noise"),
        ("ch01.score", ssim, "hides one bad place"),
        ("ch01.score", brightness_forgiven, "look away"),
        ("ch01.score", lambda x, y: -psnr(x, y), "the target"),
    ],
)
def test_a_wrong_answer_is_told_why(name, answer, hint, capsys):
    assert not check(name, answer)
    assert hint in capsys.readouterr().out
