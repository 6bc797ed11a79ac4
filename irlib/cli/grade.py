"""``irlib grade``: points for the exercises of readers' notebooks."""

from pathlib import Path
from typing import Annotated

import typer

Help = typer.Option


def grade(
    notebooks: Annotated[list[Path], typer.Argument(help="Notebooks with answers (.ipynb).")],
    report: Annotated[Path | None, Help(help="Write everything to this JSON file.")] = None,
    points: Annotated[
        list[str] | None, Help(help="Points of exercises: ch01.psnr=3 ch01.luma=2. Default: 1.")
    ] = None,
    seconds: Annotated[float, Help(help="Most seconds for one answer.")] = 60.0,
) -> None:
    """Try every answer in a process of its own, and say which points were lost and why.

    Answers are programs: where strangers wrote them, grade on a machine that holds nothing else.

    Example: irlib grade 01-error-and-protocol.ipynb --points ch01.psnr=3 --report grades.json
    """
    import json

    from irlib.errors import IrlibError, UsageError
    from irlib.teaching import grading

    worth: dict[str, float] = {}
    for pair in points or []:
        name, _, number = pair.partition("=")
        try:
            worth[name] = float(number)
        except ValueError:
            raise UsageError(f"--points {pair}: expected NAME=NUMBER, as in ch01.psnr=3") from None
    grading.check_points(worth)
    if not seconds > 0:
        raise UsageError(f"--seconds {seconds:g}: expected more than 0")
    if report is not None and not report.absolute().parent.is_dir():
        raise UsageError(f"--report {report}: the folder does not exist; make it first")
    if report is not None and report.is_dir():
        raise UsageError(f"--report {report} is a folder; name a file, such as grades.json")
    reports = []
    failed = 0
    for path in notebooks:
        try:
            grades = grading.grade_notebook(path, points=worth, seconds=seconds)
        except UsageError as error:
            if len(notebooks) == 1:
                raise
            failed += 1
            reports.append({"notebook": str(path), "not graded": str(error)})
            typer.echo(f"irlib: not graded: {error}", err=True)
            continue
        reports.append(grading.report(path, grades))
        typer.echo(f"{path}: {reports[-1]['points']:g} of {reports[-1]['of']:g} points")
        for one in grades:
            typer.echo(f"  {one.exercise:<34} {one.points:g} of {one.of:g}  {one.verdict}")
            if one.why:
                typer.echo(f"      {one.why}")
    if report is not None:
        report.write_text(json.dumps(reports, indent=1) + "\n", encoding="utf-8")
    if failed:
        raise IrlibError(f"{failed} of {len(notebooks)} notebooks were not graded; see above.")
