"""A training finds its prompts, or learns them first; it keeps them and says how good they are."""

from dataclasses import asdict

import pytest
import torch

from irlib import cli, foundation, models
from irlib.data.images import write_image
from irlib.errors import UsageError
from irlib.perceiver import GateReport, PromptSet, load_prompts, prompt_files, save_prompts
from irlib.perceiver import prompt_recipe as any_recipe
from irlib.perceiver import run_prompts as module
from irlib.perceiver.run_prompts import prompts_of_run

TASKS = ("denoise", "derain")
SMALL = {"photographs": 3, "scenes": 1, "steps": 4, "batch": 4, "medium_steps": 1}
GOOD, BAD = GateReport(1.0, 1.0, 1.0, 1.0, 1.0), GateReport(0.9, 0.5, 0.8, 1.0, 0.9)


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """A folder without prompts, and a stage 1 of seconds."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(prompt_files, "SHIPPED", tmp_path / "shipped.safetensors")
    monkeypatch.setattr(module, "prompt_recipe", lambda scale: any_recipe("smoke", **SMALL))


@pytest.fixture
def unlearned(monkeypatch):
    """Fails where stage 1 would run."""

    def run(*_, **__):
        raise AssertionError("stage 1 ran")

    monkeypatch.setattr(module, "run_stage_one", run)


def told(*arguments, **options):
    lines = []
    file = prompts_of_run(*arguments, say=lines.append, **options)
    return file, "\n".join(lines)


def test_stage_one_runs_once_and_its_prompts_stay_in_the_folder(clip, tmp_path, monkeypatch):
    file, text = told(tmp_path / "run", clip, "smoke", TASKS)
    assert file == tmp_path / "run" / "stage-1" / "prompts.safetensors"
    assert "learning some now, from denoise, dehaze, derain, deblur, lowlight" in text
    assert "gate missed" in text, "a random CLIP is no judge"
    assert "--without prompts" in text
    monkeypatch.setattr(module, "run_stage_one", None)
    again, text = told(tmp_path / "run", clip, "smoke", TASKS)
    assert again == file
    assert "that this run has" in text


def test_prompts_that_fit_are_taken_in_turn_and_kept(clip, other_clip, unlearned, tmp_path):
    shipped = save_prompts(PromptSet(clip, seed=1), prompt_files.SHIPPED, gate=asdict(GOOD))
    save_prompts(PromptSet(other_clip), prompt_files.OWN_RUN)
    file, text = told("run", clip, "pocket", TASKS)
    assert str(shipped) in text, "those of another CLIP are passed over"
    assert "gate passed" in text
    assert torch.equal(load_prompts(file, clip).context, load_prompts(shipped, clip).context)

    own = save_prompts(PromptSet(clip, seed=2), "runs/prompts-smoke/prompts.safetensors")
    assert "that this run has" in told("run", clip, "smoke", TASKS)[1], "a run keeps its own"
    file, text = told("run", clip, "smoke", TASKS, restart=True)
    assert f"prompts of {own}" in text
    assert "never put before" in text
    assert torch.equal(load_prompts(file, clip).context, load_prompts(own, clip).context)


def test_a_missed_gate_is_a_warning_with_a_way_on(clip, unlearned):
    save_prompts(PromptSet(clip), prompt_files.SHIPPED, gate=asdict(BAD))
    _, text = told("run", clip, "smoke", TASKS)
    assert "warning: acceptance gate missed (worst_accuracy)" in text
    assert " 0.500 (at least 0.75) MISSED" in text
    assert "irlib prompts train --steps N" in text


def test_processes_started_together_do_not_each_learn_prompts(clip, unlearned, monkeypatch):
    with pytest.raises(UsageError, match="irlib prompts train"):
        prompts_of_run("run", clip, "smoke", TASKS, machines=2)
    monkeypatch.setenv("WORLD_SIZE", "4")
    with pytest.raises(UsageError, match="4 processes"):
        prompts_of_run("run", clip, "smoke", TASKS)
    monkeypatch.setenv("LOCAL_RANK", "1")
    kept = save_prompts(PromptSet(clip), "run/stage-1/prompts.safetensors")
    file, text = told("run", clip, "smoke", TASKS, restart=True)
    assert (file.resolve(), text) == (kept.resolve(), ""), "what the first process has learned"


def test_tasks_that_slurm_started_together_do_not_either(clip, unlearned, monkeypatch):
    there = {"SLURM_NTASKS": "8", "SLURM_NNODES": "1", "SLURM_JOB_NAME": "train"}
    for name, value in {**there, "SLURM_LOCALID": "1"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(UsageError, match="8 processes"):
        prompts_of_run("run", clip, "smoke", TASKS)
    save_prompts(PromptSet(clip), prompt_files.SHIPPED, gate=asdict(GOOD))
    file, text = told("run", clip, "smoke", TASKS)
    assert (file.is_file(), text) == (True, ""), "one process speaks for all"
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_at_scale_paper_the_data_are_the_benchmarks_that_are_there(clip, tmp_path, monkeypatch):
    monkeypatch.delenv("IRLIB_DATA", raising=False)
    paper = any_recipe("smoke", **SMALL, data="benchmarks", cuts=0)
    monkeypatch.setattr(module, "prompt_recipe", lambda scale: paper)
    with pytest.raises(UsageError, match="--without prompts"):
        prompts_of_run("run", clip, "paper", ("denoise",))
    for number in range(4):
        for name in (f"BSD400/{number}.png", f"WED/{number + 1:05d}.png", f"CBSD68/{number}.png"):
            image = torch.rand(3, 36, 40, generator=torch.Generator().manual_seed(number))
            (tmp_path / "data" / name).parent.mkdir(parents=True, exist_ok=True)
            write_image(tmp_path / "data" / name, image)
    _, text = told("run", clip, "paper", ("denoise",), data=tmp_path / "data")
    assert "learning some now, from denoise, in" in text


QUICK = ("--scale", "smoke", "--steps", "2", "--patch", "16", "--batch", "5", "--scenes", "1",
         "--accelerator", "cpu", "--without", "dino", "--without-loss", "dpl")  # fmt: skip


def test_the_command_trains_alike_with_prompts_learned_on_the_way(clip, monkeypatch, capsys):
    monkeypatch.setattr(foundation, "load_clip", lambda *_, **__: clip)
    assert cli.run(["train", "perceive-ir", *QUICK]) == 0
    assert "Stage 1: warning" in capsys.readouterr().out
    file = "runs/perceive-ir-smoke/stage-1/prompts.safetensors"
    assert cli.run(["train", "perceive-ir", *QUICK, "--prompts", file, "--run", "given"]) == 0
    assert "Stage 1" not in capsys.readouterr().out, "who names prompts has chosen"
    one, two = (
        models.load_weights(f"{folder}/weights.safetensors").state_dict()
        for folder in ("runs/perceive-ir-smoke", "given")
    )
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_without_prompts_neither_clip_nor_stage_one_is_asked(unlearned, monkeypatch):
    monkeypatch.setattr(foundation, "load_clip", None)
    assert cli.run(["train", "perceive-ir", *QUICK[:-4], "--without", "prompts", "dino",
                    "--without-loss", "dpl"]) == 0  # fmt: skip
    facts = models.read_header("runs/perceive-ir-smoke/weights.safetensors")["facts"]
    assert facts["recipe"]["weights"]["clip"] == 0
    assert facts["recipe"]["given"] == {}
