"""A short code of what happened to an image, learned by contrast between degradations."""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional as F

from irlib.errors import UsageError
from irlib.nn.channel_mean import ChannelMean
from irlib.registry import unknown_name

CODE_BODIES = ("residual", "plain")


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions with a LeakyReLU between, beside a 1x1 convolution; no batch norm.

    Batch statistics would mix the degradations of a batch, and a batch is small.
    Source: Perceive-IR, figure 3.

    Args:
        in_dim: Channels that enter.
        dim: Channels that leave.
        stride: Of the first convolution and of the one beside.
        slope: Of the LeakyReLU.

    Shape: (B, in_dim, H, W) to (B, dim, ceil(H / stride), ceil(W / stride)).
    """

    def __init__(self, in_dim: int, dim: int, stride: int, slope: float) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_dim, dim, 3, stride, padding=1)
        self.activation = nn.LeakyReLU(slope)
        self.conv2 = nn.Conv2d(dim, dim, 3, padding=1)
        self.skip = nn.Conv2d(in_dim, dim, 1)
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        # The 1x1 convolution has its stride in front of it: the same numbers, where torch 2.15's
        # backward of a strided one writes past its memory on a channels-last image on the CPU.
        kept = x[..., :: self.stride, :: self.stride]
        return self.skip(kept) + self.conv2(self.activation(self.conv1(x)))


class DegradationEncoder(nn.Module):
    r"""Compact feature extraction (CFE): an image to a code of its degradation.

    Equation: :math:`Z = \mathrm{head}(\mathrm{mean}_{h,w}(\mathrm{body}(x)))` (Perceive-IR,
    section 3.3 and figure 3). The contrastive loss draws the codes of two crops of one image
    together and those of other degradations apart. Taught in chapter 08.

    Args:
        body: "residual", one :class:`ResidualBlock` a width and a head of two linear layers, as in
            the figure; or "plain", a 3x3 convolution and a GELU a width and a single linear layer,
            as in the authors' code.
        widths: Channels after each part of the body; the paper does not give them.
        strides: Stride of each part.
        hidden: Width inside the head of the residual body.
        out: Length of the code.
        slope: Of the LeakyReLUs of the residual body.
        normalise_output: Whether codes have length one.

    Raises:
        UsageError: An unknown body, or widths and strides that differ in number.

    Shape: (B, 3, H, W) to (B, out), any H and W from 1 up.
    """

    def __init__(
        self,
        body: str = "residual",
        widths: Sequence[int] = (160, 512),
        strides: Sequence[int] = (2, 2),
        hidden: int = 256,
        out: int = 128,
        slope: float = 0.1,
        normalise_output: bool = False,
    ) -> None:
        super().__init__()
        if body not in CODE_BODIES:
            raise UsageError(unknown_name("cfe_body", body, list(CODE_BODIES)))
        if len(widths) != len(strides) or not widths:
            raise UsageError(
                f"cfe_widths is {tuple(widths)} and cfe_strides {tuple(strides)}; expected as many "
                "of the one as of the other, and at least one."
            )
        self.normalise_output = normalise_output
        parts: list[nn.Module] = []
        for in_dim, dim, stride in zip((3, *widths), widths, strides, strict=False):
            if body == "residual":
                parts.append(ResidualBlock(in_dim, dim, stride, slope))
            else:
                parts += [nn.Conv2d(in_dim, dim, 3, stride, padding=1), nn.GELU()]
        self.body = nn.Sequential(*parts)
        self.pool = ChannelMean()
        if body == "residual":
            self.head = nn.Sequential(
                nn.Linear(widths[-1], hidden), nn.LeakyReLU(slope), nn.Linear(hidden, out)
            )
        else:
            self.head = nn.Sequential(nn.Linear(widths[-1], out))

    def forward(self, image: Tensor) -> Tensor:
        code = self.head(self.pool(self.body(image)).flatten(1))
        return F.normalize(code, dim=-1) if self.normalise_output else code
