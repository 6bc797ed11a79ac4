"""Losses, one file a loss, under the names that recipes use."""

from irlib.losses.reconstruction import l1, psnr_loss
from irlib.registry import Registry

losses: Registry = Registry("loss")
losses.register("l1")(l1)
losses.register("psnr")(psnr_loss)

__all__ = ["l1", "losses", "psnr_loss"]
