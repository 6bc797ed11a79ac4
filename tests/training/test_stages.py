"""Progressive learning: which patch and batch a step has, and how many images came before it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irlib.errors import UsageError
from irlib.training import Stage, recipe
from irlib.training.stages import checked_growth, images_before, stage_at


@given(
    starts=st.lists(st.integers(1, 30), unique=True, max_size=4),
    batches=st.lists(st.integers(1, 9), min_size=5, max_size=5),
    step=st.integers(0, 40),
)
def test_images_are_the_sum_of_the_steps_batches(starts, batches, step):
    stages = tuple(
        Stage(start, 8 * (i + 1), batches[i]) for i, start in enumerate([0, *sorted(starts)])
    )
    assert images_before(stages, step) == sum(stage_at(stages, s).batch for s in range(step))


def test_a_stage_holds_from_its_start_on():
    plan = recipe("promptir", "smoke", growth=(Stage(3, 40, 2), Stage(5, 48, 1)))
    assert [plan.stage(step).patch for step in range(6)] == [32, 32, 32, 40, 40, 48]
    assert plan.images_before(plan.steps) == 3 * 5 + 2 * 2 + 1


@pytest.mark.parametrize(
    "growth",
    [(Stage(0, 40, 2),), (Stage(5, 40, 2), Stage(5, 48, 2)), (Stage(9, 40, 2), Stage(5, 48, 2)),
     (Stage(5, 0, 2),), (Stage(5, 40, 0),)],
)  # fmt: skip
def test_stages_out_of_order_or_empty_are_refused(growth):
    with pytest.raises(UsageError, match="starts rise from 1 up"):
        checked_growth(growth)
    with pytest.raises(UsageError, match="growth holds"):
        recipe("promptir", "smoke", growth=growth)


def test_one_size_by_hand_ends_the_growth():
    plan = recipe("promptir", "smoke", growth=(Stage(3, 40, 2),))
    assert plan.with_changes(steps=4).growth == plan.growth
    assert plan.with_changes(batch=4).growth == ()
    assert plan.with_changes(patch=16).growth == ()
    assert plan.with_changes(patch=16, growth=plan.growth).growth == plan.growth


def test_growth_is_part_of_the_recipe():
    plain = recipe("promptir", "smoke")
    grown = plain.with_changes(growth=(Stage(3, 40, 2),))
    assert plain.hash() != grown.hash()
    assert plain != grown
    assert hash(grown) == hash(plain.with_changes(growth=[Stage(3, 40, 2)]))
    assert grown.as_dict()["growth"] == [{"start": 3, "patch": 40, "batch": 2}]
