"""Comparing our networks with the authors' code itself, in a checkout that the user has."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from irlib.errors import UsageError
from irlib.models.checkout import class_from, imports_from, their_errors
from irlib.models.fixture import Comparison, rules_of
from irlib.models.formula_weights import named_tensor
from irlib.models.official import load_official
from irlib.models.official_names import our_name
from irlib.models.parity import ParityResult
from irlib.models.registry import MODELS
from irlib.models.upstream_systems import UPSTREAM, Upstream
from irlib.registry import unknown_name


def find_upstream(root: Path, system: str | None = None) -> tuple[str, str]:
    """Returns the system that a checkout is of, and its file; reads text and runs nothing.

    Args:
        root: Folder of the checkout.
        system: Expect this one.

    Raises:
        UsageError: No such folder or system, or nothing in it that irlib knows.
    """
    if not root.is_dir():
        raise UsageError(f"no folder {root}; give a checkout of the authors' repository.")
    if system is not None and system not in UPSTREAM:
        MODELS.get(system)
        raise UsageError(
            f"there is no code of the authors of {system} to compare with. "
            + unknown_name("system", system, list(UPSTREAM))
        )
    wanted = UPSTREAM if system is None else {system: UPSTREAM[system]}
    for name, upstream in wanted.items():
        for file in upstream.files:
            if (root / file).is_file() and _is_of(upstream, (root / file).read_text("utf-8")):
                return name, file
    expected = "; ".join(
        f"{name}: class {it.class_name} in {' or '.join(it.files)}" for name, it in wanted.items()
    )
    raise UsageError(f"{root} is no checkout that irlib knows. Expected one of {expected}.")


def compare_upstream(root: str | Path, system: str | None = None, *, seed: int = 1) -> ParityResult:
    """Runs the authors' network and ours with the same random weights on the same random images.

    Every tensor of the authors' network gets random numbers (a fresh network hides differences
    behind zeros and ones); ours takes them through :func:`~irlib.models.load_official`.

    Args:
        root: Checkout of the authors' repository. Its code is run.
        system: Model name; by default found by what the checkout holds.
        seed: Of weights and images.

    Returns:
        The result; its fixture is the file, and which packages were stood in for.

    Raises:
        UsageError: Not a checkout of a known system, or a package that its code needs is missing.
        IrlibError: The authors' code fails.
    """
    root = Path(root).resolve()
    system, file = find_upstream(root, system)
    upstream, rules = UPSTREAM[system], rules_of(system)
    device = _device(system, upstream)
    with imports_from(root, upstream.stand_ins) as stood_in, _exact():
        their_class = class_from(root, file, upstream.class_name)
        with their_errors("it is made"):
            theirs = their_class(**upstream.arguments())
        fill(theirs, seed)
        ours = load_official(system, theirs.state_dict()).to(device)
        theirs.to(device).eval()
        generator = torch.Generator().manual_seed(seed)
        largest, culprit = 0.0, None
        for batch, height, width in upstream.sizes:
            images = torch.rand(batch, 3, height, width, generator=generator).to(device)
            for_theirs, for_ours = upstream.told(images, generator)
            with torch.no_grad(), their_errors("it restores"):
                expected = theirs(images, *for_theirs)
            with torch.no_grad():
                given = ours(images, *for_ours)
            difference = Comparison("output", given, expected).difference
            largest = max(largest, difference)
            if culprit is None and not difference <= rules.tolerance:
                runs = (theirs, for_theirs), (ours, for_ours)
                culprit = first_difference(*runs, images, rules.tolerance)
    label = ", ".join([file, *(f"no {package}" for package in stood_in)])
    return ParityResult(
        system, label, ours.count_parameters(), largest, culprit, tolerance=rules.tolerance
    )


def fill(network: nn.Module, seed: int) -> None:
    """Gives every tensor of a network random numbers, by its name (see ``formula_weights``)."""
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            whole = not tensor.is_floating_point()
            tensor.copy_(named_tensor(name, list(tensor.shape), seed, whole=whole))


def first_difference(
    theirs: tuple[nn.Module, tuple[Any, ...]],
    ours: tuple[nn.Module, tuple[Any, ...]],
    images: Tensor,
    tolerance: float,
) -> str:
    """Returns the authors' name of the first layer whose output differs, or "output".

    Only layers that both networks have, under names that belong together, are looked at.

    Args:
        theirs: The authors' network and what it takes after the images.
        ours: The same of our network.
        images: (B, 3, H, W).
        tolerance: Largest difference that counts as equal.
    """
    their_names = {name: name for name, _ in theirs[0].named_modules() if name}
    system = getattr(ours[0], "name", "")
    known = dict(ours[0].named_modules())
    our_names = {name: our_name(system, name) for name in their_names}
    shared = {name: mine for name, mine in our_names.items() if mine in known}
    expected = _outputs(*theirs, images, {name: name for name in shared})
    given = _outputs(*ours, images, shared)
    for name, tensor in expected.items():
        if name not in given or given[name].shape != tensor.shape:
            continue
        if not Comparison(name, given[name], tensor).difference <= tolerance:
            return name
    return "output"


def _device(system: str, upstream: Upstream) -> torch.device:
    """Returns where both networks run.

    Raises:
        UsageError: The authors' code asks for a GPU, and there is none.
    """
    if upstream.needs_gpu and not torch.cuda.is_available():
        raise UsageError(
            f"the code of the authors of {system} moves tensors to a GPU by itself, and there is "
            "none here. Run this on a machine with one, or compare with the fixtures."
        )
    return torch.device("cuda" if upstream.needs_gpu else "cpu")


@contextmanager
def _exact() -> Iterator[None]:
    """Within it, a GPU convolves in full 32-bit precision."""
    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32 = before


def _outputs(
    network: nn.Module, further: tuple[Any, ...], images: Tensor, layers: dict[str, str]
) -> dict[str, Tensor]:
    """Runs a network and returns the first output of each layer, in the order they came about."""
    seen: dict[str, Tensor] = {}

    def note(label: str) -> Callable[[nn.Module, Any, Any], None]:
        def hook(_: nn.Module, __: Any, output: Any) -> None:
            first = output[0] if isinstance(output, tuple | list) else output
            if isinstance(first, Tensor) and label not in seen:
                seen[label] = first.detach().clone()

        return hook

    handles = [
        network.get_submodule(name).register_forward_hook(note(label))
        for label, name in layers.items()
    ]
    try:
        with torch.no_grad():
            network(images, *further)
    finally:
        for handle in handles:
            handle.remove()
    return seen


def _is_of(upstream: Upstream, text: str) -> bool:
    class_line = rf"^class {re.escape(upstream.class_name)}\b"
    return bool(re.search(class_line, text, re.MULTILINE)) and all(
        mark in text for mark in upstream.marks
    )
