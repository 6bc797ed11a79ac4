"""How long a chapter takes and how much memory it needs: run whole, in a fresh kernel."""

from __future__ import annotations

import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from irlib.errors import IrlibError, UsageError
from irlib.registry import unknown_name

_MARK = "irlib-bench"
# The last cell: what the kernel itself has used, in seconds of its cores and in bytes.
_ASK = (
    "import time\n"
    "from irlib.bench.peak_memory import high_water\n"
    f"print('{_MARK}', time.process_time(), high_water())"
)


@dataclass(frozen=True)
class NotebookRun:
    """One notebook, run from top to bottom.

    Attributes:
        seconds: By the clock, with the start of the kernel.
        core_seconds: Of processor time that the kernel used; processes that it started not.
        bytes: The largest resident size of the kernel, with all libraries.
    """

    seconds: float
    core_seconds: float
    bytes: int


def find_notebooks(folder: str | Path, names: list[str] | None = None) -> dict[str, Path]:
    """The notebooks of a folder by name, in the order of their names.

    Args:
        folder: Where they lie.
        names: Only these, such as ``06-nafnet``; all when None.

    Raises:
        UsageError: There is none, or none of a name given.
    """
    found = {path.stem: path for path in sorted(Path(folder).glob("*.ipynb"))}
    if not found:
        raise UsageError(
            f"{folder} holds no notebook; change into the checkout of the book, or name the "
            "folder with --notebooks."
        )
    for name in names or ():
        if name not in found:
            raise UsageError(unknown_name("notebook", name, list(found)))
    return {name: found[name] for name in found if not names or name in names}


def run_notebook(path: Path, scale: str) -> NotebookRun:
    """Runs a copy of a notebook at a scale and measures it; the file itself stays as it is.

    Args:
        path: The notebook; its cells run in its folder.
        scale: "smoke", "pocket" or "paper", the kernel's ``IRLIB_SCALE``.

    Raises:
        UsageError: nbclient is not installed.
        IrlibError: A cell fails.
    """
    try:
        import nbformat
        from nbclient import NotebookClient
        from nbclient.exceptions import CellExecutionError, DeadKernelError
    except ImportError as error:
        raise UsageError(
            f"running notebooks needs {error.name}, which is not installed; install irlib with its "
            'extra "test": pip install -e ".[test,lab]".'
        ) from error

    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(_ASK))
    # Files that a kernel leaves in its folder for itself must not meet those of another run.
    with tempfile.TemporaryDirectory() as own:
        started = time.perf_counter()
        client = NotebookClient(
            notebook, timeout=None, resources={"metadata": {"path": str(path.parent)}}
        )
        try:
            client.execute(env={**os.environ, "IRLIB_SCALE": scale, "IPYTHONDIR": own})
        except (CellExecutionError, DeadKernelError) as error:
            said = f"{error.ename}: {error.evalue}" if hasattr(error, "ename") else str(error)
            raise IrlibError(
                f"{path.name} stopped at scale {scale}: {said}. Run it by hand to see where."
            ) from error
        seconds = time.perf_counter() - started
    said = "".join(output.get("text", "") for output in notebook.cells[-1].outputs)
    core_seconds, peak = said.split(_MARK)[1].split()
    return NotebookRun(seconds, float(core_seconds), int(peak))
