"""Underwater light: each colour fades at its own rate, and the water shines back its own."""

from dataclasses import dataclass

import torch
from torch import Tensor

from irlib.degradations.depth import depth_rows, synthetic_depth
from irlib.degradations.sampling import Amount, Degraded, degrade_batch, draw
from irlib.registry import Registry

NEAR = 0.25
"""Share of the distance that lies between the camera and depth 0."""

Channels = tuple[tuple[float, float], tuple[float, float], tuple[float, float]]


@dataclass(frozen=True)
class Water:
    """Ranges of red, green and blue: attenuation per unit of distance, and the water's colour."""

    attenuation: Channels
    colour: Channels


WATERS: Registry[tuple[Water, ...]] = Registry("water")
GREEN = Water(
    attenuation=((0.6, 1.2), (0.15, 0.35), (0.35, 0.65)),
    colour=((0.05, 0.20), (0.38, 0.55), (0.22, 0.38)),
)
BLUE = Water(
    attenuation=((0.6, 1.2), (0.25, 0.45), (0.10, 0.30)),
    colour=((0.03, 0.15), (0.25, 0.45), (0.40, 0.65)),
)
# The decorator form is for functions; these are values.
for _name, _waters in {"green": (GREEN,), "blue": (BLUE,), "any": (GREEN, BLUE)}.items():
    WATERS.register(_name)(_waters)


def underwater(
    clean: Tensor,
    distance: Amount = (0.5, 1.5),
    turbidity: Amount = (0.8, 1.5),
    *,
    water: str = "any",
    generator: torch.Generator,
    depth: Tensor | None = None,
) -> Degraded:
    """Attenuates by wavelength and adds backscatter.

    ``I_c = J_c exp(-b_c z) + B_c (1 - exp(-u b_c z))``, with one attenuation b_c and one water
    colour B_c a channel, and u the turbidity; z is ``distance`` times the depth, a quarter of it
    lying before depth 0. Source: the revised model of Akkaynak and Treibitz (CVPR 2018), in which
    attenuation and backscatter have different coefficients. The ranges imitate the two casts of
    underwater photographs and are ours. Taught in chapter 2.

    Args:
        clean: (..., 3, H, W), float in [0, 1].
        distance: Length of the light's way through the water; 0 is none.
        turbidity: How much faster the water's own light grows than the scene's fades, 0 to 10.
        water: ``"green"`` (coastal), ``"blue"`` (open sea), or ``"any"``, drawn per image.
        generator: A CPU generator.
        depth: (..., 1, H, W) or (1, H, W), 0 near to 1 far; without it, a smooth one is drawn.

    Returns:
        The image, and ``distance``, ``turbidity``, ``attenuation`` (3), ``colour`` (3), ``depth``.

    Raises:
        UsageError: A wrong shape, an unknown water, a value out of range, or a generator that is
            not on the CPU.
    """
    kinds = WATERS.get(water)
    known_depth = depth_rows(depth, clean)

    def draw_one(height: int, width: int) -> dict[str, Tensor]:
        drawn = {
            "distance": draw("distance", distance, generator, high=1000),
            "turbidity": draw("turbidity", turbidity, generator, high=10),
        }
        kind = kinds[int(torch.randint(len(kinds), (), generator=generator))]
        for name in ("attenuation", "colour"):
            low, high = torch.tensor(getattr(kind, name)).unbind(1)
            drawn[name] = torch.lerp(low, high, torch.rand(3, generator=generator))
        if known_depth is None:
            drawn["depth"] = synthetic_depth(height, width, generator)
        return drawn

    def apply(images: Tensor, drawn: dict[str, Tensor]) -> Tensor:
        scene = drawn["depth"] if known_depth is None else known_depth.to(images)
        way = drawn["distance"][:, None, None, None] * (NEAR + (1 - NEAR) * scene)
        optical = drawn["attenuation"][:, :, None, None] * way
        veil = 1 - torch.exp(-drawn["turbidity"][:, None, None, None] * optical)
        return (images * torch.exp(-optical) + drawn["colour"][:, :, None, None] * veil).clamp(0, 1)

    image, parameters = degrade_batch(clean, generator, draw_one, apply)
    if depth is not None:
        parameters["depth"] = depth.expand(*clean.shape[:-3], 1, *clean.shape[-2:]).cpu()
    return Degraded(image, parameters)
