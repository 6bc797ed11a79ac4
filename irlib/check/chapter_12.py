"""Exercises of chapter 12: a queue of keys, its logits, values between pixels, a halo."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from irlib.check import exercise
from irlib.check.answers import (
    close_to,
    random_directions,
    random_normal,
    random_uniform,
    same_shape,
)
from irlib.losses.momentum_contrast import momentum_logits

SIZE, LENGTH = 4, 6


def _queue() -> Tensor:
    return random_directions(LENGTH, SIZE).t().contiguous()


def _put(answer: Callable, queue: Tensor, pointer: int, keys: Tensor) -> tuple[Tensor, int]:
    result = answer(queue.clone(), pointer, keys)
    assert isinstance(result, tuple) and len(result) == 2, (  # noqa: PT018 (one hint for both)
        "Return two things: the queue and the pointer."
    )
    return same_shape(result[0], queue.shape), int(result[1])


def _oldest_go_first(answer: Callable) -> None:
    queue, keys = _queue(), random_directions(2, SIZE, seed=1)
    found, _ = _put(answer, queue, 3, keys)
    expected = queue.clone()
    expected[:, 3:5] = keys.t()
    close_to(
        found,
        expected,
        "With the pointer at 3, two keys belong into columns 3 and 4, one key a column; the others "
        "stay.",
    )


def _pointer_moves(answer: Callable) -> None:
    keys = random_directions(2, SIZE, seed=1)
    _, pointer = _put(answer, _queue(), 1, keys)
    assert pointer == 3, f"Two keys move the pointer from 1 to 3; it came to {pointer}."
    _, pointer = _put(answer, _queue(), 4, keys)
    assert pointer == 0, f"Behind the last column comes the first: from 4 to 0, not to {pointer}."


def _it_wraps(answer: Callable) -> None:
    queue, keys = _queue(), random_directions(4, SIZE, seed=2)
    found, pointer = _put(answer, queue, 4, keys)
    expected = queue.clone()
    expected[:, [4, 5, 0, 1]] = keys.t()
    close_to(
        found,
        expected,
        "Four keys from column 4 on, in a queue of six, go to columns 4, 5, 0 and 1. Take the "
        "places modulo the length.",
    )
    assert pointer == 2, f"The pointer then stands at 2, not at {pointer}."


def _a_full_turn(answer: Callable) -> None:
    keys = random_directions(LENGTH, SIZE, seed=3)
    found, pointer = _put(answer, _queue(), 2, keys)
    close_to(found[:, 2], keys[0], "The first key goes where the pointer stood.")
    assert pointer == 2, f"A whole queue of keys brings the pointer back to 2, not to {pointer}."


exercise(
    "ch12.enqueue",
    ("the keys take the places that the pointer names", _oldest_go_first),
    ("the pointer moves on, and begins again at the end", _pointer_moves),
    ("a batch may go over the end", _it_wraps),
    ("a whole queue of keys replaces all", _a_full_turn),
)


def _codes() -> tuple[Tensor, Tensor, Tensor]:
    return 3 * random_normal(3, SIZE), random_directions(3, SIZE, seed=1), _queue()


def _one_column_more(answer: Callable) -> None:
    same_shape(answer(*_codes(), 0.5), (3, 1 + LENGTH))


def _own_key_first(answer: Callable) -> None:
    code, key, queue = _codes()
    close_to(
        answer(code, key, queue, 1.0)[:, 0],
        F.cosine_similarity(code, key),
        "Column 0 is the cosine of each code with its own key: the codes are not of length one.",
    )


def _queue_behind(answer: Callable) -> None:
    code, key, queue = _codes()
    close_to(
        answer(code, key, queue, 1.0)[:, 1:],
        F.normalize(code, dim=1) @ queue,
        "Behind it stand the cosines of each code with every column of the queue.",
    )


def _sharpened(answer: Callable) -> None:
    close_to(
        answer(*_codes(), 0.1),
        10 * answer(*_codes(), 1.0),
        "Everything is divided by the temperature, the own key too.",
        tolerance=1e-4,
    )


def _only_the_code_learns(answer: Callable) -> None:
    code, key, queue = (t.clone().requires_grad_() for t in _codes())
    answer(code, key, queue, 0.5).square().sum().backward()
    assert code.grad is not None and bool(code.grad.any()), "The code gets no gradient."  # noqa: PT018
    assert key.grad is None and queue.grad is None, (  # noqa: PT018
        "Keys and queue get a gradient; detach them: they are targets."
    )


def _logits_equal_the_package(answer: Callable) -> None:
    close_to(answer(*_codes(), 0.07), momentum_logits(*_codes()), "", tolerance=1e-4)


exercise(
    "ch12.queue_logits",
    ("there is one column more than keys in the queue", _one_column_more),
    ("the own key comes first", _own_key_first),
    ("the queue stands behind it", _queue_behind),
    ("a small temperature sharpens", _sharpened),
    ("only the code learns", _only_the_code_learns),
    ("the logits equal irlib's", _logits_equal_the_package),
)


def _at(answer: Callable, image: Tensor, y: float, x: float) -> Tensor:
    return same_shape(answer(image, y, x), image.shape[:1])


def _on_a_pixel(answer: Callable) -> None:
    image = random_normal(2, 4, 5)
    close_to(_at(answer, image, 2.0, 3.0), image[:, 2, 3], "On a pixel the value is that pixel's.")


def _between_rows(answer: Callable) -> None:
    image = random_normal(2, 4, 5)
    close_to(
        _at(answer, image, 1.25, 3.0),
        0.75 * image[:, 1, 3] + 0.25 * image[:, 2, 3],
        "A quarter of the way from row 1 to row 2 counts three quarters of row 1: y runs down the "
        "rows, x along them.",
    )


def _between_four(answer: Callable) -> None:
    image = torch.zeros(1, 2, 2)
    image[0, 1, 1] = 1.0
    close_to(
        _at(answer, image, 0.5, 0.25),
        torch.tensor([0.125]),
        "Half-way down and a quarter to the right, the pixel (1, 1) counts an eighth: the shares "
        "are products.",
    )


def _border_fades(answer: Callable) -> None:
    image = torch.ones(1, 3, 3)
    close_to(
        _at(answer, image, -0.25, 1.0),
        torch.tensor([0.75]),
        "A quarter of a pixel outside, the border counts three quarters and what lies beyond "
        "counts zero; the border is not repeated.",
    )
    close_to(
        _at(answer, image, 1.0, 2.5),
        torch.tensor([0.5]),
        "The same on the right of the last pixel.",
    )


def _far_outside(answer: Callable) -> None:
    for place in ((-7.0, 1.0), (1.0, 30.5), (-1.0, -1.0)):
        close_to(
            _at(answer, torch.ones(2, 3, 3), *place),
            torch.zeros(2),
            f"At {place} there is nothing of an image of 3 x 3 pixels.",
        )


exercise(
    "ch12.value_between",
    ("on a pixel it is the pixel", _on_a_pixel),
    ("between two rows it is a mixture of both", _between_rows),
    ("between four pixels the shares are products", _between_four),
    ("at the border it fades to zero", _border_fades),
    ("far outside it is zero", _far_outside),
)


def _shifted(x: Tensor, columns: int, rows: int = 0) -> Tensor:
    """Moves content right and down (negative: left and up), zeros behind it."""
    edges = (max(columns, 0), max(-columns, 0), max(rows, 0), max(-rows, 0))
    top, left = max(-rows, 0), max(-columns, 0)
    return F.pad(x, edges)[..., top : top + x.shape[-2], left : left + x.shape[-1]]


def _conv(x: Tensor, dilation: int = 1) -> Tensor:
    kernel = 0.1 + random_uniform(3, 3, 3, 3)
    return F.conv2d(x, kernel, padding=dilation, dilation=dilation)


def _distance(answer: Callable, network: Callable) -> float:
    return float(answer(network))


def _sees(answer: Callable, network: Callable, expected: int, hint: str) -> None:
    seen = _distance(answer, network)
    assert seen == expected, f"It gave {seen:g}, not {expected}. {hint}"


def _convolutions(answer: Callable) -> None:
    _sees(answer, lambda x: x.square(), 0, "This network looks at one pixel at a time.")
    _sees(
        answer, lambda x: _conv(_conv(_conv(x))), 3, "Three 3 x 3 convolutions see one more each."
    )
    _sees(
        answer, lambda x: _conv(x, 4), 4, "Four pixels between taps: distances 1 to 3 are skipped."
    )


def _every_direction(answer: Callable) -> None:
    for columns, rows, where in ((8, 0, "left"), (-8, 0, "right"), (0, 8, "up"), (0, -8, "down")):
        _sees(
            answer,
            lambda x, columns=columns, rows=rows: x + _shifted(x, columns, rows),
            8,
            f"This network looks eight pixels {where}; look in every direction.",
        )


def _where_it_decides_to(answer: Callable) -> None:
    hint = "It looks far only where the picture is {}: one picture, or one pixel, is not enough."
    for name, rare in (("dark", lambda x: x < 0.1), ("bright", lambda x: x > 0.9)):
        _sees(
            answer,
            lambda x, rare=rare: torch.where(rare(x), _shifted(x, 7), x),
            7,
            hint.format(name),
        )


def _everything(answer: Callable) -> None:
    seen = _distance(answer, lambda x: x - x.mean(dim=(2, 3), keepdim=True))
    assert seen >= 20, (
        f"A network that subtracts the mean of the picture got {seen:g}, not 20 or more."
    )


exercise(
    "ch12.halo",
    ("convolutions see as far as they are known to", _convolutions),
    ("every direction counts", _every_direction),
    ("a far look that is rare is found", _where_it_decides_to),
    ("a network that sees everything gets twenty or more", _everything),
)
