"""Exercises of the appendix on shapes and attention: broadcasting, heads, attention, its cost."""

from collections.abc import Callable

import torch
from torch.nn import functional as F

from irlib.check import exercise
from irlib.check.answers import close_to, random_normal, random_uniform


def _each_image_by_its_number(answer: Callable) -> None:
    images, numbers = random_uniform(3, 3, 4, 5), torch.tensor([0.0, 1.0, 2.0])
    expected = torch.stack([image * number for image, number in zip(images, numbers, strict=True)])
    close_to(answer(images, numbers), expected, "Image b is multiplied by number b.")


def _as_many_images_as_columns(answer: Callable) -> None:
    images, numbers = torch.ones(5, 3, 4, 5), torch.arange(5.0)
    close_to(
        answer(images, numbers),
        numbers[:, None, None, None] * images,
        "With five images of width 5 a plain product broadcasts along the columns and no error "
        "is raised. Give the numbers the shape (B, 1, 1, 1).",
    )


exercise(
    "appendix-shapes-and-attention.per_image",
    ("each image is multiplied by its own number", _each_image_by_its_number),
    ("also where the batch is as long as a row", _as_many_images_as_columns),
)


def _by_head(answer: Callable) -> None:
    x = torch.arange(2 * 6 * 2 * 4.0).reshape(2, 6, 2, 4)
    result = answer(x, 3)
    expected = torch.stack([x[:, 2 * h : 2 * h + 2].flatten(2).mT for h in range(3)], dim=1)
    close_to(
        result,
        expected,
        "A head is a block of neighbouring channels; a row of it holds one pixel's channels. "
        "Split the channels, flatten the pixels, then swap the last two axes.",
    )


def _one_head_is_the_picture(answer: Callable) -> None:
    x = random_normal(1, 4, 3, 2)
    close_to(answer(x, 1), x.flatten(2).mT[:, None], "With one head nothing is split.")


exercise(
    "appendix-shapes-and-attention.heads",
    ("heads are blocks of channels, rows are pixels", _by_head),
    ("one head holds all channels", _one_head_is_the_picture),
)


def _equal_keys_give_the_mean(answer: Callable) -> None:
    query, value = random_normal(2, 5, 4), random_normal(2, 3, 6, seed=1)
    mean = value.mean(dim=1, keepdim=True).expand(2, 5, 6)
    close_to(
        answer(query, torch.ones(2, 3, 4), value),
        mean,
        "Where all keys are equal every value counts the same: the weights of a query sum to 1 "
        "over the keys, the last axis.",
    )


def _as_pytorch(answer: Callable) -> None:
    query, key, value = (random_normal(2, 7, 16, seed=s) for s in range(3))
    expected = F.scaled_dot_product_attention(query, key, value)
    close_to(
        answer(query, key, value),
        expected,
        "Divide the products by the root of the number of channels before the softmax.",
    )


exercise(
    "appendix-shapes-and-attention.attention",
    ("equal keys give the mean of the values", _equal_keys_give_the_mean),
    ("it agrees with PyTorch's", _as_pytorch),
)


def _entries(answer: Callable, given: tuple[int, ...], expected: tuple[int, int]) -> None:
    seen = answer(*given)
    assert tuple(seen) == expected, (
        f"(height, width, channels, heads) of {given} gave {tuple(seen)}, expected {expected}. "
        "Between pixels each head has (HW) x (HW) weights; between channels (C/h) x (C/h)."
    )


exercise(
    "appendix-shapes-and-attention.cost",
    (
        "the pairs of one head are counted right",
        lambda answer: _entries(answer, (8, 4, 6, 1), (1024, 36)),
    ),
    ("several heads share the channels", lambda answer: _entries(answer, (8, 4, 6, 3), (3072, 12))),
)
