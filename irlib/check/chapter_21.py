"""Exercises of chapter 21: effects, interactions, balance, how many seeds, and a design."""

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import product

import numpy as np

from irlib.check import exercise

#: A row of an ablation: the parts that are switched on, and the score.
Rows = list[tuple[frozenset[str], float]]


def _rows(score: Callable[[dict[str, int]], float], parts: Sequence[str] = "abc") -> Rows:
    """Every combination of some parts with its score."""
    rows = []
    for chosen in product((0, 1), repeat=len(parts)):
        on = dict(zip(parts, chosen, strict=True))
        rows.append((frozenset(p for p in parts if on[p]), score(on)))
    return rows


def _expect(found: float, expected: float, words: str) -> None:
    assert math.isclose(float(found), expected, abs_tol=1e-9), (
        f"It returned {float(found):.4g}, expected {expected:.4g}. {words}"
    )


def _effect_of_an_additive_part(answer: Callable) -> None:
    rows = _rows(lambda on: 37 + 0.3 * on["a"] + 0.1 * on["b"])
    _expect(answer(rows, "a"), 0.3, "Part a adds 0.3 wherever it stands.")
    _expect(answer(rows, "c"), 0.0, "Part c does nothing.")


def _effect_of_a_harmful_part(answer: Callable) -> None:
    rows = _rows(lambda on: 37 - 0.2 * on["b"])
    _expect(answer(rows, "b"), -0.2, "Part b costs 0.2: on minus off.")


def _effect_is_a_mean_over_contexts(answer: Callable) -> None:
    rows = _rows(lambda on: 37 + 0.4 * on["a"] * on["b"])
    _expect(
        answer(rows, "a"),
        0.2,
        "Part a adds 0.4 beside b and nothing without it: on average over all rows 0.2. Two rows "
        "of the table are not enough.",
    )


exercise(
    "ch21.effect",
    ("an additive part has its own effect", _effect_of_an_additive_part),
    ("a harmful part has a negative effect", _effect_of_a_harmful_part),
    ("the effect is a mean over everything else", _effect_is_a_mean_over_contexts),
)


def _additive_parts_do_not_interact(answer: Callable) -> None:
    rows = _rows(lambda on: 37 + 0.3 * on["a"] + 0.1 * on["b"] + 0.2 * on["c"])
    _expect(answer(rows, "a", "b"), 0.0, "Each adds the same beside the other as alone.")


def _help_is_positive(answer: Callable) -> None:
    rows = _rows(lambda on: 37 + 0.4 * on["a"] * on["b"])
    _expect(
        answer(rows, "a", "b"),
        0.2,
        "The effect of a is 0.4 with b and 0 without: half of the difference is the interaction.",
    )


def _doing_the_same_is_negative(answer: Callable) -> None:
    rows = _rows(lambda on: 37 + 0.4 * max(on["a"], on["b"]))
    _expect(answer(rows, "a", "b"), -0.2, "What one has done, the other cannot do again.")


def _order_does_not_matter(answer: Callable) -> None:
    rows = _rows(lambda on: 37 + 0.4 * on["a"] * on["b"] * on["c"])
    _expect(answer(rows, "a", "c"), 0.1, "Average over b as well.")
    _expect(answer(rows, "c", "a"), 0.1, "Exchanged, the two parts interact alike.")


exercise(
    "ch21.interaction",
    ("additive parts do not interact", _additive_parts_do_not_interact),
    ("parts that need each other interact positively", _help_is_positive),
    ("parts that do the same interact negatively", _doing_the_same_is_negative),
    ("the order of the two does not matter", _order_does_not_matter),
)


def _balance(answer: Callable, design: Iterable[Sequence[int]], expected: bool, why: str) -> None:
    rows = [tuple(row) for row in design]
    found = answer(rows)
    assert bool(found) is expected, f"For the rows {rows} it returned {found}. {why}"


def _square(third: Callable[[int, int], int]) -> list[tuple[int, int, int]]:
    return [(i, j, third(i, j)) for i, j in product(range(3), repeat=2)]


def _every_combination(answer: Callable) -> None:
    _balance(answer, product((0, 1), repeat=3), True, "Every combination once is balanced.")


def _a_latin_square(answer: Callable) -> None:
    why = "Nine rows hold every pair of levels of any two columns once."
    _balance(answer, _square(lambda i, j: (i + j) % 3), True, why)


def _columns_that_move_together(answer: Callable) -> None:
    why = "The third column repeats the second: 0 never meets 1 there."
    _balance(answer, _square(lambda i, j: j), False, why)


def _one_part_after_another(answer: Callable) -> None:
    rows = [(0, 0, 0), (1, 0, 0), (1, 1, 0), (1, 1, 1)]
    _balance(answer, rows, False, "Adding part after part never shows b without a.")


def _unequal_counts(answer: Callable) -> None:
    rows = [(0, 0), (0, 1), (1, 0), (1, 1), (1, 1)]
    _balance(answer, rows, False, "All pairs occur, but one of them twice.")


exercise(
    "ch21.balanced",
    ("every combination once is balanced", _every_combination),
    ("so is a Latin square", _a_latin_square),
    ("two columns that move together are not", _columns_that_move_together),
    ("one part after another is not", _one_part_after_another),
    ("pairs must occur equally often", _unequal_counts),
)


def _seeds_are(
    answer: Callable, deviation: float, difference: float, expected: int, why: str
) -> None:
    found = answer(deviation, difference)
    assert found == expected, (
        f"For a deviation of {deviation:g} and a difference of {difference:g} it returned {found}, "
        f"expected {expected}. {why}"
    )


def _as_large_as_the_noise(answer: Callable) -> None:
    why = "1.96 times the deviation times the root of 2 / n falls below the difference at n = 8."
    _seeds_are(answer, 0.1, 0.1, 8, why)


def _half_the_difference(answer: Callable) -> None:
    _seeds_are(answer, 0.1, 0.05, 31, "Half the difference takes four times the seeds.")


def _only_the_ratio_counts(answer: Callable) -> None:
    why = "Both ten times larger: the ratio is that of the first case."
    _seeds_are(answer, 1.0, 1.0, 8, why)


def _never_none(answer: Callable) -> None:
    _seeds_are(answer, 0.001, 1.0, 1, "A run is needed to see anything.")


exercise(
    "ch21.seeds",
    ("a difference as large as the noise takes eight seeds", _as_large_as_the_noise),
    ("half of it takes four times as many", _half_the_difference),
    ("only the ratio counts", _only_the_ratio_counts),
    ("one run at least", _never_none),
)


#: Interactions that a design must tell apart: none, one, or two that share a part.
_SUSPECTED = ((), ((0, 1),), ((3, 4),), ((0, 1), (0, 2)), ((1, 3), (3, 4)), ((2, 4), (1, 4)))


def _model(answer: Callable, pairs: tuple) -> np.ndarray:
    """The columns whose coefficients are fitted: constant, five effects, the pairs' products."""
    rows = np.asarray(answer(list(pairs)))
    assert rows.shape == (8, 5), (
        f"For the pairs {list(pairs)} the design has shape {rows.shape}, expected eight rows of "
        "five parts."
    )
    assert set(rows.flatten().tolist()) <= {0, 1}, "A part is on (1) or off (0), nothing else."
    signs = 2.0 * rows - 1
    products = [signs[:, first] * signs[:, second] for first, second in pairs]
    return np.stack([np.ones(8), *signs.T, *products], axis=1)


def _eight_rows(answer: Callable) -> None:
    for pairs in _SUSPECTED:
        _model(answer, pairs)


def _nothing_mixed(answer: Callable) -> None:
    for pairs in _SUSPECTED:
        model = _model(answer, pairs)
        rank = int(np.linalg.matrix_rank(model))
        assert rank == model.shape[1], (
            f"For the pairs {list(pairs)} there are {model.shape[1]} numbers to be found and the "
            f"rows tell only {rank} apart: a part, or a product of two, repeats another column."
        )


def _as_sharp_as_can_be(answer: Callable) -> None:
    for pairs in _SUSPECTED:
        model = _model(answer, pairs)
        spread = 2 * np.sqrt(np.diag(np.linalg.inv(model.T @ model))[1:]).max()
        assert spread <= 2 / math.sqrt(8) + 1e-6, (
            f"For the pairs {list(pairs)} an effect has a deviation of {spread:.2f} s, expected "
            f"{2 / math.sqrt(8):.2f} s: let every part, and every product that you ask about, be "
            "on in four rows, and any two of them agree in four."
        )


exercise(
    "ch21.design",
    ("a design has eight rows of five switches", _eight_rows),
    ("no effect that is asked for repeats another", _nothing_mixed),
    ("every effect comes out of all eight rows", _as_sharp_as_can_be),
)
