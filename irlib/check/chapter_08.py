"""Exercises of chapter 8: negatives, the loss of an anchor, neighbours, and a design of a batch."""

import math
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from irlib.check import exercise
from irlib.check.answers import close_to, random_normal
from irlib.losses import contrast_terms

_close = partial(close_to, tolerance=1e-4)
_LABELS = torch.tensor([0, 1, 2, 0, 1])


def _boolean_matrix(negatives: Callable) -> None:
    seen = negatives(_LABELS)
    shape, kind = tuple(seen.shape), seen.dtype
    assert shape == (5, 5), f"Five labels gave {shape}; expected (5, 5)."
    assert kind == torch.bool, f"The matrix holds {kind}; expected true and false."


def _nobody_is_its_own(negatives: Callable) -> None:
    for single in (False, True):
        own = negatives(_LABELS, single).diagonal()
        assert not own.any(), f"With single_task={single} a sample is a negative of itself."


def _other_tasks_only(negatives: Callable) -> None:
    seen = negatives(_LABELS)
    assert bool(seen[0, 1]), "Tasks 0 and 1 differ, and sample 1 is no negative of sample 0."
    assert not seen[0, 3], "Samples 0 and 3 are of one task, and yet negatives of each other."


def _other_images(negatives: Callable) -> None:
    count = int(negatives(torch.zeros(6, dtype=torch.long), True).sum())
    assert count == 30, (
        f"Six images of one task have {count} pairs with single_task=True; expected 6 × 5."
    )


exercise(
    "ch08.negatives",
    ("the answer is a boolean matrix", _boolean_matrix),
    ("nobody is a negative of itself", _nobody_is_its_own),
    ("negatives are of other tasks", _other_tasks_only),
    ("in a single-task run they are all other images", _other_images),
)


def _mask(labels: Tensor) -> Tensor:
    return labels[:, None] != labels[None, :]


def _without_negatives_zero(terms: Callable) -> None:
    nobody = torch.zeros(4, 4, dtype=torch.bool)
    seen = terms(random_normal(4, 8), random_normal(4, 8, seed=1), nobody, 0.1)
    hint = "A masked negative must count as exp(-inf) = 0; a cosine of 0 still counts as exp(0)."
    _close(seen.detach(), torch.zeros(4), hint)


def _one_negative_by_hand(terms: Callable) -> None:
    code = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
    seen = terms(code, code, ~torch.eye(2, dtype=torch.bool), 0.5)
    expected = torch.full((2,), math.log(1 + math.exp(-2)))
    _close(seen, expected, "Positive cosine 1, negative 0, temperature 0.5: ln(1 + exp(-2)).")


def _length_does_not_count(terms: Callable) -> None:
    code, positive, mask = random_normal(5, 8), random_normal(5, 8, seed=1), _mask(_LABELS)
    _close(
        terms(3 * code, 0.2 * positive, mask, 0.1),
        terms(code, positive, mask, 0.1),
        "The loss is of cosines: bring all codes to length 1 first.",
    )


def _no_gradient_into_negatives(terms: Callable) -> None:
    code, positive = random_normal(5, 8).requires_grad_(), random_normal(5, 8, seed=1)
    terms(code, positive, _mask(_LABELS), 0.1)[0].backward()
    moved = [i for i in range(5) if code.grad[i].abs().sum() > 0]
    assert moved == [0], (
        f"The term of anchor 0 gives a gradient to the codes {moved}; expected 0 alone. Detach the "
        "codes that serve as negatives."
    )


def _terms_equal_the_package(terms: Callable) -> None:
    code, positive = random_normal(5, 8), random_normal(5, 8, seed=1)
    for temperature in (0.05, 0.1, 1.0):
        expected = contrast_terms(code, positive, _LABELS, temperature=temperature).terms
        _close(terms(code, positive, _mask(_LABELS), temperature), expected, "")


exercise(
    "ch08.contrast",
    ("an anchor without negatives has the term 0", _without_negatives_zero),
    ("one negative at a right angle gives ln(1 + exp(-1/tau))", _one_negative_by_hand),
    ("the length of a code does not count", _length_does_not_count),
    ("negatives get no gradient", _no_gradient_into_negatives),
    ("the terms equal irlib's", _terms_equal_the_package),
)


def _labels_of(read: Callable, known: Tensor, labels: Tensor, codes: Tensor, k: int) -> list[int]:
    return [int(label) for label in read(known, labels, codes, k)]


def _finds_itself(read: Callable) -> None:
    known, labels = random_normal(10, 6), torch.arange(10) % 3
    seen = _labels_of(read, known, labels, known, 1)
    assert seen == labels.tolist(), f"With k = 1 the known codes read {seen}; expected their own."


def _direction_counts(read: Callable) -> None:
    known = torch.tensor([[10.0, 0.0], [0.0, 1.0]])
    seen = _labels_of(read, known, torch.tensor([7, 8]), torch.tensor([[1.0, 0.4]]), 1)
    assert seen == [7], (
        f"The code (1, 0.4) reads {seen[0]}; expected 7. It points along (10, 0), though (0, 1) is "
        "nearer: take cosines, not distances."
    )


def _majority(read: Callable) -> None:
    known = torch.tensor([[1.0, 0.0], [1.0, 0.3], [1.0, -0.3], [-1.0, 0.0]])
    seen = _labels_of(read, known, torch.tensor([0, 1, 1, 0]), torch.tensor([[1.0, 0.0]]), 3)
    assert seen == [1], (
        f"Of three neighbours two have label 1, the nearest has 0, and the answer is {seen[0]}; "
        "expected the most frequent label, 1."
    )


exercise(
    "ch08.neighbours",
    ("a known code reads its own label at k = 1", _finds_itself),
    ("the cosine decides, not the distance", _direction_counts),
    ("the most frequent label of k neighbours wins", _majority),
)


_SCENES = 12


def _batch(scenes: int) -> tuple[Tensor, Tensor]:
    """Scene and task of each crop: every scene under each of five tasks, two crops of each."""
    scene = torch.arange(scenes).repeat_interleave(5)
    return scene.repeat(2), torch.arange(5).repeat(2 * scenes)


def _design(relations: Callable, scenes: int) -> tuple[Tensor, Tensor]:
    scene, task = _batch(scenes)
    positive, negative = relations(scene, task)
    for name, matrix in (("positives", positive), ("negatives", negative)):
        shape = tuple(matrix.shape)
        assert shape == (len(scene), len(scene)), (
            f"{len(scene)} crops gave {name} {shape}; expected a row and a column for each crop."
        )
        assert matrix.dtype == torch.bool, f"The {name} hold {matrix.dtype}, not true and false."
        assert matrix.any(), f"There are no {name} at all."
    return positive, negative


def _design_loss(codes: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
    z, some = F.normalize(codes, dim=1), positive.any(dim=1)
    cosines = (z @ z.T / 0.1)[some]
    drawn = cosines.masked_fill(~positive[some], -math.inf).logsumexp(dim=1)
    both = cosines.masked_fill(~(positive | negative)[some], -math.inf).logsumexp(dim=1)
    return (both - drawn).mean()


def _design_is_possible(relations: Callable) -> None:
    positive, negative = _design(relations, 4)
    both = (positive & negative).sum().item()
    assert both == 0, f"{both} pairs are to be drawn together and pushed apart."
    own = (positive | negative).diagonal().sum().item()
    assert own == 0, f"{own} crops are positives or negatives of themselves."


def _costs(relations: Callable, name: str) -> tuple[float, float]:
    """The loss of a perfect code of the task, and of one that names something else."""
    scene, task = _batch(4)
    names = {"task": task, "scene": scene, "image": 5 * scene + task}
    design = _design(relations, 4)
    codes = [F.one_hot(names[key], 20).float() for key in ("task", name)]
    first, second = (_design_loss(code, *design).item() for code in codes)
    return first, second


def _scene_is_punished(relations: Callable) -> None:
    task, scene = _costs(relations, "scene")
    assert scene > task + 1, (
        f"A code that names the scene costs {scene:.2f}, one that names the task {task:.2f}; "
        "expected at least 1 more. Only a negative that shows the same scene can punish it."
    )


def _image_is_punished(relations: Callable) -> None:
    task, image = _costs(relations, "image")
    assert image > task + 0.5, (
        f"A code that gives each image a name of its own costs {image:.2f}, one that names the "
        f"task {task:.2f}; expected at least 0.5 more. Nothing asks yet that two rainy images of "
        "different scenes agree."
    )


def _crops(which: int) -> Tensor:
    """Crops as 16 numbers: the scene's look, loud, plus the task's trace, quiet, plus noise."""
    drawing = torch.Generator().manual_seed(0)
    traces = 0.5 * torch.randn(5, 16, generator=drawing)
    span = torch.randn(8, 16, generator=drawing)
    drawing = torch.Generator().manual_seed(1000 + which)
    looks = torch.randn(_SCENES, 8, generator=drawing) @ span
    scene, task = _batch(_SCENES)
    noise = torch.randn(len(scene), 16, generator=drawing)
    return looks[scene] + traces[task] + 0.2 * noise


def _new_scenes_are_read(relations: Callable) -> None:
    task = _batch(_SCENES)[1]
    design, (known, new) = _design(relations, _SCENES), (_crops(0), _crops(1))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        encoder = nn.Linear(16, 8)
    descent = torch.optim.Adam(encoder.parameters(), 2e-2)
    for _ in range(100):
        descent.zero_grad()
        _design_loss(encoder(known), *design).backward()
        descent.step()
    with torch.no_grad():
        near, far = (F.normalize(encoder(x), dim=1) for x in (known, new))
    read = task[(far @ near.T).topk(5).indices].mode(dim=1).values
    share = (read == task).float().mean().item()
    assert share > 0.75, (
        f"Codes learned with this design tell the task of {share:.0%} of the crops of new scenes; "
        "expected more than 75 % (guessing: 20 %)."
    )


exercise(
    "ch08.relations",
    ("no pair is drawn together and pushed apart", _design_is_possible),
    ("a code that names the scene is punished", _scene_is_punished),
    ("a code that names each image is punished", _image_is_punished),
    ("codes learned with it read new scenes", _new_scenes_are_read),
)
