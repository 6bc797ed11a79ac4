"""DFPIR's recipes and what it is told in training; numbers are those of its specification."""

import pytest
import torch

from irlib import models
from irlib.data.benchmarks import get_benchmark
from irlib.data.images import write_image
from irlib.data.mixing import Entry, MixedPairs
from irlib.degradations import FIVE_TASKS
from irlib.errors import UsageError
from irlib.training import recipe
from irlib.training.dfpir_objective import NamedReconstruction
from irlib.training.loop import train
from irlib.training.objectives import open_objective
from irlib.training.paper_recipes import ALL_IN_ONE_SETS

THREE = ("denoise", "dehaze", "derain")


@pytest.mark.parametrize(
    ("tasks", "epoch"), [(None, 142_431 // 5), (THREE, 28_486), (FIVE_TASKS, 226_621 // 5)]
)
def test_property_12_an_epoch_has_the_authors_steps(tasks, epoch):
    full = recipe("dfpir", "paper", tasks=tasks)
    assert full.steps_per_epoch == epoch
    assert full.steps == 80 * epoch
    assert full.tasks == (tasks or THREE)


def test_the_cosine_is_laid_out_for_500_epochs_and_stopped_at_80():
    full = recipe("dfpir", "paper")
    assert full.learning_rate(0) == full.learning_rate(full.steps_per_epoch - 1) == 1e-4
    assert full.learning_rate(full.steps) == pytest.approx(9.38e-5, rel=1e-3)
    annealed = recipe("dfpir", "paper", "annealed")
    assert annealed.learning_rate(full.steps // 2) == pytest.approx(5e-5)
    assert annealed.learning_rate(full.steps) == pytest.approx(0.0)


def test_optimiser_loss_and_patches_are_the_authors():
    full = recipe("dfpir", "paper")
    assert (full.optimiser, full.betas, full.weight_decay) == ("adam", (0.9, 0.999), 0.0)
    assert (full.loss, full.patch, full.batch) == ("l1", 128, 5)
    assert (full.clip_norm, full.ema, full.precision) == (0.0, 0.0, "32-true")
    assert full.config["prompts"] == recipe("dfpir", "paper", "paper").config["prompts"]
    assert recipe("dfpir", "paper", "simple").config["prompts"] == "simple"


def test_property_13_no_patch_is_left_unturned():
    from irlib.data.augment import AUGMENTATIONS

    assert 0 not in AUGMENTATIONS[recipe("dfpir", "paper").augment]
    assert len(AUGMENTATIONS["turned"]) == 7


def test_property_13_the_cut_to_eight_bits_darkens_by_half_a_level(generator):
    from irlib.degradations import gaussian_noise

    clean = torch.full((3, 200, 200), 0.5)
    noisy = gaussian_noise(clean, 15.0, generator=generator, quantise=True).image
    assert float((noisy - clean).mean() * 255) == pytest.approx(-0.5, abs=0.2)


def test_the_small_recipe_is_that_of_its_rivals():
    ours, rival = recipe("dfpir", "pocket"), recipe("restormer", "pocket")
    names = ("data", "steps", "batch", "patch", "rate", "loss", "turns", "betas", "scenes")
    assert [getattr(ours, n) for n in names] == [getattr(rival, n) for n in names]
    assert [ours.learning_rate(s) for s in (0, 100, 849)] == [
        rival.learning_rate(s) for s in (0, 100, 849)
    ]
    # Every level of noise occurs, so that levels must not be told apart.
    assert ours.config["prompts"] == "simple"


@pytest.mark.parametrize("task", ["deblur", "lowlight"])
def test_property_12_folders_may_be_called_after_what_the_pairs_are_called(task, tmp_path):
    """Upstream replaces "blur" and "low" anywhere in a path, and so also in its folders."""
    root = tmp_path / "slow" / "deblur-lowlight"
    parts = {"deblur": ("GoPro/train", "blur", "sharp"), "lowlight": ("LOL/our485", "low", "high")}
    folder, degraded, clean = parts[task]
    for name in (degraded, clean):
        (root / folder / name).mkdir(parents=True)
        write_image(root / folder / name / "GOPR01_1.png", torch.rand(3, 16, 24))
    (pair,) = get_benchmark(ALL_IN_ONE_SETS[task][0]).pairs(root)
    assert pair.degraded == root / folder / degraded / "GOPR01_1.png"
    assert pair.clean == root / folder / clean / "GOPR01_1.png"


def test_property_12_the_lists_have_the_authors_lengths():
    counts = {t: [get_benchmark(n).count for n in names] for t, names in ALL_IN_ONE_SETS.items()}
    assert [sum(counts[task]) for task in FIVE_TASKS] == [5144, 72_135, 200, 2103, 485]


@pytest.fixture
def network():
    torch.manual_seed(0)
    return models.create("dfpir", preset_name="smoke", prompts="detailed")


def test_noise_is_named_with_its_level_where_the_data_know_it(network, tmp_path, generator):
    write_image(tmp_path / "clean.png", torch.rand(3, 40, 40, generator=generator))
    entries = [Entry("denoise", tmp_path / "clean.png", sigma=s) for s in (15.0, 50.0)]
    entries.append(Entry("lowlight", tmp_path / "clean.png"))
    data = MixedPairs(entries, patch=16)
    objective = NamedReconstruction("l1", data.tasks)
    objective.start(network)
    for position in range(3):
        entry = data.entry(position)
        batch = {name: part[None] for name, part in data.sample(position, 16).items()}
        level = f"{entry.sigma:g}" if entry.sigma else ""
        assert objective.names(batch) == [f"{entry.task}{level}"]
        loss, parts = objective(network, batch, 0)
        assert loss.isfinite()
        assert parts == {}
    assert objective.names({"task": torch.tensor([1, 0])}) == ["lowlight", "denoise"]


def test_words_are_read_once_before_the_first_step(monkeypatch):
    network = models.create("dfpir", preset_name="smoke", clip="pretrained", prompts="detailed")
    read = []

    class StubClip:
        dim = 512

        def encode_text(self, sentences, *, normalise=True):
            read.append(sentences)
            return torch.randn(len(sentences), 512)

    monkeypatch.setattr(
        "irlib.training.dfpir_objective.load_clip", lambda source, download: StubClip()
    )
    for _ in range(2):
        NamedReconstruction("l1", FIVE_TASKS).start(network)
    assert len(read) == 1
    assert network.has_words


def test_folders_of_pairs_without_a_task_are_refused(network):
    with pytest.raises(UsageError, match="pairs"):
        NamedReconstruction("l1", ("pairs",)).start(network)


def test_a_run_keeps_its_orders_and_restores(tmp_path, generator):
    small = recipe("dfpir", "smoke", steps=2, patch=16, batch=2)
    write_image(tmp_path / "clean.png", torch.rand(3, 40, 40, generator=generator))
    data = MixedPairs([Entry(t, tmp_path / "clean.png") for t in ("denoise", "lowlight")], patch=16)
    assert isinstance(open_objective(small, data), NamedReconstruction)
    path = train(small, tmp_path / "run", data, accelerator="cpu", progress=False)
    network = models.load_weights(path)
    # The last step's weights: none were chosen by looking at test images.
    assert models.read_header(path)["facts"]["steps"] == 2
    torch.manual_seed(small.seed)
    fresh = models.create("dfpir", **small.config)
    assert network.has_words
    for level in (1, 2, 3, 4):
        table = getattr(network, f"order{level}")
        assert torch.equal(table, getattr(network, f"perturb{level}").order(network.text_vectors))
        as_drawn = getattr(fresh, f"perturb{level}").text_out.weight
        assert torch.equal(getattr(network, f"perturb{level}").text_out.weight, as_drawn)
    restorer = models.as_restorer(network, task="derain")
    assert restorer(torch.rand(1, 3, 16, 16)).shape == (1, 3, 16, 16)
