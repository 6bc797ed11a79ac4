"""Letting a network that needs semantics restore from an image alone."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from irlib.errors import IrlibError, UsageError
from irlib.models.base import RestorationModel
from irlib.nn.padding import pad_to_multiple

if TYPE_CHECKING:
    from irlib.foundation import Dino


class WithSemantics(nn.Module):
    """A network and the frozen encoder it needs, as one module from image to image.

    Both see the same pixels, padded alike. The state and the parameters are the network's alone:
    the encoder hides its own.

    Args:
        network: Takes an image and four semantic vectors, such as
            :class:`~irlib.models.PerceiveIR`.
        encoder: Its ``features(images)`` are those vectors and its ``dim`` their length.

    Raises:
        UsageError: An encoder whose vectors have another length than the network takes.

    Shape: (B, 3, H, W) in [0, 1] to the same, not clamped; any H, W from 1 up.
    """

    def __init__(self, network: RestorationModel, encoder: "Dino") -> None:
        super().__init__()
        if encoder.dim != network.semantic_dim:
            raise UsageError(
                f"{network.name} takes semantics of length {network.semantic_dim}, but the encoder "
                f"gives {encoder.dim}. Use the encoder that it was trained with, or create the "
                f"network with semantic_dim={encoder.dim}."
            )
        self.network, self.encoder = network, encoder
        self.multiple, self.padding = network.multiple, network.padding
        self._whole: list[Tensor] | None = None

    def forward(self, degraded: Tensor) -> Tensor:
        if self._whole is not None:
            seen = [vectors.expand(degraded.shape[0], -1) for vectors in self._whole]
            return self.network(degraded, seen)
        return self.network(degraded, self.semantics(degraded))

    def semantics(self, degraded: Tensor) -> list[Tensor]:
        """Returns what the encoder sees in images padded like the network pads them.

        Args:
            degraded: (B, 3, H, W) in [0, 1].

        Returns:
            Four of (B, dim), for levels 1 to 4.
        """
        padded, _ = pad_to_multiple(degraded, self.multiple, self.padding)
        return self.encoder.features(padded)

    @contextmanager
    def seeing(self, whole: Tensor) -> Iterator[None]:
        """Within it, every image given is taken for a part of ``whole`` and told its semantics.

        Args:
            whole: (1, 3, H, W) in [0, 1].
        """
        self._whole = self.semantics(whole)
        try:
            yield
        finally:
            self._whole = None


def encoder_facts(encoder: "Dino") -> dict[str, Any]:
    """Returns what :func:`~irlib.models.save_weights` must note of an encoder trained with.

    They let :func:`irlib.models.as_restorer` find the same encoder again, and refuse another one.
    """
    source = encoder.source
    detail = Path(source.detail).name if source.kind == "file" else source.detail
    return {"encoder": {"kind": source.kind, "detail": detail, "identity": encoder.identity}}


def with_encoder(
    model: RestorationModel,
    facts: Mapping[str, Any],
    *,
    encoder: "str | Path | Dino | None" = None,
    download: bool = False,
) -> WithSemantics:
    """Returns a network together with the encoder that it was trained with.

    Args:
        model: One with ``needs_semantics``.
        facts: Of its weights file, which name the encoder.
        encoder: Where the DINO is, or the DINO itself; by default as the facts say.
        download: Whether published weights may be fetched.

    Raises:
        UsageError: Neither facts nor ``encoder`` say which, or its vectors have another length.
        IrlibError: The encoder's weights are not here, or it is not the one trained with.
    """
    noted = dict(facts.get("encoder", {}))
    if encoder is None:
        encoder = _noted_source(noted, model)
    if isinstance(encoder, str | Path):
        from irlib.foundation import load_dino

        encoder = load_dino(encoder, download)
    if noted and encoder.identity != noted["identity"]:
        raise IrlibError(
            f"this {model.name} was trained with another DINO ({noted['kind']}: "
            f"{noted['detail']}, {noted['identity']}) than the one given ({encoder.source}, "
            f"{encoder.identity}); its semantics would mean nothing to the network. Give that one "
            "with --dino FILE, or train the network again."
        )
    return WithSemantics(model, encoder)


def _noted_source(noted: Mapping[str, str], model: RestorationModel) -> str:
    """Returns where the encoder is that weights name, unless only the user can know."""
    if noted.get("kind") in ("pocket", "pretrained"):
        return noted["kind"]
    known = f"a file called {noted['detail']}" if noted else "a DINO that they do not name"
    raise UsageError(
        f"the weights of this {model.name} were trained with {known}. Say where it is: "
        "--dino pocket, --dino pretrained or --dino FILE."
    )
