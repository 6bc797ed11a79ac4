"""A notebook, run whole and measured: what is measured, and what stops it."""

import nbformat
import pytest

from irlib.bench.notebooks import find_notebooks, run_notebook
from irlib.errors import IrlibError, UsageError


def written(folder, name, *cells):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    path = folder / f"{name}.ipynb"
    nbformat.write(notebook, path)
    return path


@pytest.mark.slow
def test_a_notebook_is_measured_and_left_as_it_was(tmp_path):
    path = written(
        tmp_path,
        "01-small",
        "import os; assert os.environ['IRLIB_SCALE'] == 'smoke'",
        "import time; time.sleep(0.5); block = bytearray(300_000_000)",
    )
    before = path.read_bytes()
    run = run_notebook(path, "smoke")
    assert run.seconds > 0.5
    assert 0 < run.core_seconds < run.seconds + 60
    assert run.bytes > 300e6
    assert path.read_bytes() == before


@pytest.mark.slow
def test_a_failing_cell_is_named(tmp_path):
    path = written(tmp_path, "02-broken", "1 / 0")
    with pytest.raises(IrlibError, match=r"02-broken\.ipynb stopped at scale smoke: ZeroDivision"):
        run_notebook(path, "smoke")


def test_names_choose_notebooks_in_their_order(tmp_path):
    for name in ("02-b", "01-a", "03-c"):
        written(tmp_path, name)
    assert list(find_notebooks(tmp_path)) == ["01-a", "02-b", "03-c"]
    assert list(find_notebooks(tmp_path, ["03-c", "01-a"])) == ["01-a", "03-c"]


def test_wrong_use_is_named(tmp_path):
    with pytest.raises(UsageError, match="holds no notebook"):
        find_notebooks(tmp_path)
    written(tmp_path, "06-nafnet")
    with pytest.raises(UsageError, match="did you mean '06-nafnet'"):
        find_notebooks(tmp_path, ["06-nafnets"])
