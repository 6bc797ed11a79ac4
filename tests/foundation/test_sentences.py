"""Sentence encoders: what the pocket one sees, and what a published one needs."""

import json
from importlib.util import find_spec

import pytest
import torch
from torch.nn import functional as F

from irlib.errors import IrlibError, UsageError
from irlib.foundation import sentences
from irlib.foundation.sentences import FileSentences, PocketSentences, load_sentences, mean_pooled


def similarity(first, second, dim=1024):
    one, other = PocketSentences(dim).encode([first, second])
    return float(one @ other)


def test_vectors_have_length_1_and_the_length_asked_for():
    vectors = PocketSentences(100).encode(["remove the rain", "fog", "is it?"])
    assert vectors.shape == (3, 100)
    assert vectors.dtype == torch.float32
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(3))
    assert not vectors.requires_grad


def test_the_same_vectors_on_every_machine_and_in_every_version():
    # Trained heads depend on these values: a change needs another identity and new weights.
    vector = PocketSentences(16).encode("take the rain off")[0]
    assert PocketSentences(16).identity == "pieces-1-16"
    expected = [
        -0.1083835,
        -0.3898026,
        0.4687481,
        -0.1971417,
        -0.3755092,
        -0.3010445,
        -0.1730356,
        -0.0932389,
        -0.1926609,
        -0.0887581,
        0.0053319,
        -0.0053319,
        0.3906538,
        -0.1039028,
        0.2912318,
        0.1190474,
    ]
    torch.testing.assert_close(vector, torch.tensor(expected), atol=1e-6, rtol=0)


def test_forms_of_a_word_are_alike_and_synonyms_are_not():
    assert similarity("rain", "rainy") > 0.4
    assert similarity("noise", "noisy") > 0.2
    assert abs(similarity("fog", "haze")) < 0.15


def test_case_punctuation_order_repetition_and_fillers_do_not_count():
    plain = PocketSentences().encode("remove rain")
    for other in ("Remove, RAIN!", "rain remove", "remove remove rain", "Please remove the rain"):
        assert torch.equal(PocketSentences().encode(other), plain)


def test_fillers_count_where_nothing_else_is_said():
    assert sentences.words_of("do it for me, please") == ("do", "it", "for", "me", "please")
    assert sentences.words_of("I don’t want haze") == ("don't", "haze")


def test_any_script_is_read():
    assert PocketSentences().encode(["entferne den Nebel", "雨を消して"]).isfinite().all()


@pytest.mark.parametrize("text", ["", "   ", "?!", "…"])
def test_a_sentence_without_a_word_is_refused(text):
    with pytest.raises(UsageError, match="no word"):
        PocketSentences().encode([text])


def test_a_length_below_1_is_refused():
    with pytest.raises(UsageError, match="expected 1 or more"):
        PocketSentences(0)


def test_property_11_pooling_ignores_padding():
    states, mask = torch.randn(2, 5, 8), torch.tensor([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]])
    pooled = mean_pooled(states, mask)
    states[0, 3:] = 1e6
    assert torch.equal(mean_pooled(states, mask), pooled)
    torch.testing.assert_close(pooled[0], F.normalize(states[0, :3].mean(dim=0), dim=0))


def test_pooling_of_nothing_is_zero():
    assert not mean_pooled(torch.randn(1, 3, 4), torch.zeros(1, 3, dtype=torch.long)).any()


def test_pooling_as_the_authors_do(shared):
    from irlib.models.fixture import read_fixture

    tensors = read_fixture(shared / "parity" / "instructir_pooling.safetensors").tensors
    pooled = mean_pooled(tensors["input.0"], tensors["extra.attention_mask.0"])
    assert (pooled - tensors["output.0"]).abs().max() <= 1e-5


def test_sources_are_pocket_or_a_folder(tmp_path):
    assert load_sentences("pocket", 12).dim == 12
    with pytest.raises(UsageError, match="no sentence encoder at"):
        load_sentences(tmp_path / "nothing")
    with pytest.raises(UsageError, match=r"no config\.json and no model\.safetensors"):
        load_sentences(tmp_path)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"")
    return tmp_path


@pytest.mark.skipif(find_spec("transformers") is not None, reason="transformers is installed")
def test_a_folder_needs_the_package_transformers(folder):
    with pytest.raises(IrlibError, match="pip install transformers"):
        load_sentences(folder)
    with pytest.raises(IrlibError, match="pocket"):
        load_sentences(folder / "model.safetensors")


def test_weights_that_could_run_code_are_not_read(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "pytorch_model.bin").write_bytes(b"")
    with pytest.raises(UsageError, match="safetensors"):
        load_sentences(tmp_path)


def tiny_transformer(folder):
    """A BERT of random weights, stored as published ones are."""
    transformers = pytest.importorskip("transformers")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "remove", "the", "rain", "fog"]
    (folder / "vocab.txt").write_text("\n".join(words))
    tokenizer = transformers.BertTokenizer(str(folder / "vocab.txt"))
    tokenizer.save_pretrained(folder)
    config = transformers.BertConfig(
        vocab_size=len(words),
        hidden_size=24,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=16,
    )
    torch.manual_seed(0)
    transformers.BertModel(config).save_pretrained(folder, safe_serialization=True)
    return folder


def test_a_published_transformer_is_frozen_and_pooled(tmp_path):
    encoder = FileSentences(tiny_transformer(tmp_path))
    together = encoder.encode(["remove the rain", "fog"])
    assert together.shape == (2, encoder.dim) == (2, 24)
    assert not together.requires_grad
    torch.testing.assert_close(together.norm(dim=1), torch.ones(2))
    torch.testing.assert_close(encoder.encode("fog"), together[1:])  # padding does not count
    assert list(encoder.parameters()) == []
    assert encoder.identity == FileSentences(tmp_path / "model.safetensors").identity
    encoder.encode("rain " * 100)  # cut, not refused


def test_a_damaged_folder_is_refused_in_words(tmp_path):
    tiny_transformer(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "nothing known"}))
    with pytest.raises(IrlibError, match="cannot be read"):
        FileSentences(tmp_path)
