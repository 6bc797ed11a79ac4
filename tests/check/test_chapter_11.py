"""Chapter 11: a right answer passes, and each plausible wrong one is told what it got wrong."""

import pytest
import torch

from irlib.check import check


def right_priors(semantics, code):
    if semantics is None:
        return [code] * 4
    return [t if code is None else torch.cat([t, code], dim=1) for t in semantics]


def code_first(semantics, code):
    return [torch.cat([code, t], dim=1) for t in semantics]


def deepest_for_all(semantics, code):
    return [torch.cat([semantics[-1], code], dim=1)] * 4


def never_alone(semantics, code):
    return [torch.cat([t, code], dim=1) for t in semantics]


def right_block(x, guide, attend, feed_forward):
    x = guide + attend(guide, x)
    return x + feed_forward(x)


def added_to_the_features(x, guide, attend, feed_forward):
    x = x + attend(guide, x)
    return x + feed_forward(x)


def asks_from_the_features(x, guide, attend, feed_forward):
    x = guide + attend(x, guide)
    return x + feed_forward(x)


def side_by_side(x, guide, attend, feed_forward):
    return guide + attend(guide, x) + feed_forward(guide)


def right_total(terms, weights, step, dpl_from):
    counted = [
        weights[name] * term
        for name, term in terms.items()
        if weights[name] and (name != "dpl" or step >= dpl_from)
    ]
    return sum(counted[1:], counted[0])


def never_waits(terms, weights, step, dpl_from):
    return right_total(terms, weights, 0, 0)


def one_step_late(terms, weights, step, dpl_from):
    return right_total(terms, weights, step, dpl_from + 1)


def multiplies_all(terms, weights, step, dpl_from):
    waits = step < dpl_from
    return sum(weights[n] * t for n, t in terms.items() if not (waits and n == "dpl"))


def a_plain_number(terms, weights, step, dpl_from):
    return right_total(terms, weights, step, dpl_from).detach().clone().requires_grad_()


def right_use(network, degraded, targets, codes, tasks):
    usual = (network(degraded, codes) - targets).square().mean(dim=1)
    gained = []
    for picture, error in enumerate(usual):
        others = codes[tasks != tasks[picture]]
        told = network(degraded[picture].expand(len(others), -1), others)
        gained.append((told - targets[picture]).square().mean() - error)
    return torch.stack(gained).mean()


def _gained(network, degraded, targets, codes, told):
    usual = (network(degraded, codes) - targets).square().mean()
    return (network(degraded, told) - targets).square().mean() - usual


def code_of_zero(network, degraded, targets, codes, tasks):
    return _gained(network, degraded, targets, codes, 0 * codes)


def next_picture(network, degraded, targets, codes, tasks):
    return _gained(network, degraded, targets, codes, codes.roll(1, dims=0))


def output_moved(network, degraded, targets, codes, tasks):
    told = codes[tasks.roll(7).argsort(stable=True)].roll(6, dims=0)
    return (network(degraded, told) - network(degraded, codes)).abs().mean()


def error_alone(network, degraded, targets, codes, tasks):
    return (network(degraded, codes) - targets).square().mean()


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("ch11.priors", right_priors),
        ("ch11.block", right_block),
        ("ch11.total", right_total),
        ("ch11.use", right_use),
    ],
)
def test_a_right_answer_passes(name, answer):
    assert check(name, answer)


@pytest.mark.parametrize(
    ("name", "answer", "hint"),
    [
        ("ch11.priors", code_first, "Semantics first"),
        ("ch11.priors", deepest_for_all, "each level its own"),
        ("ch11.priors", never_alone, "without semantics"),
        ("ch11.block", added_to_the_features, "adds the attention to the guide"),
        ("ch11.block", asks_from_the_features, "queries come from the guide"),
        ("ch11.block", side_by_side, "takes what the attention left"),
        ("ch11.total", never_waits, "At step 0"),
        ("ch11.total", one_step_late, "At step 30"),
        ("ch11.total", multiplies_all, "0 times NaN"),
        ("ch11.total", a_plain_number, "reaches every term"),
        ("ch11.use", error_alone, "the scores should grow"),
        ("ch11.use", code_of_zero, "that it could have met"),
        ("ch11.use", output_moved, "Compare errors, not outputs"),
        ("ch11.use", next_picture, "wherever they stand"),
    ],
)
def test_a_wrong_answer_is_told_what_is_wrong(name, answer, hint, capsys):
    assert not check(name, answer)
    assert hint in capsys.readouterr().out
