"""PIVPNet's prompt: a gain for every channel and place, fixed or chosen by the image."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from irlib.nn.channel_mean import ChannelMean

MASKS = ("ones", "learned")
MASK_COUNT = 7


class VisualPrompt(nn.Module):
    r"""Visual perception prompt: multiplies features by one plus a prompt.

    Equation: :math:`\omega = \mathrm{softmax}(W\,\mathrm{mean}_{h,w}(f) + b)`,
    :math:`m = \sum_k \omega_k\,\mathrm{resize}(M_k)` and
    :math:`f \odot (1 + (V m) \odot \mathrm{resize}(\beta))`, V a 1x1 convolution without bias, with
    bilinear resizing at half-pixel centres, without antialiasing (PIVPNet's released code).

    There the masks :math:`M_k` are ones that nothing learns. Shares sum to 1, so m is 1 everywhere
    whatever the image, and the prompt is a fixed gain, :math:`(\sum_j V_{cj})\,\beta_c`. That is
    what ``masks="ones"`` computes; its ``weight_head``, which could not learn, is left alone.
    With ``masks="learned"`` they are parameters and the image chooses among them. Taught in
    chapter 16.

    Args:
        dim: Channels.
        size: Height and width at which :math:`\beta` and the masks are stored.
        masks: "ones" or "learned".

    Shape: (B, dim, H, W) to the same.
    """

    def __init__(self, dim: int, size: int, masks: str = "ones") -> None:
        super().__init__()
        self.mean = ChannelMean()
        self.weight_head = nn.Linear(dim, MASK_COUNT)
        self.project = nn.Conv2d(dim, dim, 1, bias=False)
        self.beta = nn.Parameter(torch.ones(1, dim, size, size))
        if masks == "learned":
            # Not ones: equal masks would leave the shares without a gradient.
            self.masks = nn.Parameter(torch.rand(MASK_COUNT, dim, size, size))
        else:
            self.register_parameter("masks", None)
            self.weight_head.requires_grad_(False)

    def shares(self, x: Tensor) -> Tensor:
        """Returns the share of each mask, (B, masks), non-negative and summing to 1."""
        return self.weight_head(self.mean(x).flatten(1)).softmax(dim=-1)

    def gain(self, x: Tensor) -> Tensor:
        """Returns what the features are multiplied by, less one: (1 or B, dim, H, W)."""
        beta = _resized(self.beta, x)
        if self.masks is None:
            return self.project.weight.sum(dim=1) * beta
        mixture = self.shares(x).to(self.masks.dtype) @ self.masks.flatten(1)
        return self.project(_resized(mixture.unflatten(1, self.masks.shape[1:]), x)) * beta

    def forward(self, x: Tensor) -> Tensor:
        return x * (1 + self.gain(x)).to(x.dtype)


def _resized(stored: Tensor, x: Tensor) -> Tensor:
    """Stretches a stored map to the size of the features."""
    stored = stored.contiguous(memory_format=torch.channels_last)
    if stored.shape[2:] == x.shape[2:]:
        return stored
    return F.interpolate(stored, x.shape[2:], mode="bilinear", align_corners=False)
