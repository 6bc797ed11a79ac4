"""The layout of prompts, what is learned of them, and which words they take."""

from types import SimpleNamespace

import pytest
import torch

from irlib.errors import UsageError
from irlib.perceiver import PromptSet
from irlib.perceiver.prompts import word_ids
from irlib.perceiver.recipes import prompt_recipe
from irlib.perceiver.training import train_prompts

N = 16


@pytest.fixture
def prompts(clip) -> PromptSet:
    return PromptSet(clip)


def test_the_layout_is_start_learned_end_padding(clip, prompts):
    sentence = clip.tokenise([" ".join(["X"] * N)])
    assert torch.equal(prompts.ids, sentence.expand(3, -1)), "as if sixteen X had been tokenised"
    assert prompts.ids.argmax(dim=1).tolist() == [17, 17, 17]
    assembled, plain = prompts.embeddings(), clip.embed(sentence)
    assert assembled.shape == (3, 77, clip.text_width)
    assert torch.equal(assembled[:, :1], plain[:, :1].expand(3, -1, -1))
    assert torch.equal(assembled[:, 17:], plain[:, 17:].expand(3, -1, -1))


def test_the_word_stands_last_and_the_rest_is_small(clip, prompts):
    for tier, word in enumerate(prompts.words):
        own = word_ids(clip, word)
        assert len(own) == 1
        assert torch.equal(prompts.embeddings()[tier, 16], clip.embed(own)[0])
    rest = prompts.context[:, :15].detach()
    assert float(rest.std()) == pytest.approx(0.02, rel=0.1)
    assert float(rest.mean().abs()) < 0.003
    assert not torch.equal(rest[0], rest[1]), "each tier has tokens of its own"


def test_a_phrase_takes_the_last_places(clip):
    words = ("terrible", "slightly worse", "slightly better", "excellent")
    prompts = PromptSet(clip, words)
    phrase = word_ids(clip, "slightly better")
    assert len(phrase) == 2
    assert torch.equal(prompts.context[2, 14:], clip.embed(phrase))
    assert float(prompts.context[2, :14].detach().abs().max()) < 0.2


def test_random_prompts_hold_no_word(clip):
    random, partial = PromptSet(clip, init="random"), PromptSet(clip)
    assert torch.equal(random.context[:, :15], partial.context[:, :15])
    assert float(random.context[:, 15].detach().std()) == pytest.approx(0.02, rel=0.3)


def test_fixed_prompts_are_the_bare_words(clip):
    prompts = PromptSet(clip, init="fixed")
    assert list(prompts.parameters()) == []
    assert torch.equal(
        prompts.encode(clip), clip.encode_text(["terrible", "mediocre", "excellent"])
    )


@pytest.mark.parametrize("words", [("bad", "good"), ("bad", "moderate", "good"), tuple("abcd")])
def test_two_three_and_four_tiers(clip, words):
    features = PromptSet(clip, words).encode(clip)
    assert features.shape == (len(words), clip.dim)
    assert torch.allclose(features.norm(dim=1), torch.ones(len(words)), atol=1e-6)


def test_only_the_context_learns(clip, prompts):
    assert {name for name, _ in prompts.named_parameters()} == {"context"}
    assert prompts.context.shape == (3, N, clip.text_width)
    assert set(prompts.state_dict()) == {"context"}, "the encoder's part is not kept"
    prompts.encode(clip)[0].sum().backward()
    assert float(prompts.context.grad[0].abs().min()) > 0, "all sixteen learn, the word's too"
    assert float(prompts.context.grad[1:].abs().max()) == 0
    assert all(p.grad is None for p in clip.network.parameters())


def test_training_leaves_the_fixed_parts_alone(clip, tmp_path):
    fresh = PromptSet(clip)
    features = torch.nn.functional.normalize(torch.randn(4, 3, clip.dim), dim=-1)

    def batches(start):
        while True:
            yield features

    recipe = prompt_recipe("smoke", steps=3, batch=4)
    learned = train_prompts(recipe, clip, batches, tmp_path, progress=False)
    assert torch.equal(learned.prefix, fresh.prefix)
    assert torch.equal(learned.suffix, fresh.suffix)
    assert torch.equal(learned.ids, fresh.ids)
    moved = (learned.context - fresh.context).abs().amax(dim=(0, 2))
    assert (moved > 0).all(), "every token moved"


def test_nothing_behind_the_end_reaches_the_features(clip, prompts):
    embeddings = prompts.embeddings().detach()
    changed = embeddings.clone()
    changed[:, 18:] += 1
    for cut in (True, False):
        plain, other = (
            clip.encode_embeddings(x, prompts.ids, cut=cut) for x in (embeddings, changed)
        )
        assert torch.equal(plain, other)
    cut, whole = (clip.encode_embeddings(embeddings, prompts.ids, cut=c) for c in (True, False))
    assert torch.allclose(cut, whole, atol=2e-6)


def test_the_seed_decides(clip):
    first, same, other = (PromptSet(clip, seed=seed) for seed in (0, 0, 1))
    assert torch.equal(first.context, same.context)
    assert not torch.equal(first.context, other.context)


def test_the_sizes_of_the_paper(clip):
    """In front of a text encoder of 512 dimensions, as that of ViT-B/32, 24,576 numbers learn."""
    wide = SimpleNamespace(
        context_length=77,
        text_width=512,
        identity="wide",
        source="a stub",
        device=torch.device("cpu"),
        tokenise=clip.tokenise,
        embed=lambda ids: torch.zeros(*ids.shape, 512),
    )
    prompts = PromptSet(wide)
    assert sum(p.numel() for p in prompts.parameters()) == 24_576
    assert prompts.prefix.shape == (3, 1, 512)
    assert prompts.suffix.shape == (3, 60, 512)


def test_another_clip_is_refused(prompts, other_clip):
    with pytest.raises(UsageError) as error:
        prompts.encode(other_clip)
    assert other_clip.identity in str(error.value)
    assert prompts.encoder in str(error.value)
    assert "irlib prompts train --clip" in str(error.value)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"words": ("bad",)}, "2, 3 or 4"),
        ({"words": tuple("abcde")}, "2, 3 or 4"),
        ({"words": ("bad", "bad", "good")}, "different"),
        ({"words": ("", "good")}, "2, 3 or 4"),
        ({"words": ("terriblest", "good")}, "'terriblest' into 3 pieces"),
        ({"init": "partial-random"}, "did you mean 'partial_random'"),
        ({"tokens": 0}, "1 to 75"),
        ({"tokens": 76}, "1 to 75"),
        ({"words": ("very very bad", "good"), "tokens": 2}, "takes 3 tokens"),
    ],
)
def test_wrong_prompts_are_told(clip, changes, told):
    with pytest.raises(UsageError) as error:
        PromptSet(clip, **changes)
    assert told in str(error.value)


def test_pieces_can_be_accepted(clip):
    prompts = PromptSet(clip, ("terriblest", "good"), single_token=False)
    assert torch.equal(prompts.context[0, 13:], clip.embed(word_ids(clip, "terriblest", False)))


def test_a_clip_that_knows_few_words_still_takes_prompts(make_clip):
    """The placeholder is no word, so a pocket CLIP need not know it."""
    known = [9741, 41170, 4239, 49406, 49407]  # terrible, mediocre, excellent, start, end
    prompts = PromptSet(make_clip(known=known))
    assert prompts.ids.argmax(dim=1).tolist() == [17, 17, 17]
    with pytest.raises(UsageError, match="never seen 'good'"):
        PromptSet(make_clip(known=known), ("terrible", "good"))
    PromptSet(make_clip(known=known), ("terrible", "good"), init="random")
