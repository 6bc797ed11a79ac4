"""Exercises of chapter 14: signs, strips that cross, a loss on spectra, a word to tell."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from irlib.check import exercise
from irlib.check.answers import close_to, random_normal, same_shape
from irlib.losses import spectrum_l1
from irlib.nn import StripGate, WordSigns


def _grid_has_the_shape(answer: Callable) -> None:
    same_shape(answer(random_normal(2, 16), 5, 7), (2, 16, 5, 7))
    same_shape(answer(random_normal(1, 16), 3, 40), (1, 16, 3, 40))


def _every_value_has_one_size(answer: Callable) -> None:
    grid = answer(1000 * random_normal(2, 16), 4, 6)
    close_to(
        grid.abs(),
        torch.full_like(grid, 0.25),
        "A vector of 16 equal numbers, divided by its length, holds 1/4 or -1/4 sixteen times. "
        "The length is taken over the channels, in which the grid is constant.",
    )


def _columns_repeat(answer: Callable) -> None:
    entries = random_normal(1, 16)
    grid = answer(entries, 2, 40)
    close_to(
        grid[:, :, :, 16:32],
        grid[:, :, :, :16],
        "Column j holds entry j mod C: after C columns the pattern begins again.",
    )
    close_to(
        grid[0, 0, 0, :16],
        entries[0].sign() / 4,
        "The first C columns hold the signs of the entries in their order.",
    )


def _every_image_has_its_own(answer: Callable) -> None:
    entries = random_normal(3, 16)
    alone = torch.cat([answer(row[None], 4, 8) for row in entries])
    close_to(
        answer(entries, 4, 8),
        alone,
        "Together the texts gave another grid than alone. Row i of every image belongs to that "
        "image's text; taking the texts in turn from row to row mixes the batch.",
    )


def _grid_equals_the_package(answer: Callable) -> None:
    words, ids = WordSigns(16), torch.tensor([[49406, 839, 2210, 49407], [49406, 561, 7, 49407]])
    with torch.no_grad():
        expected = words(ids, (4, 9)).expand(-1, -1, 4, -1)
        close_to(answer(words.entries(ids), 4, 9), expected, "")


exercise(
    "ch14.sign_grid",
    ("the grid has the shape (B, C, H, W)", _grid_has_the_shape),
    ("every value is 1 over the root of C, or minus that", _every_value_has_one_size),
    ("the entries lie along the width and repeat", _columns_repeat),
    ("each image of a batch has its own grid", _every_image_has_its_own),
    ("the grid equals irlib's", _grid_equals_the_package),
)


def _kernels(seed: int = 1) -> tuple[Tensor, Tensor]:
    return random_normal(5, 3, 3, seed=seed), random_normal(5, 3, 3, seed=seed + 1)


def _sum_has_the_shape(answer: Callable) -> None:
    same_shape(answer(random_normal(2, 3, 6, 9), *_kernels()), (2, 5, 6, 9))


def _rows_see_heights(answer: Callable) -> None:
    x = random_normal(1, 3, 1, 9).expand(-1, -1, 6, -1)  # every column is constant
    kernels = torch.zeros(5, 3, 3), random_normal(5, 3, 3, seed=2)
    result = same_shape(answer(x, *kernels), (1, 5, 6, 9))
    close_to(
        result,
        result[:, :, :1].expand_as(result),
        "Without the kernel for heights the sum is the same in every row. The second kernel takes "
        "the means over the height, (B, C, 1, W), and runs along the width.",
    )
    kernels = random_normal(5, 3, 3, seed=2), torch.zeros(5, 3, 3)
    result = answer(x, *kernels)
    close_to(
        result,
        result[..., :1].expand_as(result),
        "Without the kernel for widths the sum is the same in every column. The first kernel takes "
        "the means over the width, (B, C, H, 1), and runs along the height.",
    )


def _ends_see_zeros(answer: Callable) -> None:
    ones, none = torch.ones(1, 1, 3), torch.zeros(1, 1, 3)
    row = answer(torch.ones(1, 1, 4, 4), none, ones)[0, 0, 0]
    shown = ", ".join(f"{value:g}" for value in row.tolist())
    assert torch.allclose(row, torch.tensor([2.0, 3, 3, 2])), (
        f"A map of ones and a kernel 1 1 1 along the width gave {shown}; expected 2, 3, 3, 2: "
        "beyond the ends are zeros, one on each side."
    )


def _strips_add_up(answer: Callable) -> None:
    x, (rows, columns) = random_normal(2, 3, 6, 9), _kernels()
    none = torch.zeros_like(rows)
    close_to(
        answer(x, rows, columns),
        answer(x, rows, none) + answer(x, none, columns),
        "The two strips are spread over the map and added.",
    )


def _sum_equals_the_package(answer: Callable) -> None:
    gate, x = StripGate(3), random_normal(2, 3, 6, 9)
    for conv in (gate.rows, gate.columns):
        torch.nn.init.zeros_(conv.bias)
    with torch.no_grad():
        expected = gate.rows(x.mean(3, keepdim=True)) + gate.columns(x.mean(2, keepdim=True))
        close_to(answer(x, gate.rows.weight[..., 0], gate.columns.weight[:, :, 0]), expected, "")


exercise(
    "ch14.strip_sum",
    ("the sum has the map's size and the kernels' channels", _sum_has_the_shape),
    ("each kernel takes its own means and runs along its own axis", _rows_see_heights),
    ("the strips are added", _strips_add_up),
    ("beyond the ends are zeros", _ends_see_zeros),
    ("the sum equals irlib's", _sum_equals_the_package),
)


def _pair(size: tuple[int, int] = (8, 12)) -> tuple[Tensor, Tensor]:
    return random_normal(2, 3, *size), random_normal(2, 3, *size, seed=1)


def _loss_is_one_number(answer: Callable) -> None:
    same_shape(answer(*_pair()), ())


def _equal_pictures_give_nothing(answer: Callable) -> None:
    x, _ = _pair()
    seen = float(answer(x, x))
    assert abs(seen) < 1e-6, f"Two equal pictures gave {seen:.3g}, not 0."


def _an_offset_counts_as_it_is(answer: Callable) -> None:
    x, _ = _pair()
    seen = float(answer(x + 0.25, x))
    assert abs(seen - 0.25) < 1e-3, (
        f"An offset of 0.25 everywhere gave {seen:.3g}, not 0.25. Its spectrum is one bin of 0.25 "
        "times the number of pixels; the mean over all bins is 0.25. Do not normalise."
    )


def _a_shift_counts(answer: Callable) -> None:
    x, _ = _pair()
    moved = x.roll(1, dims=3)
    seen, expected = float(answer(moved, x)), float(spectrum_l1(moved, x))
    assert seen > 1e-3 * expected, (
        f"A picture and the same moved by one pixel gave {seen:.3g}, irlib {expected:.3g}. "
        "Moving changes phases only: take the modulus of the difference, not the difference of "
        "the moduli."
    )


def _doubling_doubles(answer: Callable) -> None:
    x, y = _pair()
    once, twice = float(answer(y + (x - y), y)), float(answer(y + 2 * (x - y), y))
    assert abs(twice - 2 * once) < 1e-2 * once, (
        f"Twice the error gave {twice / once:.3g} times the loss: it is the modulus, not its square"
    )


def _loss_equals_the_package(answer: Callable) -> None:
    for size in ((8, 12), (7, 5)):
        expected = spectrum_l1(*_pair(size))
        difference = abs(float(F.l1_loss(answer(*_pair(size)), expected)))
        assert difference < 1e-4 * float(expected), (
            f"On {size[0]}x{size[1]} pixels irlib gives {float(expected):.4g}; yours differs by "
            f"{difference:.2g}."
        )


exercise(
    "ch14.spectrum_loss",
    ("the loss is one number", _loss_is_one_number),
    ("equal pictures give 0", _equal_pictures_give_nothing),
    ("a shift of the picture counts", _a_shift_counts),
    ("a constant offset counts as it is", _an_offset_counts_as_it_is),
    ("twice the error is twice the loss", _doubling_doubles),
    ("the loss equals irlib's", _loss_equals_the_package),
)


_GAINS = torch.tensor(
    [
        [8.0, 0.0, 4.0, 5.0, -13.0],
        [0.0, 2.5, 0.5, 0.0, -8.0],
        [0.5, -2.5, 2.0, 1.0, -18.0],
        [-0.5, -6.0, -1.0, 0.2, -19.5],
        [0.0, -1.0, -0.5, 0.0, 9.5],
    ]
)


def _classified(count: int, seed: int, factor: float) -> tuple[Tensor, Tensor]:
    """Shares of a classifier, right about as often as it says where the factor is 1.5."""
    drawing = torch.Generator().manual_seed(seed)
    truth = torch.randint(5, (count,), generator=drawing)
    scores = 1.5 * F.one_hot(truth, 5) + torch.randn(count, 5, generator=drawing)
    return (factor * scores).softmax(dim=1), truth


def _chosen(answer: Callable, shares: Tensor, gains: Tensor, factor: float = 1.5) -> Tensor:
    chosen = same_shape(answer(shares, gains, *_classified(1000, 7, factor)), (len(shares),))
    assert not chosen.is_floating_point(), f"It returned {chosen.dtype}; expected whole numbers."
    assert ((chosen >= 0) & (chosen <= 5)).all(), f"It returned {chosen.tolist()[:8]}, not 0 to 5."
    return chosen


def _one_answer_a_picture(answer: Callable) -> None:
    _chosen(answer, _classified(6, 1, 1.5)[0], _GAINS)


def _sure_is_believed(answer: Callable) -> None:
    shares = (20 * torch.eye(5)).softmax(dim=1)
    seen = _chosen(answer, shares, 2 * torch.eye(5) - 1).tolist()
    assert seen == [0, 1, 2, 3, 4], (
        f"Sure shares of tasks 0 to 4, where only the truth gains, gave {seen}."
    )


def _no_danger_on_a_guess(answer: Callable) -> None:
    shares = torch.tensor([[0.35, 0.01, 0.01, 0.18, 0.45]])
    seen = int(_chosen(answer, shares, _GAINS)[0])
    assert seen != 4, (
        "Darkness was likeliest, with a share of 0.45, and was told. If the picture has noise that "
        "loses 13 dB: weigh each word by what it gains for every task the picture may have."
    )


def _left_alone(answer: Callable) -> None:
    seen = _chosen(answer, _classified(40, 2, 1.5)[0], _GAINS - 30)
    assert (seen == 5).all(), "Where every word costs, the answer is 5: leave the picture alone."


def _worth_more_than_the_likeliest(answer: Callable) -> None:
    shares, truth = _classified(4000, 3, 4.0)
    table = F.pad(_GAINS, (0, 1))
    likeliest = float(table[truth, shares.argmax(dim=1)].mean())
    seen = float(table[truth, _chosen(answer, shares, _GAINS, 4.0)].mean())
    assert seen >= likeliest + 0.5, (
        f"With a classifier that is too sure it gains {seen:.2f} dB; the likeliest word gains "
        f"{likeliest:.2f}, and half a decibel more was asked for. Of the known pictures, how often "
        "is it right where it says it is?"
    )


exercise(
    "ch14.choose",
    ("every picture gets one answer", _one_answer_a_picture),
    ("a sure classifier is believed", _sure_is_believed),
    ("a dangerous word is not told on a guess", _no_danger_on_a_guess),
    ("where every word costs the picture is left alone", _left_alone),
    ("it gains half a decibel over the likeliest word", _worth_more_than_the_likeliest),
)
