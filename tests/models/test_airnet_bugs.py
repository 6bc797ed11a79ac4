"""What AirNet's code does wrong and ours does not; numbered as its specification lists them.

Others have their tests beside what they are about: bug 2 (tasks as a word), bug 3 (workers) and
bug 8 (a late rate) in tests/training, bug 6 (the queue) in test_airnet.py and
tests/training/test_airnet_objective.py, bug 7 (folders, seeds, order) in test_dfpir_bugs.py.
"""

import pytest
import torch

from irlib import models, training
from irlib.data.mixing import Entry, MixedPairs
from irlib.degradations import FIVE_TASKS
from irlib.evaluation.embedded import evaluate_embedded
from irlib.losses.momentum_contrast import momentum_contrast


@pytest.mark.parametrize("task", FIVE_TASKS)
def test_bug_1_each_task_can_be_tested_alone(task):
    torch.manual_seed(0)
    (row,) = evaluate_embedded(models.create("airnet", preset_name="smoke"), (task,), crop=16)
    assert row["task"] == task
    assert torch.isfinite(torch.tensor(row["psnr"]))


def test_bug_4_the_tasks_asked_for_stay_in_their_order(tmp_path):
    asked = ["derain", "denoise", "dehaze"]
    recipe = training.recipe("airnet", "smoke", tasks=asked)
    entries = [Entry(task, tmp_path / task) for task in asked for _ in range(3)]
    data = MixedPairs(entries, balanced=True)
    met = [data.entry(position).task for position in range(12)]
    assert set(met) == set(asked)
    assert asked == list(recipe.tasks) == ["derain", "denoise", "dehaze"]
    assert [entry.task for entry in entries] == [task for task in asked for _ in range(3)]


def test_bug_5_the_loss_is_made_where_its_codes_are():
    given = (torch.zeros(shape, device="meta") for shape in ((2, 4), (2, 4), (4, 6)))
    assert momentum_contrast(*given).device.type == "meta"
