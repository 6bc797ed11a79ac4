"""The five questions of the gate, on judges made by hand."""

import pytest
import torch

from irlib.perceiver import acceptance
from irlib.perceiver.gate import expected_quality

NAMES = ("denoise", "derain")
TASKS = torch.tensor([0] * 10 + [1] * 10)


def logits_for(tiers: torch.Tensor) -> torch.Tensor:
    """A judge that is sure of the tiers (N, K)."""
    return 10 * torch.nn.functional.one_hot(tiers, 3).float()


def test_a_perfect_judge_passes():
    report = acceptance(logits_for(torch.arange(3).expand(20, 3)), TASKS, NAMES)
    assert report.passed
    assert report.failures == []
    assert (report.accuracy, report.all_right, report.ordered) == (1, 1, 1)
    assert all("ok" in line for line in report.lines())


def test_a_collapsed_middle_tier_is_found():
    """Medium images taken for excellent ones: order is lost with the middle."""
    tiers = torch.tensor([0, 2, 2]).expand(20, 3)
    report = acceptance(logits_for(tiers), TASKS, NAMES)
    assert report.accuracy == pytest.approx(2 / 3)
    assert (report.all_right, report.ordered) == (0, 0)
    assert report.failures == [
        "accuracy",
        "worst_accuracy",
        "all_right",
        "ordered",
        "worst_ordered",
    ]


def test_tasks_count_alike_and_the_worst_is_named():
    tiers = torch.arange(3).repeat(20, 1)
    tiers[TASKS == 1] = torch.tensor([0, 2, 1])
    few = torch.cat([tiers[:10], tiers[10:12]])
    report = acceptance(logits_for(few), TASKS[:12], NAMES)
    assert report.accuracy == pytest.approx((1 + 1 / 3) / 2), "mean of tasks, not of scenes"
    assert report.worst_accuracy == pytest.approx(1 / 3)
    assert report.all_right == 0.5
    assert report.ordered == pytest.approx(10 / 12), "over all scenes"
    assert report.worst_ordered == 0
    assert report.by_task["derain"] == pytest.approx(
        {"accuracy": 1 / 3, "all_right": 0, "ordered": 0}
    )


def test_order_can_be_right_where_tiers_are_wrong():
    soft = torch.tensor([[4.0, 0, 0], [3, 1, 0], [2, 1, 1]]).expand(20, 3, 3)
    report = acceptance(soft, TASKS, NAMES)
    assert report.ordered == 1
    assert report.accuracy == pytest.approx(1 / 3)


def test_expected_quality_weighs_tiers_by_probability():
    assert float(expected_quality(torch.zeros(3))) == pytest.approx(1)
    assert float(expected_quality(torch.tensor([0.0, 0.0, 50.0]))) == pytest.approx(2)
    assert float(expected_quality(torch.tensor([0.0, 0.0]))) == pytest.approx(0.5)


def test_any_number_of_tiers():
    report = acceptance(10 * torch.eye(4).expand(4, 4, 4), torch.zeros(4, dtype=torch.long), NAMES)
    assert report.passed
