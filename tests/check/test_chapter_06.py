"""Chapter 6: a right answer passes, and each plausible wrong one is told what it got wrong."""

import math

import pytest
import torch
from torch.nn import functional as F

from irlib.check import check


def scaled(x, weight, bias, scale=lambda s: s, dims=(2, 3), gate=lambda a, b: a * b):
    gated = gate(*x.chunk(2, dim=1))
    means = gated.mean(dim=dims, keepdim=True).expand(len(x), -1, 1, 1).flatten(1)
    return gated * scale(F.linear(means, weight, bias))[:, :, None, None]


def right_scale(x, weight, bias):
    return scaled(x, weight, bias)


def with_sigmoid(x, weight, bias):
    return scaled(x, weight, bias, scale=torch.sigmoid)


def over_the_batch(x, weight, bias):
    return scaled(x, weight, bias, dims=(0, 2, 3))


def with_gelu(x, weight, bias):
    return scaled(x, weight, bias, gate=lambda a, b: F.gelu(a) * b)


def means_of_the_input(x, weight, bias):
    means = x[:, : len(bias)].mean(dim=(2, 3))
    return (
        x.chunk(2, dim=1)[0] * x.chunk(2, dim=1)[1] * F.linear(means, weight, bias)[..., None, None]
    )


def padded(x, window, turned=False, mode="replicate"):
    rows, columns = min(window, x.shape[2]), min(window, x.shape[3])
    inner = F.avg_pool2d(x, (rows, columns), stride=1)
    down, right = x.shape[2] - inner.shape[2], x.shape[3] - inner.shape[3]
    border = [right // 2, right - right // 2, down // 2, down - down // 2]
    if turned:
        border = [border[1], border[0], border[3], border[2]]
    return F.pad(inner, border, mode=mode)


def right_mean(x, window):
    return padded(x, window)


def zeros_at_the_border(x, window):
    return padded(x, window, mode="constant")


def odd_pixel_left(x, window):
    return padded(x, window, turned=True)


def not_padded(x, window):
    return F.avg_pool2d(x, window, stride=1)


def right_loss(restored, target):
    error = (restored - target).square().mean(dim=(1, 2, 3))
    return 10 * torch.log10(error + 1e-8).mean()


def log_of_the_mean(restored, target):
    return 10 * torch.log10((restored - target).square().mean() + 1e-8)


def natural(restored, target):
    return right_loss(restored, target) / 10 * math.log(10)


def clamped(restored, target):
    return right_loss(restored.clamp(0, 1), target)


def without_floor(restored, target):
    return 10 * torch.log10((restored - target).square().mean(dim=(1, 2, 3))).mean()


def even(restored, target):
    return ((restored - target).square().mean(dim=(1, 2, 3)) + 1e-12).sqrt().mean()


def squared(restored, target):
    return F.mse_loss(restored, target)


def absolute(restored, target):
    return F.l1_loss(restored, target)


def without_a_small_number(restored, target):
    return (restored - target).square().mean(dim=(1, 2, 3)).sqrt().mean()


def of_each_value(restored, target):
    """L1, its images rescaled so that all are heard alike: right between, wrong within."""
    error = (restored - target).abs().mean(dim=(1, 2, 3))
    length = ((restored - target).abs() > 0).float().mean(dim=(1, 2, 3)).sqrt() + 1e-12
    return (error / length.detach()).mean()


def not_averaged(restored, target):
    return ((restored - target).square().mean(dim=(1, 2, 3)) + 1e-12).sqrt()


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("ch06.gate_and_scale", right_scale),
        ("ch06.local_mean", right_mean),
        ("ch06.psnr_loss", right_loss),
        ("ch06.even_loss", even),
    ],
)
def test_the_right_answer_passes(name, answer, capsys):
    assert check(name, answer)
    assert "Right" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "answer", "hint"),
    [
        ("ch06.gate_and_scale", with_sigmoid, "without an activation on either"),
        ("ch06.gate_and_scale", with_gelu, "without an activation on either"),
        ("ch06.gate_and_scale", over_the_batch, "not over the batch"),
        ("ch06.gate_and_scale", means_of_the_input, "of the gated map"),
        ("ch06.local_mean", not_padded, "Expected shape"),
        ("ch06.local_mean", zeros_at_the_border, "replicate"),
        ("ch06.local_mean", odd_pixel_left, "smaller half goes left"),
        ("ch06.psnr_loss", log_of_the_mean, "error of each image"),
        ("ch06.psnr_loss", natural, "10 / ln 10"),
        ("ch06.psnr_loss", clamped, "do not clamp"),
        ("ch06.psnr_loss", without_floor, "1e-8"),
        ("ch06.even_loss", squared, "hears the worst image, its logarithm the best"),
        ("ch06.even_loss", right_loss, "what lies between"),
        ("ch06.even_loss", without_a_small_number, "has no slope at 0"),
        ("ch06.even_loss", of_each_value, "L1 pulls all alike"),
        ("ch06.even_loss", not_averaged, "Expected shape ()"),
    ],
)
def test_a_wrong_answer_is_told_why(name, answer, hint, capsys):
    assert not check(name, answer)
    assert hint in capsys.readouterr().out
