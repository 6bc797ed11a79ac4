"""A protocol: what is done to two images before their difference becomes a number.

The same pair of images scores differently under different protocols, by more than many papers
differ from each other; so a score without its protocol means little. Taught in chapter 1.
"""

from dataclasses import asdict, dataclass

from torch import Tensor

from irlib.device import in_float64
from irlib.errors import UsageError
from irlib.metrics.colour import luma
from irlib.registry import Registry

COLOURS = ("rgb", "y")
QUANTISATIONS = ("none", "round", "truncate")
SSIM_WINDOWS = ("uniform7", "gaussian11")


@dataclass(frozen=True)
class Protocol:
    """How scores are computed; a part of every score that is kept.

    Steps, in this order: centre crop, border crop, clipping to [0, 1], quantising, luma.

    Attributes:
        name: What pages and records call it.
        colour: ``rgb``, or ``y`` for MATLAB's limited-range luma.
        border: Pixels cut from each side, after the centre crop.
        quantise: ``none`` keeps floats; ``round`` and ``truncate`` make 8-bit values first. With
            either, luma is rounded to 8 bits as well, as MATLAB does for 8-bit images.
        ssim_window: ``uniform7`` (sample covariance) or ``gaussian11`` (deviation 1.5).
        crop_multiple: Centre crop of each side to a multiple of this; 1 crops nothing. Of an odd
            remainder the smaller half is cut from the top and the left.
    """

    name: str
    colour: str = "rgb"
    border: int = 0
    quantise: str = "none"
    ssim_window: str = "uniform7"
    crop_multiple: int = 1

    def __post_init__(self) -> None:
        for field, choices in (
            ("colour", COLOURS),
            ("quantise", QUANTISATIONS),
            ("ssim_window", SSIM_WINDOWS),
        ):
            given = getattr(self, field)
            if given not in choices:
                raise UsageError(
                    f"{field} of a protocol is {given!r}; choose one of: {', '.join(choices)}."
                )
        if self.border < 0 or self.crop_multiple < 1:
            raise UsageError(
                f"a protocol needs border >= 0 and crop_multiple >= 1, but has border "
                f"{self.border} and crop_multiple {self.crop_multiple}."
            )

    def as_dict(self) -> dict[str, str | int]:
        """Returns all fields, ready for a ledger record."""
        return asdict(self)

    def crop(self, image: Tensor) -> Tensor:
        """Returns the part of ``image`` (…, H, W) that this protocol measures, as a view.

        Raises:
            UsageError: Nothing would be left.
        """
        height, width = image.shape[-2:]
        top, left = (height % self.crop_multiple) // 2, (width % self.crop_multiple) // 2
        kept_height = height - height % self.crop_multiple - 2 * self.border
        kept_width = width - width % self.crop_multiple - 2 * self.border
        if kept_height < 1 or kept_width < 1:
            least = self.crop_multiple * -(-(2 * self.border + 1) // self.crop_multiple)
            raise UsageError(
                f"the protocol {self.name!r} cuts an image of {height} × {width} pixels (height × "
                f"width) down to nothing: it needs at least {least} × {least}. Measure larger "
                f"images, or name a protocol that does not crop."
            )
        top, left = top + self.border, left + self.border
        return image[..., top : top + kept_height, left : left + kept_width]


PROTOCOLS: Registry[Protocol] = Registry("protocol")

for _protocol in (
    # PromptIR's evaluation, which the all-in-one tables share.
    Protocol("all-in-one", crop_multiple=16),
    # The same, on values as an 8-bit file holds them.
    Protocol("rounded", quantise="round", crop_multiple=16),
    # The same, measured again from PNG files that were written by truncation.
    Protocol("truncated", quantise="truncate", crop_multiple=16),
    # Whole images: for photographs whose border pixels count.
    Protocol("whole"),
    # Restormer's denoising scores: whole images, 8-bit, RGB.
    Protocol("restormer-rgb", quantise="round", ssim_window="gaussian11"),
    # Restormer's deraining scores: MATLAB, luma of 8-bit images.
    Protocol("restormer-y", colour="y", quantise="round", ssim_window="gaussian11"),
):
    PROTOCOLS.register(_protocol.name)(_protocol)


def get_protocol(protocol: Protocol | str) -> Protocol:
    """Returns ``protocol`` itself, or the registered one of that name.

    Raises:
        UsageError: No protocol has that name.
    """
    return protocol if isinstance(protocol, Protocol) else PROTOCOLS.get(protocol)


def prepare(restored: Tensor, target: Tensor, protocol: Protocol | str) -> tuple[Tensor, Tensor]:
    """Returns both images as the metric sees them: cropped, clipped, quantised, in its colour.

    Args:
        restored: (B, 3, H, W) or (3, H, W), values meant for [0, 1].
        target: Same shape.
        protocol: A protocol or its name.

    Returns:
        Two float64 tensors (B, C, H', W') on the device of ``restored`` (on the CPU where
        that device has no float64).

    Raises:
        UsageError: Shapes differ, are not RGB, or leave nothing after cropping.
    """
    protocol = get_protocol(protocol)
    if restored.shape != target.shape:
        raise UsageError(
            f"restored has the shape {tuple(restored.shape)} but target {tuple(target.shape)}; "
            f"both must be the same (B, 3, H, W) or (3, H, W). Check that the two belong together."
        )
    if restored.ndim not in (3, 4) or restored.shape[-3] != 3:
        raise UsageError(
            f"images of the shape {tuple(restored.shape)} were given, but (B, 3, H, W) or "
            f"(3, H, W) was expected: three colours, channels before height and width."
        )
    if not (restored.is_floating_point() and target.is_floating_point()):
        raise UsageError(
            f"images of the types {restored.dtype} and {target.dtype} were given, but floats in "
            f"[0, 1] were expected. Divide 8-bit values by 255 first."
        )
    target = target.to(restored.device)
    return _as_measured(restored, protocol), _as_measured(target, protocol)


def _as_measured(image: Tensor, protocol: Protocol) -> Tensor:
    image = protocol.crop(image).clamp(0, 1)
    image = image.unsqueeze(0) if image.ndim == 3 else image
    image = in_float64(image)
    if protocol.quantise == "round":
        image = (image * 255).round() / 255
    elif protocol.quantise == "truncate":
        image = (image * 255).floor() / 255
    if protocol.colour == "y":
        image = luma(image)
        if protocol.quantise != "none":
            image = (image * 255).round() / 255
    return image
