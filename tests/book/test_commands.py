"""Commands printed on the pages and in the README are commands that exist."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest
import typer.main

from irlib import cli

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("book/*.md"), *ROOT.glob("*.md"), *ROOT.glob(".github/*.md")])


def shown_commands(start: str) -> list[tuple[str, str]]:
    """Lines of code blocks, and pieces of inline code, that begin with `start`."""
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        blocks = re.findall(r"^ *```[a-z]*\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)
        lines = [line.strip() for block in blocks for line in block.splitlines()]
        lines += re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
        found += [
            (page.name, line.split("#")[0].strip()) for line in lines if line.startswith(start)
        ]
    return sorted(set(found))


@pytest.mark.parametrize(("page", "line"), shown_commands("irlib "))
def test_irlib_understands_the_command(page, line):
    words = shlex.split(line)[1:]
    if {"COMMAND", "--help"} & set(words):
        return
    words = [word.rstrip("…") for word in cli.spread(words)]
    command = typer.main.get_command(cli.build())
    context = command.context_class(command, info_name="irlib")
    name = "irlib"
    while hasattr(command, "commands") and words:
        name, command, words = command.resolve_command(context, words)
    if words:  # a bare name in a sentence is only a name
        command.make_context(name, words, parent=context)


@pytest.mark.parametrize(("page", "line"), shown_commands("make "))
def test_make_knows_the_target(page, line):
    words = [word for word in shlex.split(line)[1:] if "=" not in word]
    done = subprocess.run(["make", "-n", *words], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, f"{page}: {done.stderr}"


def test_make_help_lists_every_target():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)[1].split()
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True).stdout
    assert all(f"make {target} " in shown for target in phony)


def test_ci_runs_the_test_command_of_the_readme():
    last = (ROOT / ".ci" / "run").read_text(encoding="utf-8").strip().splitlines()[-1]
    assert last == "make test"
