"""Losses, one file a loss, under the names that recipes use."""

from irlib.losses.reconstruction import l1
from irlib.registry import Registry

losses: Registry = Registry("loss")
losses.register("l1")(l1)

__all__ = ["l1", "losses"]
