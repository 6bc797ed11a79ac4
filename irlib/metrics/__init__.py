"""PSNR and SSIM under a named protocol (chapter 1), and measures without a reference (22)."""

from irlib.metrics.colour import luma
from irlib.metrics.lab import cielab
from irlib.metrics.measure import measure
from irlib.metrics.protocol import PROTOCOLS, Protocol, get_protocol, prepare
from irlib.metrics.psnr import psnr
from irlib.metrics.ssim import ssim
from irlib.metrics.uciqe import uciqe
from irlib.metrics.uiqm import uiqm, uiqm_parts

__all__ = [
    "PROTOCOLS",
    "Protocol",
    "cielab",
    "get_protocol",
    "luma",
    "measure",
    "prepare",
    "psnr",
    "ssim",
    "uciqe",
    "uiqm",
    "uiqm_parts",
]
