"""Training pairs from embedded data: pure, balanced, aligned, in range, never from test images."""

import pytest
import torch
from torch.utils.data import DataLoader, Subset

from irlib.data import embedded
from irlib.data.augment import AUGMENTATIONS
from irlib.data.embedded import EmbeddedPairs, turn_order
from irlib.data.photos import TEST_PHOTOS, TRAIN_PHOTOS
from irlib.degradations import FIVE_TASKS, degrade_task
from irlib.errors import UsageError
from irlib.metrics import psnr

SMALL = {"patch": 32, "scenes": 2, "scene_size": 64}


@pytest.fixture(scope="module")
def pairs():
    return EmbeddedPairs(**SMALL, seed=3)


def test_a_sample_has_the_promised_form(pairs):
    for position in range(10):
        sample = pairs[position]
        assert set(sample) == {"degraded", "target", "task"}
        for side in ("degraded", "target"):
            assert sample[side].shape == (3, 32, 32)
            assert sample[side].dtype == torch.float32
            assert 0 <= sample[side].min() <= sample[side].max() <= 1
        assert int(sample["task"]) == position % 5


def test_a_sample_is_a_pure_function_of_seed_and_position(pairs):
    again = EmbeddedPairs(**SMALL, seed=3)
    other = EmbeddedPairs(**SMALL, seed=4)
    torch.manual_seed(99)
    for position in (7, 0, 12):
        for side in ("degraded", "target"):
            assert torch.equal(pairs[position][side], again[position][side])
            assert not torch.equal(pairs[position][side], other[position][side])


def test_workers_and_order_do_not_change_a_sample(pairs):
    loader = DataLoader(Subset(pairs, [9, 2, 5]), batch_size=1, num_workers=2)
    for position, batch in zip([9, 2, 5], loader, strict=True):
        assert torch.equal(batch["degraded"][0], pairs[position]["degraded"])


def test_every_batch_holds_every_task_equally_often(pairs):
    tasks = [int(pairs[p]["task"]) for p in range(50, 70)]
    assert [tasks.count(t) for t in range(5)] == [4] * 5


def test_fewer_tasks_are_numbered_by_their_place():
    two = EmbeddedPairs(("derain", "denoise"), **SMALL)
    assert [int(two[p]["task"]) for p in range(4)] == [0, 1, 0, 1]


def test_a_task_takes_as_many_turns_as_it_is_given():
    tasks = ("denoise", "dehaze", "derain")
    assert turn_order(tasks, {"denoise": 3, "derain": 2}) == (0, 1, 2, 0, 2, 0)
    assert turn_order(tasks, {}) == (0, 1, 2)
    more = EmbeddedPairs(tasks, turns={"derain": 2}, **SMALL)
    assert [int(more[p]["task"]) for p in range(8)] == [0, 1, 2, 2] * 2


def test_clean_patches_are_faded_where_weak_contrast_must_not_mean_haze():
    tasks = ("dehaze", "deblur")
    plain, faded = (EmbeddedPairs(tasks, **SMALL, faded=share) for share in (0.0, 1.0))
    for position in range(12):
        before, after = (pairs[position]["target"] for pairs in (plain, faded))
        if position % 2 == 0:
            assert torch.equal(before, after)
            continue
        assert 0 <= after.min() <= after.max() <= 1
        if before.std() > 0.02:
            ratio = float(after.std() / before.std())
            assert 0.34 < ratio < 1
            # One grey for the whole patch: the faded patch is a straight line of the plain one.
            line = ratio * (before - before.mean()) + after.mean()
            assert torch.allclose(after, line, atol=1e-4)


def test_a_degraded_patch_belongs_to_its_target(pairs):
    for position in range(20):
        sample = pairs[position]
        other = pairs[position + 20]["target"]
        if sample["target"].std() < 0.02 or FIVE_TASKS[position % 5] in ("dehaze", "lowlight"):
            continue
        own = psnr(sample["degraded"][None], sample["target"][None], "whole")
        assert own > psnr(sample["degraded"][None], other[None], "whole")


def test_photographs_and_scenes_share_the_patches(monkeypatch):
    monkeypatch.setattr(embedded, "TRAIN_PHOTOS", TRAIN_PHOTOS[:1])
    pairs = EmbeddedPairs(**SMALL, photo_share=0.0, faded=0.0)
    pairs.scenes = [(torch.full((3, 64, 64), 200, dtype=torch.uint8), None)]
    pairs.photographs = [(torch.zeros(3, 64, 64, dtype=torch.uint8), None)]
    assert all(pairs[p]["target"].mean() > 0.5 for p in range(8))
    pairs.photo_share = 1.0
    assert all(pairs[p]["target"].mean() == 0 for p in range(8))
    pairs.photo_share = 0.4
    share = sum(float(pairs[p]["target"].mean() == 0) for p in range(200)) / 200
    assert 0.3 < share < 0.5


def test_without_scenes_all_come_from_photographs():
    pairs = EmbeddedPairs(patch=32, scenes=0)
    assert pairs.photo_share == 1.0
    assert pairs[1]["target"].shape == (3, 32, 32)


def test_no_held_out_photograph_is_trained_on(monkeypatch):
    read = []
    monkeypatch.setattr(embedded, "photo", lambda name: read.append(name) or torch.rand(3, 64, 64))
    monkeypatch.setattr(embedded, "photo_depth", lambda name: torch.rand(1, 64, 64))
    EmbeddedPairs(patch=32, scenes=0)
    assert set(read) == set(TRAIN_PHOTOS)
    assert not set(read) & set(TEST_PHOTOS)


@pytest.mark.parametrize("size", [16, 48, 64])
def test_a_patch_of_the_size_asked_for(pairs, size):
    sample = pairs[4, size]
    assert sample["target"].shape == sample["degraded"].shape == (3, size, size)
    usual = EmbeddedPairs(**{**SMALL, "patch": size}, seed=3)[4]
    assert torch.equal(sample["degraded"], usual["degraded"])
    assert pairs[4]["target"].shape == (3, 32, 32), "the usual size stays"


def test_a_patch_comes_from_pictures_that_hold_it():
    pairs = EmbeddedPairs(**SMALL, photo_share=1.0)
    sides = [min(image.shape[-2:]) for image, _ in pairs.photographs]
    between = sorted(sides)[len(sides) // 2]
    assert pairs[0, between]["target"].shape == (3, between, between)
    with pytest.raises(UsageError, match=rf"no embedded photograph holds it.*most {max(sides)}"):
        pairs[0, max(sides) + 1]
    pairs.photo_share = 0.0
    with pytest.raises(UsageError, match=r"no embedded scene holds it.*most 64"):
        pairs[0, 65]


def test_flips_alone_leave_columns_upright(monkeypatch):
    modes = []
    monkeypatch.setattr(embedded, "dihedral", lambda image, mode: modes.append(mode) or image)
    pairs = EmbeddedPairs(**SMALL, modes=AUGMENTATIONS["flips"])
    for position in range(40):
        pairs[position]
    assert set(modes) == {0, 1, 4, 5}


def test_an_unknown_task_is_refused():
    with pytest.raises(UsageError, match="did you mean 'derain'"):
        EmbeddedPairs(("derian",), **SMALL)[0]


def overlap(first, second, least=8):
    """The offset (down, right) at which two crops hold the very same pixels, or None."""
    size = first.shape[-1]
    for down in range(least - size, size - least + 1):
        for right in range(least - size, size - least + 1):
            a = first[:, max(0, down) : size + min(0, down), max(0, right) : size + min(0, right)]
            b = second[:, max(0, -down) :, max(0, -right) :]
            if torch.equal(a, b[:, : a.shape[1], : a.shape[2]]):
                return down, right
    return None


def test_a_second_crop_shares_the_noise_where_it_overlaps():
    pairs = EmbeddedPairs(("denoise",), **{**SMALL, "patch": 16}, modes=(0,), positive=True, seed=1)
    found = []
    for position in range(12):
        sample = pairs[position]
        assert set(sample) == {"degraded", "target", "task", "positive"}
        assert sample["positive"].shape == sample["degraded"].shape == (3, 16, 16)
        found.append(overlap(sample["degraded"], sample["positive"]))
    assert len({offset for offset in found if offset}) > 2, "crops that overlap, at many places"
    assert None in found, "and crops that hardly do"


def test_a_second_crop_is_pure_turned_anew_and_keeps_the_pair_aligned():
    settings = {**SMALL, "patch": 16, "positive": True, "seed": 3}
    first, again = EmbeddedPairs(**settings), EmbeddedPairs(**settings)
    again[4]
    for position in range(10):
        one, two = first[position], again[position]
        assert all(torch.equal(one[key], two[key]) for key in one)
        if FIVE_TASKS[position % 5] == "denoise" and one["target"].std() > 0.05:
            assert psnr(one["degraded"][None], one["target"][None], "whole") > 10
    flips = EmbeddedPairs(("derain",), **settings, modes=(0, 1))
    held = [flips[p] for p in range(6)]
    assert not any(torch.equal(s["positive"], s["degraded"]) for s in held)


def test_a_second_crop_fits_a_source_of_the_size_of_the_patch():
    pairs = EmbeddedPairs(**SMALL, photo_share=0.0, modes=(0,), positive=True)
    sample = pairs[0, 64]  # the scenes are 64 wide
    assert torch.equal(sample["positive"], sample["degraded"])


def test_a_patch_wider_than_all_photographs_is_refused_before_scenes_of_its_size_are_drawn():
    with pytest.raises(UsageError, match=r"patch is 1000000 .* no embedded photograph holds it"):
        EmbeddedPairs(patch=1_000_000, scenes=1, scene_size=1_000_000)


@pytest.mark.parametrize("positive", [False, True])
def test_a_share_of_noise_rain_and_blur_is_left_alone_and_the_rest_is_as_it_was(positive):
    options = SMALL | {"positive": positive}
    plain = EmbeddedPairs(**options)
    some, all_of_them = (EmbeddedPairs(**options, intact=share) for share in (0.5, 1.0))
    spared = 0
    for position in range(60):
        before, after, always = (pairs[position] for pairs in (plain, some, all_of_them))
        may = FIVE_TASKS[position % 5] in ("denoise", "derain", "deblur")
        assert torch.equal(always["degraded"], always["target"]) == may
        is_spared = torch.equal(after["degraded"], after["target"])
        assert is_spared or all(torch.equal(before[key], after[key]) for key in before)
        spared += is_spared
    assert 9 < spared < 27  # of 36


def test_what_is_left_alone_is_not_faded_either():
    plain = EmbeddedPairs(("deblur",), **SMALL, faded=0.0)
    spared = EmbeddedPairs(("deblur",), **SMALL, faded=1.0, intact=1.0)
    assert all(torch.equal(plain[i]["target"], spared[i]["target"]) for i in range(12))


def test_haze_is_as_thick_as_asked_and_nothing_else_changes(monkeypatch):
    drawn = []

    def noted(*arguments, **options):
        drawn.append(degrade_task(*arguments, **options))
        return drawn[-1]

    monkeypatch.setattr(embedded, "degrade_task", noted)
    plain, thick = (EmbeddedPairs(**SMALL, thinnest=share) for share in (0.0, 0.35))
    for position in range(100):
        before, after = plain[position], thick[position]
        assert torch.equal(before["target"], after["target"])
        last = drawn[-1]
        assert torch.equal(after["degraded"], last.image)
        if FIVE_TASKS[position % 5] == "dehaze":
            veil = 1 - torch.exp(-last.parameters["beta"] * last.parameters["depth"])
            assert veil.mean() >= 0.35
        else:
            assert torch.equal(before["degraded"], after["degraded"])
    assert len(drawn) > 205  # two a position, and some hazes were too thin


def test_haze_that_would_be_drawn_for_ever_is_refused():
    with pytest.raises(UsageError, match=r"thinnest_haze is 0\.9; expected a share from 0 to 0\.5"):
        EmbeddedPairs(**SMALL, thinnest=0.9)
