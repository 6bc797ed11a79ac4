"""AM-PromptIR's recipes: the authors' numbers, without their accidents."""

import pytest
import torch

from irlib import models
from irlib.data.augment import AUGMENTATIONS
from irlib.data.images import write_image
from irlib.data.mixing import Entry, MixedPairs
from irlib.degradations import FIVE_TASKS, gaussian_noise
from irlib.training import recipe
from irlib.training.dfpir_objective import NamedReconstruction
from irlib.training.loop import train
from irlib.training.objectives import open_objective
from irlib.training.sources import open_source

THREE = ("denoise", "dehaze", "derain")


def test_numbers_are_the_authors():
    full = recipe("am-promptir", "paper")
    assert (full.loss, full.patch, full.batch) == ("charbonnier-fft", 128, 18)
    assert (full.optimiser, full.betas, full.weight_decay) == ("adamw", (0.9, 0.999), 0.01)
    assert (full.clip_norm, full.ema, full.precision) == (0.0, 0.0, "32-true")
    assert full.turns["derain"] == 120
    assert (full.steps_per_epoch, full.steps) == (4_529, 120 * 4_529)
    assert full.tasks == THREE
    assert full.config["text"] == "tokens"
    assert recipe("am-promptir", "paper", "paper").config["text"] == "embedding"


def test_an_epoch_follows_the_tasks():
    assert recipe("am-promptir", "paper", tasks=["derain"]).steps_per_epoch == 24_000 // 18
    # GoPro's 2,103 pairs, which the authors do not train on, five times.
    blurred = recipe("am-promptir", "paper", tasks=["derain", "deblur"])
    assert blurred.steps_per_epoch == (24_000 + 5 * 2_103) // 18


@pytest.mark.parametrize(
    ("epoch", "rate"),
    [
        (0, 0.0),
        (1, 0.0),
        (2, 1.43e-5),
        (14, 1.857e-4),
        (15, 2e-4),
        (16, 2e-4),
        (60, 1.520e-4),
        (100, 6.25e-5),
        (119, 2.65e-5),
    ],
)
def test_schedule_as_it_ran_property_16(epoch, rate):
    late = recipe("am-promptir", "paper", schedule="promptir-legacy")
    assert late.learning_rate(epoch * late.steps_per_epoch) == pytest.approx(rate, rel=2e-3)


def test_no_epoch_but_the_first_runs_at_rate_zero_bug_8():
    full = recipe("am-promptir", "paper")
    rates = [full.learning_rate(epoch * full.steps_per_epoch) for epoch in range(120)]
    assert min(rates[1:]) > 0
    assert max(rates) == 2e-4


def test_patches_are_turned_and_may_stay_property_17_bug_15():
    assert 0 not in AUGMENTATIONS[recipe("am-promptir", "paper").augment]
    assert len(AUGMENTATIONS["turned"]) == 7
    for other in (recipe("am-promptir", "paper", "paper"), recipe("am-promptir", "pocket")):
        assert 0 in AUGMENTATIONS[other.augment]


def test_noise_is_clipped_and_cut_property_17(generator):
    clean = torch.full((3, 100, 100), 0.5)
    noisy = gaussian_noise(clean, 50.0, generator=generator, quantise=True).image * 255
    assert recipe("am-promptir", "paper").quantise
    torch.testing.assert_close(noisy, noisy.round(), atol=1e-4, rtol=0)
    assert 0 <= noisy.min() <= noisy.max() <= 255
    # Cut and not rounded: half a level is lost on the mean, which clipping leaves alone here.
    clean = torch.full((3, 300, 300), 127.5 / 255)
    noisy = gaussian_noise(clean, 15.0, generator=generator, quantise=True).image * 255
    assert float(noisy.mean()) == pytest.approx(127.0, abs=0.15)


@pytest.mark.parametrize("tasks", [("denoise",), ("derain", "dehaze"), FIVE_TASKS])
@pytest.mark.parametrize("name", ["released", "paper"])
def test_any_choice_of_tasks_is_honoured_bug_11(tasks, name):
    chosen = recipe("am-promptir", "paper", name, tasks=tasks)
    assert chosen.tasks == tasks
    assert set(tasks) <= set(chosen.sets)


def test_a_test_set_is_no_training_set_bug_13():
    named = {name for sets in recipe("am-promptir", "paper").sets.values() for name in sets}
    assert not any("urban" in name for name in named)


def test_what_is_asked_for_is_not_ignored_bug_10():
    changed = recipe("am-promptir", "paper", rate=1e-3, batch=4)
    assert (changed.rate, changed.batch) == (1e-3, 4)
    assert max(changed.learning_rate(e * changed.steps_per_epoch) for e in range(120)) == 1e-3


def test_small_recipe_is_the_common_one():
    for scale in ("smoke", "pocket"):
        own, common = recipe("am-promptir", scale), recipe("promptir", scale)
        config = {"model": "am-promptir", "config": models.preset("am-promptir", scale)}
        assert own == common.with_changes(**config)


def test_levels_are_told_where_both_sides_know_them(tmp_path):
    write_image(tmp_path / "clean.png", torch.rand(3, 40, 40))
    data = MixedPairs([Entry("denoise", tmp_path / "clean.png", sigma=50.0)], patch=16)
    batch = {name: part[None] for name, part in data.sample(0, 16).items()}
    for scale, told in (("paper", "denoise50"), ("pocket", "denoise")):
        objective = open_objective(recipe("am-promptir", scale), data)
        assert isinstance(objective, NamedReconstruction)
        knows = {"noise_levels": scale == "paper"}
        network = models.create("am-promptir", preset_name="smoke", **knows)
        objective.start(network)
        assert objective.names(batch) == [told]
        assert objective(network, batch, 0)[0].isfinite()


def test_a_step_trains_and_the_weights_alone_restore(tmp_path):
    small, data = open_source(recipe("am-promptir", "smoke", steps=1, scenes=0))
    path = train(small, tmp_path, data, accelerator="cpu", progress=False)
    model, fresh = models.load_weights(path), models.create("am-promptir", **small.config)
    assert torch.equal(model.word_vectors, fresh.word_vectors)
    with torch.no_grad():
        restored = models.as_restorer(model, task="derain")(torch.rand(1, 3, 32, 32))
    assert restored.isfinite().all()
