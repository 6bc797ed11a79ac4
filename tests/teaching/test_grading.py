"""Grading: a wrong, hanging or crashing answer costs its points and says why."""

import json

import pytest

from irlib import cli
from irlib.errors import UsageError
from irlib.teaching import cells, grading
from irlib.teaching.answer import try_answer

RIGHT = "def f(restored, target):\n    error = restored.clamp(0, 1) - target\n"
RIGHT += "    return -10 * error.square().mean(dim=(1, 2, 3)).log10()\n"
CALL = '\ncheck("ch01.psnr", f);'


@pytest.fixture
def notebook(tmp_path):
    """Writes a notebook of code cells, each (source, tags) with the exercise's name for stubs."""

    def write(*cells):
        made = []
        for source, *tags in cells:
            metadata = {"tags": tags} | ({"exercise": "ch01.psnr"} if tags else {})
            made.append({"cell_type": "code", "source": source, "metadata": metadata})
        path = tmp_path / "answers.ipynb"
        path.write_text(json.dumps({"cells": made, "nbformat": 4}), encoding="utf-8")
        return path

    return write


def psnr_grade(path, **options):
    return {one.exercise: one for one in grading.grade_notebook(path, **options)}["ch01.psnr"]


def test_a_right_answer_earns_its_points_and_an_absent_one_none(notebook):
    path = notebook((RIGHT + CALL, "exercise-stub"))
    grades = grading.grade_notebook(path, points={"ch01.psnr": 3})
    found = {one.exercise: (one.points, one.of, one.verdict) for one in grades}
    assert found == {
        "ch01.psnr": (3, 3, "right"),
        "ch01.luma": (0, 1, "missing"),
        "ch01.crop": (0, 1, "missing"),
        "ch01.score": (0, 1, "missing"),
    }


def test_a_wrong_answer_costs_its_points_and_says_why(notebook):
    wrong = "def f(restored, target):\n    return 20 + 0 * restored[:, 0, 0, 0]"
    one = psnr_grade(notebook((wrong + CALL, "exercise-stub")))
    assert (one.points, one.verdict) == (0, "wrong")
    failed = [each for each in one.properties if each["seen"] is not None]
    assert failed
    assert failed[0]["sentence"] in one.why


def test_an_answer_that_never_ends_is_stopped(notebook):
    endless = "def f(*images):\n    while True:\n        pass"
    one = psnr_grade(notebook((endless + CALL, "exercise-stub")), seconds=8)
    assert (one.points, one.verdict) == (0, "too slow")
    assert "8 seconds" in one.why


def test_an_answer_that_kills_its_process_costs_only_its_points(notebook):
    deadly = "import os\ndef f(*images):\n    os.abort()"
    one = psnr_grade(notebook((deadly + CALL, "exercise-stub")))
    assert (one.points, one.verdict) == (0, "crashed")
    assert "ended the process" in one.why


def test_a_cell_that_is_no_python_says_so(notebook):
    one = psnr_grade(notebook(("def f(:" + CALL, "exercise-stub")))
    assert one.verdict == "crashed"
    assert one.why.startswith("SyntaxError")


def test_the_solution_is_never_taken_for_an_answer(notebook):
    stub = "def f(restored, target):\n    return None"
    path = notebook((stub + CALL, "exercise-stub"), (RIGHT + CALL, "solution"))
    jobs, _ = grading._answers(grading.read_notebook(path))
    assert jobs["ch01.psnr"]["answer"] == stub + CALL


def test_an_answer_sees_the_definitions_before_it_and_not_what_was_computed():
    before = ["import torch", "SCALE = -10", "def broken(x=missing): pass"]
    answer = RIGHT.replace("-10", "SCALE") + CALL
    found = try_answer({"exercise": "ch01.psnr", "before": before, "answer": answer})
    assert [each["seen"] for each in found["properties"]] == [None] * len(found["properties"])


def test_an_error_before_the_check_is_reported():
    found = try_answer({"exercise": "ch01.psnr", "before": [], "answer": "1 / 0" + CALL})
    assert found == {"crash": "ZeroDivisionError: division by zero"}


def test_a_line_of_an_expression_is_no_line_of_the_notebook():
    remainder = "rest = (\n    7\n    % 4\n)"
    assert cells.code_of({"cell_type": "code", "source": remainder}) == remainder
    magic = {"cell_type": "code", "source": "%matplotlib inline\n!ls\npsnr?\nx = 1"}
    assert cells.code_of(magic).strip() == "x = 1"


def test_constants_are_what_is_written_out():
    code = "SHIFT = -10\nWIDE: float = 2.5\nBOTH = [1, -2]\nDRAWN = len(BOTH)\nEMPTY: int"
    assert cells.definitions(code) == ["SHIFT = -10", "WIDE: float = 2.5", "BOTH = [1, -2]"]


@pytest.mark.parametrize(
    "points", [{"ch01.pnsr": 1}, {"ch01.psnr": -1}, {"ch01.psnr": float("nan")}]
)
def test_points_that_cannot_be_are_refused(notebook, points):
    with pytest.raises(UsageError, match="points for"):
        grading.grade_notebook(notebook((RIGHT + CALL, "exercise-stub")), points=points)


@pytest.mark.parametrize(
    "content",
    [
        "no json",
        "[]",
        '{"cells": []}',
        '{"cells": [1]}',
        '{"cells": [{"cell_type": "code", "source": [1]}]}',
        '{"cells": [{"cell_type": "code", "source": "", "metadata": null}]}',
    ],
)
def test_what_is_no_notebook_with_exercises_is_refused(tmp_path, content):
    path = tmp_path / "a.ipynb"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match=r"notebook|exercise"):
        grading.grade_notebook(path)


def test_the_command_prints_points_and_writes_them(notebook, tmp_path, capsys):
    path = notebook((RIGHT + CALL, "exercise-stub"))
    out = tmp_path / "grades.json"
    assert (
        cli.run(
            ["grade", str(path), "--points", "ch01.psnr=2", "ch01.luma=1", "--report", str(out)]
        )
        == 0
    )
    assert "answers.ipynb: 2 of 5 points" in capsys.readouterr().out
    (written,) = json.loads(out.read_text(encoding="utf-8"))
    assert (written["points"], written["of"]) == (2, 5)
    assert cli.run(["grade", str(path), "--points", "ch01.psnr"]) == 2
    assert cli.run(["grade", str(tmp_path / "none.ipynb")]) == 2
    assert cli.run(["grade", str(path), "--report", str(tmp_path)]) == 2


def test_one_broken_notebook_does_not_cost_the_others_their_grades(notebook, tmp_path, capsys):
    path = notebook((RIGHT + CALL, "exercise-stub"))
    broken, out = tmp_path / "broken.ipynb", tmp_path / "grades.json"
    broken.write_text("{", encoding="utf-8")
    assert cli.run(["grade", str(broken), str(path), "--report", str(out)]) == 1
    printed = capsys.readouterr()
    assert f"{path}: 1 of 4 points" in printed.out
    assert f"not graded: {broken}" in printed.err
    first, second = json.loads(out.read_text(encoding="utf-8"))
    assert (first["notebook"], second["notebook"]) == (str(broken), str(path))
    assert (list(first), second["points"]) == (["notebook", "not graded"], 1)
    assert cli.run(["grade", str(broken), str(path), "--points", "ch01.pnsr=1"]) == 2
