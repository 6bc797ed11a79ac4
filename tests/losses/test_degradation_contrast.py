"""L_cl: who repels whom, where gradient flows, and that devices do not change it."""

import subprocess
import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from irlib.errors import UsageError
from irlib.losses import contrast_terms, degradation_contrast, level_labels


def codes(seed: int = 0, count: int = 6, dim: int = 8) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    z, near = (torch.randn(count, dim, generator=generator) for _ in range(2))
    return z, z + 0.5 * near


TASKS = torch.tensor([0, 0, 1, 2, 2, 2])


def test_it_is_the_formula():
    z, positive = codes()
    cosine = torch.nn.functional.cosine_similarity
    expected = []
    for i in range(6):
        own = torch.exp(cosine(z[i], positive[i], dim=0) / 0.1)
        others = [
            torch.exp(cosine(z[i], z[j], dim=0) / 0.1) for j in range(6) if TASKS[j] != TASKS[i]
        ]
        expected.append(-torch.log(own / (own + sum(others))))
    found = contrast_terms(z, positive, TASKS)
    assert torch.allclose(found.terms, torch.stack(expected), atol=1e-5)
    assert float(degradation_contrast(z, positive, TASKS)) == pytest.approx(
        float(torch.stack(expected).mean()), abs=1e-5
    )


def test_one_task_gives_zero_that_is_connected_to_the_graph():
    z, positive = codes()
    z.requires_grad_()
    loss = degradation_contrast(z, positive, torch.zeros(6, dtype=torch.long))
    assert float(loss.detach()) == 0
    loss.backward()
    assert float(z.grad.abs().max()) == 0


def test_an_anchor_without_a_negative_is_skipped_by_the_mean():
    z, positive = codes(count=3)
    # On another device there is nobody; here the third sample alone has another label.
    terms, has_negative = contrast_terms(z, positive, torch.tensor([0, 0, 1]))
    assert has_negative.all()
    mean = degradation_contrast(
        z, positive, torch.zeros(3, dtype=torch.long), negatives="other_task"
    )
    assert float(mean) == 0
    blind = lambda tensor: tensor.detach()[:1]  # noqa: E731 (only sample 0 is visible as a negative)
    terms, has_negative = contrast_terms(z, positive, torch.tensor([0, 0, 1]), gather=blind)
    assert has_negative.tolist() == [False, False, True]
    assert terms[:2].tolist() == [0, 0]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31), st.floats(0.01, 100))
def test_it_does_not_depend_on_the_length_of_codes(seed, factor):
    z, positive = codes(seed)
    same = degradation_contrast(factor * z, positive / factor, TASKS)
    assert float(same) == pytest.approx(
        float(degradation_contrast(z, positive, TASKS)), rel=1e-4, abs=1e-5
    )


def test_it_falls_as_the_positive_aligns():
    z, positive = codes()
    way = [z + share * (positive - z) for share in (1.0, 0.6, 0.3, 0.0)]
    losses = [float(degradation_contrast(z, aligned, TASKS)) for aligned in way]
    assert losses == sorted(losses, reverse=True)
    assert len(set(losses)) == len(losses)


def test_no_gradient_reaches_the_negatives_of_one_anchor():
    z, positive = codes()
    z.requires_grad_()
    positive.requires_grad_()
    contrast_terms(z, positive, TASKS).terms[0].backward()
    assert float(z.grad[0].abs().max()) > 0
    assert float(z.grad[1:].abs().max()) == 0
    assert float(positive.grad[0].abs().max()) > 0
    assert float(positive.grad[1:].abs().max()) == 0


def test_other_images_repel_in_a_single_task_run():
    z, positive = codes()
    one_task = torch.zeros(6, dtype=torch.long)
    loss = degradation_contrast(z, positive, one_task, negatives="other_image")
    all_different = degradation_contrast(z, positive, torch.arange(6))
    assert float(loss) == pytest.approx(float(all_different), abs=1e-6)
    assert float(loss) > 0
    assert (
        float(degradation_contrast(z[:1], positive[:1], one_task[:1], negatives="other_image")) == 0
    )


def test_noise_levels_can_have_labels_of_their_own():
    task, sigma = torch.tensor([0, 0, 0, 1]), torch.tensor([15.0, 25, 15, 0])
    labels = level_labels(task, sigma)
    assert (labels[:, None] == labels[None, :]).sum() == 6  # 4 with themselves, one pair
    assert labels[0] == labels[2]


def test_autocast_does_not_blur_the_cosines():
    z, positive = codes()
    with torch.autocast("cpu", torch.bfloat16):
        loss = degradation_contrast(z, positive, TASKS)
    assert torch.equal(loss, degradation_contrast(z, positive, TASKS))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"temperature": 0.0}, "temperature is 0.0"),
        ({"negatives": "other_tusk"}, "did you mean 'other_task'"),
        ({"labels": torch.zeros(5, dtype=torch.long)}, "(5,)"),
        ({"positive": torch.zeros(6, 7)}, "(6, 7)"),
    ],
)
def test_wrong_use_is_told(changes, told):
    z, positive = codes()
    given_all = {"code": z, "positive": positive, "labels": TASKS} | changes
    with pytest.raises(UsageError) as error:
        degradation_contrast(**given_all)
    assert told in str(error.value)


TWO_DEVICES = """
import sys, torch, torch.distributed as dist
from irlib.losses.degradation_contrast import degradation_contrast
torch.set_num_threads(1)
rank, store = int(sys.argv[1]), sys.argv[2]
g = torch.Generator().manual_seed(0)
z, p = torch.randn(6, 8, generator=g, requires_grad=True), torch.randn(6, 8, generator=g)
tasks = torch.tensor([0, 0, 0, 0, 0, 1])

def measured(part, negatives):
    z.grad = None
    loss = degradation_contrast(z[part], p[part], tasks[part], negatives=negatives)
    loss.backward()
    return torch.cat([loss.detach().view(1), z.grad.flatten()])

kinds = ("other_task", "other_image")
whole = [measured(slice(0, 6), kind) for kind in kinds]
dist.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=2)
for kind, expected in zip(kinds, whole):
    mean = measured(slice(3 * rank, 3 * rank + 3), kind)
    dist.all_reduce(mean)
    print(float((mean / 2 - expected).abs().max()))
dist.destroy_process_group()
"""


def test_two_devices_give_the_loss_and_gradient_of_one(tmp_path):
    words = [sys.executable, "-c", TWO_DEVICES]
    store = str(tmp_path / "store")
    runs = [
        subprocess.Popen([*words, str(rank), store], stdout=subprocess.PIPE, text=True)
        for rank in (0, 1)
    ]
    out = [run.communicate(timeout=120)[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0]
    differences = [float(line) for line in "".join(out).split()]
    assert len(differences) == 4
    assert max(differences) < 1e-6
