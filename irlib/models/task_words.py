"""The words that tell AM-PromptIR its task: the authors' strings as token ids, and sentences.

The authors' network reads the ids that CLIP's tokenizer gives to a class name. They are a table
here, so that no tokenizer is needed. An encoder of text reads sentences instead, which the pocket
CLIP has learned.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors.torch import load
from torch import Tensor

import irlib
from irlib.errors import IrlibError, UsageError
from irlib.registry import unknown_name

if TYPE_CHECKING:
    from irlib.foundation import Clip

SHIPPED = Path(irlib.__file__).parent / "weights" / "words" / "clip-pocket.safetensors"
START, END = 49406, 49407

#: Every string that the authors' code can pass, in CLIP's byte pairs without start and end.
TOKEN_IDS = {
    "denoise_15": (1177, 78, 1479, 318, 272, 276),
    "denoise_25": (1177, 78, 1479, 318, 273, 276),
    "denoise_50": (1177, 78, 1479, 318, 276, 271),
    "derain": (839, 2210),
    "dehazy": (561, 32655),
    "dehaze": (561, 22785),
    "deblur": (561, 27976),
    "enhance": (13993,),
}
#: Levels of noise that the authors tell apart.
NOISE_TASKS = ("denoise15", "denoise25", "denoise50")
LONGEST = 2 + max(map(len, TOKEN_IDS.values()))


@dataclass(frozen=True)
class Words:
    """How a task is told.

    Attributes:
        text: The authors' string, a key of :data:`TOKEN_IDS`; of their two words for haze the one
            that their network is trained with.
        sentence: For an encoder of text.
    """

    text: str
    sentence: str


#: The one vocabulary of training and testing. A denoiser that is not told the level gets the middle
#: one of the three that the authors know; their network can hardly tell them apart.
TASK_WORDS = {
    "denoise": Words("denoise_25", "a photo with noise"),
    "dehaze": Words("dehazy", "a photo with haze"),
    "derain": Words("derain", "a photo with rain"),
    "deblur": Words("deblur", "a photo with blur"),
    "lowlight": Words("enhance", "a photo with low light"),
    "denoise15": Words("denoise_15", "a photo with light noise"),
    "denoise25": Words("denoise_25", "a photo with medium noise"),
    "denoise50": Words("denoise_50", "a photo with heavy noise"),
}


def token_ids(texts: Sequence[str]) -> Tensor:
    """Returns the ids of the authors' strings: start, byte pairs, end, zeros.

    Args:
        texts: Keys of :data:`TOKEN_IDS`.

    Returns:
        (B, 8), long.

    Raises:
        UsageError: A string that the authors' code never passes.
    """
    rows = torch.zeros(len(texts), LONGEST, dtype=torch.long)
    for row, text in zip(rows, texts, strict=True):
        if text not in TOKEN_IDS:
            raise UsageError(unknown_name("text", text, list(TOKEN_IDS)))
        ids = (START, *TOKEN_IDS[text], END)
        row[: len(ids)] = torch.tensor(ids)
    return rows


def word_vectors(clip: "Clip") -> Tensor:
    """Returns the text vectors of all of :data:`TASK_WORDS`, (8, dim), of length 1.

    Args:
        clip: An encoder of text, see :func:`irlib.foundation.load_clip`.
    """
    with torch.no_grad():
        return clip.encode_text([words.sentence for words in TASK_WORDS.values()])


def shipped_vectors() -> Tensor:
    """Returns what :func:`word_vectors` gives for the pocket CLIP, from a small file.

    Raises:
        IrlibError: The file is missing.
    """
    if not SHIPPED.is_file():
        raise IrlibError(
            f"the text vectors of the pocket CLIP are not installed: {SHIPPED.name} is missing "
            "from irlib's weights. Install irlib again."
        )
    return load(SHIPPED.read_bytes())["vectors"]
