"""``irlib recipe``: what the recipes of the authors say, line by line."""

from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True)


@app.command("list")
def list_() -> None:
    """List every recipe of scale paper, each model's default first.

    Example: irlib recipe list
    """
    from irlib import models, training

    for model in models.list_models():
        typer.echo(f"{model:<12} {', '.join(training.recipe_names(model))}")


@app.command()
def show(
    model: Annotated[str, typer.Argument(help="Model; see `irlib recipe list`.")],
    scale: Annotated[
        str | None, typer.Option(help="smoke, pocket or paper. Default: IRLIB_SCALE, else pocket.")
    ] = None,
    recipe: Annotated[
        str | None, typer.Option(help="Which recipe of scale paper. Default: released.")
    ] = None,
    tasks: Annotated[
        list[str] | None, typer.Option(help="Tasks, several after one another.")
    ] = None,
) -> None:
    """Show what a recipe fixes: data, repetition, patches, schedule, and what others differ in.

    Example: irlib recipe show perceive-ir --scale paper
    """
    from irlib import training
    from irlib.errors import UsageError
    from irlib.planning.sheet import differences, other_names, sheet

    chosen = tuple(tasks) if tasks else None
    shown = training.recipe(model, scale, recipe, tasks=chosen)
    name = recipe or (training.recipe_names(model)[0] if shown.scale == "paper" else "")
    typer.echo(f"{model}, scale {shown.scale}" + (f", recipe {name}" if name else ""))
    for title, words in sheet(shown, name):
        typer.echo(f"  {title:<16} {words}")
    if shown.scale != "paper":
        return
    for other in other_names(model, recipe):
        try:
            beside = training.recipe(model, "paper", other, tasks=chosen or shown.tasks)
        except UsageError:  # not a recipe for these tasks
            typer.echo(f"recipe {other}: for other tasks")
            continue
        typer.echo(f"recipe {other} has instead:")
        for title, ours, theirs in differences(shown, beside, name, other):
            typer.echo(f"  {title:<24} {theirs}\n  {'':<24} (not {ours})")
