"""Named things: entered once, in order, and an unknown name is answered with the nearest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irlib.errors import UsageError
from irlib.registry import Registry, unknown_name


@pytest.fixture
def fruits():
    registry = Registry("fruit")
    for name in ("pear", "apple", "plum"):
        registry.register(name)(name.upper())
    return registry


def test_names_keep_the_order_of_registration(fruits):
    assert fruits.names() == ["pear", "apple", "plum"] == list(fruits)
    assert fruits.get("apple") == "APPLE"
    assert "plum" in fruits
    assert "grape" not in fruits


def test_the_decorator_returns_what_it_enters():
    registry = Registry("function")

    @registry.register("half")
    def half(x):
        return x / 2

    assert half(4) == 2
    assert registry.get("half") is half


def test_a_name_is_entered_once(fruits):
    with pytest.raises(ValueError, match="the fruit 'plum' is already registered"):
        fruits.register("plum")(0)
    assert fruits.get("plum") == "PLUM"


def test_names_are_a_copy(fruits):
    fruits.names().clear()
    assert len(fruits.names()) == 3


@pytest.mark.parametrize("given", ["aple", "Apple", "APPLE", "aplpe"])
def test_a_near_miss_gets_a_suggestion_and_the_list(fruits, given):
    with pytest.raises(UsageError) as caught:
        fruits.get(given)
    assert str(caught.value) == (
        f"unknown fruit {given!r}; did you mean 'apple'? Known: pear, apple, plum."
    )


@given(st.text())
def test_any_unknown_name_is_answered_without_another_error(name):
    known = ["pear", "apple", "plum"]
    message = unknown_name("fruit", name, known)
    assert message.startswith(f"unknown fruit {name!r}")
    assert message.endswith("Known: pear, apple, plum.")


def test_what_resembles_nothing_gets_no_suggestion():
    assert "did you mean" not in unknown_name("fruit", "zzzz", ["pear"])
