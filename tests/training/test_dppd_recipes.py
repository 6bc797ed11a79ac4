"""DPPD's recipes: PromptIR's numbers, a prototype a family, and mixtures as tasks."""

import pytest
import torch

from irlib import models, training
from irlib.data.benchmarks import get_benchmark
from irlib.data.embedded import EmbeddedPairs
from irlib.data.pairing import Pair
from irlib.degradations import COMPOSITE_TASKS, FIVE_TASKS, THREE_TASKS
from irlib.errors import UsageError
from irlib.training import DppdRecipe, sources
from irlib.training.dppd_objective import DppdObjective
from irlib.training.objectives import open_objective
from irlib.training.sources import open_source


def test_three_tasks_take_promptirs_recipe():
    ours, theirs = (training.recipe(model, "paper") for model in ("dppd", "promptir"))
    for name in ("tasks", "sets", "turns", "noise", "patch", "batch", "steps", "rate", "loss",
                 "optimiser", "weight_decay", "augment", "clip_norm", "ema"):  # fmt: skip
        assert getattr(ours, name) == getattr(theirs, name), name
    assert ours.steps == 534_120
    assert ours.config == models.preset("dppd", "released")
    assert ours.learning_rate(0) > 0, "no epoch passes at rate 0"
    assert ours.learning_rate(15 * 4451) == 2e-4


def test_five_tasks_have_noise_of_one_level_and_five_prototypes():
    plan = training.recipe("dppd", "paper", tasks=FIVE_TASKS)
    assert plan.noise == (25.0,)
    assert plan.turns == {"denoise": 3, "dehaze": 1, "derain": 120, "deblur": 5, "lowlight": 20}
    listed = 3 * (400 + 4744) + 72_135 + 120 * 200 + 5 * 2_103 + 20 * 485
    assert plan.steps_per_epoch == -(-listed // 32)
    assert plan.config["num_prototypes"] == 5


@pytest.mark.parametrize(
    ("name", "number", "assignment"), [("composite", 11, "hard"), ("composite-soft", 4, "soft")]
)
def test_mixtures_at_scale_paper(name, number, assignment):
    plan = training.recipe("dppd", "paper", name)
    assert plan.tasks == COMPOSITE_TASKS
    assert plan.steps == 534_120
    assert (plan.config["num_prototypes"], plan.config["assignment"]) == (number, assignment)


def test_the_names_of_its_recipes():
    names = ["released", "paper", "composite", "composite-soft"]
    assert training.recipe_names("dppd") == names
    assert training.recipe("dppd", "paper", "paper").config == models.preset("dppd", "paper")


@pytest.mark.parametrize("scale", ["smoke", "pocket"])
def test_the_small_recipe_shares_data_and_budget_with_its_rivals(scale):
    own, rival = (training.recipe(name, scale) for name in ("dppd", "restormer"))
    assert isinstance(own, DppdRecipe)
    for name in ("tasks", "turns", "patch", "batch", "steps", "rate", "scenes", "loss", "seed"):
        assert getattr(own, name) == getattr(rival, name)
    assert (own.anchoring, own.variance_prior) == (0, 0)
    assert own.config == models.preset("dppd", scale)


def test_other_tasks_come_with_as_many_prototypes_unless_told_otherwise():
    assert training.recipe("dppd", "pocket", tasks=THREE_TASKS).config["num_prototypes"] == 3
    assert training.recipe("dppd", "pocket", tasks=["cdd11"]).config["num_prototypes"] == 11
    config = models.preset("dppd", "pocket")
    plan = training.recipe("dppd", "pocket", tasks=THREE_TASKS, config=config)
    assert plan.config["num_prototypes"] == 5


def test_options_below_0_are_refused():
    with pytest.raises(UsageError, match="anchoring is -1"):
        training.recipe("dppd", "pocket", anchoring=-1.0)


@pytest.mark.parametrize("model", ["dppd", "restormer"])
def test_all_mixtures_by_one_name(model):
    plan = training.recipe(model, "smoke", tasks=["cdd11", "cdd11_low"])
    assert plan.tasks == COMPOSITE_TASKS
    with pytest.raises(UsageError, match="did you mean 'cdd11_low_haze'"):
        training.recipe(model, "smoke", tasks=["cdd11_low_hase"])


def test_mixtures_are_drawn_from_embedded_data():
    data = EmbeddedPairs(COMPOSITE_TASKS, patch=16, scenes=1, scene_size=32)
    for position in range(11):
        sample = data[position]
        assert int(sample["task"]) == position
        assert not torch.equal(sample["degraded"], sample["target"])


def test_a_mixture_trains_on_its_own_folder_of_the_benchmark(tmp_path, monkeypatch):
    from PIL import Image

    Image.new("RGB", (16, 16)).save(tmp_path / "1.png")

    class Set:
        def pairs(self, root):
            groups = get_benchmark("cdd11-train").groups
            return [Pair("1", tmp_path / "1.png", tmp_path / "1.png", group) for group in groups]

    monkeypatch.setattr(sources, "get_benchmark", lambda name: Set())
    plan = training.recipe("dppd", "paper", "composite", patch=16)
    _, samples = open_source(plan, data=tmp_path)
    assert samples.tasks == COMPOSITE_TASKS
    assert len(samples) == 11, "each pair once, under its own task"


def test_the_objective_is_found_by_the_models_name():
    plan = training.recipe("dppd", "smoke")
    data = EmbeddedPairs(plan.tasks, patch=16, scenes=1, scene_size=32, photo_share=0)
    assert isinstance(open_objective(plan, data), DppdObjective)
