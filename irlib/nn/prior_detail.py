"""What an image tells of its degradation before any learning, and a layer that it guides."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

EXPANSION = 0.85


def channel_prior(image: Tensor) -> Tensor:
    """Stacks an image, the brightest of its channels and their mean.

    Haze lifts both towards the light's colour, darkness presses both down; neither is learned.
    Source: PIVPNet's released code. Taught in chapter 16.

    Args:
        image: (B, C, H, W).

    Returns:
        (B, C + 2, H, W).
    """
    return torch.cat(
        [image, image.amax(dim=1, keepdim=True), image.mean(dim=1, keepdim=True)], dim=1
    )


class PriorDetail(nn.Module):
    r"""Detail enhancement: two depth-wise convolutions, each as strong as the prior says.

    Equation: with :math:`y = W_1 f`, :math:`a_1 = D_3 * y`, :math:`a_2 = D_5 * a_1` and
    :math:`[e_1, e_2] = K_3 * q` of one channel each,
    :math:`W_2\,\mathrm{GELU}(D_3' * (y + (a_1\,\sigma(e_1) + a_2\,\sigma(e_2)) \odot y))`; no
    biases, zeros at the borders, the exact GELU. Source: PIVPNet's released code, which computes it
    and uses nothing of it. Taught in chapter 16.

    Args:
        dim: Channels of the features and of the prior map q.

    Shape: twice (B, dim, H, W) to the same.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        hidden = int(EXPANSION * dim)
        self.project_in = nn.Conv2d(dim, hidden, 1, bias=False)
        self.near = nn.Conv2d(hidden, hidden, 3, padding=1, groups=hidden, bias=False)
        self.wide = nn.Conv2d(hidden, hidden, 5, padding=2, groups=hidden, bias=False)
        self.strengths = nn.Conv2d(dim, 2, 3, padding=1, bias=False)
        self.smooth = nn.Conv2d(hidden, hidden, 3, padding=1, groups=hidden, bias=False)
        self.project_out = nn.Conv2d(hidden, dim, 1, bias=False)

    def forward(self, x: Tensor, prior: Tensor) -> Tensor:
        inner = self.project_in(x)
        near = self.near(inner)
        of_near, of_wide = self.strengths(prior).sigmoid().chunk(2, dim=1)  # (B, 1, H, W) each
        detail = near * of_near + self.wide(near) * of_wide
        return self.project_out(F.gelu(self.smooth(inner + detail * inner)))
