"""The five-task table on embedded photographs."""

import pytest
import torch

from irlib import models
from irlib.data.photos import TEST_PHOTOS
from irlib.degradations import COMPOSITE_TASKS, FIVE_TASKS
from irlib.errors import UsageError
from irlib.evaluation.embedded import embedded_pairs, evaluate_embedded
from irlib.models.told import WithTask


def same(image):
    return image


def test_one_row_a_task_and_the_identity_gains_nothing():
    rows = evaluate_embedded(same, crop=64)
    assert [row["task"] for row in rows] == list(FIVE_TASKS)
    for row in rows:
        assert row["psnr"] == row["input_psnr"] < 40
        assert [image["name"] for image in row["per_image"]] == list(TEST_PHOTOS)


def test_a_task_is_degraded_alike_whatever_else_is_asked_for():
    (alone,) = evaluate_embedded(same, ["derain"], crop=64)
    both = evaluate_embedded(same, ["denoise", "derain"], crop=64)
    assert both[1] == alone
    (other,) = evaluate_embedded(same, ["derain"], crop=64, seed=1)
    assert other["psnr"] != alone["psnr"]


def test_a_perfect_method_gains_on_every_task():
    clean = [image for _, image, _ in embedded_pairs("denoise", 64)]

    def nearest(image):
        return min(clean, key=lambda c: float((c - image).abs().mean()))

    rows = evaluate_embedded(nearest, ["denoise"], crop=64)
    assert rows[0]["psnr"] == float("inf")


def test_inputs_are_images_in_range():
    for task in FIVE_TASKS:
        for _, clean, degraded in embedded_pairs(task, 48):
            assert degraded.shape == clean.shape == (3, 48, 48)
            assert 0 <= degraded.min() <= degraded.max() <= 1
            assert not torch.equal(degraded, clean)


def test_unknown_tasks_and_crops_are_refused():
    with pytest.raises(UsageError, match="unknown task 'desnow'"):
        evaluate_embedded(same, ["desnow"])
    with pytest.raises(UsageError, match="crop is 0"):
        evaluate_embedded(same, crop=0)


def test_a_mixture_is_scored_by_its_name():
    (row,) = evaluate_embedded(lambda image: image, ["cdd11_haze_rain"], crop=32)
    assert (row["task"], row["degradation"]) == ("cdd11_haze_rain", "cdd11_haze_rain")
    assert row["psnr"] == row["input_psnr"]


def test_all_mixtures_and_any_level_of_noise():
    rows = evaluate_embedded(same, ["cdd11", "noise100"], crop=32)
    assert [row["task"] for row in rows] == [*COMPOSITE_TASKS, "noise100"]
    sixty, hundred = (embedded_pairs(f"noise{sigma}", 64) for sigma in (60, 100))
    for (_, clean, noisy), (_, _, noisier) in zip(sixty, hundred, strict=True):
        # Values cut at black and white leave less than the nominal deviation.
        assert 40 < 255 * (noisy - clean).std() < 60
        assert (noisier - clean).std() > (noisy - clean).std()


def test_a_named_level_is_the_degradation_of_that_name():
    (task,) = evaluate_embedded(same, ["denoise"], crop=48)
    (named,) = evaluate_embedded(same, ["noise25"], crop=48)
    assert named["per_image"] == task["per_image"]


def test_an_oracle_is_told_that_a_level_of_noise_is_noise():
    network = WithTask(models.create("am-promptir", preset_name="smoke", noise_levels=True))
    for name, task in (
        ("noise60", "denoise"),
        ("noise25", "denoise25"),
        ("rain", "derain"),
        ("dehaze", "dehaze"),
    ):
        evaluate_embedded(network, [name], crop=16)
        assert network.task == task
    with pytest.raises(UsageError, match="underwater"):
        evaluate_embedded(network, ["underwater"], crop=16)
