"""The words that tell a task: ids of a table, and vectors that are still the pocket CLIP's."""

import pytest
import torch

from irlib.degradations import FIVE_TASKS
from irlib.errors import IrlibError, UsageError
from irlib.models import task_words
from irlib.models.task_words import TASK_WORDS, TOKEN_IDS, shipped_vectors, token_ids, word_vectors


def test_ids_are_those_of_the_tokenizer_bug_4():
    from open_clip.tokenizer import SimpleTokenizer

    tokenizer = SimpleTokenizer(context_length=8)
    assert torch.equal(token_ids(list(TOKEN_IDS)), tokenizer(list(TOKEN_IDS)))


def test_a_text_that_the_authors_never_pass():
    with pytest.raises(UsageError, match="did you mean 'derain'"):
        token_ids(["deraining"])


def test_every_task_has_words():
    assert set(FIVE_TASKS) < set(TASK_WORDS)
    assert {words.text for words in TASK_WORDS.values()} < set(TOKEN_IDS)
    sentences = [words.sentence for words in TASK_WORDS.values()]
    assert len(set(sentences)) == len(sentences)


def test_shipped_vectors_are_the_pocket_clips():
    from irlib.foundation import load_clip

    torch.testing.assert_close(shipped_vectors(), word_vectors(load_clip("pocket")))
    torch.testing.assert_close(shipped_vectors().norm(dim=1), torch.ones(len(TASK_WORDS)))


def test_vectors_that_are_not_installed(monkeypatch, tmp_path):
    monkeypatch.setattr(task_words, "SHIPPED", tmp_path / "none.safetensors")
    with pytest.raises(IrlibError, match=r"none\.safetensors"):
        shipped_vectors()
