"""What DFPIR's scripts do wrong and ours do not; bugs are numbered as its specification lists them.

Bug 2, rules for paths, has its test in tests/training/test_dfpir_recipes.py.
"""

import random
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
import torch
import typer
from typer.testing import CliRunner

from irlib import models
from irlib.cli.restore import restore
from irlib.data.benchmarks import get_benchmark
from irlib.data.images import write_image
from irlib.data.mixing import Entry, MixedPairs, training_list
from irlib.data.pairing import Pair
from irlib.evaluation import restore_image
from irlib.evaluation.benchmark import evaluate
from irlib.evaluation.restore_plan import plan
from irlib.models.official_names import official_name
from irlib.training import recipe, recipe_names
from irlib.training.loop import train

SMALL = {"dim": 8, "num_blocks": (1, 1, 1, 1), "num_refinement_blocks": 1, "heads": (1, 1, 1, 1)}


def picture(path, seed=0, size=(24, 32)):
    path.parent.mkdir(parents=True, exist_ok=True)
    write_image(path, torch.rand(3, *size, generator=torch.Generator().manual_seed(seed)))
    return path


def smoke():
    torch.manual_seed(0)
    return models.create("dfpir", preset_name="smoke")


@pytest.mark.parametrize("name", recipe_names("dfpir"))
def test_bug_1_nothing_is_chosen_by_test_images(name):
    full = recipe("dfpir", "paper", name)
    sets = [get_benchmark(one) for task in full.tasks for one in full.sets[task]]
    assert all("train" in one.split for one in sets)


def test_bug_1_noise_does_not_depend_on_the_order_of_files(tmp_path):
    pairs = [Pair(name, None, picture(tmp_path / f"{name}.png", ord(name))) for name in "abc"]
    seen = []
    for order in (pairs, pairs[::-1], pairs[1:]):
        np.random.seed(len(seen))
        given = {}

        def note(image, given=given):
            given[len(given)] = image
            return image

        result = evaluate(note, order, sigma=25.0, progress=False)
        seen.append({row["name"]: given[i] for i, row in enumerate(result.per_image)})
    for other in seen[1:]:
        assert all(torch.equal(other[name], seen[0][name]) for name in other)


def test_bug_1_crops_and_turns_have_a_seed(tmp_path):
    clean = picture(tmp_path / "clean.png", size=(64, 64))
    samples = []
    for seed in (1, 2):
        random.seed(seed)
        np.random.seed(seed)
        torch.manual_seed(seed)
        data = MixedPairs([Entry("denoise", clean, sigma=25.0)] * 4, patch=16)
        samples.append([data[position]["degraded"] for position in range(8)])
    assert all(torch.equal(*pair) for pair in zip(*samples, strict=True))
    assert not torch.equal(samples[0][0], samples[0][1])


@pytest.mark.parametrize(
    ("file", "result"),
    [("a.jpeg", "a.jpeg"), ("b.tiff", "b.tiff"), ("c.d.png", "c.d.png"), ("e.JPG", "e.JPG")],
)
def test_bug_3_a_result_is_called_as_its_image(tmp_path, file, result):
    (tmp_path / file).write_bytes(b"x")
    out = tmp_path / "out"
    assert [job.target.name for job in plan([tmp_path / file], out)] == [result]
    stem = result.rpartition(".")[0]
    assert plan([tmp_path / file], out, format="png")[0].target.name == f"{stem}.png"


@pytest.mark.parametrize("output", ["output", "output/"])
def test_bug_4_results_go_into_the_folder_with_and_without_a_slash(tmp_path, monkeypatch, output):
    monkeypatch.chdir(tmp_path)
    picture(Path("photo.png"))
    weights = models.save_weights(smoke(), tmp_path / "w.safetensors")
    app = typer.Typer()
    app.command()(restore)
    words = ["photo.png", "--weights", weights, "--task", "derain", "--output", output]
    result = CliRunner().invoke(app, [*map(str, words), "--device", "cpu"])
    assert result.exit_code == 0, result.output
    assert Path("output/photo.png").is_file()
    assert {path.name for path in tmp_path.iterdir()} == {"photo.png", "w.safetensors", "output"}


def test_bug_5_a_checkpoint_is_read_onto_the_cpu_wherever_it_was_written(tmp_path, monkeypatch):
    network = models.create("dfpir", **SMALL)
    state = {official_name("dfpir", name): t for name, t in network.state_dict().items()}
    torch.save({"state_dict": state}, tmp_path / "theirs.pth")
    asked, load = [], torch.load

    def noting(*given, **options):
        asked.append(options["map_location"])
        return load(*given, **options)

    monkeypatch.setattr(torch, "load", noting)
    loaded = models.load_official("dfpir", tmp_path / "theirs.pth")
    assert asked == ["cpu"]
    assert {parameter.device.type for parameter in loaded.parameters()} == {"cpu"}


@pytest.mark.parametrize("training", [True, False])
def test_bug_6_evaluating_leaves_the_mode_as_it_was(tmp_path, training):
    network = smoke().train(training)
    restorer = models.as_restorer(network, task="derain")
    restorer.train(training)
    restore_image(restorer, torch.rand(3, 24, 24))
    evaluate(restorer, [Pair("a", *(picture(tmp_path / "a.png"),) * 2)], progress=False)
    modes = {module.training for module in network.modules()}
    assert modes == {training}


def test_bug_7_a_run_leaves_one_checkpoint_and_it_is_not_empty(tmp_path):
    clean = picture(tmp_path / "clean.png", size=(40, 40))
    data = MixedPairs([Entry("derain", clean), Entry("denoise", clean)], patch=16)
    small = recipe("dfpir", "smoke", steps=3, patch=16, batch=2)
    run = tmp_path / "run"
    path = train(small, run, data, accelerator="cpu", progress=False, checkpoint_every=1)
    kept = sorted(p.name for p in run.iterdir() if p.suffix in (".pt", ".ckpt", ".safetensors"))
    assert kept == ["checkpoint.pt", path.name]
    assert torch.load(run / "checkpoint.pt", weights_only=True)["step"] == 3


@pytest.mark.parametrize("tasks", [("derain",), ("denoise",), ("dehaze", "denoise")])
def test_bug_8_noise_is_merged_where_noise_is_asked_for(tasks, tmp_path):
    full = recipe("dfpir", "paper", tasks=tasks)
    files = {task: [(None, tmp_path / task)] for task in full.tasks}
    entries = training_list(files, full.turns, full.noise)
    assert {entry.task for entry in entries} == set(tasks)
    levels = {entry.sigma for entry in entries if entry.task == "denoise"}
    assert levels == ({15.0, 25.0, 50.0} if "denoise" in tasks else set())


def test_bug_9_no_video_package_is_needed():
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    lists = [project["dependencies"], *project["optional-dependencies"].values()]
    asked = [entry for entries in lists for entry in entries]
    assert not [entry for entry in asked if "video" in entry]
    words = "import sys, irlib.metrics, irlib.models; print('skvideo' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"
