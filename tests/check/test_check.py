"""The checker itself: it names the first property that fails, and never raises on an answer."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from irlib.check import EXERCISES, check, exercise, exercise_names
from irlib.errors import UsageError


def is_positive(answer):
    assert answer(3) > 0, f"answer(3) is {answer(3)}"


def is_odd(answer):
    assert answer(-3) == -answer(3)


@pytest.fixture
def sign(monkeypatch):
    """A small exercise, registered for one test."""
    exercise_names()  # chapters register once; inside the copy they would be lost with it
    monkeypatch.setattr(EXERCISES, "_entries", dict(EXERCISES._entries))
    return exercise("test.sign", ("3 has a positive sign", is_positive), ("it is odd", is_odd))


def test_a_right_answer_is_told_so(sign, capsys):
    assert check("test.sign", lambda x: x) is True
    assert capsys.readouterr().out == "Right: all 2 properties hold.\n"


def test_the_first_property_that_fails_is_named_with_what_was_seen(sign, capsys):
    assert check("test.sign", lambda x: -x) is False
    told = capsys.readouterr().out
    assert told.startswith("Not yet. Property 1 of 2: 3 has a positive sign.\nanswer(3) is -3\n")


def test_a_failure_without_words_still_gets_a_line(sign, capsys):
    assert check("test.sign", abs) is False
    assert "Property 2 of 2: it is odd.\n" in capsys.readouterr().out


def test_an_answer_that_raises_is_told_how(sign, capsys):
    assert check("test.sign", lambda x: [][x]) is False
    assert "IndexError: list index out of range" in capsys.readouterr().out


@pytest.mark.parametrize("wrong", [None, 3, "text", [], lambda: 0, lambda *_: None, print])
def test_any_object_as_an_answer_is_a_wrong_answer(wrong, capsys):
    for name in exercise_names():
        assert check(name, wrong) is False
    assert "Traceback" not in capsys.readouterr().out


@settings(deadline=None)  # it asks every exercise of the book, and these grow in number
@given(st.one_of(st.none(), st.floats(), st.text(), st.lists(st.integers())))
def test_any_returned_value_is_survived(value):
    for name in exercise_names():
        assert check(name, lambda *_, **__: value) is False


def test_an_unknown_exercise_is_answered_with_the_nearest():
    with pytest.raises(UsageError, match=r"did you mean 'ch02\.haze'"):
        check("ch02.hase", abs)


def test_every_exercise_has_several_properties_said_in_sentences():
    assert exercise_names() == sorted(exercise_names())
    for name in exercise_names():
        properties = EXERCISES.get(name).properties
        assert len(properties) >= 2, name
        sentences = [sentence for sentence, _ in properties]
        assert len(set(sentences)) == len(sentences)
        for sentence in sentences:
            assert len(sentence.split()) >= 3, f"{name}: {sentence!r} is no sentence"
            assert not sentence.endswith("."), f"{name}: the full stop is added"
