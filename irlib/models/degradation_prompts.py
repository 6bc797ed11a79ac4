"""The sentences that name DFPIR's degradations, and their text vectors."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from irlib.models.task_words import TASK_WORDS, shipped_vectors

if TYPE_CHECKING:
    from irlib.foundation import Clip

TEXT_DIMS = {"pocket": 128, "pretrained": 512}
"""Length of the text vectors of each CLIP."""

POCKET_LENGTH = 10.0
"""To which the vectors that ship with irlib, of length 1, are brought.

The authors do not normalise what CLIP gives, and its own vectors are about as long. Were they
shorter, the biases of the layers that read them would count more, and orders differ less.
"""

NOISE_LEVELS = ("denoise15", "denoise25", "denoise50")

#: Task of each prompt, in the order of the table that a network keeps. Detailed prompts know three
#: levels of noise; of a level that is not named, the middle one is taken.
PROMPT_TASKS = {
    "detailed": (*NOISE_LEVELS, "derain", "dehaze", "deblur", "lowlight"),
    "simple": ("denoise", "derain", "dehaze", "deblur", "lowlight"),
}
SAME_PROMPT = {
    "detailed": {"denoise": "denoise25"},
    "simple": dict.fromkeys(NOISE_LEVELS, "denoise"),
}

#: The authors' sentences, read by the published CLIP. They have no simple ones for two of the
#: tasks; these two words are ours, in the manner of the others.
SENTENCES = {
    "detailed": {
        "denoise15": "Gaussian noise with a standard deviation of 15",
        "denoise25": "Gaussian noise with a standard deviation of 25",
        "denoise50": "Gaussian noise with a standard deviation of 50",
        "derain": "Rain degradation with rain lines",
        "dehaze": "Hazy degradation with normal haze",
        "deblur": "Blur degradation with motion blur",
        "lowlight": "Lowlight degradation",
    },
    "simple": {
        "denoise": "Noise",
        "derain": "Rain",
        "dehaze": "Haze",
        "deblur": "Blur",
        "lowlight": "Lowlight",
    },
}


def prompt_row(prompts: str, task: str) -> int:
    """Returns the row of a task in the table of "simple" or "detailed" prompts."""
    return PROMPT_TASKS[prompts].index(SAME_PROMPT[prompts].get(task, task))


def known_tasks(prompts: str) -> tuple[str, ...]:
    """Returns every task that has a prompt, its own or another's."""
    return (*PROMPT_TASKS[prompts], *SAME_PROMPT[prompts])


def sentence(clip: str, prompts: str, task: str) -> str:
    """Returns the sentence that a CLIP reads for a task.

    Args:
        clip: "pretrained" reads the authors' sentences; "pocket", which has never seen their words,
            sentences of its own.
        prompts: "simple" or "detailed".
        task: A task of the table.
    """
    return SENTENCES[prompts][task] if clip == "pretrained" else TASK_WORDS[task].sentence


def shipped_text(prompts: str) -> Tensor:
    """Returns the pocket CLIP's vectors of a table's prompts, (K, 128), of length 10.

    Bit for bit the same everywhere, for they are read from a file.

    Raises:
        IrlibError: The file is missing.
    """
    rows = [list(TASK_WORDS).index(task) for task in PROMPT_TASKS[prompts]]
    return POCKET_LENGTH * shipped_vectors()[rows]


def read_text(clip: "Clip", prompts: str) -> Tensor:
    """Returns a CLIP's vectors of the authors' sentences, (K, dim), as long as it makes them."""
    with torch.no_grad():
        return clip.encode_text(list(SENTENCES[prompts].values()), normalise=False)
