"""``irlib train --words``: the words of a network are read by whom the command names."""

import pytest
import torch

from irlib import training
from irlib.cli.words_options import with_reader
from irlib.errors import UsageError
from irlib.training import dfpir_objective

FULL = {name: training.recipe(name, "paper") for name in ("dfpir", "instructir", "promptir")}


class Samples:
    tasks = ("derain",)


def test_without_words_nothing_changes():
    assert with_reader(FULL["dfpir"], Samples, None, False) == (FULL["dfpir"], None)


def test_the_prompts_of_dfpir_are_read_by_the_clip_that_is_named(monkeypatch):
    asked = []

    def load(source, download):
        asked.append((source, download))
        return "a CLIP"

    class Network:
        has_words = False
        known_tasks = ("derain",)

        def encode_words(self, clip):
            self.reader, self.has_words = clip, True

        def check_tasks(self, tasks):
            assert self.has_words

        def told(self, tasks):
            return torch.zeros(len(tasks))

    monkeypatch.setattr(dfpir_objective, "load_clip", load)
    for words, download in (("clip.pt", False), (None, True)):
        recipe, objective = with_reader(FULL["dfpir"], Samples, words, download)
        network = Network()
        objective.start(network)
        assert (recipe, network.reader) == (FULL["dfpir"], "a CLIP")
    assert asked == [("clip.pt", False), ("pretrained", True)]


def test_the_sentences_of_instructir_by_the_encoder_in_a_folder():
    recipe, objective = with_reader(FULL["instructir"], Samples, "bge", False)
    assert (recipe.sentences, objective) == ("bge", None)
    assert recipe.hash() != FULL["instructir"].hash()


@pytest.mark.parametrize(
    ("name", "words", "download"),
    [("promptir", "clip.pt", False), ("promptir", None, True), ("instructir", None, True)],
)
def test_a_network_without_use_for_them_refuses_words(name, words, download):
    with pytest.raises(UsageError, match=rf"{name} at scale paper has no use for --"):
        with_reader(FULL[name], Samples, words, download)
    small = training.recipe("dfpir", "smoke")
    with pytest.raises(UsageError, match="dfpir at scale smoke has no use for --words"):
        with_reader(small, Samples, "clip.pt", False)
