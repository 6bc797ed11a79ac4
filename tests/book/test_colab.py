"""The install cell of the notebooks, run as Colab would run it.

What it does is tested always, and what it installs in tests/test_installed.py. Doing it (a clean
environment, the package registry, minutes a notebook) is opt-in:
`IRLIB_COLAB=01-error-and-protocol pytest tests/book/test_colab.py`, several names separated by
commas, or `all`. Package and notebooks are those of the last commit. The clean environment is given
the packages of this one except irlib, as Colab brings torch; a package that Colab lacks is
therefore not fetched here.
"""

import os
import subprocess
import sys
import types
import venv
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
CHOSEN = os.environ.get("IRLIB_COLAB", "")


def install_cell(path: Path) -> str:
    cells = nbformat.read(path, as_version=4).cells
    return next(c.source for c in cells if c.cell_type == "code" and "google.colab" in c.source)


@pytest.fixture
def commands(monkeypatch):
    ran = []
    monkeypatch.setattr(subprocess, "run", lambda command, **_: ran.append(command))
    return ran


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_install_cell_is_the_first_code_and_the_same_everywhere(path):
    first = next(c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code")
    assert first.source == install_cell(path) == install_cell(NOTEBOOKS[0])


def test_elsewhere_it_does_nothing(commands):
    exec(install_cell(NOTEBOOKS[0]), {})
    assert commands == []


def test_on_colab_it_installs_irlib_and_keeps_the_torch_that_is_there(commands, monkeypatch):
    import torch

    monkeypatch.setitem(sys.modules, "google.colab", types.ModuleType("google.colab"))
    source = install_cell(NOTEBOOKS[0]).replace('REPOSITORY = ""', 'REPOSITORY = "file:///book"')
    exec(source, {})
    (command,) = commands
    assert command[:4] == [sys.executable, "-m", "pip", "install"]
    # Without the local part, such as +cu132: the module may carry it where its wheel does not.
    wanted = torch.__version__.partition("+")[0]
    assert set(command[4:]) == {"git+file:///book", f"torch=={wanted}"}


@pytest.fixture(scope="module")
def repository(tmp_path_factory) -> Path:
    """The last commit as a repository of one commit: pip copies the history for each notebook.

    Not a shallow clone: pip asks for a partial clone, and of a shallow one git fetches without end.
    """
    folder = tmp_path_factory.mktemp("published")
    tree = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, capture_output=True, check=True)
    subprocess.run(["tar", "-x"], cwd=folder, input=tree.stdout, check=True)
    person = ("-c", "user.name=reader", "-c", "user.email=reader@localhost")
    for command in (("init", "-q"), ("add", "."), (*person, "commit", "-q", "-m", "book")):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return folder


@pytest.fixture(scope="module")
def colab(tmp_path_factory) -> Path:
    """The Python of a clean environment with the packages of this one, without irlib."""
    folder = tmp_path_factory.mktemp("colab")
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    own = subprocess.run([python, "-c", ask], capture_output=True, text=True, check=True)
    present = Path(pytest.__file__).parents[1]
    brought = folder / "brought"  # what this environment has, one link each
    brought.mkdir()
    for each in present.iterdir():
        if "irlib" not in each.name and each.suffix != ".pth":
            (brought / each.name).symlink_to(each)
    site = Path(own.stdout.strip())
    (site / "brought.pth").write_text(f"{brought}\n")
    (site / "google" / "colab").mkdir(parents=True)
    (site / "google" / "colab" / "__init__.py").write_text("")
    return python


@pytest.mark.slow
@pytest.mark.skipif(not CHOSEN, reason="installs packages; IRLIB_COLAB=NAME,NAME or =all runs it")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_after_its_install_cell(path, repository, colab, tmp_path, monkeypatch):
    if CHOSEN != "all" and path.stem not in CHOSEN.split(","):
        pytest.skip("not named in IRLIB_COLAB")
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient
    from nbclient.util import run_sync

    notebook = nbformat.read(repository / "notebooks" / path.name, as_version=4)
    notebook.cells.insert(0, nbformat.v4.new_code_cell("import google.colab"))
    for cell in notebook.cells:
        if cell.cell_type == "code":
            address = f'REPOSITORY = "file://{repository}"'
            cell.source = cell.source.replace('REPOSITORY = ""', address)
    monkeypatch.setenv("IRLIB_SCALE", "smoke")
    monkeypatch.delenv("PYTHONPATH", raising=False)
    manager = AsyncKernelManager()
    manager.kernel_spec.argv = [
        str(colab), "-m", "ipykernel_launcher", "-f", "{connection_file}"
    ]  # fmt: skip
    # No checkout around it, as on Colab.
    resources = {"metadata": {"path": str(tmp_path)}}
    client = NotebookClient(notebook, km=manager, timeout=600, resources=resources)
    try:
        client.execute()
    finally:  # a client leaves a manager that it was given, and its kernel's memory, as they are
        run_sync(manager.shutdown_kernel)(now=True)
