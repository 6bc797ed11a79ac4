"""Chapter 0: a right answer passes, and each plausible wrong one is told what it got wrong."""

import pytest
import torch
from torch.nn import functional as F

from irlib.check import check
from irlib.evaluation.restore import restore_image
from irlib.models import pad_to_multiple


def right_gain(degraded, restored, clean):
    before, after = ((x - clean).square().mean() for x in (degraded, restored))
    return 10 * torch.log10(before / after)


def wrong_sign(degraded, restored, clean):
    return -right_gain(degraded, restored, clean)


def natural_logarithm(degraded, restored, clean):
    before, after = ((x - clean).square().mean() for x in (degraded, restored))
    return 10 * torch.log(before / after)


def unclamped(model, image):
    padded, (height, width) = pad_to_multiple(image, model.multiple)
    return model(padded[None])[0, :, :height, :width]


def uncut(model, image):
    padded, _ = pad_to_multiple(image, model.multiple)
    return model(padded[None])[0].clamp(0, 1)


def zeros_around(model, image):
    height, width = image.shape[-2:]
    padded = F.pad(image, (0, -width % 8, 0, -height % 8))
    return model(padded[None])[0, :, :height, :width].clamp(0, 1)


def in_place(model, image):
    result = restore_image(model, image)
    image.copy_(result)
    return result


def right_twice(restore, image):
    return (restore(image) + restore(image.flip(-1)).flip(-1)) / 2


def never_mirrored_back(restore, image):
    return (restore(image) + restore(image.flip(-1))) / 2


def upside_down(restore, image):
    return (restore(image) + restore(image.flip(-2)).flip(-2)) / 2


def estimated_noise(picture):
    d = picture[..., 1:, :] - picture[..., :-1, :]
    return ((d[..., 1:] - d[..., :-1]) / 2).abs().median() / 0.6745


def explained_by_noise(given, restored):
    change = (restored - given).square().mean()
    return min(1.0, float(estimated_noise(given) ** 2 / change))


def by_a_threshold(given, restored):
    return float(estimated_noise(given) > 10 / 255)


def by_the_change(given, restored):
    return min(1.0, float(10 * (restored - given).abs().mean()))


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("ch00.restore", restore_image),
        ("ch00.gain", right_gain),
        ("ch00.twice", right_twice),
        ("ch00.share", explained_by_noise),
        ("ch00.share", by_a_threshold),
    ],
)
def test_the_right_answer_passes(name, answer, capsys):
    assert check(name, answer)
    assert "Right" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "answer", "hint"),
    [
        ("ch00.restore", unclamped, "clamp"),
        ("ch00.restore", uncut, "cut back"),
        ("ch00.restore", zeros_around, "mirroring"),
        ("ch00.restore", in_place, "has been changed"),
        ("ch00.gain", wrong_sign, "quarter"),
        ("ch00.gain", natural_logarithm, "base 10"),
        ("ch00.twice", never_mirrored_back, "mirror the second"),
        ("ch00.twice", upside_down, "flip(-1)"),
        ("ch00.twice", lambda restore, image: 2 * right_twice(restore, image), "not their sum"),
        ("ch00.share", lambda given, restored: 1, "leave the picture alone"),
        ("ch00.share", lambda given, restored: 0.5, "take the restoration"),
        ("ch00.share", by_the_change, "take the restoration"),
        ("ch00.share", lambda given, restored: 2, "from 0 to 1"),
    ],
)
def test_a_wrong_answer_is_told_why(name, answer, hint, capsys):
    assert not check(name, answer)
    assert hint in capsys.readouterr().out
