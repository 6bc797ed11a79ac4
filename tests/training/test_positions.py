"""Positions: every sample of a run once, whatever the devices, the stages and the restarts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irlib.errors import UsageError
from irlib.training import Stage, recipe
from irlib.training.positions import Positions


def plan(**changes):
    return recipe("restormer", "smoke", **{"patch": 16, **changes})


@given(
    micros=st.lists(st.integers(1, 3), min_size=1, max_size=3),
    world=st.integers(1, 3),
    accumulate=st.integers(1, 3),
    start=st.integers(0, 6),
)
def test_devices_and_restarts_share_out_each_position_once(micros, world, accumulate, start):
    batches = [micro * world * accumulate for micro in micros]
    growth = tuple(Stage(2 * i, 16 + 8 * i, b) for i, b in enumerate(batches))[1:]
    recipe = plan(batch=batches[0], growth=growth, accumulate=accumulate, steps=7)
    devices = [Positions(recipe, start, rank, world) for rank in range(world)]
    seen = sorted(p for device in devices for micro_batch in device for p in micro_batch)
    sizes = [16 + 8 * min(step // 2, len(batches) - 1) for step in range(7)]
    counts = [batches[min(step // 2, len(batches) - 1)] for step in range(7)]
    whole = [size for size, count in zip(sizes, counts, strict=True) for _ in range(count)]
    first = sum(counts[:start])
    assert seen == list(enumerate(whole))[first:]
    assert recipe.images_before(start) == first
    assert {len(device) for device in devices} == {(7 - start) * accumulate}


@given(world=st.integers(1, 4), step=st.integers(0, 5))
def test_the_samples_of_a_step_do_not_depend_on_the_devices(world, step):
    recipe = plan(batch=12, growth=(Stage(3, 24, 24),), steps=6)

    def of_step(devices):
        ranks = [list(Positions(recipe, 0, rank, devices)) for rank in range(devices)]
        return sorted(pair for rank in ranks for pair in rank[step])

    assert of_step(world) == of_step(1)


def test_a_batch_that_devices_cannot_share_is_refused():
    with pytest.raises(UsageError, match=r"a batch of 5 .* multiple of 3"):
        Positions(plan(accumulate=3), 0, 0, 1)


def test_every_stage_is_checked_before_the_first_step():
    recipe = plan(batch=12, growth=(Stage(2, 24, 8), Stage(4, 32, 4)), steps=6)
    assert len(Positions(recipe, 0, 0, 4)) == 6
    with pytest.raises(UsageError, match=r"batch of 8 from step 2 on .* by 3 .*product divides 4"):
        Positions(recipe, 0, 0, 3)
    # A stage that the run ends before takes no part.
    Positions(recipe.with_changes(steps=2), 0, 0, 3)


def test_eight_devices_or_eight_micro_batches_share_restormers_stages():
    released = recipe("restormer", "paper")
    for world, accumulate in ((8, 1), (1, 8), (2, 4)):
        shared = Positions(released.with_changes(accumulate=accumulate), 0, 0, world)
        assert list(shared.micro_batch.values()) == [8, 5, 4, 2, 1, 1]
