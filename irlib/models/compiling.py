"""Letting ``torch.compile`` turn a network into kernels made for this machine."""

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import nn

from irlib.errors import UsageError

BACKEND = "inductor"
_WORDS_OF_A_REASON = 200  # characters; PyTorch's own messages fill screens


def compile_network(
    model: nn.Module,
    device: torch.device | str = "cpu",
    backend: str = BACKEND,
    dynamic: bool | None = None,
) -> nn.Module:
    """Compiles a network in place, at its first pass; weights keep their names and values.

    The first pass over an input of a new kind takes up to minutes. Of a network with an encoder
    (:class:`~irlib.models.WithSemantics`) only the network itself is compiled.

    Args:
        model: Any network, on any device.
        device: Where it will run.
        backend: Of ``torch.compile``. "inductor" makes kernels; "eager" and "aot_eager" only trace
            the network, which shows whether it can be compiled.
        dynamic: Whether one network serves images of any size; False makes one for every size,
            None one for the first size and one for all others.

    Returns:
        ``model``.

    Raises:
        UsageError: Nothing on this machine compiles for that device.
    """
    if backend == BACKEND:
        require_compiler(device)
    # In place: a wrapper would put its own name before the name of every weight.
    getattr(model, "network", model).compile(backend=backend, dynamic=dynamic)
    return model


def uncompiled(model: nn.Module) -> AbstractContextManager:
    """A context within which a network runs as it is written, layer by layer.

    What looks at single layers, such as tiles that share their statistics, needs it: a compiled
    network no longer calls them one by one.
    """
    if any(module._compiled_call_impl is not None for module in model.modules()):
        return torch.compiler.set_stance("force_eager")
    return nullcontext()  # and no import of a compiler


def require_compiler(device: torch.device | str) -> None:
    """Compiles the sum of two numbers, so that a lack shows before the long part.

    Raises:
        UsageError: It failed; the message says why and what to do.
    """
    try:
        torch.compile(lambda x: x + x)(torch.zeros(1, device=device))
    except Exception as error:
        reason = str(error).strip().splitlines()[0][:_WORDS_OF_A_REASON]
        raise UsageError(
            f"nothing could be compiled for {device} ({type(error).__name__}: {reason}). A CPU "
            "needs a C++ compiler such as g++ and Python's headers, a GPU needs triton. Install "
            "them, or leave --compile out."
        ) from error
