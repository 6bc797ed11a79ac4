"""One answer, tried in a process of its own: ``python -m irlib.teaching.answer JOB REPORT``.

The process may hang, end itself or die; whoever started it sees that from outside. The job is a
JSON file with the exercise's name, the statements before the answer and the answer's cell.
"""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import irlib.check


def try_answer(job: dict[str, Any]) -> dict[str, Any]:
    """Runs an answer's cell and tries every property of the exercise.

    Args:
        job: `exercise` (name), `before` (statements that an earlier cell defines; one that needs
            what a left-out cell computes is passed over) and `answer` (the code of the cell).

    Returns:
        `properties`, each with its sentence and what was seen instead (None where it holds), or
        `crash`, the error that the cell itself raised.
    """
    given: list[Any] = []

    def witness(name: str, answer: Any) -> bool:
        if name == job["exercise"]:
            given.append(answer)
        return False

    irlib.check.check = witness  # type: ignore[assignment]
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for statement in job["before"]:
        with suppress(Exception):
            exec(compile(statement, "<notebook>", "exec"), namespace)
    namespace["check"] = witness
    try:
        exec(compile(job["answer"], "<answer>", "exec"), namespace)
    except Exception as error:
        if not given:
            return {"crash": f"{type(error).__name__}: {error}"}
    if not given:
        return {"crash": f'check("{job["exercise"]}", ...) was not reached'}
    properties = [
        {"sentence": one.sentence, "seen": one.seen}
        for one in irlib.check.tried(job["exercise"], given[-1])
    ]
    return {"properties": properties}


def main(job: str, report: str) -> None:
    """Reads the job and writes the report, both JSON files."""
    found = try_answer(json.loads(Path(job).read_text(encoding="utf-8")))
    Path(report).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
