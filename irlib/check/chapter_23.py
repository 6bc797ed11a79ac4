"""Exercises of chapter 23: operations, the slower of two, shared batches, memory, a design.

What a convolution costs is checked against PyTorch's own counter.
"""

from collections.abc import Callable, Sequence

import torch
from torch import nn

from irlib.check import exercise
from irlib.planning import count_forward


def _operations_are(
    answer: Callable,
    given: int,
    made: int,
    kernel: int,
    size: tuple[int, int],
    groups: int = 1,
    stride: int = 1,
    hint: str = "",
) -> None:
    with torch.device("meta"):
        layer = nn.Conv2d(
            given, made, kernel, stride=stride, padding=kernel // 2, groups=groups, bias=False
        )
        expected = count_forward(layer, torch.empty(1, given, *size)).operations
    found = float(answer(given, made, kernel, *size, groups, stride))
    assert found == expected, (
        f"{given} to {made} channels, kernel {kernel}, {size[0]} × {size[1]} pixels, groups "
        f"{groups}, stride {stride}: it returned {found:,.0f}, PyTorch counts {expected:,.0f}. "
        f"{hint}"
    )


def _one_by_one(answer: Callable) -> None:
    hint = "Each product is added to something: that makes two operations."
    _operations_are(answer, 3, 5, 1, (4, 6), hint=hint)


def _every_place_of_the_kernel(answer: Callable) -> None:
    hint = "Every output value sums over all channels and all places of the kernel."
    _operations_are(answer, 4, 8, 3, (7, 5), hint=hint)


def _groups_see_their_own(answer: Callable) -> None:
    hint = "With groups an output channel sees only its own share of the input channels."
    _operations_are(answer, 8, 8, 3, (6, 6), groups=8, hint=hint)
    _operations_are(answer, 8, 16, 3, (6, 6), groups=4, hint=hint)


def _strides_make_fewer(answer: Callable) -> None:
    hint = "Count the pixels that come out; with stride 2 every second one in each direction."
    _operations_are(answer, 4, 8, 3, (8, 8), stride=2, hint=hint)


exercise(
    "ch23.operations",
    ("a multiplication and its addition count as two", _one_by_one),
    ("every place of the kernel counts", _every_place_of_the_kernel),
    ("a depth-wise convolution is cheap", _groups_see_their_own),
    ("what counts are the pixels that come out", _strides_make_fewer),
)


def _takes(
    answer: Callable,
    given: tuple[float, float, float, float],
    seconds: float,
    bound: str,
    hint: str,
) -> None:
    found = answer(*given)
    pair = len(found) if isinstance(found, tuple) else 0
    assert pair == 2, f"It returned {found!r}; expected a pair of seconds and a word."
    assert abs(float(found[0]) - seconds) < 1e-9 * max(seconds, 1), (
        f"{given[0]:g} operations at {given[2]:g} a second and {given[1]:g} bytes at {given[3]:g} "
        f"a second: it returned {found[0]:g} s, expected {seconds:g} s. {hint}"
    )
    assert found[1] == bound, f"It says {found[1]!r} decides, expected {bound!r}."


def _many_operations(answer: Callable) -> None:
    hint = "The bytes travel while the card computes: only the slower one counts."
    _takes(answer, (100.0, 10.0, 10.0, 10.0), 10.0, "arithmetic", hint)


def _many_bytes(answer: Callable) -> None:
    hint = "The slower one counts, and here it is the bytes."
    _takes(answer, (10.0, 60.0, 10.0, 10.0), 6.0, "memory traffic", hint)


def _a_faster_card_may_not_help(answer: Callable) -> None:
    hint = "Ten times the arithmetic changes nothing where bytes decide."
    _takes(answer, (10.0, 60.0, 100.0, 10.0), 6.0, "memory traffic", hint)


exercise(
    "ch23.slower",
    ("the slower of the two decides", _many_operations),
    ("bytes can be the slower", _many_bytes),
    ("more arithmetic does not help then", _a_faster_card_may_not_help),
)


def _cards_are(
    answer: Callable, batches: Sequence[int], there: int, expected: int, hint: str
) -> None:
    found = int(answer(list(batches), there))
    assert found == expected, (
        f"Batches of {', '.join(map(str, batches))} on {there} cards: it returned {found}, "
        f"expected {expected}. {hint}"
    )


def _all_work(answer: Callable) -> None:
    _cards_are(answer, [32], 8, 8, "Each of the eight takes four.")


def _some_rest(answer: Callable) -> None:
    hint = "Every card takes equally many, or the gradients' mean is another one."
    _cards_are(answer, [6], 8, 6, hint)
    _cards_are(answer, [18], 4, 3, hint)
    _cards_are(answer, [7], 4, 1, hint)


def _later_stages_count(answer: Callable) -> None:
    hint = "A run goes through all its stages on the same cards."
    _cards_are(answer, [64, 40, 32, 16, 8, 8], 64, 8, hint)
    _cards_are(answer, [12, 8], 8, 4, hint)


exercise(
    "ch23.cards",
    ("a batch that divides by the cards keeps all busy", _all_work),
    ("otherwise some rest", _some_rest),
    ("every stage has to be shared", _later_stages_count),
)


def _parts_are(
    answer: Callable, given: tuple[float, float, int, float], expected: int | None, hint: str
) -> None:
    found = answer(*given)
    assert found == expected, (
        f"{given[0]:g} parameters, {given[1]:g} bytes kept an image, {given[2]} images, memory of "
        f"{given[3]:g} bytes: it returned {found}, expected {expected}. {hint}"
    )


def _in_one_go(answer: Callable) -> None:
    _parts_are(answer, (10, 100, 8, 1000), 1, "All eight fit at once.")


def _weights_take_their_part(answer: Callable) -> None:
    hint = (
        "A number that learns takes 16 bytes: itself, its gradient and Adam's two moments, four "
        "bytes each."
    )
    _parts_are(answer, (20, 100, 8, 1000), 2, hint)
    _parts_are(answer, (13, 100, 8, 1000), 2, hint)


def _parts_are_equal(answer: Callable) -> None:
    hint = "Parts are of equal size: six images go in 1, 2, 3 or 6 parts."
    _parts_are(answer, (10, 100, 6, 360), 3, hint)
    _parts_are(answer, (10, 100, 6, 300), 6, hint)
    _parts_are(answer, (10, 100, 8, 460), 4, hint)


def _not_at_all(answer: Callable) -> None:
    hint = "Not even one image fits; say so with None."
    _parts_are(answer, (10, 100, 6, 200), None, hint)


exercise(
    "ch23.parts",
    ("what fits is taken in one go", _in_one_go),
    ("weights, gradients and moments need room too", _weights_take_their_part),
    ("parts are equal", _parts_are_equal),
    ("what does not fit at all is said", _not_at_all),
)


_RELEASED = ((4, 6, 6, 8), 4)


def _bill(blocks: Sequence[int], refinement: int) -> dict[str, float]:
    """Parameters, operations and bytes kept, each in units of one block of the first level."""
    one, two, three, four = blocks
    return {
        "parameters": 5 * one + 8 * two + 32 * three + 64 * four + 4 * refinement,
        "operations": 5 * one + 2 * two + 2 * three + four + 4 * refinement,
        "bytes kept": 3 * one + two + three / 2 + four / 8 + 2 * refinement,
    }


def _shares(answer: Callable) -> dict[str, float]:
    """Each cost of the proposed network, over that of the released one."""
    blocks, refinement = answer()
    found, released = _bill(blocks, refinement), _bill(*_RELEASED)
    return {what: found[what] / released[what] for what in found}


def _levels_work(answer: Callable) -> None:
    blocks, refinement = answer()
    assert len(blocks) == 4, f"It returned {len(blocks)} numbers of blocks, expected four."
    least = min(blocks)
    assert least >= 1, f"A level has {least} blocks; every level needs one at least."
    assert refinement >= 0, f"It returned {refinement} blocks of refinement."


def _as_many_parameters(answer: Callable) -> None:
    share = _shares(answer)["parameters"]
    assert 1 <= share <= 1.1, (
        f"It has {share:.2f} times the parameters of the released network, expected 1 to 1.1. A "
        "block of the lowest level has sixty-four times the parameters of one of the first."
    )


def _no_more_operations(answer: Callable) -> None:
    share = _shares(answer)["operations"]
    assert share <= 1, f"It takes {share:.2f} times the operations, expected no more than before."


def _half_the_memory(answer: Callable) -> None:
    share = _shares(answer)["bytes kept"]
    assert share <= 0.5, (
        f"A training step keeps {share:.2f} times the bytes, expected half. The blocks at full "
        "resolution keep most; behind the decoder's last step they are twice as wide."
    )


exercise(
    "ch23.blocks",
    ("every level has its blocks", _levels_work),
    ("the network has as many parameters as before", _as_many_parameters),
    ("it takes no more operations", _no_more_operations),
    ("a training step keeps half the bytes", _half_the_memory),
)
