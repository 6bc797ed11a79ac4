"""Exercises of chapter 19: shared samples, means of parts, epochs, fed GPUs, when to talk."""

from collections.abc import Callable, Iterable

import numpy as np

from irlib.check import exercise


def _shares(answer: Callable, step: int, world: int, accumulate: int, batch: int) -> list:
    shares = [answer(step, rank, world, accumulate, batch) for rank in range(world)]
    return [[list(micro) for micro in share] for share in shares]


def _every_sample_once(answer: Callable) -> None:
    for step, world, accumulate, batch in ((0, 2, 1, 8), (3, 4, 2, 16), (5, 1, 3, 6)):
        shares = _shares(answer, step, world, accumulate, batch)
        seen = sorted(p for share in shares for micro in share for p in micro)
        expected = list(range(step * batch, (step + 1) * batch))
        assert seen == expected, (
            f"In step {step}, {world} devices with {accumulate} micro-batch(es), batch {batch}, "
            f"saw {seen}; together they should see {expected[0]} to {expected[-1]}, each once."
        )


def _equal_micro_batches(answer: Callable) -> None:
    shares = _shares(answer, 1, 2, 3, 12)
    sizes = [[len(micro) for micro in share] for share in shares]
    assert sizes == [[2, 2, 2]] * 2, (
        f"A batch of 12 on 2 devices with 3 micro-batches gave micro-batches of {sizes}; a mean of "
        "means is the mean of all only where all parts are of one size: 2 samples each."
    )


def _the_same_first_micro_batches(answer: Callable) -> None:
    shares = _shares(answer, 0, 2, 2, 8)
    first = sorted(p for share in shares for p in share[0])
    assert first == [0, 1, 2, 3], (
        f"The first micro-batches of both devices hold {first}. Let the devices share the first "
        "half of the batch, then the second: then 2 devices do what 1 does with twice the "
        "micro-batches."
    )


exercise(
    "ch19.share",
    ("all devices together see every sample of the step once", _every_sample_once),
    ("all micro-batches have one size", _equal_micro_batches),
    ("the devices share each micro-batch", _the_same_first_micro_batches),
)


def _combined(answer: Callable, means: list, sizes: list, expected: float, hint: str) -> None:
    found = float(answer(list(means), list(sizes)))
    assert abs(found - expected) < 1e-9, (
        f"Means {means} of {sizes} samples gave {found:.6g}, expected {expected:.6g}. {hint}"
    )


def _equal_parts(answer: Callable) -> None:
    _combined(answer, [1.0, 3.0], [4, 4], 2.0, "Parts of one size count alike.")


def _unequal_parts(answer: Callable) -> None:
    hint = "A part of six samples counts three times as much as one of two."
    _combined(answer, [1.0, 3.0], [6, 2], 1.5, hint)
    _combined(answer, [2.0, 5.0, 11.0], [1, 2, 3], 7.5, hint)


def _empty_parts(answer: Callable) -> None:
    hint = "A device without samples has no mean (it is not a number) and must not count."
    _combined(answer, [1.0, float("nan")], [4, 0], 1.0, hint)


exercise(
    "ch19.combine",
    ("parts of one size count alike", _equal_parts),
    ("a larger part counts more", _unequal_parts),
    ("an empty part does not count", _empty_parts),
)


def _steps(answer: Callable, counts: dict, repetition: dict, expected: int, hint: str) -> None:
    found = answer(dict(counts), dict(repetition), 3, 32)
    assert found == expected, (
        f"{counts}, repeated {repetition}, three noise levels, 32 a step: {found} steps, expected "
        f"{expected}. {hint}"
    )


def _plain_list(answer: Callable) -> None:
    _steps(answer, {"derain": 64}, {"derain": 1}, 2, "64 lines are two batches of 32.")
    _steps(answer, {"derain": 64}, {"derain": 5}, 10, "Each file is listed five times.")


def _levels_are_lines(answer: Callable) -> None:
    hint = "Each level of noise is a line of its own, and all of them are repeated."
    _steps(answer, {"denoise": 32}, {"denoise": 2}, 6, hint)


def _not_named_is_once(answer: Callable) -> None:
    hint = "A task without a factor is listed once."
    _steps(answer, {"derain": 32, "snow": 32}, {"derain": 2}, 3, hint)


def _the_last_is_filled(answer: Callable) -> None:
    _steps(answer, {"derain": 65}, {}, 3, "One line is left over and needs a step too.")


def _promptir(answer: Callable) -> None:
    counts = {"denoise": 5144, "dehaze": 72135, "derain": 200}
    factors = {"denoise": 3, "dehaze": 1, "derain": 120}
    _steps(answer, counts, factors, 4451, "This is PromptIR's released list.")


exercise(
    "ch19.epoch",
    ("a list is cut into batches", _plain_list),
    ("a noise level is a line of its own", _levels_are_lines),
    ("a task without a factor is listed once", _not_named_is_once),
    ("the last batch is filled up", _the_last_is_filled),
    ("PromptIR's list has its authors' length", _promptir),
)


def _workers(answer: Callable, words: tuple, expected: int | None, hint: str) -> None:
    found = answer(*words)
    assert found == expected, (
        "{:g} images/s on {} GPUs, {:g} pairs/s of a worker, at most {:g} taken by a process: "
        "{!r}, expected {!r}. {}".format(*words, found, expected, hint)
    )


def _enough(answer: Callable) -> None:
    _workers(answer, (800, 8, 50, 4000), 2, "Each GPU wants 100 a second: two workers.")
    _workers(answer, (800, 8, 45, 4000), 3, "Two workers make 90: too few.")


def _at_least_one(answer: Callable) -> None:
    _workers(answer, (8, 8, 50, 4000), 1, "Even a slow network wants one worker.")


def _too_fast(answer: Callable) -> None:
    hint = "A GPU wants 1000 and its process can take 900, however many workers there are."
    _workers(answer, (8000, 8, 50, 900), None, hint)


exercise(
    "ch19.workers",
    ("there are enough workers, and none too many", _enough),
    ("there is at least one", _at_least_one),
    ("where no number is enough, the answer is None", _too_fast),
)


_STEPS, _TALKS, _RATE = 200, 20, 0.05


def _apart(when: Iterable[int]) -> float:
    """How far four devices that talk after some steps end from the optimum of all their data."""
    draw = np.random.default_rng(0)
    bends, own = draw.uniform(0.2, 2, (4, 5)), draw.normal(0, 1, (4, 5))  # of each device's loss
    common = (bends * own).sum(axis=0) / bends.sum(axis=0)
    weights, talks = np.full((4, 5), 3.0), set(when)
    for step in range(_STEPS):
        noise = draw.normal(0, 0.3, (4, 5))
        weights = weights - _RATE * (bends * (weights - own) + noise)
        if step in talks:
            weights = np.broadcast_to(weights.mean(axis=0), weights.shape)
    return float(np.sqrt(np.square(weights.mean(axis=0) - common).mean()))


def _chosen(answer: Callable) -> list[int]:
    return [int(step) for step in answer(_STEPS, _TALKS)]


def _within_budget(answer: Callable) -> None:
    steps = _chosen(answer)
    assert len(steps) <= _TALKS, f"It talks {len(steps)} times; {_TALKS} are paid for."
    outside = [step for step in steps if not 0 <= step < _STEPS]
    assert not outside, f"Steps run from 0 to {_STEPS - 1}; it names {outside[:5]}."


def _ends_nearer(answer: Callable) -> None:
    evenly = _apart(_STEPS * (talk + 1) // _TALKS - 1 for talk in range(_TALKS))
    ends = _apart(_chosen(answer))
    assert ends <= 0.75 * evenly, (
        f"It ends {ends:.4f} from the common optimum, evenly spread talks {evenly:.4f}; expected "
        "three quarters of that at most. Ask what is left at the end of what devices did apart "
        "early, and of what they did apart late; but drifting for long needs many talks to mend."
    )


exercise(
    "ch19.when",
    ("it talks no more often than is paid for", _within_budget),
    ("it ends nearer than evenly spread talks", _ends_nearer),
)
