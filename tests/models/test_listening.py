"""The language side: tasks by name, sentences, encoders, and what a weights file must hold."""

import pytest
import torch

from irlib import models
from irlib.data.instructions import plain_instruction
from irlib.degradations import FIVE_TASKS
from irlib.errors import UsageError
from irlib.foundation.sentences import PocketSentences
from irlib.foundation.sources import Source
from irlib.models.official_names import official_name


class Counting:
    """A sentence encoder of a file: letters counted."""

    def __init__(self, dim=64, identity="letters"):
        self.dim, self.identity, self.source = dim, identity, Source("file", "letters")

    def encode(self, sentences):
        counts = [[float(s.count(chr(97 + n % 26))) for n in range(self.dim)] for s in sentences]
        return torch.nn.functional.normalize(torch.tensor(counts), dim=1)


def smoke(**config):
    torch.manual_seed(0)
    model = models.create("instructir", preset_name="smoke", **config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith(("scale", "shift")):
                parameter.normal_(std=0.5)
    return model.eval()


def released_like(head):
    """Weights as the authors publish them: image network and head without any sentence."""
    model = smoke()
    state = {n: t for n, t in model.state_dict().items() if head or not n.startswith("head.")}
    return {official_name("instructir", name): t for name, t in state.items()}


def test_tasks_are_told_by_their_plain_sentence():
    model = smoke()
    assert model.needs_task
    assert set(model.known_tasks) == set(FIVE_TASKS)
    with torch.no_grad():
        told = model.told(["derain", "dehaze"])
        assert told.shape == (2, 8)
        torch.testing.assert_close(told.norm(dim=1), torch.ones(2))
        torch.testing.assert_close(model.instructed(plain_instruction("derain")), told[:1])
        assert (told[0] - told[1]).abs().max() > 1e-2


@pytest.mark.parametrize("task", ["derian", "denoising", "photos/blur/haze"])
def test_bug_4_a_task_is_a_name_and_not_a_part_of_a_path(task):
    # The authors derive it from the first word that a data set's path contains.
    with pytest.raises(UsageError, match="unknown task of instructir"):
        smoke().told([task])


def test_a_weights_file_is_enough_for_tasks_and_for_sentences(tmp_path):
    model, image = smoke(), torch.rand(1, 3, 12, 10)
    loaded = models.load_weights(models.save_weights(model, tmp_path / "w.safetensors"))
    assert loaded.config == model.config
    with torch.no_grad():
        for told in ("derain", "lowlight"):
            assert torch.equal(loaded(image, loaded.told([told])), model(image, model.told([told])))
        sentence = "take the rain off"
        assert torch.equal(loaded.instructed(sentence), model.instructed(sentence))


def test_as_a_restorer_it_hears_a_task_a_sentence_or_the_truth():
    model, image = smoke(), torch.rand(1, 3, 12, 10)
    with torch.no_grad():
        named = models.as_restorer(model, task="derain")(image)
        said = models.as_restorer(model, instruction=plain_instruction("derain"))(image)
        oracle = models.as_restorer(model)
        models.tell(oracle, "derain")
        assert torch.equal(named, said)
        assert torch.equal(named, oracle(image))
        other = models.as_restorer(model, instruction="turn on the light")(image)
    assert (named - other).abs().max() > 1e-4


def test_the_head_says_how_a_sentence_is_understood():
    model = smoke()
    shares = model.understood(["take the rain off", "more light"])
    assert shares.shape == (2, len(model.intent_names))
    torch.testing.assert_close(shares.sum(dim=1), torch.ones(2))
    assert model.intent_names == ("denoise", "deblur", "derain", "dehaze", "lowlight")


def test_without_a_head_sentences_act_as_they_are():
    model = smoke(sentence_dim=0)
    assert model.head is None
    vector = PocketSentences(8).encode("fog")
    assert torch.equal(model.instructed("fog"), vector)
    _, logits = model(torch.rand(1, 3, 8, 8), sentences=vector)
    assert logits is None
    assert torch.equal(model.told(["derain"]), PocketSentences(8).encode("remove the rain"))
    with pytest.raises(UsageError, match="no text head"):
        model.understood(["fog"])


def test_property_12_no_sentence_encoder_among_parameters_or_state():
    model = smoke()
    names = {name.split(".")[0] for name in model.state_dict()}
    assert names == {name for name, _ in model.named_children()}


@pytest.mark.parametrize("head", [False, True])
def test_the_authors_weights_know_no_sentence_until_an_encoder_is_heard(head, tmp_path):
    model = models.load_official("instructir", released_like(head))
    assert (model.head is not None) == head
    for asked in (lambda: model.told(["derain"]), lambda: model.instructed("take the rain off")):
        with pytest.raises(UsageError, match="hear"):
            asked()
    encoder = Counting(dim=64 if head else 8)
    model.hear(encoder)
    with torch.no_grad():
        expected = model.text(encoder.encode(["remove the rain"]))[0]
        assert torch.equal(model.told(["derain"]), expected)
        assert model.instructed("take the rain off").shape == (1, 8)

    # The file then tells tasks by itself; other sentences need the same encoder again.
    loaded = models.load_weights(models.save_weights(model, tmp_path / "w.safetensors"))
    with torch.no_grad():
        assert torch.equal(loaded.told(["derain"]), expected)
    with pytest.raises(UsageError, match="is a file that is not part of them"):
        loaded.instructed("take the rain off")
    with pytest.raises(UsageError, match="were trained with the sentence encoder letters"):
        loaded.hear(Counting(encoder.dim, "others"))
    loaded.hear(Counting(encoder.dim))
    assert torch.equal(loaded.instructed("fog"), model.instructed("fog"))


def test_the_authors_names_come_back():
    state = released_like(head=True)
    assert {"fc1.weight", "fc2.bias", "enc_cond.0.gamma", "dec_cond.1.fc.weight"} <= set(state)
    assert "enc_cond.0.block.beta" in state
    ours = models.load_official("instructir", state).state_dict()
    expected = smoke().state_dict()
    assert all(torch.equal(ours[name], expected[name]) for name in expected)


def test_an_encoder_of_another_length_is_refused():
    with pytest.raises(UsageError, match="of length 64"):
        smoke().hear(Counting(dim=63))


def test_vectors_of_another_length_are_refused():
    with pytest.raises(UsageError, match=r"expected \(B, 64\)"):
        smoke()(torch.rand(1, 3, 8, 8), sentences=torch.rand(1, 63))


def test_an_instruction_without_a_word_is_refused():
    with pytest.raises(UsageError, match="no word"):
        smoke().instructed("!?")
