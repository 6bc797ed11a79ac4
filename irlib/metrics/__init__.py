"""PSNR and SSIM under a named protocol. Taught in chapter 1."""

from irlib.metrics.colour import luma
from irlib.metrics.measure import measure
from irlib.metrics.protocol import PROTOCOLS, Protocol, get_protocol, prepare
from irlib.metrics.psnr import psnr
from irlib.metrics.ssim import ssim

__all__ = [
    "PROTOCOLS",
    "Protocol",
    "get_protocol",
    "luma",
    "measure",
    "prepare",
    "psnr",
    "ssim",
]
