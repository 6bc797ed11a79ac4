"""Prompts are stored alone and small, and never meet another encoder."""

import pytest
import torch
from safetensors.torch import load_file, save_file

from irlib.errors import IrlibError, UsageError
from irlib.perceiver import PromptSet, load_prompts, read_prompts_header, save_prompts


@pytest.mark.parametrize("init", ["partial_random", "random", "fixed"])
def test_what_is_read_is_what_was_written(clip, tmp_path, init):
    prompts = PromptSet(clip, ("bad", "slightly better", "good"), init=init, tokens=8, seed=3)
    path = save_prompts(prompts, tmp_path / "a" / "p.safetensors", steps=5, logit_scale=100.0)
    read = load_prompts(path, clip)
    assert (read.words, read.init, read.tokens) == (prompts.words, init, 8)
    assert torch.equal(read.encode(clip), prompts.encode(clip))
    assert not any(p.requires_grad for p in read.parameters())
    assert read_prompts_header(path)["facts"] == {"steps": 5, "logit_scale": 100.0}


def test_learned_values_are_kept(clip, tmp_path):
    prompts = PromptSet(clip)
    with torch.no_grad():
        prompts.context.add_(1.0)
    read = load_prompts(save_prompts(prompts, tmp_path / "p.safetensors"), clip)
    assert torch.equal(read.context, prompts.context)


def test_the_file_holds_the_prompts_alone(clip, tmp_path):
    path = save_prompts(PromptSet(clip), tmp_path / "p.safetensors")
    assert {name: tuple(t.shape) for name, t in load_file(path).items()} == {
        "context": (3, 16, clip.text_width)
    }
    config = read_prompts_header(path)["config"]
    assert config["words"] == ["terrible", "mediocre", "excellent"]
    assert config["encoder"] == clip.identity
    assert path.stat().st_size < 3 * 16 * clip.text_width * 4 + 1000


def test_another_encoder_is_an_error_that_says_what_to_do(clip, other_clip, tmp_path):
    path = save_prompts(PromptSet(clip), tmp_path / "p.safetensors")
    with pytest.raises(UsageError) as error:
        load_prompts(path, other_clip)
    for words in (str(path), clip.identity, other_clip.identity, "tiny-0", "tiny-1", "--clip"):
        assert words in str(error.value)


def test_files_that_are_no_prompts(clip, tmp_path):
    with pytest.raises(UsageError, match="irlib prompts train"):
        load_prompts(tmp_path / "gone.safetensors", clip)
    other = tmp_path / "other.safetensors"
    save_file({"context": torch.zeros(3, 16, 16)}, other)
    with pytest.raises(UsageError, match="holds no prompts"):
        load_prompts(other, clip)
    path = save_prompts(PromptSet(clip), tmp_path / "p.safetensors")
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(IrlibError, match=r"p\.safetensors"):
        load_prompts(path, clip)


def test_a_context_of_another_shape(clip, tmp_path):
    from safetensors import safe_open

    path = save_prompts(PromptSet(clip), tmp_path / "p.safetensors")
    with safe_open(str(path), framework="pt") as file:
        metadata = file.metadata()
    save_file({"context": torch.zeros(3, 4, clip.text_width)}, path, metadata)
    with pytest.raises(UsageError, match=r"\(3, 4, 16\), expected \(3, 16, 16\)"):
        load_prompts(path, clip)
