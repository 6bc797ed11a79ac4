"""Mixing tasks: the authors' counts, epochs as permutations, balance, aligned pairs."""

from collections import Counter
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from irlib.data.augment import AUGMENTATIONS, dihedral
from irlib.data.images import write_image
from irlib.data.mixing import NOISE_LEVELS, REPETITION, Entry, MixedPairs, training_list
from irlib.errors import UsageError

A, B, C = Path("a.png"), Path("b.png"), Path("c.png")


def lines(**counts: int) -> list[Entry]:
    return [Entry(task, Path(f"{task}{i}.png")) for task, n in counts.items() for i in range(n)]


def test_the_authors_repetitions():
    files = {"denoise": [(None, A)], "dehaze": [(B, C)], "derain": [(B, C)], "lowlight": [(B, C)]}
    count = Counter(entry.task for entry in training_list(files))
    # Each noise level is a line of its own.
    assert count == {"denoise": 3 * 3, "dehaze": 1, "derain": 120, "lowlight": 20}
    assert Counter(e.sigma for e in training_list(files) if e.task == "denoise") == dict.fromkeys(
        NOISE_LEVELS, 3
    )
    assert REPETITION["deblur"] == 5


def test_promptirs_list_has_the_length_of_its_released_code():
    files = {
        "denoise": [(None, A)] * 5144,
        "dehaze": [(B, C)] * 72135,
        "derain": [(B, C)] * 200,
    }
    # 4,451 steps an epoch at 32 patches a step.
    assert -(-len(training_list(files)) // 32) == 4451


def test_other_factors_may_be_given():
    files = {"derain": [(B, C)], "desnow": [(B, C)]}
    tasks = [entry.task for entry in training_list(files, {"derain": 2})]
    assert tasks == ["derain", "derain", "desnow"]


@given(length=st.integers(1, 30), seed=st.integers(0, 5), epoch=st.integers(0, 3))
@settings(max_examples=30)
def test_an_epoch_shows_every_entry_once(length, seed, epoch):
    entries = lines(derain=length)
    pairs = MixedPairs(entries, seed=seed)
    assert len(pairs) == length
    seen = [pairs.entry(epoch * length + i) for i in range(length)]
    assert Counter(seen) == Counter(entries)


def test_epochs_and_seeds_have_different_orders():
    entries = lines(derain=50)
    pairs = MixedPairs(entries, seed=0)
    first, second = ([pairs.entry(50 * e + i) for i in range(50)] for e in (0, 1))
    assert first != second
    assert first != [MixedPairs(entries, seed=1).entry(i) for i in range(50)]


def test_an_epoch_goes_on_in_its_middle():
    entries = lines(derain=50, dehaze=7)
    whole = [MixedPairs(entries, seed=2).entry(i) for i in range(120)]
    assert [MixedPairs(entries, seed=2).entry(i) for i in range(71, 120)] == whole[71:]


def test_a_balanced_mix_takes_the_tasks_in_turn():
    pairs = MixedPairs(lines(derain=50, dehaze=3, denoise=7), balanced=True, seed=0)
    tasks = [pairs.entry(i).task for i in range(30)]
    assert tasks == ["derain", "dehaze", "denoise"] * 10
    hazy = [pairs.entry(3 * i + 1).clean for i in range(3)]
    assert len(set(hazy)) == 3, "each task has its own shuffled order"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A pair whose degraded image is its target at half brightness, and a smaller photograph."""
    folder = tmp_path_factory.mktemp("pairs")
    clean = torch.rand(3, 40, 56, generator=torch.Generator().manual_seed(0))
    clean = (clean * 127).round() * 2 / 255
    write_image(folder / "clean.png", clean)
    write_image(folder / "dark.png", clean / 2)
    write_image(folder / "tiny.png", clean[:, :9, :11])
    return folder


@given(position=st.integers(0, 10_000), seed=st.integers(0, 3))
@settings(max_examples=25, deadline=None)
def test_pairs_stay_aligned_under_crops_flips_and_rotations(folder, position, seed):
    entry = Entry("lowlight", folder / "clean.png", folder / "dark.png")
    sample = MixedPairs([entry], patch=16, seed=seed)[position]
    assert sample["target"].shape == (3, 16, 16)
    assert torch.allclose(sample["degraded"] * 2, sample["target"], atol=1e-6)


def test_a_sample_depends_on_seed_and_position_alone(folder):
    entries = [Entry("denoise", folder / "clean.png", sigma=25.0)]
    first, second = MixedPairs(entries, patch=16, seed=1), MixedPairs(entries, patch=16, seed=1)
    second[3]
    torch.manual_seed(5)
    assert torch.equal(first[8]["degraded"], second[8]["degraded"])
    assert not torch.equal(first[8]["degraded"], first[9]["degraded"])


def test_noise_has_the_level_of_its_line(folder):
    for sigma in NOISE_LEVELS:
        pairs = MixedPairs([Entry("denoise", folder / "clean.png", sigma=sigma)], patch=40)
        sample = pairs[0]
        middle = (sample["target"] > 0.45) & (sample["target"] < 0.55)  # far from clipping
        spread = 255 * (sample["degraded"] - sample["target"])[middle].std()
        assert float(spread) == pytest.approx(sigma, rel=0.25)


def test_noise_of_any_level_neither_clipped_nor_rounded(folder):
    entries = training_list({"denoise": [(None, folder / "clean.png")]}, {}, [(0.0, 50.0)])
    assert [entry.sigma for entry in entries] == [(0.0, 50.0)]
    pairs = MixedPairs(entries, patch=40, quantise=False)
    spreads = []
    for position in range(40):
        sample = pairs[position]
        spreads.append(255 * float((sample["degraded"] - sample["target"]).std()))
    assert 0 <= min(spreads) < 12
    assert 38 < max(spreads) < 51.5
    assert 21 < sum(spreads) / len(spreads) < 29
    strongest = pairs[spreads.index(max(spreads))]["degraded"]
    assert strongest.min() < 0
    assert strongest.max() > 1
    levels = strongest * 255
    assert not torch.allclose(levels, levels.round(), atol=1e-3)


@pytest.mark.parametrize("size", [8, 16, 40])
def test_a_patch_of_the_size_asked_for(folder, size):
    entry = Entry("lowlight", folder / "clean.png", folder / "dark.png")
    pairs = MixedPairs([entry], patch=16, seed=4)
    sample = pairs[7, size]
    assert sample["target"].shape == sample["degraded"].shape == (3, size, size)
    assert torch.allclose(sample["degraded"] * 2, sample["target"], atol=1e-6)
    usual = MixedPairs([entry], patch=size, seed=4)[7]
    assert torch.equal(sample["target"], usual["target"])


def test_a_small_image_is_mirrored_to_the_patch(folder):
    sample = MixedPairs([Entry("deblur", folder / "tiny.png")], patch=32)[0]
    assert sample["target"].shape == sample["degraded"].shape == (3, 32, 32)


def test_patches_are_turned_by_the_modes_asked_for_and_all_of_them(folder, monkeypatch):
    modes = []

    def witness(image, mode):
        modes.append(mode)
        return dihedral(image, mode)

    monkeypatch.setattr("irlib.data.mixing.dihedral", witness)
    entry = Entry("denoise", folder / "clean.png", sigma=15.0)
    for allowed in AUGMENTATIONS.values():
        modes.clear()
        pairs = MixedPairs([entry], patch=8, modes=allowed)
        for position in range(60):
            pairs[position]
        assert set(modes) == set(allowed)


def test_a_pair_of_two_sizes_is_named(folder):
    pairs = MixedPairs([Entry("derain", folder / "clean.png", folder / "tiny.png")], patch=8)
    with pytest.raises(UsageError, match=r"tiny\.png is 11x9 .* is 56x40"):
        pairs[0]


def test_an_empty_list_is_refused():
    with pytest.raises(UsageError, match="training list is empty"):
        MixedPairs([])


def test_a_second_crop_of_a_file_leaves_the_first_as_it_is(folder):
    entry = Entry("lowlight", folder / "clean.png", folder / "dark.png")
    plain, double = (MixedPairs([entry], patch=16, positive=p) for p in (False, True))
    for position in range(5):
        sample = double[position]
        for side in ("degraded", "target"):
            assert torch.equal(sample[side], plain[position][side])
        assert sample["positive"].shape == (3, 16, 16)
        assert sample["positive"].max() <= 0.51, "cut out of the degraded file"
    crops = [double[p]["positive"] for p in range(5)]
    assert not any(torch.equal(double[p]["degraded"], crop) for p, crop in enumerate(crops))
    again = MixedPairs([entry], patch=16, positive=True)
    assert torch.equal(again[3]["positive"], crops[3])


def test_noise_is_drawn_once_for_both_crops(folder):
    entry = Entry("denoise", folder / "clean.png", sigma=25.0)
    pairs = MixedPairs([entry], patch=40, modes=(0,), quantise=False, positive=True)
    sample = pairs[2]  # the file is 40 high and 56 wide: the crops differ by a shift to the side
    first, second = sample["degraded"], sample["positive"]
    shifts = [s for s in range(17) if torch.equal(first[..., s:], second[..., : 40 - s])]
    shifts += [-s for s in range(1, 17) if torch.equal(second[..., s:], first[..., : 40 - s])]
    assert len(shifts) == 1
    assert 15 < 255 * (sample["degraded"] - sample["target"]).std() < 35, "still its own target"


def test_noise_may_be_clipped_without_rounding(folder):
    entry = Entry("denoise", folder / "clean.png", sigma=50.0)
    noisy = MixedPairs([entry], patch=40, quantise=False, clipped=True)[0]["degraded"]
    assert (noisy.min(), noisy.max()) == (0, 1)
    assert not torch.allclose(noisy * 255, (noisy * 255).round(), atol=1e-3)
