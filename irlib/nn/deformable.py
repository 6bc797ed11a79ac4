"""Convolution whose taps are moved and weighted at every pixel, in plain PyTorch."""

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from irlib.errors import UsageError

#: Sampled values held at once, since all taps of an image are nine images. On a CPU as many as fit
#: into its cache, elsewhere 256 MB of 32 bits.
SAMPLED_AT_ONCE = {"cpu": 2**20}
SAMPLED_ELSEWHERE = 2**26


class DeformableConv(nn.Module):
    """A modulated deformable convolution whose offsets and masks follow from features and a guide.

    A plain convolution reads offsets and masks off the two; it starts at zero, so that nothing is
    moved and every tap counts half. Source: Zhu and others, "Deformable ConvNets v2", CVPR 2019, as
    AirNet's degradation-guided module uses it. Taught in chapter 12.

    Args:
        dim: Channels of the features, and of the output.
        guide_dim: Channels of the guide.
        kernel_size: Side of the kernel, odd.

    Shape: (B, dim, H, W) and (B, guide_dim, H, W) to (B, dim, H, W), any H and W from 1 up.
    """

    def __init__(self, dim: int, guide_dim: int, kernel_size: int = 3) -> None:
        super().__init__()
        self.taps = kernel_size**2
        bound = 1 / math.sqrt(dim * self.taps)
        self.weight = nn.Parameter(torch.empty(dim, dim, kernel_size, kernel_size))
        nn.init.uniform_(self.weight, -bound, bound)
        self.offsets_and_masks = nn.Conv2d(
            dim + guide_dim, 3 * self.taps, kernel_size, padding=kernel_size // 2
        )
        nn.init.zeros_(self.offsets_and_masks.weight)
        nn.init.zeros_(self.offsets_and_masks.bias)

    def forward(self, features: Tensor, guide: Tensor) -> Tensor:
        found = self.offsets_and_masks(torch.cat([features, guide], dim=1))
        offsets, masks = found.split((2 * self.taps, self.taps), dim=1)
        return deformable_conv(features, self.weight, offsets, masks.sigmoid())


def deformable_conv(features: Tensor, weight: Tensor, offsets: Tensor, masks: Tensor) -> Tensor:
    r"""What ``torchvision.ops.deform_conv2d`` computes at stride 1, without leaving PyTorch.

    Equation: :math:`y_o(p) = \sum_{c,t} w_{o,c,t}\, m_t(p)\, x_c(p + p_t + \Delta p_t(p))`
    (Deformable ConvNets v2, Eq. 1). A point between pixels mixes the four around it; pixels outside
    the image count zero. The image is taken in pieces, so that large ones fit into memory, and the
    backward pass samples again what the forward pass did not keep.

    Args:
        features: ``x``, (B, C, H, W).
        weight: ``w``, (O, C, k, k) with odd k.
        offsets: (B, 2kk, H, W) in pixels: channel 2t says how far down and 2t + 1 how far to the
            right tap t is moved; taps count along the rows of the kernel.
        masks: ``m``, (B, kk, H, W), what each tap counts.

    Returns:
        (B, O, H, W), zero-padded by k // 2.

    Raises:
        UsageError: Shapes that do not belong together.
    """
    _check_shapes(features, weight, offsets, masks)
    # A single row has no neighbour to measure distances by; a row of zeros is what lies there.
    padded = F.pad(features, (0, int(features.shape[3] == 1), 0, int(features.shape[2] == 1)))
    # Positions need all their digits, also under autocast.
    given = (padded.float(), weight.float(), offsets.float(), masks.float())
    if torch.is_grad_enabled() and not torch.compiler.is_compiling():
        return _SampledTwice.apply(*given)
    return _convolve(*given)


def _check_shapes(features: Tensor, weight: Tensor, offsets: Tensor, masks: Tensor) -> None:
    taps, place = weight.shape[2] * weight.shape[3], features.shape
    square_and_odd = weight.shape[2] == weight.shape[3] and weight.shape[2] % 2 == 1
    fitting = weight.shape[1] == place[1] and all(
        tensor.shape == (place[0], count, *place[2:])
        for tensor, count in ((offsets, 2 * taps), (masks, taps))
    )
    if not (square_and_odd and fitting):
        raise UsageError(
            f"features {tuple(place)}, weight {tuple(weight.shape)}, offsets "
            f"{tuple(offsets.shape)} and masks {tuple(masks.shape)} were given; expected "
            "(B, C, H, W), (O, C, k, k) with odd k, (B, 2kk, H, W) and (B, kk, H, W)."
        )


class _SampledTwice(torch.autograd.Function):
    """Keeps no samples between the passes; nine times the features would be many."""

    @staticmethod
    def forward(ctx: Any, *given: Tensor) -> Tensor:
        ctx.save_for_backward(*given)
        return _convolve(*given)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, ...]:
        features, weight, offsets, masks = ctx.saved_tensors
        matrix = weight.flatten(1)  # (O, C kk)
        of_features, of_matrix = torch.zeros_like(features), torch.zeros_like(matrix)
        of_offsets, of_masks = torch.empty_like(offsets), torch.empty_like(masks)
        for images, rows in _pieces(features, masks):
            image, mask = features[images], masks[images, :, rows]
            grid = _grid(offsets[images, :, rows], rows.start, features.shape[2:])
            sampled = _sample(image, grid, mask.shape[2:])
            above = gradient[images, :, rows].float().flatten(2)  # (b, O, h w)
            of_weighted = (matrix.t() @ above).view_as(sampled)
            of_masks[images, :, rows] = (of_weighted * sampled).sum(1)
            weighted = sampled.mul_(mask[:, None]).flatten(3).flatten(1, 2)
            of_matrix += (above @ weighted.mT).sum(0)
            of_sampled = of_weighted.mul_(mask[:, None]).flatten(2, 3)
            of_image, of_grid = torch.ops.aten.grid_sampler_2d_backward(
                of_sampled, image, grid, *_HOW, output_mask=[True, True]
            )
            of_features[images] += of_image
            per_pixel = [2 / (side - 1) for side in features.shape[:1:-1]]
            of_grid = of_grid * of_grid.new_tensor(per_pixel)
            of_grid = of_grid.flip(-1).unflatten(
                1, (-1, mask.shape[2])
            )  # (b, kk, h, w, down/right)
            of_offsets[images, :, rows] = of_grid.permute(0, 1, 4, 2, 3).flatten(1, 2)
        return of_features, of_matrix.view_as(weight), of_offsets, of_masks


_HOW = (0, 0, True)  # grid_sampler's numbers: bilinear, zeros outside, corners are pixels' centres


def _convolve(features: Tensor, weight: Tensor, offsets: Tensor, masks: Tensor) -> Tensor:
    """The whole output, piece by piece."""
    result = None
    for images, rows in _pieces(features, masks):
        mask = masks[images, :, rows]
        grid = _grid(offsets[images, :, rows], rows.start, features.shape[2:])
        weighted = _sample(features[images], grid, mask.shape[2:]) * mask[:, None]
        piece = weight.flatten(1) @ weighted.flatten(3).flatten(1, 2)  # (b, O, h w)
        piece = piece.unflatten(2, mask.shape[2:])
        if piece.shape[0] == masks.shape[0] and piece.shape[2] == masks.shape[2]:
            return piece
        if result is None:
            result = piece.new_empty(masks.shape[0], piece.shape[1], *masks.shape[2:])
        result[images, :, rows] = piece
    return result


def _pieces(features: Tensor, masks: Tensor) -> Iterator[tuple[slice, slice]]:
    """Images and rows whose samples fit: several images, or some rows of one."""
    most = SAMPLED_AT_ONCE.get(features.device.type, SAMPLED_ELSEWHERE)
    height, width = masks.shape[2:]
    per_row = features.shape[1] * masks.shape[1] * width
    images = max(1, most // (per_row * height))
    shares = min(height, -(-per_row * height // most))
    rows = -(-height // shares) if images == 1 else height
    for first in range(0, masks.shape[0], images):
        for top in range(0, height, rows):
            yield slice(first, first + images), slice(top, min(top + rows, height))


def _grid(offsets: Tensor, top: int, size: torch.Size) -> Tensor:
    """Where every tap of every pixel looks, as grid_sample counts.

    Args:
        offsets: (b, 2kk, h, w), of some rows.
        top: The first of them.
        size: Height and width of the features, 2 or more.

    Returns:
        (b, kk h, w, 2), right and down from -1 to 1, the taps below each other as one tall image.
    """
    moved = offsets.unflatten(1, (-1, 2))
    (rows, columns), device = moved.shape[3:], moved.device
    side = math.isqrt(moved.shape[1])
    tap = torch.arange(side, device=device) - side // 2
    tap_y, tap_x = (t.flatten()[:, None, None] for t in torch.meshgrid(tap, tap, indexing="ij"))
    y = torch.arange(top, top + rows, device=device)[:, None] + tap_y + moved[:, :, 0]
    x = torch.arange(columns, device=device) + tap_x + moved[:, :, 1]
    return torch.stack([2 * x / (size[1] - 1) - 1, 2 * y / (size[0] - 1) - 1], dim=-1).flatten(1, 2)


def _sample(features: Tensor, grid: Tensor, size: torch.Size) -> Tensor:
    """(b, C, H, W) at the places of a grid, as (b, C, kk, h, w)."""
    sampled = F.grid_sample(
        features, grid, mode="bilinear", padding_mode="zeros", align_corners=True
    )
    return sampled.unflatten(2, (-1, size[0]))
