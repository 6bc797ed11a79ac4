"""Every exercise of every chapter: its stub must fail, its solution pass, and none is forgotten."""

import doctest
import functools
import re
from contextlib import suppress
from pathlib import Path

import nbformat
import pytest

import irlib.check
from irlib.teaching.cells import definitions

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
EXAMPLE = re.compile(r"^```python\n(>>> .*?)^```$", re.MULTILINE | re.DOTALL)


@functools.cache
def cells(path: Path) -> list:
    notebook = nbformat.read(path, as_version=4)
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def exercises(path: Path, tag: str) -> list[tuple[str, str]]:
    """(name, source) of the cells of a notebook that carry a tag."""
    return [
        (cell.metadata.get("exercise", ""), cell.source)
        for cell in cells(path)
        if tag in cell.metadata.get("tags", [])
    ]


def page_id(path: Path) -> str:
    """What names of exercises begin with: "ch06", or the name of a page without a number."""
    number = path.stem.split("-")[0]
    return f"ch{number}" if number.isdigit() else path.stem


def every(tag: str) -> list:
    return [
        pytest.param(path, name, source, id=f"{path.stem}:{name}")
        for path in NOTEBOOKS
        for name, source in exercises(path, tag)
    ]


def defined_before(path: Path, answer: str, monkeypatch) -> dict:
    """What the cells before a cell import and define.

    Cells that compute are left out: an answer must not lean on a figure drawn pages before it.
    """
    monkeypatch.setenv("IRLIB_SCALE", "smoke")
    namespace: dict = {}
    for cell in cells(path):
        if cell.source == answer:
            break
        answers = {"exercise-stub", "solution"} & set(cell.metadata.get("tags", []))
        for statement in definitions(cell.source):
            if answers and not statement.startswith(("import ", "from ")):
                continue  # a reader may never have run it
            with suppress(NameError):  # a default or decorator that a left-out cell computes
                exec(compile(statement, path.name, "exec"), namespace)
    return namespace


def verdicts(path: Path, answer: str, monkeypatch) -> list[bool]:
    """What each `check` of a cell returns, given what the cells before it import and define."""
    found: list[bool] = []
    genuine = irlib.check.check

    def witness(name, function):
        found.append(genuine(name, function))
        return found[-1]

    namespace = defined_before(path, answer, monkeypatch)
    namespace["check"] = witness
    exec(compile(answer, path.name, "exec"), namespace)
    return found


@pytest.mark.parametrize(("path", "name", "stub"), every("exercise-stub"))
def test_a_stub_fails_and_is_told_why(path, name, stub, monkeypatch, capsys):
    assert verdicts(path, stub, monkeypatch) == [False]
    printed = capsys.readouterr().out
    assert printed.startswith("Not yet. Property ")
    assert len(printed.strip().splitlines()) >= 2, "it names the property, not what was seen"
    assert "Traceback" not in printed
    assert "NameError" not in printed, "the stub is runnable; it fails by its answer"


@pytest.mark.parametrize(("path", "name", "solution"), every("solution"))
def test_a_solution_passes(path, name, solution, monkeypatch, capsys):
    passed = verdicts(path, solution, monkeypatch)
    assert passed == [True], capsys.readouterr().out
    assert capsys.readouterr().out.startswith("Right: all ")


def examples() -> list:
    """Example outputs of exercises, each with the solution that gives them."""
    found = []
    for path in NOTEBOOKS:
        solutions, statement = dict(exercises(path, "solution")), ""
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "markdown":
                statement = cell.source
            elif "exercise-stub" in cell.metadata.get("tags", []):
                name = cell.metadata["exercise"]
                for example in EXAMPLE.findall(statement.rpartition("\n### ")[2]):
                    found.append(pytest.param(path, solutions[name], example, id=name))
    return found


@pytest.mark.parametrize(("path", "solution", "example"), examples())
def test_an_example_output_is_the_solutions(path, solution, example, monkeypatch, capsys):
    namespace = defined_before(path, solution, monkeypatch)
    exec(compile(solution, path.name, "exec"), namespace)
    test = doctest.DocTestParser().get_doctest(example, namespace, path.stem, path.name, 0)
    capsys.readouterr()
    assert doctest.DocTestRunner().run(test).failed == 0, capsys.readouterr().out


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_each_stub_has_its_solution_below_it(path):
    stubs = [name for name, _ in exercises(path, "exercise-stub")]
    assert stubs == [name for name, _ in exercises(path, "solution")]
    assert len(stubs) == len(set(stubs))
    least = 4 if path.stem[0].isdigit() else 2  # galleries and appendices are shorter
    assert len(stubs) >= least, f"a page like this has {least} exercises or more"
    chapter = f"{page_id(path)}."
    for tag in ("exercise-stub", "solution"):
        for name, source in exercises(path, tag):
            assert name.startswith(chapter)
            assert f'check("{name}", ' in source


def test_exercises_of_the_library_and_of_the_chapters_are_the_same():
    pages = {page_id(path) for path in NOTEBOOKS}
    in_notebooks = {name for path in NOTEBOOKS for name, _ in exercises(path, "exercise-stub")}
    registered = set(irlib.check.exercise_names())
    assert in_notebooks <= registered
    assert {name for name in registered if name.split(".")[0] in pages} <= in_notebooks
    absent = {name.split(".")[0] for name in registered} - pages
    assert not absent, f"exercises of pages that do not exist: {sorted(absent)}"
