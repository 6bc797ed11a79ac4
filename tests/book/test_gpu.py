"""Notebooks use a GPU where there is one.

Each is executed at smoke on the device of tests/second_device.py, which computes on the CPU and
refuses what a GPU refuses. That shows that networks and pictures meet on one device; it shows
neither another device's rounding nor its speed.
"""

import ast
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from torch.utils import backend_registration

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
#: Notebooks with nothing to move, and what they compute.
WITHOUT = {
    "01-error-and-protocol": "metrics of a few pictures",
    "02-degradations": "degradations of a few pictures",
    "03-data-and-task-mixing": "samples, which loaders make on the CPU",
    "04-restormer": "blocks on random maps",
    "19-full-training": "loops compared, number by number, with processes on the CPU",
    "20-main-tables": "records of the ledger",
    "23-backbones-and-cost": "counts on shapes without numbers",
    "appendix-shapes-and-attention": "shapes of small tensors",
}
#: Steps of optimisers that stay on the CPU, and why.
ON_CPU = {
    "05-promptir": "the loop by hand is compared with irlib's, number by number",
    "06-nafnet": "two steps show which parameters learn first",
    "09-semantic-guidance": "two steps show which parts learn first",
    "15-dfpir": "an exercise's check finds a permutation by gradient",
    "16-pivpnet": "an exercise's check trains a few weights",
    "17-instructir": "a step shows which parts get a gradient",
    "appendix-pocket-dino": "a game with 48 points of eight numbers",
    "failure-gallery-2": "six gains, one number each",
}
BEGIN = """import sys
sys.path.insert(0, {folder!r})
import second_device
second_device.take_over()"""
END = "print(second_device.WORK, second_device.STEPS, sep='\\n')"


def source(path: Path) -> str:
    cells = nbformat.read(path, as_version=4).cells
    return "\n".join(cell.source for cell in cells if cell.cell_type == "code")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_chooses_its_device_unless_it_has_nothing_to_move(path):
    assert ("choose_device()" in source(path)) == (path.stem not in WITHOUT)


@pytest.mark.slow
@pytest.mark.skipif(
    not hasattr(backend_registration, "_setup_privateuseone_for_python_backend"),
    reason="this PyTorch cannot make a device in Python",
)
@pytest.mark.parametrize(
    "path", [p for p in NOTEBOOKS if p.stem not in WITHOUT], ids=lambda path: path.stem
)
def test_its_networks_train_and_restore_there(path, monkeypatch):
    monkeypatch.setenv("IRLIB_SCALE", "smoke")
    notebook = nbformat.read(path, as_version=4)
    code = nbformat.v4.new_code_cell
    notebook.cells.insert(0, code(BEGIN.format(folder=str(ROOT / "tests"))))
    notebook.cells.append(code(END))
    where = {"metadata": {"path": str(path.parent)}}
    NotebookClient(notebook, timeout=300, resources=where).execute()
    printed = "".join(each["text"] for each in notebook.cells[-1].outputs if "text" in each)
    work, steps = (ast.literal_eval(line) for line in printed.splitlines())
    assert work["imitated"] > 0
    assert steps["cpu"] == 0 or path.stem in ON_CPU, f"steps on the CPU: {steps}"
