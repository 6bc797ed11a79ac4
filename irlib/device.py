"""Which device computes.

Taught in chapter 5.
"""

import torch

from irlib.errors import UsageError


def choose_device(name: str = "auto") -> torch.device:
    """Returns the device of a name; ``auto`` is a GPU where there is one, else the CPU.

    Raises:
        UsageError: The name is unknown, or this machine has no such device.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.zeros(1, device=device).item()  # which shapes alone ("meta") cannot give
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise UsageError(
            f"the device {name!r} cannot be used here. Choose auto, cpu, cuda (or cuda:1 for the "
            f"second GPU) or mps."
        ) from error
    return device
