"""``irlib prompts``: what it prints and leaves, and what it says when asked wrongly."""

import contextlib
import io
import json

import pytest
import torch

from irlib import cli, foundation
from irlib.data.images import write_image
from irlib.foundation import Clip, Source
from irlib.perceiver import PromptSet, prompt_files, read_prompts_header, save_prompts

CONFIG = {
    "embed_dim": 16,
    "quick_gelu": False,
    "vision_cfg": {"image_size": 32, "patch_size": 8, "width": 16, "layers": 1, "head_width": 8},
    "text_cfg": {"context_length": 20, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1},
}
SMALL = ("--scale", "smoke", "--tasks", "denoise", "--steps", "2", "--batch", "2", "--scenes", "1")


def told(*words) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = cli.run([str(word) for word in words])
    assert "Traceback" not in out.getvalue() + err.getvalue()
    return status, out.getvalue(), err.getvalue()


@pytest.fixture(scope="module")
def clip() -> Clip:
    from open_clip.model import CLIP

    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = CLIP(**CONFIG)
    return Clip(network, Source("pocket", "clip-pocket"))


@pytest.fixture(autouse=True)
def here(clip, tmp_path, monkeypatch):
    """A folder of its own, and a tiny CLIP wherever one is asked for."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IRLIB_SCALE", "smoke")
    monkeypatch.setattr(foundation, "load_clip", lambda source, download=False: clip)


def photo(path, seed=0, size=(40, 50)):
    path.parent.mkdir(parents=True, exist_ok=True)
    write_image(path, torch.rand(3, *size, generator=torch.Generator().manual_seed(seed)))
    return path


def test_train_and_score(tmp_path, clip, monkeypatch):
    shipped = tmp_path / "shipped" / "p.safetensors"
    monkeypatch.setattr(prompt_files, "SHIPPED", shipped)
    words = ("--words", "bad", "slightly better", "good", "--medium-steps", "1", "--ship")
    status, out, err = told("prompts", "train", *SMALL, *words, "--record", "p", "--results", "r")
    assert status == 0, err
    assert clip.identity in out
    assert "Acceptance gate" in out
    path = tmp_path / "runs" / "prompts-smoke" / "prompts.safetensors"
    assert path.is_file()
    record = json.loads((tmp_path / "r" / "p.json").read_text())
    assert record["kind"] == "training"
    assert record["recipe"]["encoder"] == clip.identity
    assert 0 <= record["values"]["accuracy"] <= 1
    assert record["values"]["loss"] > 0

    assert read_prompts_header(shipped) == read_prompts_header(path)

    photo(tmp_path / "many" / "a.png")
    photo(tmp_path / "many" / "b.png", size=(9, 200))
    (tmp_path / "many" / "bad.png").write_bytes(b"no image")
    status, out, err = told("prompts", "score", "many", "--prompts", path)
    assert status == 1
    assert "bad.png" in err
    lines = [line for line in out.splitlines() if line.startswith("many")]
    assert len(lines) == 2
    assert all("bad 0." in line and "slightly better 0." in line for line in lines)


def test_score_takes_the_own_run_then_the_shipped_prompts(tmp_path, clip, monkeypatch):
    photo(tmp_path / "a.png")
    monkeypatch.setattr(prompt_files, "SHIPPED", tmp_path / "shipped.safetensors")
    status, _, err = told("prompts", "score", "a.png")
    assert status == 2
    assert "irlib prompts train" in err
    save_prompts(PromptSet(clip, ("bad", "good")), tmp_path / "shipped.safetensors")
    assert "good 0." in told("prompts", "score", "a.png")[1]
    save_prompts(PromptSet(clip), tmp_path / "runs" / "prompts-pocket" / "prompts.safetensors")
    status, out, err = told("prompts", "score", "a.png")
    assert status == 0, err
    assert "terrible 0." in out


def test_prompts_of_another_clip_are_refused(tmp_path, clip, monkeypatch):
    photo(tmp_path / "a.png")
    prompts = PromptSet(clip)
    prompts.encoder = "0123456789abcdef"
    save_prompts(prompts, tmp_path / "p.safetensors")
    status, _, err = told("prompts", "score", "a.png", "--prompts", "p.safetensors")
    assert status == 2
    assert "0123456789abcdef" in err
    assert clip.identity in err
    assert "--clip" in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["train", *SMALL, "--init", "randm"], "did you mean 'random'"),
        (["train", *SMALL, "--words", "bad"], "2, 3 or 4"),
        (["train", *SMALL, "--words", "terriblest", "good"], "pieces"),
        (["train", *SMALL, "--tokens", "30"], "1 to 18"),
        (["train", *SMALL, "--workers", "-1"], "--workers"),
        (["train", *SMALL, "--record", "No Name"], "not a record name"),
        (["train", "--scale", "large"], "smoke, pocket, paper"),
        (["train", "--scale", "smoke", "--tasks", "derian"], "did you mean 'derain'"),
        (["train", "--scale", "smoke", "--logit-scale", "0"], "logit_scale is 0"),
        (["train", "--scale", "smoke", "--device", "toaster"], "toaster"),
        (["train", "--scale", "paper"], "IRLIB_DATA"),
        (["score", "gone.png", "--prompts", "p.safetensors"], "no prompts at p.safetensors"),
        (["score"], "Missing argument"),
    ],
)
def test_wrong_use_is_one_message_and_status_2(words, message, tmp_path, monkeypatch):
    monkeypatch.delenv("IRLIB_DATA", raising=False)
    status, _, err = told("prompts", *words)
    assert status == 2, err
    assert message in err
    assert list(tmp_path.iterdir()) == []


def test_a_missing_picture_is_told(tmp_path, clip):
    save_prompts(PromptSet(clip), tmp_path / "p.safetensors")
    status, _, err = told("prompts", "score", "gone.png", "--prompts", "p.safetensors")
    assert status == 2
    assert "gone.png" in err


@pytest.mark.parametrize("command", ["train", "score"])
def test_help_shows_an_example(command):
    status, out, _ = told("prompts", command, "--help")
    assert status == 0
    assert f"irlib prompts {command}" in out
