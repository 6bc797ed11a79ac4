"""Stage 1 from end to end with a tiny random CLIP, on the way that the paper's recipe takes."""

import json

import pytest
import torch

from irlib.data.images import write_image
from irlib.errors import UsageError
from irlib.perceiver import load_prompts, prompt_recipe, read_prompts_header, run_stage_one
from irlib.training.logs import read_log

TASKS = ("denoise", "derain")
SMALL = {"tasks": TASKS, "photographs": 3, "scenes": 1, "steps": 4, "batch": 4, "medium_steps": 1}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("stage-one")


@pytest.fixture(scope="module")
def done(clip, folder):
    recipe = prompt_recipe("smoke", **SMALL)
    return run_stage_one(
        recipe, clip, folder / "prompts", medium_dir=folder / "medium", progress=False
    )


def test_it_leaves_prompts_and_a_report(done, clip, folder):
    assert done.path == folder / "prompts" / "prompts.safetensors"
    assert torch.equal(load_prompts(done.path, clip).context, done.prompts.context)
    facts = read_prompts_header(done.path)["facts"]
    assert facts["logit_scale"] == 100
    assert facts["recipe"]["tasks"] == list(TASKS)
    assert facts["gate"]["accuracy"] == done.gate.accuracy
    assert set(done.gate.by_task) == set(TASKS)
    assert read_log(folder / "prompts" / "metrics.csv")[-1]["step"] == 4


def test_medium_images_come_from_two_networks_with_a_manifest(done, folder):
    assert (folder / "medium" / "fold-0" / "weights.safetensors").is_file()
    assert (folder / "medium" / "fold-1" / "weights.safetensors").is_file()
    manifests = [json.loads(p.read_text()) for p in folder.rglob("manifest.json")]
    assert len(manifests) == 2, "learned from, and held out"
    assert all({row["fold"] for row in rows} == {0, 1} for rows in manifests)


def test_a_second_run_shares_the_networks_and_can_have_other_words(done, clip, folder):
    before = (folder / "medium" / "fold-0" / "weights.safetensors").stat().st_mtime_ns
    recipe = prompt_recipe("smoke", **SMALL, words=("bad", "moderate", "good"))
    other = run_stage_one(
        recipe, clip, folder / "other", medium_dir=folder / "medium", progress=False
    )
    assert (folder / "medium" / "fold-0" / "weights.safetensors").stat().st_mtime_ns == before
    assert other.prompts.words == ("bad", "moderate", "good")


@pytest.mark.parametrize(
    "changes",
    [
        {"words": ("terrible", "excellent")},
        {"words": ("terrible", "slightly worse", "slightly better", "excellent")},
        {"init": "fixed"},
        {"cuts": 0, "steps": 2},
    ],
    ids=["two tiers", "four tiers", "fixed", "new cuts"],
)
def test_variants(changes, done, clip, folder, tmp_path):
    recipe = prompt_recipe("smoke", **SMALL | changes)
    variant = run_stage_one(recipe, clip, tmp_path, medium_dir=folder / "medium", progress=False)
    assert variant.prompts.encode(clip).shape == (len(recipe.words), clip.dim)


def test_benchmarks_take_the_same_way(clip, folder, tmp_path):
    root = tmp_path / "data"
    for number in range(4):
        for name in (f"BSD400/{number}.png", f"WED/{number + 1:05d}.png", f"CBSD68/{number}.png"):
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            write_image(
                path, torch.rand(3, 36, 40, generator=torch.Generator().manual_seed(number))
            )
    recipe = prompt_recipe("smoke", **SMALL | {"tasks": ("denoise",)}, data="benchmarks", cuts=0)
    found = run_stage_one(recipe, clip, tmp_path / "run", data=root, progress=False)
    rows = json.loads(next(iter(tmp_path.rglob("manifest.json"))).read_text())
    assert {row["path"].split("/")[0] for row in rows} <= {"BSD400", "WED", "CBSD68"}
    assert found.gate.by_task.keys() == {"denoise"}


def test_wrong_words_show_before_anything_is_trained(clip, tmp_path):
    with pytest.raises(UsageError, match="pieces"):
        run_stage_one(
            prompt_recipe("smoke", words=("terriblest", "good")), clip, tmp_path, progress=False
        )
    assert list(tmp_path.iterdir()) == []
