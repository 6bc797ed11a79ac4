"""Requests in words for each task: what InstructIR is trained with, and others to test it with.

Its authors had more than ten thousand written by a language model and did not release them; these
are irlib's own. Taught in chapter 17.
"""

from collections.abc import Mapping, Sequence

import torch

from irlib.errors import UsageError
from irlib.registry import unknown_name

#: The tasks in the order of the authors' task numbers; irlib can make images for the first five.
INTENTS = ("denoise", "deblur", "derain", "dehaze", "lowlight", "superresolution", "enhance")

#: What an evaluation says of each task: one plain sentence, always the same.
PLAIN = {
    "denoise": "remove the noise",
    "deblur": "remove the blur",
    "derain": "remove the rain",
    "dehaze": "remove the haze",
    "lowlight": "brighten the dark photo",
}

ASKING = (
    "remove {}",
    "reduce {}",
    "clean {}",
    "clean up {}",
    "fix {}",
    "correct {}",
    "get rid of {}",
    "take away {}",
    "take {} off",
    "take {} out",
    "erase {}",
    "eliminate {}",
    "clear {}",
    "clear away {}",
    "suppress {}",
    "repair {}",
    "undo {}",
    "delete {}",
    "I don't want {}",
    "there is too much of {}",
    "I can't stand {}",
    "do something about {}",
    "no more of {}",
    "make {} go away",
    "make {} disappear",
)
OPENINGS = ("", "please ", "can you ", "could you ", "I want you to ", "now ", "help me to ")
ENDINGS = (
    "",
    " please",
    " fast",
    " now",
    " in the photo",
    " in this picture",
    " from my image",
    " in the image",
    " from the shot",
    " as well as you can",
    " and change nothing else",
    " without losing detail",
)
#: What is to go, in words that fit behind "remove".
NAMES = {
    "denoise": (
        "the noise",
        "the grain",
        "the graininess",
        "the speckles",
        "the noise of the sensor",
        "the high ISO noise",
        "the static",
        "these coloured dots",
        "the noisy pixels",
    ),
    "deblur": (
        "the blur",
        "the motion blur",
        "the camera shake",
        "the blurriness",
        "the shake",
        "the smear",
        "the smeared movement",
        "the blurry edges",
        "the lack of focus",
    ),
    "derain": (
        "the rain",
        "the raindrops",
        "the rain streaks",
        "the drops of water",
        "the drizzle",
        "the downpour",
        "the streaks of water",
        "the rainy weather",
        "the lines of rain",
    ),
    "dehaze": (
        "the haze",
        "the fog",
        "the mist",
        "the smog",
        "the hazy veil",
        "the grey veil",
        "the foggy air",
        "the smoke",
        "the murky air",
    ),
    "lowlight": (
        "the darkness",
        "the underexposure",
        "the low light",
        "the dark shadows",
        "the gloom",
        "the poor lighting",
        "the dim light",
        "the black night",
    ),
}
#: Requests in sentences of their own.
FREE = {
    "denoise": (
        "this photo is too grainy",
        "smooth out the grain but keep the edges",
        "my picture looks noisy",
        "denoise this",
        "I had to use a high ISO and it shows",
        "there are random dots all over the picture",
        "the sensor was noisy, clean the photo",
        "it looks like sand was thrown over the image",
        "make the flat areas smooth again",
        "the sky is full of speckle",
        "please apply a denoising filter",
        "the colours flicker from pixel to pixel",
    ),
    "deblur": (
        "make it sharp",
        "this is blurry, sharpen it",
        "my hand shook while I took this",
        "the car moved and is smeared",
        "deblur this photo",
        "bring the picture into focus",
        "the edges are soft, make them crisp",
        "everything is unsharp",
        "I moved the camera by accident",
        "my pictures are not sharp, fix them",
        "the letters are too blurred to read",
        "the runner was too quick for the shutter",
    ),
    "derain": (
        "it was raining when I took this",
        "I took this during a rainstorm",
        "derain this photo",
        "make it look as if it had not rained",
        "there are streaks of water all over the street",
        "the weather was wet and rainy",
        "let it stop raining in this picture",
        "drops fall in front of the house, take them out",
        "the shower spoiled my picture",
        "it rained cats and dogs",
        "give me the scene on a dry day",
        "white lines of water cross the image",
    ),
    "dehaze": (
        "the view is hazy, make it clear",
        "it was foggy in the mountains",
        "dehaze this",
        "I cannot see the hills through the mist",
        "everything far away looks grey and washed out",
        "lift the fog from the valley",
        "the air is polluted and milky",
        "make the distance visible again",
        "there is a white veil over the city",
        "the contrast is gone because of the vapour",
        "the horizon disappears in the clouds of fog",
        "let me see through the smoke",
    ),
    "lowlight": (
        "it is too dark",
        "make it brighter",
        "brighten this up",
        "I can hardly see anything in this night photo",
        "turn on the light",
        "the picture is underexposed",
        "increase the exposure",
        "lighten the shadows",
        "taken at night without a flash, give it more light",
        "raise the brightness",
        "my room was dim when I took this",
        "show what is hidden in the dark",
    ),
}
#: Never trained on: other sentences, other forms of words, and a few words that are new.
HELD_OUT = {
    "denoise": (
        "get this grainy mess cleaned up",
        "the noise ruins my portrait of grandma",
        "could the speckled background be made smoother",
        "too many noisy dots, kindly filter them",
        "my old phone makes everything look grainy at dusk",
        "denoised version wanted",
        "ISO 6400 was a mistake",
        "get the salt and pepper off my wedding pictures",
    ),
    "deblur": (
        "take out the shakiness",
        "sharper, please",
        "my dog ran and now he is one long smear",
        "I need the number plate to be readable, it is blurred",
        "this came out fuzzy",
        "unblur my face",
        "the camera was moving on the bus",
        "focus this shot for me",
    ),
    "derain": (
        "this rain has to go",
        "it poured all day, show me the street dry",
        "rainy holiday, can you save the pictures",
        "wipe those water streaks off my lens",
        "stop the drizzling",
        "our match was rained on",
        "remove falling drops",
        "the thunderstorm should not be seen",
    ),
    "dehaze": (
        "I would like the bay without its fog",
        "misty morning, I would rather see the hills",
        "cut through the haze",
        "the smoggy skyline needs clearing",
        "why is everything so milky",
        "defog it",
        "I want to see the far mountains as on a clear day",
        "strip the greyish veil away",
    ),
    "lowlight": (
        "way too dark in here",
        "lighten up my living room",
        "boost the brightness",
        "I forgot the flash at the night party",
        "the cellar is pitch black, show me what is there",
        "more light",
        "expose it properly, it is underexposed",
        "let me see in the darkness",
    ),
}


def draw_instruction(task: str, generator: torch.Generator) -> str:
    """Draws one training request for a task: half the time a free one, else put together.

    Args:
        task: One of the tasks that have requests, the keys of :data:`NAMES`.
        generator: Used for nothing else, so that no other draw moves the requests.

    Raises:
        UsageError: A task without requests. Names are compared whole: "denoising" is no "en…".
    """
    checked_intent(task)
    if float(torch.rand((), generator=generator)) < 0.5:
        return _drawn(FREE[task], generator)
    asked = _drawn(ASKING, generator).format(_drawn(NAMES[task], generator))
    return _drawn(OPENINGS, generator) + asked + _drawn(ENDINGS, generator)


def plain_instruction(task: str) -> str:
    """Returns the sentence by which evaluations name a task.

    Raises:
        UsageError: A task without requests.
    """
    return PLAIN[checked_intent(task)]


def checked_intent(task: str) -> str:
    """Returns ``task`` if there are requests for it.

    Raises:
        UsageError: There are none; the nearest task is suggested.
    """
    if task not in PLAIN:
        raise UsageError(unknown_name("task with instructions", task, list(PLAIN)))
    return task


def training_words(named: Mapping[str, Sequence[str]] = NAMES) -> frozenset[str]:
    """Returns every word of the training requests, in small letters."""
    lists = (ASKING, OPENINGS, ENDINGS, *named.values(), *FREE.values())
    return frozenset(
        word.strip(",.")
        for sentences in lists
        for sentence in sentences
        for word in sentence.replace("{}", " ").lower().split()
    )


def _drawn(choices: Sequence[str], generator: torch.Generator) -> str:
    return choices[int(torch.randint(len(choices), (), generator=generator))]
