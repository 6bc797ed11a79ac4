"""A plan follows from the recipe, the counted step and what was assumed."""

import importlib

import pytest

from irlib.errors import UsageError
from irlib.planning import Assumptions, Step, Work, plan
from irlib.training import recipe

MODULE = importlib.import_module("irlib.planning.plan")
#: A step that is easy to reckon with, for patches of 128.
EASY = Work(operations=1e12, traffic=1e9, kept=1e9, starts=1000)


@pytest.fixture(autouse=True)
def easy(monkeypatch):
    def step_of(_, patch):
        scale = (patch / 128) ** 2
        work = Work(EASY.operations * scale, EASY.traffic * scale, EASY.kept * scale, EASY.starts)
        return Step({"network": work}, 10**7, 0)

    monkeypatch.setattr(MODULE, "step_of", step_of)


def promptir(**changes):
    return recipe("promptir", "paper", **changes)


def test_time_by_hand():
    assumed = Assumptions(arithmetic=0.5, bandwidth=0.5, parallel=0.8)
    found = plan(promptir(steps=1000), 4, "h200", assumed)
    (part,) = found.stages
    assert (found.used, part.micro_batch, part.micro_steps) == (4, 8, 1)
    assert part.bound == "arithmetic"
    seconds = 8 * 1e12 / (0.5 * 494.5e12) / 0.8
    assert part.seconds == pytest.approx(seconds)
    assert found.gpu_hours == pytest.approx(4 * 1000 * seconds / 3600)
    assert found.days == pytest.approx(1000 * seconds / 86_400)
    assert found.operations == 1000 * 32 * 1e12


def test_energy_and_money_by_hand():
    assumed = Assumptions(load=0.5, overhead=2.0, per_kwh=0.25, per_hour=4.0)
    found = plan(promptir(steps=1000), 1, "a100", assumed)
    assert found.kwh == pytest.approx(found.gpu_hours * 0.4)
    assert found.electricity == pytest.approx(found.kwh / 4)
    assert found.rent == pytest.approx(found.gpu_hours * 4)


def test_what_decides_depends_on_card_and_batch():
    narrow = Assumptions(bandwidth=0.01)
    assert plan(promptir(), 1, "rtx4090", narrow).stages[0].bound == "memory traffic"
    slow = Assumptions(start=1.0)
    assert plan(promptir(), 32, "h200", slow).stages[0].bound == "starts"
    # Starting costs the same for any batch.
    assert plan(promptir(), 32, "h200", slow).stages[0].seconds == pytest.approx(1000 / 0.9)
    assert plan(promptir(), 1, "h200", slow).stages[0].seconds == pytest.approx(1000)


def test_sixteen_bits_move_and_keep_less():
    whole, half = (plan(promptir(precision=p), 1, "a100") for p in ("32-true", "bf16-mixed"))
    assert half.seconds < whole.seconds
    assert half.memory < whole.memory


def test_a_measured_speed_replaces_the_estimate():
    measured = Assumptions(images_per_s=16.0, measured="a card")
    one, two = (plan(promptir(steps=10), n, "rtx3090", measured) for n in (1, 2))
    assert one.stages[0].seconds == 2.0
    assert two.stages[0].seconds == 1.0
    assert one.stages[0].bound == "the measured speed"
    grown = plan(recipe("restormer", "paper"), 1, "h200", measured)
    assert grown.stages[3].seconds == pytest.approx(16 * 4 / 16)


@pytest.mark.parametrize(("batch", "gpus", "used"), [(6, 8, 6), (5, 8, 5), (32, 8, 8), (18, 4, 3)])
def test_no_more_cards_than_share_the_batch_evenly(batch, gpus, used):
    assert plan(promptir(batch=batch), gpus).used == used


def test_every_stage_has_to_be_shared():
    grown = recipe("restormer", "paper")
    assert plan(grown, 64).used == 8, "the last stages have batches of eight"
    short = grown.with_changes(steps=92_000, growth=[])
    assert plan(short, 64).used == 64


def test_stages_beyond_the_last_step_do_not_count():
    short = recipe("restormer", "paper", steps=100_000)
    assert [part.steps for part in plan(short).stages] == [92_000, 8_000]


def test_a_share_that_does_not_fit_is_taken_in_parts():
    found = plan(promptir(), 1, "rtx3090")
    (part,) = found.stages
    assert part.micro_steps > 1
    assert part.micro_batch * part.micro_steps == 32
    assert found.fits
    assert found.memory == pytest.approx((16e7 + part.micro_batch * 1e9) * 1.15)
    assert plan(promptir(), 1, "h200").stages[0].micro_steps == 1


def test_a_patch_that_does_not_fit_at_all_is_said():
    assert not plan(promptir(patch=1024), 32, "rtx3090").fits


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"arithmetic": 1.5}, "arithmetic is 1.5; expected a share"),
        ({"bandwidth": 0.0}, "bandwidth is 0.0; expected a number above 0"),
        ({"images_per_s": -1.0}, "images_per_s is -1.0"),
    ],
)
def test_impossible_assumptions_are_refused(changes, says):
    with pytest.raises(UsageError, match=says):
        Assumptions().with_changes(**changes)


def test_no_card_is_refused():
    with pytest.raises(UsageError, match="gpus is 0"):
        plan(promptir(), 0)
