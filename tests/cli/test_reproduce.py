"""``irlib reproduce``: what it prints, what it runs, and that each printed command can be typed."""

import signal
import sys

import pytest
import typer

from irlib import cli
from irlib.cli.reproduce import _execute
from irlib.reproduce import comparisons_of_our_own, reproduction, reproductions
from irlib.reproduce.work import Planner

TABLE = "perceive-ir/table-06"


@pytest.fixture
def executed(monkeypatch, tmp_path):
    """The commands that would run, none of which does; all succeed but those that train row b."""
    commands = []

    def execute(words):
        commands.append(words)
        return int("--run" in words and "table-06/b" in words[words.index("--run") + 1])

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("IRLIB_DATA", raising=False)
    monkeypatch.setattr("irlib.cli.reproduce._execute", execute)
    (tmp_path / "results").mkdir()
    return commands


def reproduce(*words: str) -> int:
    return cli.run(["reproduce", *words, "--results", "results", "--scale", "smoke"])


def test_a_dry_run_prints_commands_and_runs_none(executed, capsys):
    assert reproduce(TABLE, "--dry-run", "--seeds", "2") == 0
    printed = capsys.readouterr().out
    assert "0 records are there, 60 are left" in printed
    assert printed.count("  irlib train perceive-ir --scale smoke --tasks derain") == 2 * 10
    assert "20 measurements cannot run here: no data root" in printed
    assert executed == []


def test_rows_run_and_a_failed_one_does_not_stop_the_rest(executed, capsys):
    assert reproduce(TABLE, "--seeds", "1", "--only", "b", "c") == 1
    trained = [words for words in executed if words[0] == "train"]
    assert [words[words.index("--without") + 1] for words in trained] == ["dino", "prompts"]
    measured = [words for words in executed if words[0] == "evaluate"]
    assert len(measured) == 1
    assert all(words[-2:] == ["--results", "results"] for words in executed)
    error = capsys.readouterr().err
    assert "failed (exit status 1): irlib train perceive-ir" in error
    assert "2 commands failed" in error


def test_the_list_counts_records(executed, capsys):
    assert reproduce("--list", TABLE) == 0
    assert capsys.readouterr().out.splitlines()[1].split() == [TABLE, "10", "0", "90"]


def test_wrong_words_are_answered(executed, capsys):
    for words, complaint in (
        ([], "--list"),
        (["perceive-ir/table-6"], TABLE),
        ([TABLE, "--only", "z"], "no such row"),
        ([TABLE, "--seeds", "0"], "from 1 up"),
    ):
        assert reproduce(*words) == 2
        assert complaint in capsys.readouterr().err
    assert executed == []


def test_a_row_that_nothing_answers_says_why(executed, capsys):
    assert reproduce("perceive-ir/table-10", "--only", "mprnet") == 0
    assert "MPRNet is not in this library" in capsys.readouterr().out
    assert reproduce("pivpnet/claims") == 0
    assert "neither baseline nor setting" in capsys.readouterr().out
    assert executed == []


@pytest.mark.parametrize("scale", ["pocket", "paper"])
def test_every_command_of_every_table_can_be_typed(scale, tmp_path, monkeypatch):
    monkeypatch.setattr(Planner, "training_minutes", lambda self, training: 0.0)
    planner = Planner(tmp_path)
    tables = [reproduction(name, scale) for name in (*reproductions(), *comparisons_of_our_own())]
    group = typer.main.get_command(cli.build())
    jobs = planner.work(tables, (0,)).jobs
    assert len(jobs) > 100
    for job in jobs:
        command, words = group, cli.spread(list(job.command))
        while hasattr(command, "commands"):
            command, words = command.commands[words[0]], words[1:]
        with command.make_context(command.name, words):
            pass


def test_ctrl_c_lets_the_training_under_way_finish_its_step(tmp_path, monkeypatch):
    saved, training = tmp_path / "saved", tmp_path / "python"
    training.write_text(
        f"#!{sys.executable}\n"
        "import os, pathlib, signal, time\n"
        "os.kill(os.getppid(), signal.SIGINT)\n"
        "time.sleep(1)\n"
        f"pathlib.Path({str(saved)!r}).touch()\n"
    )
    training.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(training))
    # A job that a shell started in the background was told to ignore the signal.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            _execute(("train", "promptir"))
    finally:
        signal.signal(signal.SIGINT, before)
    assert saved.exists()
