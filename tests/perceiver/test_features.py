"""Kept features are what CLIP gives, and batches are balanced and depend on the step alone."""

import pickle
from itertools import islice

import pytest
import torch

from irlib.data.images import write_image
from irlib.perceiver import prompt_recipe
from irlib.perceiver.features import (
    cached_batches,
    draw_samples,
    feature_bank,
    live_batches,
    samples_by_task,
)
from irlib.perceiver.sources import EmbeddedSource
from irlib.perceiver.triplets import Triplets

TASKS = ("denoise", "derain")


@pytest.fixture(scope="module")
def triplets(tmp_path_factory) -> Triplets:
    folder = tmp_path_factory.mktemp("medium")
    source = EmbeddedSource(TASKS, side=40, cuts=1, scenes=0, photographs=3)
    files = [folder / f"{i}.png" for i in range(len(source))]
    for file in files:
        write_image(file, torch.rand(3, 40, 40))
    return Triplets(source, files, size=32)


def test_a_bank_holds_what_clip_gives(clip, triplets):
    bank = feature_bank(clip, triplets, 2, progress=False)
    assert bank.features.shape == (6, 2, 3, clip.dim)
    assert bank.tasks.tolist() == [0, 0, 0, 1, 1, 1]
    cuts = triplets.fixed_cuts(4, 2)
    expected = torch.stack([clip.encode_image(cut) for cut in cuts])
    assert torch.allclose(bank.features[4], expected, atol=1e-6)


def test_a_cache_is_read_only_where_it_fits(clip, other_clip, triplets, tmp_path):
    cache = tmp_path / "features.safetensors"

    def bank(clip=clip, cuts=1, **key):
        return feature_bank(clip, triplets, cuts, cache=cache, key=key, progress=False).features

    first = bank(medium="a")
    written = cache.stat().st_mtime_ns
    assert torch.equal(bank(medium="a"), first)
    assert cache.stat().st_mtime_ns == written
    for other in ({"medium": "b"}, {"medium": "a", "cuts": 2}, {"clip": other_clip}):
        bank(**other)
        assert cache.stat().st_mtime_ns > written
        written = cache.stat().st_mtime_ns
    cache.write_bytes(cache.read_bytes()[:50])
    assert torch.equal(bank(medium="a"), first), "a damaged cache is made anew"


def test_batches_depend_on_the_step_alone(clip, triplets):
    bank = feature_bank(clip, triplets, 2, progress=False)
    recipe = prompt_recipe("smoke", steps=5, batch=4, tasks=TASKS)
    whole = list(cached_batches(bank, recipe, 0))
    assert [b.shape for b in whole] == [(4, 3, clip.dim)] * 5
    for late, same in zip(whole[3:], cached_batches(bank, recipe, 3), strict=True):
        assert torch.equal(late, same)
    live = list(live_batches(clip, triplets, recipe, 0))
    assert [b.shape for b in live] == [(4, 3, clip.dim)] * 5
    again = next(islice(live_batches(clip, triplets, recipe, 4), 1))
    assert torch.equal(live[4], again)
    assert torch.allclose(live[0].norm(dim=-1), torch.ones(4, 3), atol=1e-5)


def test_tasks_share_batches_and_the_remainder_rotates():
    tasks = torch.tensor([0] * 90 + [1] * 5 + [2] * 5)
    by_task = samples_by_task(tasks)
    generator = torch.Generator().manual_seed(0)
    counts = [
        torch.bincount(tasks[draw_samples(by_task, 8, step, generator)], minlength=3).tolist()
        for step in range(3)
    ]
    assert all(sorted(row) == [2, 3, 3] for row in counts)
    assert [sum(column) for column in zip(*counts, strict=True)] == [8, 8, 8]


def test_workers_can_start_where_processes_do_not_fork(clip, triplets, monkeypatch):
    given = {}
    monkeypatch.setattr(
        "irlib.perceiver.features.DataLoader", lambda _, **options: given.update(options) or []
    )
    recipe = prompt_recipe("smoke", steps=5, batch=4, tasks=TASKS)
    assert list(live_batches(clip, triplets, recipe, 0, workers=1)) == []
    pickle.dumps(given["worker_init_fn"])  # how macOS and Windows send it to them
