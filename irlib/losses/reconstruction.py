"""The plain distance between the restored image and the target."""

from torch import Tensor


def l1(restored: Tensor, target: Tensor) -> Tensor:
    """Mean absolute error over all pixels and channels, of unclamped outputs.

    The only loss of Restormer and PromptIR (their released code; neither paper's body states it).

    Args:
        restored: Network output (B, 3, H, W).
        target: Clean image (B, 3, H, W) in [0, 1].
    """
    return (restored - target).abs().mean()
