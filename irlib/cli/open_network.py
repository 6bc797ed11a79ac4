"""Opening the network that a command measures: weights of ours, or a checkpoint of its authors."""

from typing import Any

from irlib.errors import UsageError


def open_network(
    model: str | None, weights: str, device: Any
) -> tuple[Any, dict[str, Any] | None, str]:
    """Reads a network from a file.

    Args:
        model: Its name; an authors' checkpoint does not say it, a file of ours is checked by it.
        weights: A file, or the name of shipped weights.
        device: Where the network goes.

    Returns:
        The network in evaluation mode, the facts that its file states (None for an authors'
        checkpoint) and the file's SHA-256.

    Raises:
        UsageError: No such file or model, or a file of another model.
    """
    from irlib.ledger import sha256_of_file
    from irlib.models import load_official
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
                f"{weights} is an author's checkpoint, which does not say what it is; add --model, "
                "such as --model promptir."
            )
        return load_official(model, path).to(device).eval(), None, sha256_of_file(path)
    header = read_header(path)
    if model is not None and header["model"] != model:
        from irlib.models import MODELS

        MODELS.get(model)  # an unknown name is answered with the nearest
        raise UsageError(
            f"{weights} holds a {header['model']}, but --model {model} was given. "
            f"Leave --model out, or give other weights."
        )
    return load_weights(path, device=str(device)), header["facts"], sha256_of_file(path)
