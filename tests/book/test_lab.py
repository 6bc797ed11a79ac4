"""Notebooks open where readers open them: JupyterLab by `make lab`, VS Code, any Jupyter.

VS Code itself is not started. What it needs is checked: valid notebooks (test_notebooks.py) that
ask for the kernel `python3`, and that kernel in this environment.
"""

import json
import os
import re
import shlex
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
TOKEN = "only-for-this-test"
PATIENCE = 120  # seconds until the server answers, on a busy machine


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_asks_for_the_kernel_that_every_jupyter_has(path):
    metadata = json.loads(path.read_text(encoding="utf-8"))["metadata"]
    assert metadata["kernelspec"]["name"] == "python3"
    assert metadata["kernelspec"]["language"] == metadata["language_info"]["name"] == "python"


def test_the_kernel_of_that_name_is_this_environment_with_irlib():
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(kernel_name="python3", cwd=str(ROOT / "notebooks"))
    try:
        seen = []
        client.execute_interactive(
            "import sys, irlib.ledger; print(sys.prefix, irlib.ledger.ledger_root())",
            output_hook=lambda message: seen.append(message["content"].get("text", "")),
            timeout=120,
        )
        assert "".join(seen).split() == [sys.prefix, str(ROOT / "book" / "results")]
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def lab_arguments() -> list[str]:
    text = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
    recipe = re.search(r"^lab:.*\n\t\$\(BIN\)/jupyter-lab (.+)$", text, re.MULTILINE)
    return shlex.split(recipe[1])


@pytest.fixture
def server(tmp_path):
    """JupyterLab as `make lab` starts it, without opening a browser; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR")
    own = {f"JUPYTER_{name}": str(tmp_path / name) for name in settings}
    more = ("--no-browser", "--allow-root", f"--ServerApp.port={port}")
    process = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", *lab_arguments(), *more],
        cwd=ROOT,
        env=os.environ | own | {"JUPYTER_TOKEN": TOKEN},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    yield f"http://127.0.0.1:{port}", process
    process.terminate()
    process.wait(30)


def ask(address: str) -> bytes:
    asked = Request(address, headers={"Authorization": f"token {TOKEN}"})
    with urlopen(asked, timeout=20) as answer:
        return answer.read()


@pytest.mark.slow
def test_make_lab_serves_the_book_and_opens_on_its_notebooks(server):
    address, process = server
    end = time.monotonic() + PATIENCE
    while True:
        try:
            found = json.loads(ask(f"{address}/api/contents"))
            break
        except (URLError, OSError):
            assert process.poll() is None, f"JupyterLab stopped with {process.returncode}"
            assert time.monotonic() < end, "JupyterLab does not answer"
            time.sleep(0.5)
    # Links of a notebook lead to ../book and must stay inside what Lab may open.
    assert {"notebooks", "book", "irlib"} <= {entry["name"] for entry in found["content"]}
    first = json.loads(ask(f"{address}/api/contents/notebooks/{NOTEBOOKS[0].name}"))
    assert first["type"] == "notebook"
    assert "python3" in json.loads(ask(f"{address}/api/kernelspecs"))["kernelspecs"]
    assert b"jupyter-config-data" in ask(f"{address}/lab/tree/notebooks")


def test_make_lab_asks_no_server_for_a_newer_version():
    from jupyterlab.handlers.announcements import NeverCheckForUpdate

    assert f"--LabApp.check_for_updates_class=jupyterlab.{NeverCheckForUpdate.__name__}" in (
        lab_arguments()
    )
