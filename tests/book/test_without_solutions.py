"""A book without solutions: built for a few pages, then searched for every solution they had."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest

from irlib.errors import UsageError
from irlib.teaching.cells import is_solution, read_notebook, source, without_solutions
from irlib.viz.teaching_build import drop_solutions, wanted

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
CHAPTER = "01-error-and-protocol"
CONTENTS = f"""format: jb-book
root: book/instructors
parts:
  - caption: One chapter
    chapters:
      - file: notebooks/{CHAPTER}
"""


def own_lines(notebook) -> set[str]:
    """Lines of code that stand only in solutions, long enough to be nobody else's."""
    told = "\n".join(source(cell) for cell in notebook["cells"] if not is_solution(cell))
    lines = {
        line.strip()
        for cell in notebook["cells"]
        if is_solution(cell)
        for line in source(cell).splitlines()
    }
    return {line for line in lines if len(line) > 20 and line not in told}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_loses_its_solutions_and_nothing_else(path):
    notebook = read_notebook(path)
    lighter = without_solutions(notebook)
    kept = [cell for cell in notebook["cells"] if not is_solution(cell)]
    assert lighter["cells"] == kept
    assert len(kept) < len(notebook["cells"])
    nbformat.validate(nbformat.from_dict(lighter))
    text = json.dumps(lighter)
    assert own_lines(notebook), "the test would find nothing"
    assert not [line for line in own_lines(notebook) if json.dumps(line)[1:-1] in text]


@pytest.mark.parametrize(("choice", "left"), [("yes", 2), ("no", 1)])
def test_the_choice_decides_what_sphinx_reads(choice, left):
    cells = [{"metadata": {"tags": ["solution"]}}, {"metadata": {}}]
    app = SimpleNamespace(
        config=SimpleNamespace(irlib_solutions=choice),
        env=SimpleNamespace(doc2path=lambda page: f"{page}.ipynb"),
    )
    content = [json.dumps({"cells": cells})]
    drop_solutions(app, "a", content)
    assert len(json.loads(content[0])["cells"]) == left


def test_a_choice_that_is_none_is_refused(monkeypatch):
    monkeypatch.setenv("IRLIB_SOLUTIONS", "maybe")
    with pytest.raises(UsageError, match="yes or no"):
        wanted()


def test_make_passes_the_choice_on():
    def printed(*words):
        done = subprocess.run(["make", "-n", "book", *words], cwd=ROOT, capture_output=True)
        return done.stdout.decode()

    assert "IRLIB_SOLUTIONS=yes" in printed()
    assert "IRLIB_SOLUTIONS=no" in printed("SOLUTIONS=no")
    assert "_build/without-solutions" in printed("SOLUTIONS=no")


@pytest.mark.build
def test_the_built_pages_hold_no_solution(tmp_path):
    copy = tmp_path / "book"
    left_out = shutil.ignore_patterns("_build", ".venv", ".git", "runs", "node_modules", "tests")
    shutil.copytree(ROOT, copy, ignore=left_out, symlinks=True)
    (copy / "_toc.yml").write_text(CONTENTS, encoding="utf-8")
    command = [str(Path(sys.executable).with_name("jupyter-book")), "build", ".", "--keep-going"]
    environment = os.environ | {"IRLIB_SOLUTIONS": "no", "PYTHONPATH": str(copy)}
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True)
    built = copy / "_build" / "html"
    page = built / "notebooks" / f"{CHAPTER}.html"
    assert page.exists(), done.stderr[-2000:]
    notebook = read_notebook(ROOT / "notebooks" / f"{CHAPTER}.ipynb")
    for path in built.rglob("*"):
        if path.suffix in (".html", ".ipynb", ".js", ".txt") and "_static" not in path.parts:
            text = path.read_text(encoding="utf-8").replace("\\n", "\n")
            assert not [line for line in own_lines(notebook) if line in text], path.name
    html = page.read_text(encoding="utf-8")
    assert "Show the solution" not in html
    assert "3. Crop to a multiple (medium)" in html
    assert (built / "slides" / f"{CHAPTER}.html").exists()
