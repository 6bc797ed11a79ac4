"""Chapter 10: a right answer passes, and each plausible wrong one is told what it got wrong."""

import pytest
import torch

from irlib.check import check


def right_clip(cosines):
    return (1 - cosines.softmax(dim=1)[:, -1]).mean()


def first_tier(cosines):
    return (1 - cosines.softmax(dim=1)[:, 0]).mean()


def with_a_factor(cosines):
    return right_clip(100 * cosines)


def one_each(cosines):
    return 1 - cosines.softmax(dim=1)[:, -1]


def shares_over_the_batch(cosines):
    return right_clip(cosines.mean(dim=0, keepdim=True))


def ratio(own, target, degraded, proxies, weights, easy=2.0, floor=1e-6, each=True):
    def mean(x, axes):
        return x.abs().flatten(axes).mean(dim=axes)

    pull, push = mean(own - target, 1), easy * mean(own - degraded, 1)
    push = push + (weights * mean(own[:, None] - proxies, 2)).sum(dim=1)
    if not each:
        return pull.mean() / push.mean().clamp_min(floor)
    return (pull / push.clamp_min(floor)).mean()


def light_input(*given):
    return ratio(*given, easy=1.0)


def of_means(*given):
    return ratio(*given, each=False)


def without_floor(*given):
    return ratio(*given, floor=0.0)


def without_weights(own, target, degraded, proxies, weights):
    return ratio(own, target, degraded, proxies, torch.ones_like(weights))


def right_weights(psnr, valid, reference):
    return torch.where(psnr <= reference, 1.25, 0.75) * valid


def exchanged(psnr, valid, reference):
    return torch.where(psnr <= reference, 0.75, 1.25) * valid


def strict(psnr, valid, reference):
    return torch.where(psnr < reference, 1.25, 0.75) * valid


def unmasked(psnr, valid, reference):
    return torch.where(psnr <= reference, 1.25, 0.75)


def right_rule(main, judge):
    against = (judge @ main).clamp(max=0) / (main @ main).clamp_min(1e-12)
    judge = judge - against * main
    return main + judge * (main.norm() / judge.norm().clamp_min(1e-12)).clamp(max=1)


def plain_sum(main, judge):
    return main + judge


def deaf(main, judge):
    return main


def unguarded(main, judge):
    return main + 0.5 * judge * main.norm() / judge.norm()


def only_projected(main, judge):
    against = (judge @ main).clamp(max=0) / (main @ main).clamp_min(1e-12)
    return main + judge - against * main


def whispered(main, judge):
    return main + 0.05 * judge * main.norm() / judge.norm().clamp_min(1e-12)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("ch10.clip_aware", right_clip),
        ("ch10.ratio", ratio),
        ("ch10.weights", right_weights),
        ("ch10.rule", right_rule),
    ],
)
def test_the_right_answer_passes(name, answer, capsys):
    assert check(name, answer)
    assert "Right" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "answer", "hint"),
    [
        ("ch10.clip_aware", first_tier, "the good one last"),
        ("ch10.clip_aware", with_a_factor, "nothing multiplies"),
        ("ch10.clip_aware", one_each, "a single number"),
        ("ch10.clip_aware", shares_over_the_batch, "mean over the pictures"),
        ("ch10.ratio", light_input, "2 * 0.3"),
        ("ch10.ratio", without_weights, "0.75 * 0.2"),
        ("ch10.ratio", of_means, "picture by picture"),
        ("ch10.ratio", without_floor, "large, but finite"),
        ("ch10.weights", exchanged, "it is overtaken"),
        ("ch10.weights", strict, "it counts as hard"),
        ("ch10.weights", unmasked, "has weight zero"),
        ("ch10.rule", plain_sum, "against the main loss"),
        ("ch10.rule", deaf, "was not heard at all"),
        ("ch10.rule", unguarded, "a length that can be zero"),
        ("ch10.rule", only_projected, "a thousand times louder"),
        ("ch10.rule", whispered, "it was hardly heard"),
    ],
)
def test_a_wrong_answer_is_told_why(name, answer, hint, capsys):
    assert not check(name, answer)
    assert hint in capsys.readouterr().out
