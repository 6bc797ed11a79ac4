"""Training degradations of the five tasks."""

import pytest
import torch

from irlib.degradations import COMPOSITE_TASKS, FIVE_TASKS, THREE_TASKS, degrade_task
from irlib.errors import UsageError


def test_the_tasks_and_their_order():
    assert FIVE_TASKS == ("denoise", "dehaze", "derain", "deblur", "lowlight")
    assert FIVE_TASKS[:3] == THREE_TASKS


@pytest.mark.parametrize("task", FIVE_TASKS)
def test_results_are_images(task, generator):
    clean = torch.rand(6, 3, 32, 32, generator=generator)
    image = degrade_task(clean, task, generator).image
    assert image.shape == clean.shape
    assert image.dtype == torch.float32
    assert image.min() >= 0
    assert image.max() <= 1


def test_noise_covers_its_range_with_most_between_15_and_50(generator):
    sigma = degrade_task(torch.rand(400, 3, 2, 2), "denoise", generator).parameters["sigma"]
    assert sigma.min() < 8
    assert sigma.max() > 49
    assert ((sigma >= 15) & (sigma <= 50)).float().mean() > 0.75


def test_blur_mixes_kernels_and_averaged_frames_mild_and_strong(generator):
    drawn = degrade_task(torch.rand(100, 3, 8, 8), "deblur", generator).parameters
    assert 0.3 < drawn["frames"].isnan().float().mean() < 0.7
    assert drawn["length"].min() < 3
    assert drawn["length"].max() > 21
    assert not drawn["length"].isnan().any()


def test_haze_uses_a_given_depth(generator):
    depth = torch.zeros(1, 8, 8)
    clean = torch.rand(2, 3, 8, 8)
    torch.testing.assert_close(degrade_task(clean, "dehaze", generator, depth).image, clean)


def test_an_unknown_task_is_refused(generator):
    with pytest.raises(UsageError, match="did you mean 'dehaze'"):
        degrade_task(torch.rand(3, 8, 8), "dehase", generator)


@pytest.mark.parametrize("task", COMPOSITE_TASKS)
def test_mixtures_are_tasks_too(task, generator):
    clean = torch.rand(2, 3, 32, 32, generator=generator)
    image = degrade_task(clean, task, generator).image
    assert image.shape == clean.shape
    assert not torch.equal(image, clean)
    assert image.min() >= 0
    assert image.max() <= 1
