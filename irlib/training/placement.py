"""Where a run runs: how many devices and machines, and the Fabric that spans them.

Processes are started in one of two ways. ``irlib train --devices 8`` starts them itself. Under
``torchrun``, ``fabric run`` or SLURM's ``srun`` they are there already, and how many there are is
read from what the launcher says, so the numbers need not be given twice. Taught in chapter 19.
"""

import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from irlib.errors import UsageError

if TYPE_CHECKING:
    from lightning.fabric import Fabric


def launched() -> tuple[int, int] | None:
    """Devices a machine and machines, as the launcher of this process says; ``None`` without one.

    Raises:
        UsageError: SLURM tasks that are not spread evenly over the machines.
    """
    from lightning.fabric.plugins.environments import SLURMEnvironment, TorchElasticEnvironment

    words = os.environ
    if TorchElasticEnvironment.detect():
        local = int(words.get("LOCAL_WORLD_SIZE", words["WORLD_SIZE"]))
        return local, int(words["WORLD_SIZE"]) // local
    if SLURMEnvironment.detect():
        tasks, nodes = int(words["SLURM_NTASKS"]), int(words.get("SLURM_NNODES", 1))
        if tasks % nodes:
            raise UsageError(
                f"SLURM started {tasks} tasks on {nodes} machines; expected as many on each. Give "
                "srun --ntasks-per-node, one task a GPU."
            )
        return tasks // nodes, nodes
    return None


def counted(devices: int | str, nodes: int) -> tuple[int | str, int]:
    """Devices a machine and machines: from the launcher where there is one, else as given.

    Args:
        devices: A number, or "auto".
        nodes: Machines; 1 stands for what the launcher says.

    Raises:
        UsageError: Numbers that are not those of the launcher.
    """
    there = launched()
    if there is None:
        return devices, nodes
    given = (there[0] if devices == "auto" else devices, there[1] if nodes == 1 else nodes)
    if given != there:
        raise UsageError(
            f"--devices {given[0]} --nodes {given[1]} were given, but the launcher (torchrun, "
            f"fabric run or srun) started {there[0]} processes on each of {there[1]} machines. "
            "Leave both options out under a launcher."
        )
    return there


def first_process() -> bool:
    """Whether this process is the only one or the first, the one that reports and records."""
    processes = torch.distributed
    together = processes.is_available() and processes.is_initialized()
    return not together or processes.get_rank() == 0


def processes() -> int:
    """How many processes train together, one a device."""
    together = torch.distributed
    if not (together.is_available() and together.is_initialized()):
        return 1
    return together.get_world_size()


def fast_precision(precision: str, accelerator: str = "auto") -> str:
    """Resolves "auto": bf16 where the device multiplies bf16 matrices fast, else full precision."""
    if precision != "auto":
        return precision
    if accelerator != "cpu" and torch.cuda.is_available():
        # Asked plainly, PyTorch also names cards that can only emulate it, slowly (T4, V100).
        fast = torch.cuda.is_bf16_supported(including_emulation=False)
        return "bf16-mixed" if fast else "32-true"
    flags = Path("/proc/cpuinfo")
    fast = flags.exists() and "amx_bf16" in flags.read_text()
    return "bf16-mixed" if fast else "32-true"


def print_to_current_stderr() -> None:
    """Lightning's log keeps the stream of its first import, which may have been closed since."""
    for name in ("lightning", "lightning.fabric"):
        for handler in logging.getLogger(name).handlers:
            if isinstance(handler, logging.StreamHandler):
                handler.stream = sys.stderr  # setStream would flush the old one first


def open_fabric(
    accelerator: str, devices: int | str, nodes: int, precision: str, partial: bool
) -> "Fabric":
    """Fabric for the devices asked for, its processes started.

    Args:
        accelerator: "auto", "cpu" or "gpu".
        devices: Devices a machine, or "auto".
        nodes: Machines.
        precision: Fabric's name, such as "32-true".
        partial: Whether some steps leave parameters without a gradient.

    Raises:
        UsageError: What this machine or its launcher lacks.
    """
    from lightning.fabric import Fabric
    from lightning.fabric.strategies import DDPStrategy
    from lightning.fabric.utilities.exceptions import MisconfigurationException

    print_to_current_stderr()
    devices, nodes = counted(devices, nodes)
    placement = {
        "accelerator": accelerator,
        "devices": devices,
        "num_nodes": nodes,
        "precision": precision,
    }
    try:
        fabric = Fabric(**placement)
        if partial and isinstance(fabric.strategy, DDPStrategy):
            looking = DDPStrategy(find_unused_parameters=True)
            fabric = Fabric(strategy=looking, **placement)
    except (ValueError, TypeError, RuntimeError, MisconfigurationException) as error:
        raise UsageError(
            f"accelerator {accelerator!r}, devices {devices!r}, nodes {nodes!r} and precision "
            f"{precision!r} cannot be used together here: {error}"
        ) from error
    if os.environ.get("LT_CLI_USED") != "1":  # under `fabric run` it did so when it was made
        fabric.launch()
    return fabric
