"""Exercises of chapter 6: gate and scales, means over windows, and two losses."""

from collections.abc import Callable

import torch
from torch import Tensor

from irlib.check import exercise
from irlib.check.answers import close_to, random_normal, random_uniform, same_shape
from irlib.data.photos import photo
from irlib.degradations import degrade_task, rain
from irlib.losses import psnr_loss as reference_loss
from irlib.nn import SimplifiedChannelAttention, simple_gate
from irlib.nn import local_mean as reference_mean


def _plain_weights(channels: int) -> tuple[Tensor, Tensor]:
    """Scales that are 1 whatever the means."""
    return torch.zeros(channels, channels), torch.ones(channels)


def _gate_halves_the_channels(answer: Callable) -> None:
    same_shape(answer(random_normal(2, 8, 3, 5), *_plain_weights(4)), (2, 4, 3, 5))


def _scales_of_one_leave_the_product(answer: Callable) -> None:
    x = random_normal(2, 8, 3, 5)
    close_to(
        answer(x, *_plain_weights(4)),
        x[:, :4] * x[:, 4:],
        "With weight 0 and bias 1 every scale is 1: what is left is first half times second half, "
        "without an activation on either, and none on the scales.",
    )


def _scales_may_be_negative(answer: Callable) -> None:
    x = random_normal(1, 8, 4, 4)
    close_to(
        answer(x, torch.zeros(4, 4), torch.full((4,), -3.0)),
        -3 * x[:, :4] * x[:, 4:],
        "With weight 0 and bias -3 every scale is -3. A sigmoid would keep it between 0 and 1.",
    )


def _means_are_over_the_pixels_of_one_image(answer: Callable) -> None:
    x = random_normal(3, 8, 4, 6)
    weight, bias = random_normal(4, 4, seed=1), random_normal(4, seed=2)
    alone = torch.cat([answer(image[None], weight, bias) for image in x])
    close_to(
        answer(x, weight, bias),
        alone,
        "Alone an image gave another result than in a batch: the mean runs over height and width, "
        "not over the batch.",
    )


def _gate_equals_the_package(answer: Callable) -> None:
    attention = SimplifiedChannelAttention(4)
    x = random_normal(2, 8, 5, 7)
    with torch.no_grad():
        close_to(
            answer(x, attention.conv.weight.flatten(1), attention.conv.bias),
            attention(simple_gate(x)),
            "The means are those of the gated map; scale i is the sum over j of weight[i, j] "
            "mean[j], plus bias[i].",
        )


exercise(
    "ch06.gate_and_scale",
    ("two halves of the channels become one", _gate_halves_the_channels),
    ("with scales of 1 the result is the product of the halves", _scales_of_one_leave_the_product),
    ("a scale may be negative", _scales_may_be_negative),
    ("each image of a batch has its own means", _means_are_over_the_pixels_of_one_image),
    ("the result equals irlib's", _gate_equals_the_package),
)


def _mean_keeps_the_shape(answer: Callable) -> None:
    for size in ((6, 9), (5, 5), (2, 11)):
        same_shape(answer(random_normal(1, 2, *size), 4), (1, 2, *size))


def _a_constant_stays(answer: Callable) -> None:
    x = torch.full((1, 2, 7, 9), 0.3)
    close_to(
        answer(x, 4),
        x,
        "A map of 0.3 everywhere has the mean 0.3 everywhere, at the border too: repeat the means "
        "(mode='replicate') instead of averaging in zeros.",
    )


def _a_large_window_is_the_global_mean(answer: Callable) -> None:
    x = random_normal(2, 3, 5, 8)
    close_to(
        answer(x, 20),
        x.mean(dim=(2, 3), keepdim=True).expand_as(x),
        "A window larger than the map is cut to the map, in each direction.",
    )


def _a_window_of_one_returns_the_map(answer: Callable) -> None:
    x = random_normal(1, 2, 4, 5)
    close_to(answer(x, 1), x, "The mean over one pixel is that pixel.")


def _one_row_by_hand(answer: Callable) -> None:
    row = torch.tensor([0.0, 3, 6, 0, 3]).expand(1, 1, 5, 5)
    expected = torch.tensor([1.5, 4.5, 3.0, 1.5, 1.5]).expand(1, 1, 5, 5)
    result = answer(row, 2)
    hint = ", ".join(f"{value:g}" for value in result[0, 0, 0].tolist())
    close_to(
        result,
        expected,
        f"The row 0 3 6 0 3 and a window of 2 gave {hint}; expected 1.5, 4.5, 3, 1.5, 1.5. Of the "
        "missing pixels the smaller half goes left and on top.",
    )


def _mean_equals_the_package(answer: Callable) -> None:
    for size, window in (((9, 13), 4), ((9, 13), 5), ((6, 17), 8)):
        x = random_normal(2, 2, *size)
        close_to(answer(x, window), reference_mean(x, (window, window)), f"Map {size}, {window=}.")


exercise(
    "ch06.local_mean",
    ("the map keeps its shape", _mean_keeps_the_shape),
    ("a constant map is its own mean", _a_constant_stays),
    (
        "a window larger than the map gives the one mean everywhere",
        _a_large_window_is_the_global_mean,
    ),
    ("a window of one pixel changes nothing", _a_window_of_one_returns_the_map),
    ("a row counted by hand comes out", _one_row_by_hand),
    ("the result equals irlib's", _mean_equals_the_package),
)


def _images() -> tuple[Tensor, Tensor]:
    target = random_uniform(3, 3, 8, 10)
    error = torch.tensor([0.3, 0.1, 0.01]).view(3, 1, 1, 1) * random_normal(3, 3, 8, 10)
    return target + error, target


def _loss_is_one_number(answer: Callable) -> None:
    same_shape(answer(*_images()), ())


def _one_image_gives_minus_its_psnr(answer: Callable) -> None:
    target = 0.8 * random_uniform(1, 3, 8, 8)
    seen = float(answer(target + 0.1, target))
    assert abs(seen + 20) < 1e-3, (
        f"An error of 0.1 everywhere is 20 dB, so the loss is -20; it gave {seen:.4g}. "
        "10 log10 is 10 / ln 10 times the natural logarithm, and the loss is minus the PSNR."
    )


def _logs_are_averaged(answer: Callable) -> None:
    restored, target = _images()
    alone = [float(answer(r[None], t[None])) for r, t in zip(restored, target, strict=True)]
    expected, seen = sum(alone) / 3, float(answer(restored, target))
    assert abs(seen - expected) < 1e-3, (
        f"Three images alone give a mean of {expected:.4g}, together {seen:.4g}. Take the error of "
        "each image (mean over channels and pixels), then its logarithm, then the mean."
    )


def _outside_0_and_1_counts(answer: Callable) -> None:
    target = torch.ones(1, 3, 4, 4)
    seen = float(answer(target + 0.1, target))
    assert abs(seen + 20) < 1e-3, (
        f"A white image restored as 1.1 gave {seen:.4g}, not -20: do not clamp, or such pixels get "
        "no gradient."
    )


def _perfect_is_finite(answer: Callable) -> None:
    target = torch.full((1, 3, 4, 4), 0.5)
    restored = target.clone().requires_grad_()
    loss = answer(restored, target)
    loss.backward()
    seen = float(loss.detach())
    finite = restored.grad is not None and bool(restored.grad.isfinite().all())
    assert finite and abs(seen + 80) < 1e-2, (  # noqa: PT018 (one hint for both)
        f"Equal images gave {seen:.4g}; with 1e-8 added to the error it is -80, and its gradient "
        "stays finite."
    )


def _loss_equals_the_package(answer: Callable) -> None:
    close_to(answer(*_images()), reference_loss(*_images()), "")


exercise(
    "ch06.psnr_loss",
    ("the loss is one number", _loss_is_one_number),
    ("of one image it is minus the PSNR in decibels", _one_image_gives_minus_its_psnr),
    ("of a batch it is the mean over the images", _logs_are_averaged),
    ("values outside 0 and 1 count as they are", _outside_0_and_1_counts),
    ("equal images give -80, with a finite gradient", _perfect_is_finite),
    ("the loss equals irlib's", _loss_equals_the_package),
)


def _pull(loss: Callable, restored: Tensor, target: Tensor) -> Tensor:
    """The gradient of a loss with respect to the restored images."""
    restored = restored.clone().requires_grad_()
    (found,) = torch.autograd.grad(same_shape(loss(restored, target), ()), restored)
    return found


def _a_better_image_costs_less(answer: Callable) -> None:
    target = random_uniform(2, 3, 8, 8)
    error = 0.2 * random_normal(2, 3, 8, 8, seed=1)
    near, far = (same_shape(answer(target + k * error, target), ()).item() for k in (0.5, 1.0))
    assert near < far, f"With half of the error the loss is {near:.4g}, with all of it {far:.4g}."


def _right_images_are_left_alone(answer: Callable) -> None:
    target = random_uniform(2, 3, 8, 8)
    found = _pull(answer, target, target)
    assert found.isfinite().all(), (
        "Of images that are right already the gradient is not finite. A square root has no slope "
        "at 0: add a small number under it."
    )


def _no_image_is_louder(answer: Callable) -> None:
    clean = photo("coffee")[:, 40:104, 250:314]
    drawing = torch.Generator().manual_seed(2)
    tasks = ("denoise", "dehaze", "derain", "deblur", "lowlight")
    batch = torch.stack([degrade_task(clean, task, drawing).image for task in tasks])
    length = _pull(answer, batch, clean.expand_as(batch)).flatten(1).norm(dim=1)
    shares = (100 * length / length.sum()).tolist()
    said = ", ".join(f"{task} {share:.0f} %" for task, share in zip(tasks, shares, strict=True))
    assert max(shares) < 1.05 * min(shares), (
        f"Five degradations of one photograph pull with {said} of the gradient's length; expected "
        "a fifth each. The squared error hears the worst image, its logarithm the best; what "
        "lies between?"
    )


def _twice_the_error_twice_the_pull(answer: Callable) -> None:
    target = random_uniform(1, 3, 8, 8)
    error = 0.1 * random_normal(1, 3, 8, 8, seed=1)
    found = _pull(answer, target + error, target) / error
    assert found.max() < 1.05 * found.min(), (
        "Within an image a value that is twice as wrong is not pulled twice as hard: pull over "
        f"error runs from {found.min().item():.2g} to {found.max().item():.2g}. L1 pulls all alike."
    )


def _rain_is_heard(answer: Callable) -> None:
    clean = photo("coffee")[:, 40:168, 250:378]
    drawing = torch.Generator().manual_seed(4)
    rainy = rain(clean, 0.15, brightness=0.6, generator=drawing).image
    streaks = (rainy - clean).abs().amax(dim=0) > 0.02
    guess = rainy + 0.01 * torch.randn(clean.shape, generator=drawing)
    pull = _pull(answer, guess[None], clean[None])[0].square().sum(dim=0)
    share = (100 * pull[streaks].sum() / pull.sum()).item()
    assert share > 90, f"Only {share:.0f} % of the gradient's squared length is on the streaks."


exercise(
    "ch06.even_loss",
    ("half of an error costs less than all of it", _a_better_image_costs_less),
    ("images that are right have a finite gradient", _right_images_are_left_alone),
    ("five degradations of a photograph are heard alike", _no_image_is_louder),
    ("twice the error is pulled twice as hard", _twice_the_error_twice_the_pull),
    ("of a rainy guess the streaks are heard", _rain_is_heard),
)
