"""The three scales, from the environment and by argument."""

import pytest

from irlib.errors import UsageError
from irlib.scale import SCALES, by_scale, checked_scale, current_scale

NUMBERS = {"smoke": 1, "pocket": 2, "paper": 3}


def test_pocket_unless_told_otherwise(monkeypatch):
    monkeypatch.delenv("IRLIB_SCALE", raising=False)
    assert current_scale() == "pocket"
    assert by_scale(**NUMBERS) == 2


@pytest.mark.parametrize("scale", SCALES)
def test_the_environment_chooses_and_an_argument_goes_before_it(scale, monkeypatch):
    monkeypatch.setenv("IRLIB_SCALE", scale)
    assert current_scale() == scale
    assert by_scale(**NUMBERS) == NUMBERS[scale]
    assert by_scale(**NUMBERS, scale="paper") == 3


@pytest.mark.parametrize("wrong", ["", "Pocket", "large", "smoke "])
def test_a_wrong_scale_says_where_it_came_from(wrong, monkeypatch):
    monkeypatch.setenv("IRLIB_SCALE", wrong)
    with pytest.raises(UsageError, match=r"the variable IRLIB_SCALE is .*smoke, pocket, paper"):
        by_scale(**NUMBERS)
    with pytest.raises(UsageError, match="--scale is"):
        checked_scale(wrong)


def test_an_argument_does_not_need_a_right_environment(monkeypatch):
    monkeypatch.setenv("IRLIB_SCALE", "wrong")
    assert by_scale(**NUMBERS, scale="smoke") == 1
