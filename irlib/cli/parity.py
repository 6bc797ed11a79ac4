"""``irlib parity``: our networks beside the authors' own outputs."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from irlib.errors import UsageError

if TYPE_CHECKING:
    from irlib.models.parity import ParityResult

LINE = "{:<12} {:<26} {:>12} {:>14}  {}"


def parity(
    fixtures: Annotated[
        Path | None,
        typer.Option(help="Folder of fixtures; without it, the full-size ones irlib brings."),
    ] = None,
    upstream: Annotated[
        Path | None,
        typer.Option(
            help="Checkout of an authors' repository, to compare with on random weights and "
            "images. This runs the code in it: use only a checkout that you trust."
        ),
    ] = None,
    system: Annotated[
        str | None,
        typer.Option(help="With --upstream: whose checkout it is; by default it is found out."),
    ] = None,
    record: Annotated[
        str | None, typer.Option(help="Write a ledger record of this name (not with --upstream).")
    ] = None,
    results: Annotated[
        Path | None, typer.Option(help="Folder of records. Default: book/results of the checkout.")
    ] = None,
) -> None:
    """Compare our networks with the outputs of the authors' code (exit status 1 if they differ).

    Without --upstream no code of the authors is run: their outputs lie in files.

    Example: irlib parity
    """
    if system is not None and upstream is None:
        raise UsageError("--system says whose checkout --upstream is; give --upstream DIR too.")
    if fixtures is not None and upstream is not None:
        raise UsageError("give --fixtures or --upstream, not both.")
    if record is not None:
        from irlib.ledger import record_path

        if upstream is not None:
            raise UsageError("--record keeps comparisons with files; leave out it or --upstream.")
        record_path(record, results, writing=True)  # a wrong name is found before the long part
    if upstream is not None:
        from irlib.models.upstream import compare_upstream

        typer.echo(f"Running the authors' code in {upstream}.")
        show([compare_upstream(upstream, system)], [])
        return
    from irlib.models.parity import compare_all, skipped_fixtures

    started = time.perf_counter()
    found = compare_all(fixtures)
    if record is not None:
        minutes = (time.perf_counter() - started) / 60
        typer.echo(f"Record: {_write(found, fixtures, record, results, minutes)}")
    show(found, skipped_fixtures(fixtures))


def _write(
    found: "list[ParityResult]",
    folder: Path | None,
    record: str,
    results: Path | None,
    minutes: float,
) -> Path:
    from irlib.ledger import write_record
    from irlib.ledger.from_parity import record_of_parity
    from irlib.models import parity as comparison

    where = "" if folder is None else f" --fixtures {folder}"
    made = record_of_parity(
        found,
        comparison.fixtures(comparison.GOLDEN if folder is None else folder),
        record,
        minutes=minutes,
        command=f"irlib parity{where} --record {record}",
    )
    return write_record(made, results)


def show(results: "list[ParityResult]", skipped: list[str]) -> None:
    """Prints the table.

    Raises:
        typer.Exit: Status 1 if a network differs from the authors'.
    """
    typer.echo(LINE.format("system", "fixture", "parameters", "max difference", "verdict"))
    for result in results:
        layer = result.first_differing_layer
        verdict = "equal" if result.passed else "DIFFERS"
        if layer is not None:
            verdict += f", first in {layer}"
        typer.echo(
            LINE.format(
                result.system,
                result.fixture,
                f"{result.parameters:,}",
                f"{result.difference:.1e}",
                verdict,
            )
        )
    if skipped:
        typer.echo(f"skipped, of no model that irlib has: {', '.join(skipped)}")
    passed = sum(result.passed for result in results)
    allowed = ", ".join(f"{value:.0e}" for value in sorted({it.tolerance for it in results}))
    typer.echo(f"{passed} of {len(results)} within {allowed}.")
    if passed < len(results):
        raise typer.Exit(1)
