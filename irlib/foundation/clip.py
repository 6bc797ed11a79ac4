"""CLIP: one space for pictures and sentences, through open_clip. Taught in chapter 7."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from irlib.errors import UsageError
from irlib.foundation.checkpoints import read_header, read_state, require_kind
from irlib.foundation.clip_layout import (
    VOCABULARY,
    build_clip,
    infer_config,
    to_clip_names,
    uses_quick_gelu,
)
from irlib.foundation.frozen import Frozen, check_images
from irlib.foundation.images import CLIP_MEAN, CLIP_STD, normalise, resize
from irlib.foundation.sources import Published, Source, locate

PUBLISHED = Published(
    "CLIP ViT-B/32 (OpenAI)",
    "timm/vit_base_patch32_clip_224.openai",
    ("open_clip_model.safetensors", "open_clip_pytorch_model.bin"),
)
TOKEN_IDS = "token_ids"  # in a pocket file: the rows of the token table that it stores


class Clip(Frozen):
    """A frozen CLIP.

    Args:
        network: An ``open_clip`` CLIP or CustomTextCLIP.
        source: Where its weights come from.
        known_tokens: Ids whose embeddings were trained; None where all were.

    Attributes:
        dim: Width of the common space (512 for ViT-B/32).
        text_width: Width of a token embedding (512).
        image_size: Side of the square that pictures are resized to (224).
        context_length: Tokens a sentence takes, start and end included (77).
        logit_scale: What similarities are multiplied by before a softmax (100), the exponential of
            the stored logarithm.
    """

    def __init__(
        self, network: nn.Module, source: Source, known_tokens: Sequence[int] | None = None
    ) -> None:
        text = getattr(network, "text", network)  # CustomTextCLIP keeps the tower apart
        activation = type(text.transformer.resblocks[0].mlp.gelu).__name__
        super().__init__(network, source, activation)
        size = network.visual.image_size
        self.image_size = int(size if isinstance(size, int) else size[0])
        self.context_length, self.text_width = (int(n) for n in text.positional_embedding.shape)
        self.dim = int(network.visual.output_dim)
        self.logit_scale = float(network.logit_scale.exp())
        self.activation = activation
        self.known_tokens = None if known_tokens is None else frozenset(map(int, known_tokens))

    @property
    def _text(self) -> nn.Module:
        return getattr(self.network, "text", self.network)

    @cached_property
    def _tokenizer(self):
        from open_clip.tokenizer import SimpleTokenizer

        return SimpleTokenizer(context_length=self.context_length)

    def encode_image(self, images: Tensor) -> Tensor:
        """Places pictures in the common space; gradients flow back to the pictures.

        Args:
            images: (B, 3, H, W) in [0, 1], any size; resized bicubically to a square.

        Returns:
            (B, dim), of length 1.
        """
        check_images(images, "Clip.encode_image")
        prepared = normalise(resize(images, self.image_size), CLIP_MEAN, CLIP_STD)
        return F.normalize(self.network.encode_image(prepared), dim=-1)

    def tokenise(self, sentences: Sequence[str]) -> Tensor:
        """Turns sentences into token ids: start, byte pairs, end, zeros.

        Returns:
            (K, context_length), long, where the weights lie.

        Raises:
            UsageError: A sentence that is too long, or, for a pocket CLIP, a word that it never
                saw.
        """
        if isinstance(sentences, str):
            sentences = [sentences]
        for sentence in sentences:
            tokens = self._tokenizer.encode(sentence)
            if len(tokens) + 2 > self.context_length:
                raise UsageError(
                    f"{sentence!r} takes {len(tokens)} tokens; this CLIP reads at most "
                    f"{self.context_length - 2}. Shorten the sentence."
                )
            if self.known_tokens is not None:
                self._check_known(sentence, tokens)
        return self._tokenizer(list(sentences)).to(self.device)

    def embed(self, ids: Tensor) -> Tensor:
        """Looks up token embeddings, without positions: (K, L) -> (K, L, text_width)."""
        return self._text.token_embedding(ids)

    def encode_embeddings(
        self, embeddings: Tensor, ids: Tensor, *, cut: bool = True, normalise: bool = True
    ) -> Tensor:
        """Encodes sentences given as embeddings, so that a prompt can be learned.

        A transformer with a causal mask and a final LayerNorm, read at the end-of-text token and
        projected. What follows that token cannot reach it, so it is left out (``cut``): the result
        is the same to rounding, in a quarter of the time for short prompts.

        Args:
            embeddings: (K, L, text_width); gradients flow back to them.
            ids: (K, L), the ids they stand for: only the place of end-of-text, the largest id, is
                read from them.
            cut: Leave out the positions after the last end-of-text.
            normalise: Bring the results to length 1; their own length is about ten.

        Returns:
            (K, dim).
        """
        if embeddings.shape[:2] != ids.shape or embeddings.shape[-1] != self.text_width:
            raise UsageError(
                f"Clip.encode_embeddings was given embeddings {tuple(embeddings.shape)} and ids "
                f"{tuple(ids.shape)}; expected (K, L, {self.text_width}) and (K, L)."
            )
        text = self._text
        end = ids.argmax(dim=-1)
        length = ids.shape[1]
        mask = text.attn_mask
        if cut and mask is not None:
            length = int(end.max()) + 1
        if mask is not None:
            mask = mask[:length, :length]
        x = embeddings[:, :length] + text.positional_embedding[:length]
        x = text.ln_final(text.transformer(x, attn_mask=mask))  # batch first in open_clip
        x = x[torch.arange(len(x), device=x.device), end]
        projection = text.text_projection
        if isinstance(projection, nn.Module):
            x = projection(x)
        elif projection is not None:
            x = x @ projection
        return F.normalize(x, dim=-1) if normalise else x

    def encode_text(self, sentences: Sequence[str], *, normalise: bool = True) -> Tensor:
        """Places sentences in the common space: (K, dim), of length 1 where normalised."""
        ids = self.tokenise(sentences)
        return self.encode_embeddings(self.embed(ids), ids, normalise=normalise)

    def known_words(self) -> list[str] | None:
        """The tokens a pocket CLIP has seen, as text; None where it knows all."""
        if self.known_tokens is None:
            return None
        decoder = self._tokenizer.decoder
        words = (decoder[i] for i in sorted(self.known_tokens) if i in decoder)
        return [w.removesuffix("</w>") for w in words if w.endswith("</w>") and w[0].isalpha()]

    def _check_known(self, sentence: str, tokens: Sequence[int]) -> None:
        strange = [token for token in tokens if token not in self.known_tokens]
        if strange:
            word = self._tokenizer.decode(strange[:1]).strip()
            raise UsageError(
                f"the pocket CLIP has never seen {word!r} (in {sentence!r}). Use its words "
                f"({', '.join(self.known_words())}), or the published CLIP (source 'pretrained' or "
                "a file)."
            )


def load_clip(
    source: str | Path | Source = "pocket",
    download: bool = False,
    *,
    quick_gelu: bool | None = None,
) -> Clip:
    """Loads a frozen CLIP.

    Args:
        source: "pocket", "pretrained" (OpenAI's ViT-B/32) or a file: safetensors or a ``.pt`` that
            holds only tensors, in OpenAI's or open_clip's layout.
        download: Fetch published weights that are in no cache.
        quick_gelu: The activation of a file; None decides as
            :func:`irlib.foundation.clip_layout.uses_quick_gelu` says.

    Raises:
        UsageError: An unknown source, or a file of another network.
        IrlibError: Weights that are not here, or an unreadable file.
    """
    found = locate(source, "clip", PUBLISHED, download=download)
    header = read_header(found.path)
    require_kind(header, "clip", found.path)
    state = read_state(found.path)
    known = None
    if header:
        config = dict(header["config"])
        quick = bool(config.pop("quick_gelu", False))
        if TOKEN_IDS in state:
            known = state.pop(TOKEN_IDS).tolist()
            state["token_embedding.weight"] = _whole_table(state["token_embedding.weight"], known)
    else:
        quick, _ = (True, "") if found.kind == "pretrained" else uses_quick_gelu(state, found.path)
        quick = quick if quick_gelu is None else quick_gelu
        state = to_clip_names(state)
        config = infer_config(state, found.detail)
    return Clip(build_clip(state, config, quick, found.detail), found, known)


def _whole_table(rows: Tensor, ids: Sequence[int]) -> Tensor:
    """Puts stored rows in their places of the full token table; the rest is zero."""
    table = rows.new_zeros(VOCABULARY, rows.shape[1])
    table[list(ids)] = rows
    return table
