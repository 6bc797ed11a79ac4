"""Learnable prompts, one a quality tier, in front of a frozen CLIP. Taught in chapter 7.

A prompt is a sentence of which the words are free: start of text, N embeddings to be learned, end
of text. What CLIP makes of it is compared with what CLIP makes of an image.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from irlib.data.seeding import generator_for
from irlib.errors import UsageError
from irlib.registry import unknown_name

if TYPE_CHECKING:
    from irlib.foundation import Clip

#: Worst tier first. The loss of stage 2 reads the last; the paper writes the best one first.
WORDS = ("terrible", "mediocre", "excellent")
INITS = ("partial_random", "random", "fixed")
TIER_COUNTS = (2, 3, 4)

# CLIP's token of a lone "X": it stands in the ids where embeddings are learned.
_PLACEHOLDER = 343
_DEVIATION = 0.02


class PromptSet(nn.Module):
    """K prompts of N embeddings each, class-specific, all of them learned (Perceive-IR, Fig. 3).

    Laid out as ``start | N learned | end | padding`` to CLIP's context length. Fixed parts are
    buffers; :attr:`context` is the only parameter.

    Args:
        clip: The CLIP that the prompts are for; it is looked at, not kept.
        words: One word or phrase a tier, worst first. They name the tiers and, unless ``init`` is
            "random", give the embeddings to start from.
        tokens: N, the learned embeddings of a prompt.
        init: "partial_random": all from N(0, 0.02²), then the last ones overwritten by the word's
            (right-aligned, where a phrase takes several); "random": without the word; "fixed":
            the bare words, nothing to learn.
        single_token: Refuse a word without blanks that CLIP's vocabulary breaks into pieces: a
            piece does not mean what the word means. Phrases may take several tokens anyway.
        seed: Seed of the random embeddings.

    Attributes:
        context: (K, N, W) parameter; ``None`` where the prompts are fixed.
        ids: (K, L), ids that tell where the end of text is.
        encoder: Identity of the CLIP.
        encoder_source: Its source in words.

    Raises:
        UsageError: Other than 2, 3 or 4 different words, an unknown ``init``, words that do not fit
            in N tokens, or more tokens than CLIP reads.
    """

    def __init__(
        self,
        clip: "Clip",
        words: Sequence[str] = WORDS,
        *,
        tokens: int = 16,
        init: str = "partial_random",
        single_token: bool = True,
        seed: int = 0,
    ) -> None:
        super().__init__()
        words = tuple(word.strip() for word in words)
        _check(words, init, tokens, clip.context_length)
        self.words, self.tokens, self.init, self.seed = words, tokens, init, seed
        self.encoder, self.encoder_source = clip.identity, str(clip.source)
        self._width = clip.text_width
        own_ids = [] if init == "random" else [word_ids(clip, word, single_token) for word in words]
        if init == "fixed":
            ids = clip.tokenise(list(words))
            self.context = None
            self._buffer("ids", ids)
            self._buffer("sentence", clip.embed(ids))
            return
        start, end = clip.tokenise([""])[0, :2].tolist()
        ids = torch.zeros(clip.context_length, dtype=torch.long, device=clip.device)
        ids[: tokens + 2] = torch.tensor([start, *[_PLACEHOLDER] * tokens, end])
        ids = ids.expand(len(words), -1).clone()
        self._buffer("ids", ids)
        self._buffer("prefix", clip.embed(ids[:, :1]))
        self._buffer("suffix", clip.embed(ids[:, 1 + tokens :]))
        shape = (len(words), tokens, clip.text_width)
        context = _DEVIATION * torch.randn(shape, generator=generator_for("prompts", seed))
        for tier, own in enumerate(own_ids):
            if len(own) > tokens:
                raise UsageError(
                    f"{words[tier]!r} takes {len(own)} tokens, but a prompt has {tokens}. Take a "
                    "shorter phrase or more tokens."
                )
            context[tier, tokens - len(own) :] = clip.embed(own).detach().cpu()
        self.context = nn.Parameter(context.to(clip.device))

    def _buffer(self, name: str, tensor: Tensor) -> None:
        # Not in the state dictionary: whoever has the encoder has these.
        self.register_buffer(name, tensor.detach().clone(), persistent=False)

    @property
    def tiers(self) -> int:
        """K, the number of tiers."""
        return len(self.words)

    def embeddings(self) -> Tensor:
        """The prompts as CLIP's text encoder takes them, before positions: (K, L, W)."""
        if self.context is None:
            return self.sentence
        return torch.cat([self.prefix, self.context, self.suffix], dim=1)

    def encode(self, clip: "Clip") -> Tensor:
        """Places the prompts in CLIP's space; gradient flows to :attr:`context`.

        Args:
            clip: The CLIP that the prompts were made for.

        Returns:
            (K, D), L2-normalised, worst tier first.

        Raises:
            UsageError: Another CLIP.
        """
        require_encoder(clip, self.encoder, self.encoder_source, "these prompts")
        return clip.encode_embeddings(self.embeddings(), self.ids)

    def extra_repr(self) -> str:
        return f"{', '.join(self.words)}; init={self.init}, tokens={self.tokens}"


def word_ids(clip: "Clip", word: str, single_token: bool = True) -> Tensor:
    """The token ids of a word or phrase, without start and end of text.

    Raises:
        UsageError: A word without blanks that takes several tokens, where ``single_token``.
    """
    ids = clip.tokenise([word])[0]
    own = ids[1 : int(ids.argmax())]
    if single_token and " " not in word and len(own) != 1:
        raise UsageError(
            f"CLIP's vocabulary breaks {word!r} into {len(own)} pieces; expected one token, or a "
            "phrase of several words. Choose another word, or accept the pieces "
            "(--pieces, single_token=False)."
        )
    return own


def require_encoder(clip: "Clip", identity: str, source: str, what: str) -> None:
    """Refuses a CLIP other than the one that ``what`` was learned for.

    Raises:
        UsageError: The message names both and says what to do.
    """
    if clip.identity != identity:
        raise UsageError(
            f"{what} were learned for the CLIP {identity} ({source}), but {clip.identity} "
            f"({clip.source}) was given: its space is another. Give that CLIP (--clip), or learn "
            "prompts for this one with `irlib prompts train --clip SOURCE`."
        )


def _check(words: tuple[str, ...], init: str, tokens: int, context_length: int) -> None:
    if len(words) not in TIER_COUNTS or len(set(words)) < len(words) or not all(words):
        raise UsageError(
            f"the words {', '.join(map(repr, words))} were given; expected 2, 3 or 4 different "
            "ones, worst tier first, such as terrible mediocre excellent."
        )
    if init not in INITS:
        raise UsageError(unknown_name("initialisation", init, list(INITS)))
    if not 1 <= tokens <= context_length - 2:
        raise UsageError(
            f"{tokens} tokens a prompt were asked for; this CLIP takes 1 to {context_length - 2}."
        )
