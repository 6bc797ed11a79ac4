"""Opening the network that a command measures: weights of ours, or a checkpoint of its authors."""

from pathlib import Path
from typing import Any

from irlib.errors import UsageError


def open_network(
    model: str | None,
    weights: str,
    device: Any,
    words: str | None = None,
    head: str | None = None,
) -> tuple[Any, dict[str, Any] | None, str]:
    """Reads a network from a file.

    Args:
        model: Its name; an authors' checkpoint does not say it, a file of ours is checked by it.
        weights: A file, or the name of shipped weights.
        device: Where the network goes.
        words: For an authors' checkpoint of DFPIR, the CLIP that reads its prompts; for one of
            InstructIR, the folder of its sentence encoder.
        head: The file of InstructIR's text head, which its authors keep apart.

    Returns:
        The network in evaluation mode, the facts that its file states (None for an authors'
        checkpoint) and the file's SHA-256.

    Raises:
        UsageError: No such file or model, a file of another model, or words or a head for weights
            that need none.
    """
    from irlib.ledger import sha256_of_file
    from irlib.models.weights import (
        OFFICIAL_SUFFIXES,
        load_weights,
        read_header,
        weights_path,
    )

    path = weights_path(weights)
    if path.suffix.lower() in OFFICIAL_SUFFIXES:
        if model is None:
            raise UsageError(
                f"{weights} is an author's checkpoint, which does not say what it is; name the "
                "model, such as irlib evaluate promptir."
            )
        network = _official(model, path, words, head).to(device).eval()
        return network, None, sha256_of_file(path)
    if words is not None or head is not None:
        raise UsageError(f"{weights} is a file of irlib's own; leave --words and --head out.")
    header = read_header(path)
    if model is not None and header["model"] != model:
        from irlib.models import MODELS

        MODELS.get(model)  # an unknown name is answered with the nearest
        raise UsageError(
            f"{weights} holds a {header['model']}, but {model} was named. "
            f"Leave {model} out, or give other weights."
        )
    return load_weights(path, device=str(device)), header["facts"], sha256_of_file(path)


def _official(model: str, path: Path, words: str | None, head: str | None) -> Any:
    """A network of its authors' file, with the words that it may need besides."""
    from irlib.models import load_official

    if head is not None and model == "instructir":
        from irlib.models.instructir_official import load_published

        return load_published(path, head, words)
    network = load_official(model, path)
    if head is not None or (words is not None and model != "dfpir"):
        raise UsageError(
            f"{model} does not take this: --words is for dfpir, and with --head for instructir."
        )
    if words is not None:
        from irlib.foundation import load_clip

        network.encode_words(load_clip(words))
    return network
