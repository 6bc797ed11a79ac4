"""The list of samples: deterministic, in two folds that share no photograph."""

import pytest
import torch

from irlib.data.images import write_image
from irlib.errors import UsageError
from irlib.perceiver.sources import BenchmarkSource, EmbeddedSource

TASKS = ("denoise", "derain")


@pytest.fixture(scope="module")
def source() -> EmbeddedSource:
    return EmbeddedSource(TASKS, side=32, cuts=2, scenes=2, photographs=4)


def test_every_image_takes_part_in_every_task(source):
    assert len(source) == 2 * (4 * 2 + 2)
    assert [source.samples[i].task for i in source.of_task("derain")] == ["derain"] * 10
    assert len({(s.task, s.path) for s in source.samples}) == len(source)


def test_folds_are_disjoint_and_cuts_of_one_photograph_stay_together(source):
    for task in TASKS:
        origins = [
            {s.origin for s in source.samples if s.task == task and s.fold == f} for f in (0, 1)
        ]
        assert not origins[0] & origins[1]
        assert origins[0] | origins[1] == {s.origin for s in source.samples if s.task == task}


def test_pairs_are_the_same_every_time(source):
    again = EmbeddedSource(TASKS, side=32, cuts=2, scenes=2, photographs=4)
    assert again.hash() == source.hash()
    for index in (0, 9, 10, 19):
        for one, other in zip(source.pair(index), again.pair(index), strict=True):
            assert torch.equal(one, other)
            assert one.shape == (3, 32, 32)
            assert 0 <= float(one.min()) <= float(one.max()) <= 1


def test_noise_levels_take_turns_and_noise_can_be_drawn_anew(source):
    assert [source.samples[i].sigma for i in range(4)] == [15, 25, 50, 15]
    fixed, clean = source.pair(2)
    generator = torch.Generator().manual_seed(1)
    fresh, same_clean = source.pair(2, generator)
    assert torch.equal(clean, same_clean)
    assert not torch.equal(fixed, fresh)
    rain = source.of_task("derain")[0]
    assert torch.equal(source.pair(rain)[0], source.pair(rain, generator)[0])


def test_held_out_images_are_other_photographs(source):
    held_out = EmbeddedSource(TASKS, side=32, cuts=1, held_out=True)
    own = {s.origin for s in source.samples}
    assert not own & {s.origin for s in held_out.samples}
    assert all("photographs" in s.origin for s in held_out.samples)


def test_the_manifest_names_every_fold(source):
    manifest = source.manifest()
    assert [row["fold"] for row in manifest] == [s.fold for s in source.samples]
    assert set(manifest[0]) == {"task", "path", "fold"}


@pytest.fixture
def benchmarks(tmp_path):
    for name in (
        "BSD400/a.png",
        "BSD400/b.png",
        "RainTrainL/rainy/rain-1.png",
        "RainTrainL/gt/norain-1.png",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_image(path, torch.rand(3, 20, 24, generator=torch.Generator().manual_seed(len(name))))
    return tmp_path


def test_benchmarks_are_named_by_their_place_below_the_root(benchmarks):
    sets = {"denoise": ("bsd400",), "derain": ("raintrainl",)}
    source = BenchmarkSource(benchmarks, TASKS, sets)
    assert [s.path for s in source.samples] == [
        "BSD400/a.png",
        "BSD400/b.png",
        "RainTrainL/rainy/rain-1.png",
    ]
    assert [s.sigma for s in source.samples] == [15, 25, None]
    noisy, clean = source.pair(0)
    assert torch.equal(noisy, source.pair(0)[0]), "noise is seeded by the sample's name"
    assert 5 < float((noisy - clean).std() * 255) < 20
    rainy, dry = source.pair(2)
    assert rainy.shape == dry.shape == (3, 20, 24)
    assert not torch.equal(rainy, dry)


def test_a_missing_benchmark_is_told(tmp_path):
    with pytest.raises(UsageError, match="was not found"):
        BenchmarkSource(tmp_path, ("dehaze",))
