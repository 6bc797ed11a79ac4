"""Exercises of chapter 16: the prior's maps, a gain that is left, a folded norm, fixed masks."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from irlib.check import exercise
from irlib.check.answers import close_to, random_normal, random_uniform, same_shape
from irlib.nn import VisualPrompt, channel_prior


def _prior_is_pooled(answer: Callable) -> None:
    for level, size in ((0, (8, 12)), (1, (4, 6)), (2, (2, 3))):
        same_shape(answer(random_uniform(2, 3, 16, 24), level), (2, 5, *size))


def _prior_of_one_colour(answer: Callable) -> None:
    image = torch.tensor([0.2, 0.9, 0.4]).view(1, 3, 1, 1).expand(1, 3, 8, 8)
    expected = torch.tensor([0.2, 0.9, 0.4, 0.9, 0.5]).view(1, 5, 1, 1).expand(1, 5, 4, 4)
    close_to(
        answer(image, 0),
        expected,
        "The colour (0.2, 0.9, 0.4) has the maximum 0.9 and the mean 0.5; the order is red, green, "
        "blue, maximum, mean.",
    )


def _maximum_before_pooling(answer: Callable) -> None:
    image = torch.zeros(1, 3, 8, 8)
    image[:, 0, ::2], image[:, 1, 1::2] = 1.0, 1.0  # red rows and green rows
    seen = same_shape(answer(image, 0), (1, 5, 4, 4))[0, 3].mean().item()
    assert abs(seen - 1) < 1e-5, (
        f"Rows of pure red and pure green have the maximum 1 at every pixel; pooled, yours is "
        f"{seen:.2g}. Take the maximum over the channels first, then average over the square."
    )


def _prior_equals_the_package(answer: Callable) -> None:
    image = random_uniform(2, 3, 16, 32)
    for level in (0, 1, 2):
        expected = F.avg_pool2d(channel_prior(image), 2 ** (level + 1))
        close_to(answer(image, level), expected, f"Level {level}: squares of {2 ** (level + 1)}.")


exercise(
    "ch16.prior",
    ("five maps leave, halved once more than the level's number", _prior_is_pooled),
    ("a picture of one colour has its own maximum and mean", _prior_of_one_colour),
    ("the maximum is that of each pixel", _maximum_before_pooling),
    ("the result equals irlib's", _prior_equals_the_package),
)


def _prompt(size: int = 6) -> VisualPrompt:
    """A prompt block as released, with a projection and a gain that are not trivial."""
    prompt = VisualPrompt(4, size)
    with torch.no_grad():
        prompt.project.weight.copy_(random_normal(4, 4, 1, 1, seed=3))
        prompt.beta.copy_(random_normal(1, 4, size, size, seed=4))
    return prompt


def _gain_has_the_features_size(answer: Callable) -> None:
    for size in ((6, 6), (12, 9)):
        same_shape(answer(random_normal(1, 4, 6, 6), random_normal(4, 4), size), (1, 4, *size))


def _gain_needs_no_picture(answer: Callable) -> None:
    beta = torch.full((1, 4, 6, 6), 0.5)
    close_to(
        answer(beta, torch.eye(4), (6, 6)),
        beta,
        "With the identity for V, what V makes of a map of ones is ones: the gain is beta.",
    )


def _sums_are_over_rows(answer: Callable) -> None:
    project = torch.zeros(4, 4)
    project[1] = torch.tensor([1.0, 2.0, 3.0, 4.0])
    expected = torch.zeros(1, 4, 6, 6)
    expected[:, 1] = 10.0
    close_to(
        answer(torch.ones(1, 4, 6, 6), project, (6, 6)),
        expected,
        "V has one row other than zero, 1 2 3 4, the second: channel 2 of V 1 is 10, the others 0. "
        "Sum over the inputs j of V[c, j].",
    )


def _gain_equals_the_package(answer: Callable) -> None:
    prompt, x = _prompt(), random_normal(2, 4, 9, 14)
    with torch.no_grad():
        gain = answer(prompt.beta, prompt.project.weight.flatten(1), (9, 14))
        close_to(
            x * (1 + gain),
            prompt(x),
            "Stretch beta to the size of the features: bilinear, align_corners=False.",
        )


exercise(
    "ch16.gain",
    ("the gain has the size of the features", _gain_has_the_features_size),
    ("with the identity for V it is beta", _gain_needs_no_picture),
    ("of V only the sum of each row counts", _sums_are_over_rows),
    ("features times one plus the gain are the block's output", _gain_equals_the_package),
)


def _norm(seed: int = 0, eps: float = 1e-5) -> nn.BatchNorm2d:
    """A batch norm of 4 channels that has seen something, in evaluation mode."""
    norm = nn.BatchNorm2d(4, eps=eps).eval()
    with torch.no_grad():
        norm.weight.copy_(1 + random_uniform(4, seed=seed))
        norm.bias.copy_(random_normal(4, seed=seed + 1))
        norm.running_mean.copy_(random_normal(4, seed=seed + 2))
        norm.running_var.copy_(0.5 + random_uniform(4, seed=seed + 3))
    return norm


def _fold(answer: Callable, weight: Tensor, bias: Tensor, norm: nn.Module) -> tuple:
    result = answer(weight, bias, norm)
    assert isinstance(result, tuple), f"It returned {type(result).__name__}, not weight and bias."
    assert len(result) == 2, f"It returned {len(result)} things, not weight and bias."
    return same_shape(result[0].detach(), weight.shape), same_shape(result[1].detach(), bias.shape)


def _fold_gives_weight_and_bias(answer: Callable) -> None:
    _fold(answer, random_normal(6, 4), random_normal(6), _norm())


def _a_silent_norm_changes_nothing(answer: Callable) -> None:
    norm = nn.BatchNorm2d(4, eps=0.0).eval()
    weight, bias = random_normal(6, 4), random_normal(6, seed=1)
    folded = _fold(answer, weight, bias, norm)
    hint = "Mean 0, variance 1, scale 1 and shift 0 leave weight and bias as they are."
    close_to(folded[0], weight, hint)
    close_to(folded[1], bias, hint)


def _scales_belong_to_inputs(answer: Callable) -> None:
    norm = nn.BatchNorm2d(4, eps=0.0).eval()
    with torch.no_grad():
        norm.weight.copy_(torch.tensor([1.0, 2.0, 3.0, 4.0]))
    weight = random_normal(4, 4)
    close_to(
        _fold(answer, weight, torch.zeros(4), norm)[0],
        weight * torch.tensor([1.0, 2.0, 3.0, 4.0]),
        "The norm stands before the convolution: it scales column j of the weight (an input), not "
        "a row.",
    )


def _epsilon_counts(answer: Callable) -> None:
    norm = nn.BatchNorm2d(4, eps=3.0).eval()
    weight = random_normal(4, 4)
    close_to(
        _fold(answer, weight, torch.zeros(4), norm)[0],
        weight / 2,
        "With variance 1 and eps 3 it divides by the root of 4, by 2: eps stands under the root.",
    )


def _folded_is_norm_then_convolution(answer: Callable) -> None:
    weight, bias, norm = random_normal(6, 4), random_normal(6, seed=1), _norm()
    folded_weight, folded_bias = _fold(answer, weight, bias, norm)
    x = random_normal(2, 4, 5, 7, seed=9)
    with torch.no_grad():
        expected = F.conv2d(norm(x), weight[..., None, None], bias)
    close_to(
        F.conv2d(x, folded_weight[..., None, None], folded_bias),
        expected,
        "The norm adds shift - scale * mean to each input; through the weight that becomes a bias "
        "of each output, added to the one there was.",
        tolerance=1e-4,
    )


exercise(
    "ch16.fold",
    ("a weight and a bias come back", _fold_gives_weight_and_bias),
    ("a norm that does nothing changes nothing", _a_silent_norm_changes_nothing),
    ("the norm's scales multiply the columns", _scales_belong_to_inputs),
    ("eps is added to the variance", _epsilon_counts),
    ("one convolution does the work of both", _folded_is_norm_then_convolution),
)


def _masks_have_their_shape(answer: Callable) -> None:
    same_shape(answer(7, 6, 8), (7, 6, 8, 8))
    same_shape(answer(3, 2, 5), (3, 2, 5, 5))


def _masks_are_one_on_average(answer: Callable) -> None:
    close_to(
        answer(7, 6, 8).mean(dim=0),
        torch.ones(6, 8, 8),
        "Equal shares must leave the released gain: take the mean over the masks away, then add 1.",
        1e-4,
    )


def _masks_differ_in_every_channel(answer: Callable) -> None:
    spread = answer(7, 6, 8).std(dim=0).amax(dim=(1, 2))
    equal = (spread < 1e-3).nonzero().flatten().tolist()
    assert not equal, (
        f"In channels {equal} all masks are equal: whatever the shares are, they mix to the same."
    )


def _wanted(draw: int, kinds: int = 3, channels: int = 6, size: int = 8) -> Tensor:
    """A gain for each kind of picture: a level a channel, and a slope over the map."""
    level = random_normal(kinds, channels, 1, 1, seed=100 + draw)
    slope = random_normal(kinds, channels, 2, seed=200 + draw)
    place = torch.linspace(-1, 1, size)
    return (
        1
        + 0.3 * level
        + 0.15 * (slope[..., :1, None] * place[:, None] + slope[..., 1:, None] * place)
    )


def _left_by(masks: Tensor, draw: int, steps: int = 100) -> float:
    """What learning around fixed masks leaves, over what the best fixed gain leaves."""
    wanted, means = _wanted(draw), random_normal(3, 6, seed=300 + draw)
    head = (random_normal(7, 6, seed=400 + draw) / 6**0.5).requires_grad_(True)
    project, beta = torch.eye(6).requires_grad_(True), torch.ones(6, 8, 8).requires_grad_(True)
    optimiser = torch.optim.Adam([head, project, beta], lr=0.03)
    for _ in range(steps):
        mixture = ((means @ head.T).softmax(dim=1) @ masks.flatten(1)).view(3, 6, 64)
        error = ((project @ mixture).view(3, 6, 8, 8) * beta - wanted).square().mean()
        optimiser.zero_grad()
        error.backward()
        optimiser.step()
    return error.item() / (wanted - wanted.mean(dim=0)).square().mean().item()


def _shares_can_steer(answer: Callable) -> None:
    masks = answer(7, 6, 8).detach()
    left = sum(_left_by(masks, draw) for draw in range(4)) / 4
    assert left <= 0.5, (
        f"Of what no fixed gain can meet, {left:.0%} remained; expected half or less. Ask in what "
        "the wished gains differ: each channel has a level of its own, and it changes slowly over "
        "the map. The masks must differ in that."
    )


exercise(
    "ch16.masks",
    ("there are as many maps as asked for", _masks_have_their_shape),
    ("their mean is one everywhere", _masks_are_one_on_average),
    ("in no channel are all of them equal", _masks_differ_in_every_channel),
    ("with them the shares can steer", _shares_can_steer),
)
