"""One image of a test set, as a model gets to see it."""

from pathlib import Path

from torch import Tensor

from irlib.data.images import read_image
from irlib.data.pairing import Pair
from irlib.data.seeding import generator_for
from irlib.degradations import gaussian_noise
from irlib.errors import IrlibError, UsageError
from irlib.evaluation.scoring import centre_crop
from irlib.metrics import Protocol


def images_of(
    pair: Pair,
    protocol: Protocol,
    sigma: float | None = None,
    seed: int = 0,
    quantise: bool = True,
) -> tuple[Tensor, Tensor | None]:
    """Reads one image of a set as a model gets to see it, and its reference.

    Args:
        pair: The files.
        protocol: Crops both.
        sigma: Noise added to a clean image, 0-255 scale.
        seed: Seed of that noise, which depends on seed, sigma and the pair's name alone.
        quantise: Clip and truncate the noisy image to 8 bits.

    Returns:
        Degraded and clean, (3, H, W) in [0, 1]; None for the latter where there is no reference.

    Raises:
        UsageError: An image too small for the protocol.
        IrlibError: An unreadable image, or one of another size than its reference.
    """
    if pair.clean is None:
        assert pair.degraded is not None
        return _cropped(read_image(pair.degraded).rgb(), protocol, pair.degraded), None
    clean = read_image(pair.clean).rgb()
    degraded = clean if pair.degraded is None else read_image(pair.degraded).rgb()
    if degraded.shape != clean.shape:
        sizes = [f"{i.shape[-1]}x{i.shape[-2]}" for i in (degraded, clean)]
        raise IrlibError(
            f"{pair.degraded} is {sizes[0]} but its reference {pair.clean} is {sizes[1]}; a pair "
            "is compared pixel by pixel. `irlib data check` lists every such file."
        )
    degraded, clean = (_cropped(image, protocol, pair.clean) for image in (degraded, clean))
    if sigma is not None:
        generator = generator_for("evaluation noise", seed, f"{float(sigma):g}", pair.name)
        degraded = gaussian_noise(clean, sigma, generator=generator, quantise=quantise).image
    return degraded, clean


def _cropped(image: Tensor, protocol: Protocol, file: Path) -> Tensor:
    try:
        return centre_crop(image, protocol)
    except UsageError as error:
        raise UsageError(f"{file}: {error}") from error
