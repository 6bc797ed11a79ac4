"""Exercises of the appendix on the pocket CLIP: a loss with many truths, names from sentences."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from irlib.check import exercise
from irlib.check.answers import random_directions, random_normal, random_uniform
from irlib.pocket.clip_training import true_pairs_loss

_TOLERANCE = 1e-4


def _some_truth(rows: int, columns: int) -> Tensor:
    """Each row and column has at least one True; several have more."""
    drawn = random_uniform(rows, columns, seed=3) < 0.3
    both = torch.arange(max(rows, columns))
    drawn[both % rows, both % columns] = True
    return drawn


def _number(result: object) -> float:
    shape = getattr(result, "shape", ())
    assert tuple(shape) == (), f"Expected one number, got a tensor of shape {tuple(shape)}."
    return float(result)


def _near(result: object, expected: float, hint: str) -> None:
    seen = _number(result)
    assert abs(seen - expected) < _TOLERANCE, f"It gave {seen:.5g}, expected {expected:.5g}. {hint}"


def _one_truth_is_clips_loss(answer: Callable) -> None:
    logits, own = 3 * random_normal(5, 5), torch.arange(5)
    expected = (F.cross_entropy(logits, own) + F.cross_entropy(logits.T, own)) / 2
    _near(
        answer(logits, torch.eye(5).bool()),
        expected.item(),
        "CLIP's loss is the mean of two cross entropies, along rows and along columns.",
    )


def _nothing_left_is_zero(answer: Callable) -> None:
    true = torch.tensor([[True, True, False], [True, True, False], [False, False, True]])
    _near(
        answer(100.0 * true.float(), true),
        0.0,
        "All that is true has the same high logit: take off the target's own entropy, so that "
        "nothing is left.",
    )


def _picture_and_sentence_count_alike(answer: Callable) -> None:
    logits, true = random_normal(4, 6), _some_truth(4, 6)
    _near(
        answer(logits.T, true.T),
        _number(answer(logits, true)),
        "Pictures and sentences exchanged gave another value; both directions count half.",
    )


def _loss_equals_the_package(answer: Callable) -> None:
    for shape in ((6, 6), (4, 7)):
        logits, true = 2 * random_normal(*shape, seed=1), _some_truth(*shape)
        _near(answer(logits, true), true_pairs_loss(logits, true).item(), f"Shape {shape}.")


exercise(
    "appendix-pocket-clip.true_pairs",
    ("with one truth a row it is CLIP's loss", _one_truth_is_clips_loss),
    ("it is zero where nothing is left to learn", _nothing_left_is_zero),
    ("pictures and sentences count alike", _picture_and_sentence_count_alike),
    ("the loss equals irlib's", _loss_equals_the_package),
)


def _one_sentence_each(answer: Callable) -> None:
    sentences = [random_directions(1, 8, seed=seed) for seed in range(4)]
    found = answer(torch.cat(sentences), sentences)
    assert isinstance(found, Tensor), f"It returned {type(found).__name__}, not a tensor."
    seen = found.tolist()
    assert seen == [0, 1, 2, 3], (
        f"Pictures that lie exactly on the sentences of names 0, 1, 2, 3 got {seen}."
    )


def _mean_decides_not_the_best(answer: Callable) -> None:
    picture = torch.tensor([[1.0, 0.0]])
    one_hit = torch.tensor([[1.0, 0.0], [-1.0, 0.0]])
    fair = torch.tensor([[0.6, 0.8], [0.6, -0.8]])
    seen = answer(picture, [one_hit, fair]).tolist()
    assert seen == [1], (
        "One name has a sentence that fits exactly and one that is the opposite; the other has two "
        f"that fit fairly well. Their means decide: expected [1], got {seen}."
    )


def _counts_may_differ(answer: Callable) -> None:
    sentences = [random_directions(n, 6, seed=n) for n in (1, 2, 5)]
    pictures = random_directions(20, 6, seed=9)
    means = torch.stack([of_name.mean(dim=0) for of_name in sentences])
    expected = (pictures @ means.T).argmax(dim=1).tolist()
    seen = answer(pictures, sentences).tolist()
    assert seen == expected, (
        f"Names with 1, 2 and 5 sentences: got {seen}, expected {expected}. A name with more "
        "sentences must not gain by their number: take the mean, not the sum."
    )


exercise(
    "appendix-pocket-clip.names",
    ("a picture on the only sentence of a name gets that name", _one_sentence_each),
    ("the mean sentence decides, not the best one", _mean_decides_not_the_best),
    ("names may have different numbers of sentences", _counts_may_differ),
)
