"""Exercises of chapter 17: the mean of a sentence, opening channels, names of tasks, refusing."""

from collections.abc import Callable

import torch

from irlib.check import exercise
from irlib.check.answers import close_to, random_directions, random_normal, same_shape
from irlib.data.instructions import FREE, HELD_OUT, NAMES, PLAIN
from irlib.foundation.sentences import mean_pooled as reference_pooled
from irlib.nn import InstructionCondition

_TASKS = {"noise": "denoise", "blur": "deblur", "rain": "derain", "low light": "lowlight"}


def _states() -> tuple[torch.Tensor, torch.Tensor]:
    mask = torch.tensor([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1], [1, 0, 0, 0, 0]])
    return random_normal(3, 5, 8), mask


def _vectors_have_length_one(answer: Callable) -> None:
    lengths = same_shape(answer(*_states()), (3, 8)).norm(dim=1)
    close_to(lengths, torch.ones(3), "Divide each sentence's mean by its own length.")


def _padding_does_not_count(answer: Callable) -> None:
    states, mask = _states()
    moved = torch.where(mask[:, :, None] == 0, 100.0 * torch.ones(()), states)
    close_to(
        answer(moved, mask),
        answer(states, mask),
        "States behind the end of a sentence were changed and the vector moved: leave out the "
        "tokens whose mask is 0.",
    )


def _one_token_is_its_own_mean(answer: Callable) -> None:
    states, mask = _states()
    expected = states[2, 0] / states[2, 0].norm()
    close_to(answer(states, mask)[2], expected, "A sentence of one token is that token, scaled.")


def _pooling_equals_the_package(answer: Callable) -> None:
    hint = "Divide the sum by the number of tokens, then by its length; the mask may be whole."
    close_to(answer(*_states()), reference_pooled(*_states()), hint)


exercise(
    "ch17.pooled",
    ("every vector has length 1", _vectors_have_length_one),
    ("padding does not count", _padding_does_not_count),
    ("a sentence of one token is that token", _one_token_is_its_own_mean),
    ("it equals the package's pooling", _pooling_equals_the_package),
)


def _arguments(channels: int = 6, length: int = 5, batch: int = 2) -> tuple[torch.Tensor, ...]:
    return (
        random_normal(batch, channels, 3, 4),
        random_directions(batch, length, seed=1),
        random_normal(channels, length, seed=2),
        random_normal(channels, seed=3),
        random_normal(channels, seed=4),
        random_normal(channels, seed=5),
    )


def _nothing_passes_a_shut_gate(answer: Callable) -> None:
    x, e, weight, _, scale, shift = _arguments()
    shut = torch.full((6,), -100.0)
    close_to(
        answer(x, e, weight, shut, scale, shift),
        torch.zeros_like(x),
        "With a bias of -100 every gate is shut, and nothing may pass, the shift neither.",
    )


def _an_open_gate_leaves_scale_and_shift(answer: Callable) -> None:
    x, e, weight, _, scale, shift = _arguments()
    close_to(
        answer(x, e, weight, torch.full((6,), 100.0), scale, shift),
        x * scale[:, None, None] + shift[:, None, None],
        "With a bias of 100 every gate is open: what is left is x times scale plus shift. Gates "
        "do not compete as in a softmax.",
    )


def _without_a_scale_it_is_constant_over_space(answer: Callable) -> None:
    x, e, weight, bias, scale, shift = _arguments()
    result = same_shape(answer(x, e, weight, bias, 0 * scale, shift), tuple(x.shape))
    close_to(
        result,
        result[:, :, :1, :1].expand_as(x),
        "With a scale of 0 only the gated shift is left, the same at every pixel.",
    )


def _each_image_has_its_own_gate(answer: Callable) -> None:
    x, e, *rest = _arguments(batch=3)
    alone = torch.cat([answer(x[n : n + 1], e[n : n + 1], *rest) for n in range(3)])
    close_to(answer(x, e, *rest), alone, "Alone an image gave another result than in a batch.")


def _gating_equals_the_package(answer: Callable) -> None:
    x, e, weight, bias, scale, shift = _arguments()
    block = InstructionCondition(6, 5)
    with torch.no_grad():
        block.open.weight.copy_(weight)
        block.open.bias.copy_(bias)
        block.scale.copy_(scale[:, None, None])
        block.shift.copy_(shift[:, None, None])
        expected = block.gated(x, e)
    close_to(
        answer(x, e, weight, bias, scale, shift), expected, "The gate is a sigmoid of W e + b."
    )


exercise(
    "ch17.gated",
    ("an open gate leaves x times scale plus shift", _an_open_gate_leaves_scale_and_shift),
    ("nothing passes a shut gate", _nothing_passes_a_shut_gate),
    ("without a scale it is constant over space", _without_a_scale_it_is_constant_over_space),
    ("each image has its own gate", _each_image_has_its_own_gate),
    ("it equals the package's block", _gating_equals_the_package),
)


def _known_names_are_found(answer: Callable) -> None:
    for name, task in _TASKS.items():
        found = answer(name, dict(_TASKS))
        assert found == task, f"{name!r} gave {found!r}; expected {task!r}."


def _parts_of_names_are_no_names(answer: Callable) -> None:
    for name in ("train", "terrain", "motion blur", "rain/blur", "rai"):
        found = answer(name, dict(_TASKS))
        assert found is None, f"{name!r} gave {found!r}; expected None: compare whole names."


def _case_and_spaces_around_do_not_count(answer: Callable) -> None:
    for name in ("Rain", " rain ", "Low Light"):
        found = answer(name, dict(_TASKS))
        expected = _TASKS[name.strip().lower()]
        assert found == expected, f"{name!r} gave {found!r}; expected {expected!r}."


def _the_order_of_the_dictionary_does_not_count(answer: Callable) -> None:
    turned = dict(reversed(list({**_TASKS, "rain and blur": "both"}.items())))
    found = answer("rain and blur", turned)
    assert found == "both", f"'rain and blur' gave {found!r}; expected 'both'."


exercise(
    "ch17.task_of",
    ("known names are found", _known_names_are_found),
    ("a part of a name is no name", _parts_of_names_are_no_names),
    ("upper case and spaces around a name do not count", _case_and_spaces_around_do_not_count),
    ("the order of the dictionary does not count", _the_order_of_the_dictionary_does_not_count),
)


#: What the network of the exercise was trained with, new requests, and sentences that are none.
_KNOWN = [
    sentence
    for task in PLAIN
    for sentence in (PLAIN[task], *FREE[task], *(f"remove {name}" for name in NAMES[task]))
]
_REQUESTS = [sentence for task in PLAIN for sentence in HELD_OUT[task]]
_STRANGE = (
    "a recipe for tomato soup",
    "what time does the train leave",
    "the cat sat on the mat",
    "how old is the queen of England",
    "two plus two is four",
    "my uncle plays the violin",
    "buy milk and eggs tomorrow",
    "who won the match yesterday",
    "the quick brown fox jumps over the lazy dog",
    "tell me a story about a dragon",
    "book a table for six people",
    "translate this letter into French",
    "the stock market fell again",
    "lorem ipsum dolor sit amet",
    "qwertz asdf yxcv",
    "when is the next election",
    "sing a song for my sister",
    "open the door and come in",
    "I like strawberries with cream",
    "the square root of nine",
)


def _what_was_trained_is_accepted(answer: Callable) -> None:
    for sentence in _KNOWN[::5]:
        assert answer(sentence, list(_KNOWN)), f"{sentence!r} is a known sentence and was refused."


def _strange_words_are_refused(answer: Callable) -> None:
    assert not answer("qqxz wvvk jjpf", list(_KNOWN)), (
        "'qqxz wvvk jjpf' has nothing in common with any known sentence and was accepted."
    )


def _new_requests_are_accepted(answer: Callable) -> None:
    refused = [sentence for sentence in _REQUESTS if not answer(sentence, list(_KNOWN))]
    assert 4 * len(refused) <= len(_REQUESTS), (
        f"Of {len(_REQUESTS)} new requests {len(refused)} were refused, among them "
        f"{refused[0]!r}; at most a quarter may be. A request may say it in other forms of words."
    )


def _other_sentences_are_refused(answer: Callable) -> None:
    accepted = [sentence for sentence in _STRANGE if answer(sentence, list(_KNOWN))]
    assert 4 * len(accepted) <= len(_STRANGE), (
        f"Of {len(_STRANGE)} sentences about anything else {len(accepted)} were accepted, among "
        f"them {accepted[0]!r}; at most a quarter may be. A word or two that any sentence may have "
        "is not enough."
    )


exercise(
    "ch17.understands",
    ("what it was trained with is accepted", _what_was_trained_is_accepted),
    ("strange words are refused", _strange_words_are_refused),
    ("three of four new requests are accepted", _new_requests_are_accepted),
    ("three of four other sentences are refused", _other_sentences_are_refused),
)
