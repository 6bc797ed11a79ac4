"""A checkout as the authors of NAFNet lay theirs out, written by the tests, in few words."""

from collections.abc import Callable
from pathlib import Path

import pytest

HELPERS = """
import torch
from torch import nn


class LayerNorm2d(nn.Module):
    def __init__(self, channels, eps=1e-6):
        super().__init__()
        self.weight, self.bias = (nn.Parameter(f(channels)) for f in (torch.ones, torch.zeros))
        self.eps = eps

    def forward(self, x):
        mean, variance = x.mean(1, keepdim=True), x.var(1, keepdim=True, unbiased=False)
        scale, shift = self.weight[:, None, None], self.bias[:, None, None]
        return (x - mean) / (variance + self.eps).sqrt() * scale + shift
"""

NETWORK = """
import torch
from basicsr.models.archs.arch_util import LayerNorm2d
from torch import nn


def gate(x):
    a, b = x.chunk(2, 1)
    return a * b


class NAFBlock(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.norm1, self.norm2 = LayerNorm2d(c), LayerNorm2d(c)
        self.conv1, self.conv4 = nn.Conv2d(c, 2 * c, 1), nn.Conv2d(c, 2 * c, 1)
        self.conv2 = nn.Conv2d(2 * c, 2 * c, 3, padding=1, groups=2 * c)
        self.sca = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(c, c, 1))
        self.conv3, self.conv5 = nn.Conv2d(c, c, 1), nn.Conv2d(c, c, 1)
        self.beta, self.gamma = (nn.Parameter(torch.zeros(1, c, 1, 1)) for _ in range(2))

    def forward(self, x):
        u = gate(self.conv2(self.conv1(self.norm1(x))))
        y = x + self.beta * self.conv3(u * self.sca(u))
        return y + self.gamma * self.conv5(gate(self.conv4(self.norm2(y))))


def blocks(c, count):
    return nn.Sequential(*[NAFBlock(c) for _ in range(count)])


class NAFNet(nn.Module):
    def __init__(self, img_channel, width, middle_blk_num, enc_blk_nums, dec_blk_nums):
        super().__init__()
        self.intro = nn.Conv2d(img_channel, width, 3, padding=1)
        self.ending = nn.Conv2d(width, img_channel, 3, padding=1)
        levels = len(enc_blk_nums)
        widths = [width << level for level in range(levels)]
        self.encoders = nn.ModuleList([blocks(c, n) for c, n in zip(widths, enc_blk_nums)])
        self.downs = nn.ModuleList([nn.Conv2d(c, 2 * c, 2, 2) for c in widths])
        self.middle_blks = blocks(width << levels, middle_blk_num)
        ups = [[nn.Conv2d(2 * c, 4 * c, 1, bias=False), nn.PixelShuffle(2)] for c in widths[::-1]]
        self.ups = nn.ModuleList([nn.Sequential(*up) for up in ups])
        self.decoders = nn.ModuleList([blocks(c, n) for c, n in zip(widths[::-1], dec_blk_nums)])

    def forward(self, image):
        x, skips = self.intro(image), []
        for encoder, down in zip(self.encoders, self.downs):
            skips.append(encoder(x))
            x = down(skips[-1])
        x = self.middle_blks(x)
        for up, decoder in zip(self.ups, self.decoders):
            x = decoder(up(x) + skips.pop())
        return image + self.ending(x)
"""

FILE = "basicsr/models/archs/NAFNet_arch.py"


def write(root: Path, *changes: tuple[str, str]) -> Path:
    """Writes the checkout, with words of its code exchanged, and returns its folder."""
    helpers, network = HELPERS, NETWORK
    for old, new in changes:
        assert (old in helpers) + (old in network) == 1
        helpers, network = helpers.replace(old, new), network.replace(old, new)
    folder = root / Path(FILE).parent
    folder.mkdir(parents=True)
    # Not run: what the whole repository needs is more than what the network needs.
    (root / "basicsr" / "__init__.py").write_text("import a_package_nobody_has\n")
    (folder / "__init__.py").write_text("raise RuntimeError('run')\n")
    (folder / "arch_util.py").write_text(helpers)
    (root / FILE).write_text(network)
    return root


@pytest.fixture
def write_checkout() -> Callable[..., Path]:
    """Writes the checkout into a folder and returns it."""
    return write
