"""AirNet: contrast finds out what happened to an image, and bends a restorer (CVPR 2022)."""

from typing import Any, ClassVar

from torch import Tensor, nn

from irlib.errors import UsageError
from irlib.models.base import RestorationModel
from irlib.models.registry import MODELS
from irlib.nn.contrastive_encoder import ContrastiveEncoder
from irlib.nn.degradation_guided import DegradationGuidedGroup, conv3x3
from irlib.nn.momentum_keys import MomentumKeys
from irlib.registry import unknown_name

GIVES = ("restored", "code", "both")


def released() -> dict[str, Any]:
    """The authors' network as they store it: with key encoder and a queue for five tasks."""
    return {}


def paper() -> dict[str, Any]:
    """The same network."""
    return released()


def restorer() -> dict[str, Any]:
    """The authors' network without what only the contrast of its training needs."""
    return {"queue": 0}


def pocket() -> dict[str, Any]:
    """A network that a laptop trains in minutes.

    Nothing is ever subsampled, and each deformable convolution reads nine moved copies of its map:
    both bound width and depth. Half the authors' width leaves time for two blocks.
    Most parameters are the deeper encoder's, which cost little at a fraction of the resolution.
    """
    return {"dim": 32, "groups": 1, "blocks": 2, "queue": 0}


def smoke() -> dict[str, Any]:
    """The smallest network that still has every part; it only shows that things run."""
    return {"dim": 4, "groups": 1, "blocks": 1, "queue": 0}


@MODELS.register("airnet")
class AirNet(RestorationModel):
    """AirNet, a blind network in two parts: an encoder that knows the degradation, and a restorer.

    The encoder learns by contrast that two crops of one degraded image went through the same. Its
    first stage's output, the degradation map, moves and scales features in every block of the
    restorer, which works at full resolution throughout and whose output is the image itself, not a
    correction. Source: Li and others, "All-in-One Image Restoration for Unknown Corruption", CVPR
    2022, and the released code. Taught in chapter 12.

    Args:
        in_channels: Channels of the degraded and of the restored image.
        dim: Width of the restorer and of the degradation map.
        groups: Degradation-guided groups.
        blocks: Blocks of each group.
        queue: Codes in the queue of the contrast; 0 leaves queue and key encoder out. Only training
            needs them, and it makes its own where the network has none. The authors store them with
            every checkpoint, 256 codes for each image of a batch.

    Raises:
        UsageError: Arguments below their smallest value; the message names them.

    Shape: (B, in_channels, H, W) in [0, 1] to the same, not clamped; any H, W from 1 up.
    """

    name = "airnet"
    multiple = 1
    presets: ClassVar = {
        "released": released,
        "paper": paper,
        "restorer": restorer,
        "pocket": pocket,
        "smoke": smoke,
    }

    def __init__(
        self,
        in_channels: int = 3,
        dim: int = 64,
        groups: int = 5,
        blocks: int = 5,
        queue: int = 1280,
    ) -> None:
        config = {
            "in_channels": in_channels,
            "dim": dim,
            "groups": groups,
            "blocks": blocks,
            "queue": queue,
        }
        super().__init__(config)
        for argument, value in config.items():
            least = 0 if argument == "queue" else 1
            if value < least:
                raise UsageError(f"{argument} is {value}; expected a whole number from {least} up.")
        self.head = conv3x3(in_channels, dim)
        self.body = nn.ModuleList(DegradationGuidedGroup(dim, blocks) for _ in range(groups))
        self.body.append(conv3x3(dim, dim))
        self.tail = conv3x3(dim, in_channels)
        self.encoder = ContrastiveEncoder(in_channels, dim)
        self.contrast = MomentumKeys(self.encoder, queue, self.code_size) if queue else None

    @property
    def code_size(self) -> int:
        """Numbers of a code."""
        return self.encoder.projection[-1].out_features

    def forward(self, degraded: Tensor, give: str = "restored") -> Any:
        """Restores images, or encodes them for the contrast, or both.

        Args:
            degraded: (B, in_channels, H, W) in [0, 1].
            give: "restored"; "code", which leaves the restorer alone; or "both", as a pair.

        Returns:
            The restored images (B, in_channels, H, W), the codes (B, ``code_size``), or both.

        Raises:
            UsageError: Another shape, or an unknown ``give``.
        """
        self.check_input(degraded, self.config["in_channels"], any_size=True)
        if give not in GIVES:
            raise UsageError(unknown_name("output of airnet", give, list(GIVES)))
        degradation = self.encoder.first(degraded)
        if give == "restored":
            return self.restore(degraded, degradation)
        code = self.encoder.from_map(degradation).code
        return code if give == "code" else (self.restore(degraded, degradation), code)

    def restore(self, degraded: Tensor, degradation: Tensor) -> Tensor:
        """Restores images for which a degradation map, (B, dim, H, W), is given."""
        *groups, last = self.body
        shallow = self.head(degraded)
        x = shallow
        for group in groups:
            x = group(x, degradation)
        return self.tail(shallow + last(x))

    @property
    def restorer_parameters(self) -> list[nn.Parameter]:
        """The parameters that the contrast alone leaves untouched."""
        return [*self.head.parameters(), *self.body.parameters(), *self.tail.parameters()]
