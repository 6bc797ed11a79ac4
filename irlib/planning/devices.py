"""Graphics cards that a training can be planned for: what their makers print of them."""

from dataclasses import dataclass

from irlib.errors import UsageError
from irlib.registry import unknown_name


@dataclass(frozen=True)
class Device:
    """A graphics card, in the figures of its data sheet.

    Attributes:
        name: As ``--device`` takes it.
        title: As its maker writes it.
        single: Rate of convolutions in 32 bits, in floating-point operations a second: in TF32 on
            the matrix units where there is such a thing, since PyTorch uses it.
        half: Rate of dense matrix products in 16 bits, added up in 32, likewise.
        bandwidth: Of its memory, in bytes a second.
        memory: In bytes.
        watts: Of the whole board, at most.
        source: Key of the data sheet in the bibliography.
    """

    name: str
    title: str
    single: float
    half: float
    bandwidth: float
    memory: float
    watts: float
    source: str


def _card(
    name: str,
    title: str,
    single: float,
    half: float,
    bandwidth: float,
    memory: float,
    watts: float,
    source: str,
) -> Device:
    """Units as data sheets have them: tera-operations, GB a second, GB, watts."""
    return Device(
        name, title, single * 1e12, half * 1e12, bandwidth * 1e9, memory * 1e9, watts, source
    )


# fmt: off
DEVICES = {
    card.name: card
    for card in (
        _card("h200", "H200 SXM", 494.5, 989.0, 4800, 141, 700, "nvidia2024h200"),
        _card("h100", "H100 SXM", 494.5, 989.0, 3350, 80, 700, "nvidia2023h100"),
        _card("a100", "A100 SXM 80GB", 156.0, 312.0, 2039, 80, 400, "nvidia2021a100"),
        # Its matrix units know neither TF32 nor bf16, but another kind of 16 bits.
        _card("v100", "Tesla V100 SXM2 32GB", 15.7, 125.0, 900, 32, 300, "nvidia2020v100"),
        _card("rtx4090", "GeForce RTX 4090", 82.6, 165.2, 1008, 24, 450, "nvidia2023ada"),
        _card("rtx3090", "GeForce RTX 3090", 35.6, 71.0, 936, 24, 350, "nvidia2021ga102"),
    )
}
# fmt: on


def get_device(name: str) -> Device:
    """The card of a name; blanks and capitals do not matter ("RTX 4090").

    Raises:
        UsageError: An unknown card; the message suggests the nearest.
    """
    plain = name.lower().replace(" ", "").replace("-", "").replace("_", "")
    if plain not in DEVICES:
        raise UsageError(unknown_name("device to plan for", name, list(DEVICES)))
    return DEVICES[plain]
