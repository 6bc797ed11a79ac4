"""Two ways take turns, and the first round is not counted."""

from irlib.bench.turns import in_turns


def test_rounds_alternate_and_the_first_is_not_counted():
    calls = []
    seconds = in_turns(2, lambda n: calls.append(("a", n)), lambda n: calls.append(("b", n)))
    assert calls == [("b", 0), ("a", 0), ("a", 1), ("b", 1), ("b", 2), ("a", 2)]
    assert len(seconds) == 2
