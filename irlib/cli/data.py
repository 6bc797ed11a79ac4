"""``irlib data``: the benchmarks of the field, and whether a folder holds one whole."""

from pathlib import Path
from typing import Annotated

import typer

from irlib.cli.data_files import index, pack
from irlib.cli.data_leaks import leaks

app = typer.Typer(no_args_is_help=True)
app.command("index")(index)
app.command("pack")(pack)
app.command("leaks")(leaks)


@app.command("list")
def list_() -> None:
    """List every benchmark: task, split, count, layouts, size, terms, who publishes it."""
    from rich.console import Console
    from rich.table import Table

    from irlib.data.benchmarks import list_benchmarks

    table = Table(show_lines=True)
    for column in ("name", "task", "split", "count", "layouts", "size", "terms", "published by"):
        table.add_column(column, overflow="fold", no_wrap=column == "name")
    for b in list_benchmarks():
        layouts = "\n".join(layout.words for layout in b.layouts)
        kind = {"clean": " clean", "pairs": " pairs", "no reference": ""}[b.kind]
        row = (b.name, b.task, b.split, f"{b.count}{kind}", layouts, b.size, b.terms)
        table.add_row(*row, b.published_by)
    console = Console()
    # Into a file or a pipe the table keeps a width at which its words can be read.
    (console if console.is_terminal else Console(width=160)).print(table)
    typer.echo(
        "irlib downloads none of them. Put each under one folder and name it with --data DIR or "
        "IRLIB_DATA;\n`irlib data check DIR` says which are recognised and what is wrong in them."
    )


@app.command()
def check(
    folder: Annotated[
        Path, typer.Argument(help="A data root, a benchmark's folder, or any folder of pairs.")
    ],
    benchmark: Annotated[
        str | None, typer.Option(help="Which benchmark it is; without it, folder names decide.")
    ] = None,
    subset: Annotated[
        bool, typer.Option("--subset", help="A part is intended: absent files are no error.")
    ] = False,
) -> None:
    """Name every missing, unpaired, unreadable or odd-sized file, and what to do.

    Exit status 0: nothing is wrong. 1: something is. 2: wrong use.

    Example: irlib data check benchmarks --subset
    """
    from irlib.data.folder_check import inspect_folder

    inspections = inspect_folder(folder, benchmark, subset)
    for inspection in inspections:
        state = "wrong" if inspection.wrong else "fine"
        typer.echo(f"{inspection.title} in {inspection.folder}: {state}")
        typer.echo(f"  found   {inspection.count_in_words}")
        typer.echo(f"  layout  {inspection.layout}")
        for finding in inspection.findings:
            mark = finding.kind if finding.wrong else f"{finding.kind} (no error)"
            typer.echo(f"  {mark}: {finding.file} {finding.problem}. To do: {finding.remedy}.")
    wrong = [inspection.title for inspection in inspections if inspection.wrong]
    if wrong:
        typer.echo(f"Something is wrong in {len(wrong)} of {len(inspections)}: {', '.join(wrong)}.")
        raise typer.Exit(1)
    typer.echo("Nothing is wrong.")
