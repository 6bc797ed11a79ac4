"""Exercises of chapter 5: a mix, a learning rate, what never learns, and a mix for each place."""

import copy
import itertools
import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from irlib.check import exercise
from irlib.check.answers import close_to, random_normal, same_shape
from irlib.nn import PromptGeneration
from irlib.training.schedules import warmup_cosine


def _prompt_has_the_size_asked_for(prompt: Callable) -> None:
    result = prompt(random_normal(2, 5), random_normal(5, 3, 4, 4), (6, 10))
    shape = tuple(result.shape)
    assert shape == (2, 3, 6, 10), (
        f"Scores (2, 5), components (5, 3, 4, 4) and the size (6, 10) gave {shape}; expected "
        "(2, 3, 6, 10): one prompt an image, resized."
    )


def _equal_scores_give_the_mean(prompt: Callable) -> None:
    components = random_normal(5, 3, 4, 4)
    close_to(
        prompt(torch.full((1, 5), 2.0), components, (4, 4)),
        components.mean(dim=0, keepdim=True),
        "Shares sum to 1 for each image; a sigmoid's do not, and raw scores are no shares.",
    )


def _a_constant_changes_nothing(prompt: Callable) -> None:
    scores, components = random_normal(2, 5), random_normal(5, 3, 4, 4)
    close_to(
        prompt(scores + 3, components, (4, 4)),
        prompt(scores, components, (4, 4)),
        "A softmax sees differences of scores only.",
    )


def _a_high_score_picks(prompt: Callable) -> None:
    scores = torch.zeros(2, 5)
    scores[0, 1] = scores[1, 4] = 60
    components = random_normal(5, 3, 4, 4)
    close_to(
        prompt(scores, components, (4, 4)),
        components[[1, 4]],
        "Each image of a batch has its own mix: the softmax runs over the components, dim=-1, not "
        "over the batch.",
    )


def _mix_equals_the_package(prompt: Callable) -> None:
    block = PromptGeneration(dim=5, prompt_dim=3, prompt_len=5, prompt_size=8)
    scores = random_normal(2, 5)
    with torch.no_grad():
        # Head and convolution that pass on what they are given: what is left is mix and resize.
        block.weight_head.weight.copy_(torch.eye(5))
        block.weight_head.bias.zero_()
        block.conv.weight.zero_()
        block.conv.weight[range(3), range(3), 1, 1] = 1
        for size in ((8, 8), (12, 20), (5, 16)):
            expected = block(scores[:, :, None, None].expand(-1, -1, *size))
            close_to(
                prompt(scores, block.components.detach(), size),
                expected,
                f"Resizing 8x8 to {size[0]}x{size[1]} is bilinear, with align_corners=False and "
                "without antialiasing.",
            )


exercise(
    "ch05.prompt",
    ("the prompts have the shape (B, P, h, w)", _prompt_has_the_size_asked_for),
    ("equal scores give the mean of the components", _equal_scores_give_the_mean),
    ("a constant added to all scores changes nothing", _a_constant_changes_nothing),
    ("a very high score picks one component, for each image its own", _a_high_score_picks),
    ("the result equals irlib's, at other sizes too", _mix_equals_the_package),
)


def _number(seen: object, expected: float, where: str, hint: str) -> None:
    value = float(seen)  # type: ignore[arg-type]
    assert math.isclose(value, expected, rel_tol=1e-6, abs_tol=1e-12), (
        f"{where} the rate is {value:.6g}, not {expected:.6g}. {hint}"
    )


def _first_step_moves(rate_at: Callable) -> None:
    _number(
        rate_at(0, 100, 1.0, 9),
        0.1,
        "At step 0 of a warm-up of 9 steps to rate 1,",
        "With step / warmup the first batch would be computed in vain: use "
        "(step + 1) / (warmup + 1).",
    )


def _top_after_warmup(rate_at: Callable) -> None:
    _number(
        rate_at(9, 100, 0.5, 9), 0.5, "At step = warmup", "The cosine starts there, at its top."
    )


def _rises_evenly(rate_at: Callable) -> None:
    rates = [float(rate_at(step, 100, 1.0, 9)) for step in range(10)]
    rises = [after - before for before, after in itertools.pairwise(rates)]
    assert max(rises) - min(rises) < 1e-6, "The warm-up does not rise by the same amount each step."


def _half_way(rate_at: Callable) -> None:
    _number(
        rate_at(60, 110, 0.8, 10),
        0.4,
        "Half-way between the end of the warm-up and the end of the run",
        "The cosine's argument runs from 0 to pi over steps - warmup, not over steps.",
    )


def _ends_at_zero(rate_at: Callable) -> None:
    _number(rate_at(100, 100, 1.0, 9), 0.0, "At step = steps", "1 + cos(pi) is 0.")


def _no_warmup(rate_at: Callable) -> None:
    _number(rate_at(0, 100, 0.3, 0), 0.3, "Without warm-up, at step 0", "Nothing is divided by 0.")


def _rate_equals_the_package(rate_at: Callable) -> None:
    for step in range(0, 51, 5):
        expected = warmup_cosine(step, steps=50, rate=2e-3, warmup=12)
        _number(rate_at(step, 50, 2e-3, 12), expected, f"At step {step} of 50, warm-up 12,", "")


exercise(
    "ch05.rate",
    ("step 0 already learns, with rate / (warmup + 1)", _first_step_moves),
    ("step warmup is the first at the full rate", _top_after_warmup),
    ("the warm-up is a straight line", _rises_evenly),
    ("half-way down the cosine the rate is half", _half_way),
    ("at the end the rate is 0", _ends_at_zero),
    ("a run without warm-up starts at the full rate", _no_warmup),
    ("the rate equals irlib's", _rate_equals_the_package),
)


class _Parts(nn.Module):
    """A network with one part of each kind: heard, late, cut off, never called, frozen."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.enter = nn.Conv2d(3, 4, 3, padding=1)
        self.frozen = nn.Conv2d(4, 4, 1).requires_grad_(False)
        self.map = nn.Parameter(torch.rand(4, 1, 1))
        self.spare = nn.Conv2d(4, 4, 1)
        self.late = nn.Conv2d(4, 4, 1)
        self.scale = nn.Parameter(torch.zeros(1))  # what it multiplies learns a step later

    def forward(self, image: Tensor) -> Tensor:
        x = self.frozen(self.enter(image)) + self.map.data
        return x + self.scale * self.late(x)


def _asked(names: Callable) -> list[str]:
    return list(names(_Parts(), random_normal(2, 3, 6, 6)))


def _finds_what_is_cut_off(names: Callable) -> None:
    found = _asked(names)
    assert "map" in found, f"What is read with .data is missing; it returned {found}."


def _finds_what_is_never_called(names: Callable) -> None:
    found = _asked(names)
    assert {"spare.weight", "spare.bias"} <= set(found), (
        f"A layer that is built and never called is missing; it returned {found}."
    )


def _late_is_not_never(names: Callable) -> None:
    late = sorted({"late.weight", "late.bias"} & set(_asked(names)))
    assert not late, (
        f"{late} are multiplied by a zero that learns: they hear the loss from the second step "
        "on. Look at two steps."
    )


def _frozen_on_purpose(names: Callable) -> None:
    frozen = [name for name in _asked(names) if name.startswith("frozen")]
    assert not frozen, f"{frozen} do not ask for a gradient (requires_grad is False)."


def _healthy_is_empty(names: Callable) -> None:
    found = list(names(nn.Conv2d(3, 3, 3), random_normal(2, 3, 6, 6)))
    assert not found, f"All of a single convolution learns, and it returned {found}."


def _asking_leaves_no_trace(names: Callable) -> None:
    network = _Parts()
    before = copy.deepcopy(network.state_dict())
    names(network, random_normal(2, 3, 6, 6))
    moved = [name for name, value in network.state_dict().items() if (value != before[name]).any()]
    left = [name for name, p in network.named_parameters() if p.grad is not None]
    assert not moved + left, (
        f"After the question {moved or left} had other weights or a gradient left over. Ask a copy "
        "(copy.deepcopy)."
    )


exercise(
    "ch05.never",
    ("a parameter read with .data is found", _finds_what_is_cut_off),
    ("a layer that is never called is found", _finds_what_is_never_called),
    ("what learns one step later is not reported", _late_is_not_never),
    ("what was frozen on purpose is not reported", _frozen_on_purpose),
    ("of a healthy network nothing is reported", _healthy_is_empty),
    ("the question leaves no trace in the network", _asking_leaves_no_trace),
)


def _picture(seed: int, halves: int, side: int = 48) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Noisy features, of one mean or of two side by side, the layer, and the true shares."""
    drawing = torch.Generator().manual_seed(seed)
    weight, bias = torch.randn(5, 8, generator=drawing), torch.randn(5, generator=drawing)
    means = torch.randn(2, 8, generator=drawing)
    column = int(torch.randint(side // 4, 3 * side // 4, (), generator=drawing))
    right = (torch.arange(side) >= column) & (halves == 2)
    calm = torch.where(right, means[1][:, None, None], means[0][:, None, None])
    calm = calm.expand(8, side, side)[None]
    noisy = calm + 2 * torch.randn(calm.shape, generator=drawing)
    return noisy, weight, bias, _each_alone(calm, weight, bias)


def _each_alone(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    scores = torch.einsum("nc,bchw->bnhw", weight, x) + bias[:, None, None]
    return scores.softmax(dim=1)


def _error(shares: Callable, halves: int) -> float:
    errors = []
    for seed in range(8):
        x, weight, bias, truth = _picture(seed, halves)
        errors.append((shares(x, weight, bias) - truth).square().mean().item())
    return sum(errors) / len(errors)


def _one_mean(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return _each_alone(x.mean(dim=(2, 3), keepdim=True), weight, bias).expand(-1, -1, *x.shape[2:])


def _shares_sum_to_one(shares: Callable) -> None:
    found = shares(random_normal(2, 4, 9, 12), random_normal(5, 4), random_normal(5))
    close_to(
        same_shape(found, (2, 5, 9, 12)).sum(dim=1),
        torch.ones(2, 9, 12),
        "At each place the five shares sum to 1: the softmax runs over the components, dim=1.",
    )


def _uniform_features_keep_the_mix(shares: Callable) -> None:
    x = random_normal(2, 4, 1, 1).expand(-1, -1, 9, 12)
    weight, bias = random_normal(5, 4, seed=1), random_normal(5, seed=2)
    close_to(
        shares(x, weight, bias),
        _one_mean(x, weight, bias),
        "Where all places are alike, PromptIR's own mix must come out, at the border as well, so "
        "that trained weights can be kept. Zeros beyond the border must not count.",
    )


def _halves_are_told_apart(shares: Callable) -> None:
    error, plain = _error(shares, 2), _error(_one_mean, 2)
    assert error < plain / 3, (
        f"The mean squared error of the shares is {error:.4f}, that of one mean for the picture "
        f"{plain:.4f}; expected less than a third of it. A place must be judged by its "
        "surroundings."
    )


def _noise_is_averaged(shares: Callable) -> None:
    error, alone = _error(shares, 1), _error(_each_alone, 1)
    assert error < alone / 10, (
        f"On pictures of one kind the mean squared error of the shares is {error:.4f}, that of "
        f"each place alone {alone:.4f}; expected less than a tenth of it. Average over more places."
    )


exercise(
    "ch05.local_shares",
    ("the shares of each place sum to 1", _shares_sum_to_one),
    ("features alike at every place keep PromptIR's mix", _uniform_features_keep_the_mix),
    ("two halves of a picture are told apart", _halves_are_told_apart),
    ("noise in a picture of one kind is averaged away", _noise_is_averaged),
)
