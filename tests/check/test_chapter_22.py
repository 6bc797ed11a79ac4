"""Chapter 22: right answers pass, and each plausible wrong one is told what it got wrong."""

import pytest
import torch
from torch.nn import functional

from irlib.check import check


def right_quieter(restore, noisy):
    small = functional.avg_pool2d(noisy[None], 2)[0]
    grown = functional.interpolate(restore(small)[None], scale_factor=2, mode="bilinear")
    return grown[0]


def one_of_four(restore, noisy):
    return functional.interpolate(restore(noisy[:, ::2, ::2])[None], scale_factor=2)[0]


def stays_small(restore, noisy):
    return restore(functional.avg_pool2d(noisy[None], 2)[0])


def sums(restore, noisy):
    small = 4 * functional.avg_pool2d(noisy[None], 2)[0]
    return functional.interpolate(restore(small)[None], scale_factor=2)[0]


def turned(restore, noisy):
    return right_quieter(restore, noisy).flip(-1)


def right_contrast(block):
    high, low = block.max(), block.min()
    ratio = (high - low) / (high + low).clamp(min=1e-9)
    return -torch.xlogy(ratio, ratio)


def wrong_sign(block):
    return -right_contrast(block)


def not_a_number(block):
    ratio = (block.max() - block.min()) / (block.max() + block.min())
    return -ratio * ratio.log()


def per_channel(block):
    return torch.stack([right_contrast(channel[None]) for channel in block]).mean()


def right_grey_world(image):
    means = image.mean(dim=(1, 2), keepdim=True)
    return image * means.mean() / means.clamp(min=1e-6)


def to_green(image):
    means = image.mean(dim=(1, 2), keepdim=True)
    return image * means[1] / means.clamp(min=1e-6)


def by_adding(image):
    means = image.mean(dim=(1, 2), keepdim=True)
    return image + means.mean() - means


def divides_by_nothing(image):
    means = image.mean(dim=(1, 2), keepdim=True)
    return image * (means.mean() / means)


def right_signature(image):
    small = functional.adaptive_avg_pool2d(image.mean(dim=0)[None], 16).flatten()
    small = small - small.mean()
    length = small.norm()
    return small / length if length > 1e-6 else torch.zeros_like(small)


def with_its_mean(image):
    small = functional.adaptive_avg_pool2d(image.mean(dim=0)[None], 16).flatten()
    return small / small.norm()


def without_length(image):
    small = functional.adaptive_avg_pool2d(image.mean(dim=0)[None], 16).flatten()
    return small - small.mean()


def first_corner(image):
    small = image.mean(dim=0)[:16, :16].flatten()
    small = small - small.mean()
    return small / small.norm().clamp(min=1e-6)


def one_colour_by_rounding(image):
    small = functional.adaptive_avg_pool2d(image.mean(dim=0)[None], 16).flatten()
    return (small - small.mean() + 1e-7) / (small - small.mean() + 1e-7).norm()


def right_any_noise(restore, noisy):
    mask = torch.tensor([[1.0, -2, 1], [-2, 4, -2], [1, -2, 1]])
    answers = functional.conv2d(noisy[:, None], mask[None, None])
    return right_quieter(restore, noisy) if answers.abs().mean() > 0.85 else restore(noisy)


def always_half(restore, noisy):
    return right_quieter(restore, noisy)


def by_deviation(restore, noisy):
    return right_quieter(restore, noisy) if noisy.std() > 0.2 else restore(noisy)


def always_small(restore, noisy):
    return restore(functional.avg_pool2d(noisy[None], 2)[0])


RIGHT = {
    "any-noise": right_any_noise,
    "quieter": right_quieter,
    "contrast": right_contrast,
    "grey-world": right_grey_world,
    "signature": right_signature,
}
WRONG = [
    ("any-noise", lambda restore, noisy: restore(noisy), "always the whole reaches"),
    ("any-noise", always_half, "Estimate the noise"),
    ("any-noise", by_deviation, "over the whole picture does not"),
    ("any-noise", always_small, "for a picture (3, 32, 48)"),
    ("quieter", one_of_four, "one pixel of four leaves all of it"),
    ("quieter", stays_small, "expected the size it was given"),
    ("quieter", sums, "expected a half"),
    ("quieter", turned, "without turning"),
    ("contrast", wrong_sign, "mind the sign"),
    ("contrast", not_a_number, "In a flat block"),
    ("contrast", per_channel, "three channels together"),
    ("grey-world", to_green, "it should stay"),
    ("grey-world", by_adding, "adding to it is another model"),
    ("grey-world", divides_by_nothing, "away from 0"),
    ("signature", with_its_mean, "Subtract the mean"),
    ("signature", without_length, "divide by the length"),
    ("signature", first_corner, "twice the size"),
    ("signature", one_colour_by_rounding, "one colour"),
]


@pytest.mark.parametrize("name", RIGHT)
def test_right(name, capsys):
    assert check(f"ch22.{name}", RIGHT[name]), capsys.readouterr().out


@pytest.mark.parametrize(("name", "answer", "words"), WRONG)
def test_wrong(name, answer, words, capsys):
    assert not check(f"ch22.{name}", answer)
    assert words in capsys.readouterr().out
