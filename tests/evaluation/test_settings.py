"""A whole setting: every column, their plain mean, and no average over what happens to be there."""

from dataclasses import fields

import pytest
import torch

from irlib import models
from irlib.data.benchmarks import get_benchmark
from irlib.data.images import write_image
from irlib.errors import IrlibError, UsageError
from irlib.evaluation.benchmark import Evaluation
from irlib.evaluation.scoring import mean_of
from irlib.evaluation.settings import SETTINGS, average, columns_of, evaluate_setting

SIZE = 32


@pytest.fixture
def root(tmp_path):
    """One tiny image of each set of both settings."""
    folders = {
        "CBSD68/original_png": ["0001"],
        "Rain100L/input": ["rain-1"],
        "Rain100L/target": ["norain-1"],
        "SOTS/outdoor/hazy": ["0001_0.8_0.2"],
        "SOTS/outdoor/gt": ["0001"],
        "GoPro/test/scene/blur": ["1"],
        "GoPro/test/scene/sharp": ["1"],
        "LOL/eval15/low": ["1"],
        "LOL/eval15/high": ["1"],
    }
    generator = torch.Generator().manual_seed(0)
    for folder, names in folders.items():
        for name in names:
            place = tmp_path / folder / f"{name}.png"
            place.parent.mkdir(parents=True, exist_ok=True)
            write_image(place, torch.rand(3, SIZE, SIZE, generator=generator))
    return tmp_path


def test_the_columns_are_those_of_the_papers():
    assert [c.name for c in columns_of("three-task")] == [
        "sots-outdoor", "rain100l", "cbsd68-sigma15", "cbsd68-sigma25", "cbsd68-sigma50"
    ]  # fmt: skip
    assert [c.name for c in columns_of("five-task")] == [
        "sots-outdoor", "rain100l", "cbsd68-sigma25", "gopro", "lol"
    ]  # fmt: skip
    with pytest.raises(UsageError, match="five-task"):
        columns_of("five-tasks")


@pytest.mark.parametrize("setting", list(SETTINGS))
def test_every_column_is_measured_and_counts_once(root, tmp_path, setting):
    kept = tmp_path / "kept"
    found = list(
        evaluate_setting(lambda image: image, setting, data=root, save_images=kept, progress=False)
    )
    assert [column for column, _ in found] == list(columns_of(setting))
    assert all(evaluation.count == 1 for _, evaluation in found)
    means = [evaluation.mean["psnr"] for _, evaluation in found]
    assert average([e for _, e in found])["psnr"] == pytest.approx(sum(means) / len(means))
    assert sorted(p.name for p in kept.iterdir()) == sorted(c.name for c in columns_of(setting))


def test_missing_sets_are_all_named_before_anything_is_measured(root):
    for folder in ("GoPro", "LOL"):
        (root / folder).rename(root / f"no{folder}")
    calls = []
    with pytest.raises(IrlibError, match=r"(?s)five-task.*gopro.*lol"):
        list(evaluate_setting(lambda image: calls.append(1) or image, "five-task", data=root))
    assert not calls
    list(evaluate_setting(lambda image: image, "three-task", data=root, progress=False))


def test_an_oracle_is_told_the_task_of_each_column(root):
    class Oracle(models.RestorationModel):
        name, multiple, needs_task = "oracle", 1, True
        known_tasks = ("denoise", "denoise50", "derain", "dehaze")

        def told(self, tasks):
            heard.extend(tasks)
            return tasks

        def forward(self, degraded, told):
            return degraded

    heard: list[str] = []
    restorer = models.as_restorer(Oracle({}))
    list(evaluate_setting(restorer, "three-task", data=root, progress=False))
    assert heard == ["dehaze", "derain", "denoise", "denoise", "denoise50"]


def test_property_21_cases_and_means_of_the_settings():
    """The cases of Perceive-IR's two protocols; a mean of columns is not one of images."""
    count = lambda columns: sum(get_benchmark(c.benchmark).count for c in columns)  # noqa: E731
    three = columns_of("three-task")
    assert count(three) == 804
    # Its five-task evaluation measures three levels of noise; the tables' column is the middle one.
    assert count([*three, *columns_of("five-task")[-2:]]) == 1930

    few = Evaluation(**_scores([30.0]))
    many = Evaluation(**_scores([20.0, 20.0, 20.0]))
    assert average([few, many])["psnr"] == pytest.approx(25.0)
    over_images = sum(row["psnr"] for e in (few, many) for row in e.per_image) / 4
    assert over_images == pytest.approx(22.5)


def _scores(values):
    rows = [{"psnr": v, "ssim": 1.0, "input_psnr": v, "input_ssim": 1.0} for v in values]
    nothing = {f.name: None for f in fields(Evaluation)}
    return {**nothing, "per_image": rows, "mean": mean_of(rows)}
