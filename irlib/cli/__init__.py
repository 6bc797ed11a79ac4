"""The ``irlib`` command. One file a family of commands; each loads the libraries it needs."""

import os
import sys
from importlib import import_module
from importlib.metadata import version
from typing import Annotated

import typer
from typer.core import TyperGroup

from irlib import __version__
from irlib.errors import IrlibError


class _Interrupted(Exception):
    """Ctrl-C, with the words of whoever was interrupted."""


class _Commands(TyperGroup):
    """The commands; an interrupt keeps its words, where Typer would end without one."""

    def invoke(self, ctx):
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as interrupt:
            raise _Interrupted(*interrupt.args) from interrupt


app = typer.Typer(
    name="irlib",
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

#: Module and function of each command, in the order of ``irlib --help``.
COMMANDS = {
    "restore": "irlib.cli.restore:restore",
    "degrade": "irlib.cli.degrade:degrade",
    "train": "irlib.cli.train:train",
    "evaluate": "irlib.cli.evaluate:evaluate",
    "parity": "irlib.cli.parity:parity",
    "live": "irlib.cli.live:live",
    "tiles": "irlib.cli.tiles:tiles",
    "reproduce": "irlib.cli.reproduce:reproduce",
    "plan": "irlib.cli.plan:plan",
    "grade": "irlib.cli.grade:grade",
}
GROUPS = {
    "data": ("irlib.cli.data:app", "Benchmarks: what they are, and whether a folder is complete."),
    "prompts": (
        "irlib.cli.prompts:app",
        "Stage 1 of Perceive-IR: learn a judge of quality, ask it.",
    ),
    "models": ("irlib.cli.models:app", "Models: what there is, and what a weights file holds."),
    "recipe": ("irlib.cli.recipe:app", "What the authors' recipes say, line by line."),
    "foundation": (
        "irlib.cli.foundation:app",
        "CLIP, DINOv2 and VGG: which there are; small ones, trained here.",
    ),
    "export": ("irlib.cli.export:app", "A network in a form that other programs run."),
    "bench": ("irlib.cli.bench:app", "Speed and memory here, always beside another way."),
    "ledger": ("irlib.cli.ledger:app", "Records of measured numbers."),
}

#: Options that take several words after one another.
SEVERAL = (
    "--tasks",
    "--measures",
    "--only",
    "--turns",
    "--words",
    "--without",
    "--without-loss",
    "--loss-weights",
    "--medium",
    "--points",
    "--shares",
)


# Typer may carry its own copy of click; this is ClickException of the copy it uses.
_WrongCommandLine = typer.BadParameter.__mro__[2]


def _print_version(asked: bool) -> None:
    if asked:
        python = ".".join(map(str, sys.version_info[:3]))
        typer.echo(f"irlib {__version__}, PyTorch {version('torch')}, Python {python}")
        raise typer.Exit


@app.callback()
def _options(
    _: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Show versions and exit."
        ),
    ] = False,
) -> None:
    """All-in-one image restoration: degrade, train, evaluate, restore."""


def _load(target: str):
    module, name = target.split(":")
    return getattr(import_module(module), name)


def build() -> typer.Typer:
    """Returns the app with every command registered."""
    if not app.registered_commands:
        for name, target in COMMANDS.items():
            app.command(name)(_load(target))
        for name, (target, text) in GROUPS.items():
            app.add_typer(_load(target), name=name, help=text, no_args_is_help=True)
    return app


def main() -> None:
    """Runs the command line: one message and an exit status instead of a traceback.

    Exit status 0 is success, 1 a failure, 2 wrong use, 130 an interrupt. ``IRLIB_DEBUG=1`` shows
    the traceback.
    """
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Runs one command line and returns its exit status."""
    try:
        status = build()(args=spread(arguments), prog_name="irlib", standalone_mode=False)
        return status if isinstance(status, int) else 0
    except _WrongCommandLine as error:
        error.show()
        return error.exit_code
    except (typer.Abort, KeyboardInterrupt, _Interrupted) as error:
        # What can be taken up again says so itself; of the rest, files are whole or not there.
        print(f"irlib: {str(error) or 'stopped'}.", file=sys.stderr)
        return 130
    except (IrlibError, OSError, MemoryError) as error:
        if os.environ.get("IRLIB_DEBUG"):
            raise
        print(f"irlib: error: {_words(error)}", file=sys.stderr)
        return getattr(error, "exit_status", 1)


def _words(error: Exception) -> str:
    """What went wrong, and what to do where the error itself does not say it."""
    if isinstance(error, FileExistsError | NotADirectoryError) and error.filename:
        return (
            f"{error.filename} cannot be made: there, or above it, is a file and not a folder. "
            f"Name another folder, or move the file away."
        )
    if isinstance(error, MemoryError):
        return f"memory ran out ({error}). Ask for less: a smaller patch, batch or tile."
    return str(error)


def spread(arguments: list[str], options: tuple[str, ...] = SEVERAL) -> list[str]:
    """Lets an option take several words: ``--tasks a b`` becomes ``--tasks a --tasks b``."""
    result: list[str] = []
    taking = ""
    for position, word in enumerate(arguments):
        if word.startswith("-"):
            taking = word if word in options else ""
        elif taking and arguments[position - 1] != taking:
            result.append(taking)
        result.append(word)
    return result
