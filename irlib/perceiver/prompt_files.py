"""Prompts on disk: the learned embeddings alone, with their words and their encoder."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

import irlib
from irlib.errors import UsageError
from irlib.foundation.checkpoints import read_header, read_state, require_kind, write_weights
from irlib.perceiver.prompts import PromptSet, require_encoder

if TYPE_CHECKING:
    from irlib.foundation import Clip

KIND = "prompts"
SUFFIX = ".safetensors"
SHIPPED = Path(irlib.__file__).parent / "weights" / KIND / f"prompts-pocket{SUFFIX}"
OWN_RUN = Path("runs") / "prompts-pocket" / f"prompts{SUFFIX}"
# Where `irlib prompts train` leaves those of another scale.
_OWN_RUN_OF = "prompts-{scale}"


def save_prompts(prompts: PromptSet, path: str | Path, **facts: Any) -> Path:
    """Writes prompts to a safetensors file, whole or not at all.

    Args:
        prompts: On any device.
        path: Where to; the folder is made if needed.
        **facts: What a reader will want to know, JSON-like: steps=2000, logit_scale=100.

    Raises:
        IrlibError: The file cannot be written.
    """
    context = prompts.context
    if context is None:  # fixed: the words are all there is
        context = torch.zeros(prompts.tiers, 0, prompts.sentence.shape[-1])
    config = {
        "words": list(prompts.words),
        "tokens": prompts.tokens,
        "init": prompts.init,
        "seed": prompts.seed,
        "encoder": prompts.encoder,
        "encoder_source": prompts.encoder_source,
    }
    return write_weights(Path(path), KIND, {"context": context}, config, **facts)


def load_prompts(path: str | Path, clip: "Clip") -> PromptSet:
    """Reads prompts for the CLIP that they were learned for, frozen.

    Raises:
        UsageError: No such file, a file that holds no prompts, or prompts of another CLIP; the
            message names both encoders and says how to go on.
        IrlibError: A damaged file.
    """
    path = Path(path)
    config = read_prompts_header(path)["config"]
    require_encoder(clip, config["encoder"], config["encoder_source"], f"the prompts in {path}")
    prompts = PromptSet(
        clip,
        config["words"],
        tokens=config["tokens"],
        init=config["init"],
        single_token=False,
        seed=config["seed"],
    )
    if prompts.context is not None:
        stored = read_state(path).get("context")
        if stored is None or stored.shape != prompts.context.shape:
            given = "no context" if stored is None else f"a context {tuple(stored.shape)}"
            raise UsageError(
                f"{path} holds {given}, expected {tuple(prompts.context.shape)}. Learn the prompts "
                "again with `irlib prompts train`."
            )
        with torch.no_grad():
            prompts.context.copy_(stored)
    return prompts.requires_grad_(False)


def usual_prompts() -> Path:
    """The file of prompts to take where none is named: an own run of scale pocket, else shipped.

    It need not exist; reading it then says how to go on.
    """
    return OWN_RUN if OWN_RUN.is_file() or not SHIPPED.is_file() else SHIPPED


def fitting_prompts(clip: "Clip", scale: str, first: Iterable[Path] = ()) -> Path | None:
    """The first file of prompts that were learned for a CLIP, or None where there is none.

    Args:
        clip: Whose prompts are looked for.
        scale: Own runs of this scale are looked at before those of scale pocket, the shipped
            prompts last.
        first: Files to look at before all these.

    Raises:
        IrlibError: A damaged file.
    """
    own = OWN_RUN.parent.with_name(_OWN_RUN_OF.format(scale=scale)) / OWN_RUN.name
    for file in (*first, own, OWN_RUN, SHIPPED):
        if file.is_file() and read_prompts_header(file)["config"]["encoder"] == clip.identity:
            return file
    return None


def clip_source(header: dict[str, Any]) -> str:
    """The source of the CLIP that a file of prompts names: its kind, or its file.

    Args:
        header: Of :func:`read_prompts_header`.
    """
    kind, _, detail = header["config"]["encoder_source"].partition(": ")
    return detail if kind == "file" else kind


def read_prompts_header(path: str | Path) -> dict[str, Any]:
    """What a file of prompts says of itself: "config" (words, encoder, ...), "facts", "irlib".

    Raises:
        UsageError: No such file, or it holds no prompts.
        IrlibError: A damaged file.
    """
    path = Path(path)
    if not path.is_file():
        raise UsageError(
            f"no prompts at {path}; learn some with `irlib prompts train`, or give another file."
        )
    header = read_header(path)
    require_kind(header, KIND, path)
    if not header:
        raise UsageError(
            f"{path} holds no prompts; expected a {SUFFIX} file that `irlib prompts train` wrote."
        )
    return header
