"""Named configurations of InstructIR."""

from typing import Any

from irlib.foundation.sentences import POCKET_DIM


def released() -> dict[str, Any]:
    """The image network of the authors' weights, whose text head is a file of its own."""
    return {}


def paper() -> dict[str, Any]:
    """The same network (text and code agree on it)."""
    return released()


def language() -> dict[str, Any]:
    """Image network and text head together: what has to be trained."""
    return {**released(), "sentence_dim": POCKET_DIM}


def helper() -> dict[str, Any]:
    """What the authors' building function makes when it is asked for nothing."""
    return {"middle_blocks": 12, "text_dim": 768}


def pocket() -> dict[str, Any]:
    """A network that a laptop trains in minutes, reading sentences with the pocket encoder."""
    return {
        "dim": 20,
        "encoder_blocks": (1, 2, 4),
        "middle_blocks": 3,
        "decoder_blocks": (2, 2, 1),
        "text_dim": 32,
        "sentence_dim": 1024,
        "intents": 5,
    }


def smoke() -> dict[str, Any]:
    """The smallest network that still has every part; it only shows that things run."""
    return {
        "dim": 8,
        "encoder_blocks": (1, 1),
        "middle_blocks": 1,
        "decoder_blocks": (1, 1),
        "text_dim": 8,
        "sentence_dim": 64,
        "intents": 5,
    }
