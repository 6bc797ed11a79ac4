"""Requests in words: drawn alike everywhere, for the right task, and none of the held-out ones."""

import pytest

from irlib.data import instructions
from irlib.data.instructions import (
    ASKING,
    ENDINGS,
    FREE,
    HELD_OUT,
    INTENTS,
    NAMES,
    OPENINGS,
    PLAIN,
    draw_instruction,
    plain_instruction,
)
from irlib.data.seeding import generator_for
from irlib.degradations import FIVE_TASKS
from irlib.errors import UsageError


def drawn(task, count):
    return [draw_instruction(task, generator_for("test", task, n)) for n in range(count)]


def test_every_task_has_requests():
    for lists in (PLAIN, NAMES, FREE, HELD_OUT):
        assert set(lists) == set(FIVE_TASKS)
    assert set(FIVE_TASKS) < set(INTENTS)


def test_intents_have_the_authors_numbers():
    assert INTENTS[:5] == ("denoise", "deblur", "derain", "dehaze", "lowlight")
    assert INTENTS[5:] == ("superresolution", "enhance")


def test_nothing_is_listed_twice():
    for task in FIVE_TASKS:
        for lists in (NAMES, FREE, HELD_OUT):
            assert len(set(lists[task])) == len(lists[task])
    free = [sentence for sentences in FREE.values() for sentence in sentences]
    assert len(set(free)) == len(free)
    assert all(asking.count("{}") == 1 for asking in ASKING)


@pytest.mark.parametrize("task", FIVE_TASKS)
def test_held_out_requests_are_never_drawn(task):
    possible = set(FREE[task]) | {
        opening + asking.format(name) + ending
        for opening in OPENINGS
        for asking in ASKING
        for name in NAMES[task]
        for ending in ENDINGS
    }
    assert not possible & set(HELD_OUT[task])
    assert set(drawn(task, 60)) <= possible
    assert len(possible) > 10_000


def test_draws_depend_on_the_generator_alone_and_vary():
    assert drawn("derain", 40) == drawn("derain", 40)
    assert len(set(drawn("derain", 40))) > 30
    free = sum(sentence in FREE["derain"] for sentence in drawn("derain", 400))
    assert 160 < free < 240


def test_bug_3_a_task_is_no_part_of_a_word():
    # The authors' test finds "en" (enhancement) in "denoising".
    assert all("noise" in sentence for sentence in [plain_instruction("denoise")])
    for wrong in ("denoising", "en", "noise", "blur/denoise"):
        with pytest.raises(UsageError, match="unknown task with instructions"):
            plain_instruction(wrong)
        with pytest.raises(UsageError, match="unknown task with instructions"):
            draw_instruction(wrong, generator_for("test"))


def test_words_of_the_training_requests():
    words = instructions.training_words()
    assert {"rain", "fog", "remove", "downpour"} <= words
    assert not {"thunderstorm", "defog", "{}"} & words
