"""The exercises of a reader's notebook, graded: points, and a reason for each that is lost."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from irlib.check import exercise_names
from irlib.errors import UsageError
from irlib.teaching.cells import checked, code_of, definitions, is_solution, read_notebook, tags

#: Seconds an answer may take, with the start of its process.
SECONDS = 60.0


@dataclass(frozen=True)
class Grade:
    """What one exercise of one notebook earned.

    Attributes:
        exercise: Its name, such as "ch02.haze".
        points: Points earned: all or none.
        of: Points it is worth.
        verdict: "right", "wrong", "crashed", "too slow" or "missing".
        why: Why points were lost; "" for a right answer.
        properties: Each property with what was seen instead, None where it holds.
    """

    exercise: str
    points: float
    of: float
    verdict: str
    why: str
    properties: tuple[dict[str, str | None], ...] = ()


def _answers(notebook: dict[str, Any]) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """Jobs for :mod:`irlib.teaching.answer` by exercise, and exercises whose cell is no Python.

    Solutions are passed over, and of several cells for one exercise the last counts.
    """
    jobs: dict[str, dict[str, Any]] = {}
    unreadable: dict[str, str] = {}
    before: list[str] = []
    for cell in notebook["cells"]:
        code = code_of(cell)
        if not code.strip() or is_solution(cell):
            continue
        own = cell.get("metadata", {}).get("exercise")
        try:
            names, defined = list(checked(code)), definitions(code)
        except SyntaxError as error:
            if own and "exercise-stub" in tags(cell):
                jobs.pop(own, None)
                unreadable[own] = f"SyntaxError: {error.msg} (line {error.lineno} of the cell)"
            continue
        for name in names:
            unreadable.pop(name, None)
            jobs[name] = {"exercise": name, "before": list(before), "answer": code}
        before += defined
    return jobs, unreadable


def _expected(found: set[str]) -> list[str]:
    """All exercises of the chapters that a notebook has exercises of."""
    chapters = {name.split(".")[0] for name in found}
    return [name for name in exercise_names() if name.split(".")[0] in chapters]


def _run(job: dict[str, Any], seconds: float) -> dict[str, Any]:
    """Tries one answer in its own process; what it leaves running is ended with it."""
    with tempfile.TemporaryDirectory() as folder:
        path, report = Path(folder) / "job.json", Path(folder) / "report.json"
        path.write_text(json.dumps(job), encoding="utf-8")
        command = [sys.executable, "-m", "irlib.teaching.answer", str(path), str(report)]
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"IRLIB_SCALE": "smoke"},
            start_new_session=True,
        )
        try:
            status = process.wait(seconds)
        except subprocess.TimeoutExpired:
            return {"slow": f"no answer after {seconds:g} seconds"}
        finally:
            _end(process)
        if status or not report.exists():
            return {"crash": f"the answer ended the process, with status {status}"}
        return json.loads(report.read_text(encoding="utf-8"))


def _end(process: subprocess.Popen) -> None:
    """Ends a process with those that it started."""
    try:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    except (ProcessLookupError, PermissionError):
        pass  # it has ended already, and so have they
    process.wait()


def _grade(name: str, found: dict[str, Any], of: float) -> Grade:
    if "slow" in found:
        return Grade(name, 0, of, "too slow", found["slow"])
    if "crash" in found:
        return Grade(name, 0, of, "crashed", found["crash"])
    properties = tuple(found["properties"])
    failed = [one for one in properties if one["seen"] is not None]
    if not failed:
        return Grade(name, of, of, "right", "", properties)
    why = f"{failed[0]['sentence']}: {failed[0]['seen']}"
    return Grade(name, 0, of, "wrong", why, properties)


def check_points(points: Mapping[str, float]) -> None:
    """Refuses points for what is no exercise, and what is no number of points.

    Raises:
        UsageError: An unknown exercise, or points below zero, infinite or not a number.
    """
    known = set(exercise_names())
    for name, value in points.items():
        if name not in known:
            raise UsageError(f'points for "{name}": there is no such exercise')
        if value < 0 or not math.isfinite(value):
            raise UsageError(f'points for "{name}" are {value:g}; expected a number, 0 or more')


def grade_notebook(
    path: str | Path, *, points: Mapping[str, float] | None = None, seconds: float = SECONDS
) -> list[Grade]:
    """Grades the exercises of one notebook.

    Every answer runs in a process of its own, after the imports, functions and constants of the
    cells before it; nothing else of the notebook runs. An exercise earns its points whole or not
    at all. Those of the chapter that the notebook leaves out earn none.

    Args:
        path: The notebook.
        points: Points by exercise; 1 where none are given.
        seconds: Most seconds for one answer.

    Raises:
        UsageError: No notebook, a notebook without exercises, or points that
            :func:`check_points` refuses.
    """
    check_points(points or {})
    jobs, unreadable = _answers(read_notebook(path))
    known = set(exercise_names())
    expected = _expected((set(jobs) | set(unreadable)) & known)
    if not expected:
        raise UsageError(
            f"{path} has no exercise: expected cells that call check("
            '"ch01.psnr", ...) or another exercise of irlib.check'
        )
    worth = dict.fromkeys(expected, 1.0)
    worth |= {name: value for name, value in (points or {}).items() if name in worth}
    grades = []
    for name in expected:
        if name in jobs:
            grades.append(_grade(name, _run(jobs[name], seconds), worth[name]))
        elif name in unreadable:
            grades.append(Grade(name, 0, worth[name], "crashed", unreadable[name]))
        else:
            grades.append(Grade(name, 0, worth[name], "missing", "the notebook has no answer"))
    return grades


def report(path: str | Path, grades: list[Grade]) -> dict[str, Any]:
    """One notebook's part of the report: its path as given, sums, then every exercise."""
    return {
        "notebook": str(path),
        "points": sum(grade.points for grade in grades),
        "of": sum(grade.of for grade in grades),
        "exercises": [asdict(grade) for grade in grades],
    }
