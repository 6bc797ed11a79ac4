"""Sentence encoders: from any sentence to a vector of length 1. Taught in chapter 17.

Two sources. ``pocket`` needs no file: words and pieces of words get fixed random signs, so that
sentences are alike as far as they share pieces of words. ``file`` is a folder with a published
sentence transformer, read through the package transformers where that is installed.
"""

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from irlib.errors import IrlibError, UsageError
from irlib.foundation.frozen import Frozen
from irlib.foundation.sources import Source

POCKET_DIM = 384  # as long as the vectors of the encoder that InstructIR's authors use
PIECES = (3, 4, 5)  # lengths of the pieces of a word, its two ends counted as letters
SMALLEST_WEIGHT = 1e-9
_FILLERS = (
    "a an and any as at be can could do does for from give has have help here i i'd i'm in into is "
    "it it's its just me my need of on or so some that the there these this to too very want was "
    "were when will with would you your please now photo photograph picture image shot"
)
#: Words that any request has, whatever it asks for.
FILLERS = frozenset(_FILLERS.split())


class SentenceEncoder(Protocol):
    """What the networks ask of an encoder.

    Attributes:
        dim: Length of a sentence vector.
        source: Where it comes from.
        identity: Equal for encoders that give equal vectors.
    """

    dim: int
    source: Source
    identity: str

    def encode(self, sentences: Sequence[str]) -> Tensor:
        """Returns (B, dim), float32, of length 1, without a gradient."""
        ...


class PocketSentences:
    r"""A sentence encoder without weights: hashed pieces of words.

    Each piece of a word (3 to 5 letters, and the word itself) is hashed to a row of ``dim`` signs.
    A word is the sum of its rows, scaled to length 1; a sentence the sum of its different words,
    scaled to length 1. "rainy" and "rain" share pieces, so they are alike; "fog" and "haze" are
    not, and only training can tell that they ask for the same thing. The order of words is not
    seen. Words that every request has ("please", "the picture") are left out, unless nothing else
    is left. Pieces by hashing go back to Weinberger and others, "Feature hashing for large scale
    multitask learning" (2009), words as sums of their pieces to Bojanowski and others, "Enriching
    word vectors with subword information" (2017).

    Args:
        dim: Length of a sentence vector.

    Raises:
        UsageError: ``dim`` below 1.
    """

    def __init__(self, dim: int = POCKET_DIM) -> None:
        if dim < 1:
            raise UsageError(f"the length of a sentence vector is {dim}; expected 1 or more.")
        self.dim = dim
        self.source = Source("pocket", f"hashed pieces of words, {dim}")
        self.identity = f"pieces-1-{dim}"

    def encode(self, sentences: Sequence[str]) -> Tensor:
        """Places sentences.

        Args:
            sentences: Any text; upper case and punctuation do not count.

        Returns:
            (B, dim), float32, of length 1.

        Raises:
            UsageError: A sentence without a letter or a digit.
        """
        vectors = [_sentence_vector(words_of(text), self.dim) for text in listed(sentences)]
        return torch.from_numpy(np.stack(vectors))


class FileSentences(Frozen):
    """A published sentence transformer from a folder, such as bge-micro-v2 or all-MiniLM-L6-v2.

    Only tensors are read (safetensors), nothing is fetched, and no code from the folder is run.
    Its token states are averaged by :func:`mean_pooled`.

    Args:
        folder: With ``config.json``, ``model.safetensors`` and the tokenizer's files; or the path
            of its ``model.safetensors``.

    Raises:
        UsageError: No such folder, or files missing in it.
        IrlibError: The package transformers is not installed, or cannot read the folder.
    """

    def __init__(self, folder: str | Path) -> None:
        place = Path(folder)
        place = place.parent if place.is_file() else place
        _check_folder(place)
        if find_spec("transformers") is None:
            raise IrlibError(
                f"reading the sentence encoder in {place} needs the package transformers, which is "
                "not installed. Install it (pip install transformers), or use the encoder that "
                "comes with irlib: 'pocket'."
            )
        from transformers import AutoModel, AutoTokenizer

        try:
            # Never over the network, and never running code that a folder brings along.
            asked = {"local_files_only": True, "trust_remote_code": False}
            self._tokenizer = AutoTokenizer.from_pretrained(str(place), **asked)
            network = AutoModel.from_pretrained(str(place), use_safetensors=True, **asked)
        except (OSError, ValueError, KeyError, ImportError) as error:
            raise IrlibError(
                f"{place} cannot be read as a sentence transformer: {error}"
            ) from error
        super().__init__(network.float(), Source("file", str(folder), place), "mean")
        self.dim = int(network.config.hidden_size)
        longest = getattr(network.config, "max_position_embeddings", None)
        limits = (self._tokenizer.model_max_length, longest)
        self._longest = min(int(limit) for limit in limits if limit)

    @torch.no_grad()
    def encode(self, sentences: Sequence[str]) -> Tensor:
        """Places sentences; longer ones than the transformer takes are cut.

        Returns:
            (B, dim), float32, of length 1, where the weights lie.
        """
        tokens = self._tokenizer(
            listed(sentences),
            padding=True,
            truncation=True,
            max_length=self._longest,
            return_tensors="pt",
        ).to(self.device)
        return mean_pooled(self.network(**tokens).last_hidden_state, tokens["attention_mask"])


def load_sentences(source: str | Path = "pocket", dim: int = POCKET_DIM) -> SentenceEncoder:
    """Loads a frozen sentence encoder.

    Args:
        source: "pocket", or the folder of a published sentence transformer.
        dim: Length of the pocket encoder's vectors; a published one has its own.

    Raises:
        UsageError: Neither "pocket" nor such a folder.
        IrlibError: The package transformers is missing, or the folder cannot be read.
    """
    return PocketSentences(dim) if str(source) == "pocket" else FileSentences(source)


def mean_pooled(states: Tensor, mask: Tensor) -> Tensor:
    """Averages the token states of a sentence and scales the mean to length 1.

    Args:
        states: (B, N, D), the last layer.
        mask: (B, N), 1 for a token, 0 for padding.

    Returns:
        (B, D); zero where a sentence has no token.
    """
    weights = mask[:, :, None].to(states.dtype)
    mean = (states * weights).sum(dim=1) / weights.sum(dim=1).clamp_min(SMALLEST_WEIGHT)
    return F.normalize(mean, dim=-1)


def words_of(sentence: str) -> tuple[str, ...]:
    """Returns the different words of a sentence in their order, without :data:`FILLERS`.

    Raises:
        UsageError: No word in it.
    """
    plain = unicodedata.normalize("NFKC", sentence).lower().replace("’", "'")
    words = tuple(dict.fromkeys(re.findall(r"[^\W_]+(?:'[^\W_]+)*", plain)))
    if not words:
        raise UsageError(
            f"the instruction {sentence!r} has no word in it. Say what to do, such as "
            '"take the rain off".'
        )
    return tuple(word for word in words if word not in FILLERS) or words


def listed(sentences: str | Sequence[str]) -> list[str]:
    """Returns a list, also of a single sentence."""
    return [sentences] if isinstance(sentences, str) else list(sentences)


def _sentence_vector(words: Sequence[str], dim: int) -> np.ndarray:
    total = np.sum([_word_vector(word, dim) for word in sorted(words)], axis=0)
    return _unit(total).astype(np.float32)


@lru_cache(maxsize=20_000)
def _word_vector(word: str, dim: int) -> np.ndarray:
    bounded = f"<{word}>"
    pieces = {
        bounded[start : start + length]
        for length in PIECES
        for start in range(len(bounded) - length + 1)
    }
    # Sums of signs are whole numbers: no order of the set changes them.
    return _unit(np.sum([_signs(piece, dim) for piece in {*pieces, bounded}], axis=0))


def _signs(piece: str, dim: int) -> np.ndarray:
    """``dim`` times plus or minus one, from the bits of the piece's hash."""
    digest = hashlib.shake_128(piece.encode()).digest(-(-dim // 8))
    bits = np.unpackbits(np.frombuffer(digest, np.uint8))[:dim]
    return 2.0 * bits - 1.0


def _unit(vector: np.ndarray) -> np.ndarray:
    length = float(np.linalg.norm(vector))
    return vector / length if length else vector


def _check_folder(place: Path) -> None:
    needed = ("config.json", "model.safetensors")
    if not place.is_dir():
        raise UsageError(
            f"no sentence encoder at {place}; give 'pocket' or the folder of a sentence "
            "transformer."
        )
    missing = [name for name in needed if not (place / name).is_file()]
    if missing:
        raise UsageError(
            f"{place} has no {' and no '.join(missing)}; expected the folder of a sentence "
            "transformer with its weights as safetensors (weights that could run code are not "
            "read) and the files of its tokenizer."
        )
