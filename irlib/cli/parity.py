"""``irlib parity``: our networks beside the authors' own outputs."""

from pathlib import Path
from typing import Annotated

import typer


def parity(
    fixtures: Annotated[
        Path | None,
        typer.Option(help="Folder of fixtures; without it, the full-size ones irlib brings."),
    ] = None,
) -> None:
    """Compare our networks with the outputs of the authors' code (exit status 1 if they differ).

    Example: irlib parity
    """
    from irlib.models.parity import compare_all, skipped_fixtures

    results = compare_all(fixtures)
    line = "{:<12} {:<26} {:>12} {:>14}  {}"
    typer.echo(line.format("system", "fixture", "parameters", "max difference", "verdict"))
    for result in results:
        layer = result.first_differing_layer
        verdict = "equal" if result.passed else "DIFFERS"
        if layer is not None:
            verdict += f", first in {layer}"
        typer.echo(
            line.format(
                result.system,
                result.fixture,
                f"{result.parameters:,}",
                f"{result.difference:.1e}",
                verdict,
            )
        )
    if skipped := skipped_fixtures(fixtures):
        typer.echo(f"skipped, of no model that irlib has: {', '.join(skipped)}")
    passed = sum(result.passed for result in results)
    allowed = ", ".join(f"{value:.0e}" for value in sorted({it.tolerance for it in results}))
    typer.echo(f"{passed} of {len(results)} within {allowed}.")
    if passed < len(results):
        raise typer.Exit(1)
