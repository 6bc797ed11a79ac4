"""Learning prompts: the loss falls, a stopped run ends as an unstopped one."""

import pytest
import torch
import torch.nn.functional as F

from irlib.errors import IrlibError, UsageError
from irlib.losses import tier_cross_entropy
from irlib.perceiver import PromptSet, prompt_recipe, train_prompts
from irlib.training.logs import read_log


def separable(clip):
    """Features of three clusters, a function of the step."""
    centres = F.normalize(torch.randn(3, clip.dim, generator=torch.Generator().manual_seed(3)))

    def batches(start):
        step = start
        while True:
            noise = torch.randn(8, 3, clip.dim, generator=torch.Generator().manual_seed(step))
            yield F.normalize(centres + 0.1 * noise, dim=-1)
            step += 1

    return batches


def recipe(**changes):
    return prompt_recipe("smoke", **{"steps": 12, "batch": 8, "rate": 5e-3, **changes})


def test_the_loss_falls(clip, tmp_path):
    learned = train_prompts(
        recipe(steps=60, rate=2e-2), clip, separable(clip), tmp_path, log_every=1, progress=False
    )
    log = [row["loss"] for row in read_log(tmp_path / "metrics.csv")]
    assert len(log) == 60
    assert sum(log[-5:]) < 0.5 * sum(log[:5])
    features = next(separable(clip)(100)).transpose(0, 1).flatten(0, 1)
    tiers = torch.arange(3).repeat_interleave(8)
    before = tier_cross_entropy(features, PromptSet(clip).encode(clip), tiers)
    after = tier_cross_entropy(features, learned.encode(clip), tiers)
    assert float(after.detach()) < float(before.detach())
    assert not learned.context.requires_grad


def test_a_stopped_run_goes_on_to_the_same_prompts(clip, tmp_path):
    whole = train_prompts(recipe(), clip, separable(clip), tmp_path / "a", progress=False)

    class Stop(Exception):
        pass

    def breaks_off(start):
        for number, batch in enumerate(separable(clip)(start)):
            if number == 7:
                raise Stop
            yield batch

    with pytest.raises(Stop):
        train_prompts(
            recipe(), clip, breaks_off, tmp_path / "b", checkpoint_every=5, progress=False
        )
    starts = []

    def watched(start):
        starts.append(start)
        return separable(clip)(start)

    resumed = train_prompts(recipe(), clip, watched, tmp_path / "b", progress=False)
    assert starts == [5]
    assert torch.equal(resumed.context, whole.context)


def test_a_run_of_other_words_encoder_or_data_is_not_gone_on_with(clip, other_clip, tmp_path):
    train_prompts(recipe(), clip, separable(clip), tmp_path, data="d", progress=False)
    for changed, encoder, data in (
        (recipe(words=("bad", "moderate", "good")), clip, "d"),
        (recipe(), other_clip, "d"),
        (recipe(), clip, "e"),
    ):
        with pytest.raises(UsageError, match="another recipe"):
            train_prompts(changed, encoder, separable(clip), tmp_path, data=data, progress=False)
    again = recipe(words=("bad", "moderate", "good"))
    train_prompts(again, clip, separable(clip), tmp_path, resume=False, progress=False)


def test_weight_decay_is_off_by_default(clip, tmp_path):
    """With decay the embeddings shrink even where nothing is to be learned."""

    def nothing(start):
        while True:
            yield torch.zeros(8, 3, clip.dim)

    plain = train_prompts(recipe(), clip, nothing, tmp_path / "a", progress=False)
    assert torch.equal(plain.context, PromptSet(clip).context)
    decayed = recipe(weight_decay=0.1)
    shrunk = train_prompts(decayed, clip, nothing, tmp_path / "b", progress=False)
    assert float(shrunk.context.norm()) < float(plain.context.norm())


def test_fixed_prompts_need_no_data(clip, tmp_path):
    prompts = train_prompts(recipe(init="fixed"), clip, None, tmp_path, progress=False)
    assert prompts.context is None
    assert list(tmp_path.iterdir()) == []


def test_a_broken_loss_is_told(clip, tmp_path):
    def broken(start):
        while True:
            yield torch.full((8, 3, clip.dim), torch.nan)

    with pytest.raises(IrlibError, match="not finite"):
        train_prompts(recipe(), clip, broken, tmp_path, progress=False)


def test_the_recipe_of_the_specification():
    paper = prompt_recipe("paper")
    assert paper.words == ("terrible", "mediocre", "excellent")
    assert (paper.tokens, paper.init, paper.logit_scale) == (16, "partial_random", 100.0)
    assert (paper.steps, paper.batch, paper.weight_decay, paper.seed) == (100_000, 32, 0.0, 0)
    assert paper.learning_rate(0) == pytest.approx(4e-5)
    assert paper.learning_rate(100_000) == pytest.approx(1e-6)
    assert paper.cuts == 0
    assert paper.data == "benchmarks"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"steps": -1}, "steps is -1"),
        ({"batch": 0}, "batch is 0"),
        ({"logit_scale": 0.0}, "logit_scale is 0.0"),
        ({"init": "randm"}, "did you mean 'random'"),
        ({"tasks": ("derian",)}, "did you mean 'derain'"),
        ({"wrods": ("a", "b")}, "did you mean 'words'"),
        ({"rate": -1.0}, "rate is -1.0"),
    ],
)
def test_wrong_recipes_are_told(changes, told):
    with pytest.raises(UsageError) as error:
        prompt_recipe("smoke", **changes)
    assert told in str(error.value)
