"""Exercises of chapter 10: the CLIP-aware loss, its neighbour the ratio, weights, and a rule."""

from collections.abc import Callable

import torch
from torch import Tensor

from irlib.check import exercise
from irlib.check.answers import random_uniform, same_shape
from irlib.losses import difficulty_aware, difficulty_weights

_TOLERANCE = 1e-5


def _number(result: object) -> float:
    assert isinstance(result, Tensor), f"It returned {type(result).__name__}, not a tensor."
    assert result.shape == (), f"Expected a single number, got the shape {tuple(result.shape)}."
    return float(result.detach())


def _near(seen: float, expected: float, hint: str) -> None:
    assert abs(seen - expected) < _TOLERANCE, f"It gave {seen:.5g}, not {expected:.5g}. {hint}"


def _one_number(answer: Callable) -> None:
    _number(answer(random_uniform(4, 3)))


def _equal_tiers_share(answer: Callable) -> None:
    for tiers in (2, 3, 4):
        seen = _number(answer(torch.full((2, tiers), 0.3)))
        _near(seen, 1 - 1 / tiers, f"With {tiers} equal cosines each tier has an equal share.")


def _the_last_tier_is_the_good_one(answer: Callable) -> None:
    good, bad = torch.tensor([[0.1, 0.2, 0.5]]), torch.tensor([[0.5, 0.2, 0.1]])
    assert _number(answer(good)) < _number(answer(bad)), (
        "A picture near the last tier got a larger loss than one near the first: worst tier first, "
        "the good one last."
    )


def _it_has_no_factor(answer: Callable) -> None:
    seen = _number(answer(torch.tensor([[-1.0, -1.0, 1.0]])))
    _near(seen, 0.2130097, "For the best cosines, -1, -1, 1, nothing multiplies the cosines here.")


def _shares_are_averaged(answer: Callable) -> None:
    cosines = 2 * random_uniform(5, 3) - 1
    alone = [_number(answer(row[None])) for row in cosines]
    _near(_number(answer(cosines)), sum(alone) / 5, "Of a batch it is the mean over the pictures.")


exercise(
    "ch10.clip_aware",
    ("the loss is one number", _one_number),
    ("equal cosines give 1 - 1/K", _equal_tiers_share),
    ("the last tier is the good one", _the_last_tier_is_the_good_one),
    ("the cosines are taken as they are", _it_has_no_factor),
    ("of a batch it is the mean over the pictures", _shares_are_averaged),
)


def _features(seed: int = 0) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    own, target, degraded = (random_uniform(3, 3, 5, 6, seed=seed + i) for i in range(3))
    weights = torch.tensor([[0.75, 1.25], [1.25, 0.0], [0.0, 0.0]])
    return own, target, degraded, random_uniform(3, 2, 3, 5, 6, seed=seed + 9), weights


def _zero_at_the_target(answer: Callable) -> None:
    own, _, degraded, proxies, weights = _features()
    seen = _number(answer(own, own.clone(), degraded, proxies, weights))
    _near(seen, 0, "At the target nothing pulls: the distance to the target is above the line.")


def _by_hand(answer: Callable) -> None:
    flat = [torch.full((1, 2, 2, 2), value) for value in (0.4, 0.7, 0.1)]
    proxies = torch.stack([torch.full((1, 2, 2, 2), value) for value in (0.2, 0.5)], dim=1)
    seen = _number(answer(*flat, proxies, torch.tensor([[0.75, 1.25]])))
    _near(
        seen,
        0.3 / 0.875,
        "Output 0.4, target 0.7, input 0.1, proxies 0.2 and 0.5 with weights 0.75 and 1.25: "
        "0.3 / (2 * 0.3 + 0.75 * 0.2 + 1.25 * 0.1) = 0.3 / 0.875.",
    )


def _zero_weights_count_nothing(answer: Callable) -> None:
    own, target, degraded, proxies, weights = _features()
    changed = proxies.clone()
    changed[weights == 0] = 5.0
    _near(
        _number(answer(own, target, degraded, changed, weights)),
        _number(answer(own, target, degraded, proxies, weights)),
        "Proxies of weight zero were changed, and so was the result.",
    )


def _ratios_are_averaged(answer: Callable) -> None:
    given = _features()
    alone = [_number(answer(*(x[i : i + 1] for x in given))) for i in range(3)]
    _near(
        _number(answer(*given)),
        sum(alone) / 3,
        "Divide picture by picture, then take the mean; a ratio of means is another number.",
    )


def _finite_at_the_input(answer: Callable) -> None:
    own, target, _, proxies, _ = _features()
    own.requires_grad_()
    loss = answer(own, target, own.detach().clone(), proxies, torch.zeros(3, 2))
    seen = _number(loss)
    assert 1 < seen < float("inf"), (
        f"Where the output is the input and no proxy counts, it gave {seen:.4g}: large, but finite "
        "with a denominator of at least 1e-6."
    )


def _ratio_equals_the_package(answer: Callable) -> None:
    own, target, degraded, proxies, weights = _features(20)
    expected = difficulty_aware(
        own, target, degraded, lambda x: [x], proxies=proxies, weights=weights, levels=(1.0,)
    ).loss
    _near(_number(answer(own, target, degraded, proxies, weights)), float(expected), "")


exercise(
    "ch10.ratio",
    ("at the target the loss is zero", _zero_at_the_target),
    ("a ratio counted by hand comes out", _by_hand),
    ("a proxy of weight zero has no influence", _zero_weights_count_nothing),
    ("of a batch it is the mean of the ratios", _ratios_are_averaged),
    ("where output and input agree it is finite", _finite_at_the_input),
    ("the loss equals irlib's", _ratio_equals_the_package),
)

_PSNR = torch.tensor([[24.0, 31.0], [30.0, 36.0]])


def _weights_of(answer: Callable, psnr: Tensor, valid: Tensor) -> Tensor:
    return same_shape(answer(psnr, valid, 30.0), psnr.shape)


def _better_proxies_count_less(answer: Callable) -> None:
    seen = _weights_of(answer, _PSNR, torch.ones(2, 2))
    assert (float(seen[0, 0]), float(seen[0, 1])) == (1.25, 0.75), (
        f"Our network has 30 dB: a proxy of 24 dB got {float(seen[0, 0]):g} (expected 1.25, it is "
        f"overtaken), one of 31 dB {float(seen[0, 1]):g} (expected 0.75, it is still better)."
    )


def _equal_is_hard(answer: Callable) -> None:
    seen = float(_weights_of(answer, _PSNR, torch.ones(2, 2))[1, 0])
    assert seen == 1.25, f"A proxy exactly as good as the network got {seen:g}; it counts as hard."


def _invalid_counts_nothing(answer: Callable) -> None:
    valid = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    seen = _weights_of(answer, _PSNR, valid)
    assert not seen[valid == 0].any(), "A proxy that was not made for the task has weight zero."


def _weights_equal_the_package(answer: Callable) -> None:
    psnr, valid = 20 + 20 * random_uniform(6, 3), (random_uniform(6, 3, seed=2) > 0.3).float()
    expected = difficulty_weights(psnr, 30.0) * valid
    assert torch.allclose(_weights_of(answer, psnr, valid), expected), "Some weights differ."


exercise(
    "ch10.weights",
    ("a proxy that is still better counts less", _better_proxies_count_less),
    ("an equal one is hard", _equal_is_hard),
    ("an invalid one counts nothing", _invalid_counts_nothing),
    ("the weights equal irlib's", _weights_equal_the_package),
)


def _descend(answer: Callable, loud: float) -> tuple[float, float]:
    """Error of the seen numbers, and the share left of what a biased judge wants of the others."""
    truth, x, seen = random_uniform(48, seed=3), torch.zeros(48), torch.arange(48) < 32
    for _ in range(200):
        main = torch.where(seen, x - truth, 0.0)
        x = x - 0.1 * answer(main, loud * (x - truth - 0.3)).detach()
    unseen = truth[~seen] + 0.3
    error = (x - truth)[seen].square().mean().sqrt()
    return float(error), float((x[~seen] - unseen).norm() / unseen.norm())


def _silent_judge(answer: Callable) -> None:
    main = random_uniform(20) - 0.5
    seen = same_shape(answer(main, torch.zeros(20)), (20,))
    assert float(torch.cosine_similarity(seen, main, dim=0)) > 0.99, (
        "The judge's gradient was zero, and the direction is not that of the main loss. Does it "
        "divide by a length that can be zero?"
    )


def _never_climbs(answer: Callable) -> None:
    main = random_uniform(20) - 0.5
    for loud in (0.1, 1.0, 1000.0):
        for name, judge in (("random", random_uniform(20, seed=5) - 0.5), ("opposed", -main)):
            seen = same_shape(answer(main, loud * judge), (20,))
            assert float(seen @ main) >= 0.1 * float(main @ main) - 1e-6, (
                f"A judge that is {name} and {loud:g} times as loud as usual turned the step "
                "against the main loss: take out the part that opposes it, or cap its length."
            )


def _right_angles(loud: float) -> tuple[Tensor, Tensor]:
    main, judge = torch.zeros(20), torch.zeros(20)
    main[0], judge[1] = 1.0, loud
    return main, judge


def _judge_is_heard(answer: Callable) -> None:
    main, judge = _right_angles(1.0)
    assert float(same_shape(answer(main, judge), (20,)) @ judge) > 0.01, (
        "A judge at a right angle to the main loss costs it nothing, and it was not heard at all."
    )


def _loud_judge_does_not_lead(answer: Callable) -> None:
    main, judge = _right_angles(1000.0)
    seen = float(torch.cosine_similarity(answer(main, judge), main, dim=0))
    assert seen > 0.3, (
        f"A judge a thousand times louder left a cosine of {seen:.3f} between the step and the "
        "main gradient; at least 0.3 was asked for. Compare the lengths before you add."
    )


def _both_are_served(answer: Callable) -> None:
    for loud in (1.0, 5.0):
        error, left = _descend(answer, loud)
        assert error <= 0.02, (
            f"With loudness {loud:g} the seen numbers end with an error of {error:.3f}, not 0.02 "
            "or less: the judge's bias got in."
        )
        assert left <= 0.85, (
            f"With loudness {loud:g} the seen numbers are right, but {left:.2f} of the judge's "
            "wish is left where only the judge sees, not 0.85 or less: it was hardly heard."
        )


exercise(
    "ch10.rule",
    ("a silent judge changes no direction", _silent_judge),
    ("no step climbs the main loss", _never_climbs),
    ("a judge at a right angle is heard", _judge_is_heard),
    ("a loud judge does not lead", _loud_judge_does_not_lead),
    ("seen numbers come home and the others move", _both_are_served),
)
