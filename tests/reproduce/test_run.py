"""Running what is left: in order, on after a failure, and stopped by hand."""

import pytest

from irlib.reproduce.run import in_words, run_jobs
from irlib.reproduce.work import Job

JOBS = [
    Job("a/training", ("train", "a"), 4.0),
    Job("a/embedded", ("evaluate", "a"), 1.0, ("a/training",)),
    Job("a/rain100l", ("evaluate", "rain"), 1.0, ("a/training",), "no data root"),
    Job("b/training", ("train", "b"), 2.0),
    Job("b/embedded", ("evaluate", "b"), 1.0, ("b/training",)),
]


def test_all_that_can_run_runs_in_order():
    ran, said = [], []
    left = run_jobs(JOBS, lambda command: ran.append(command) or 0, said.append)
    assert ran == [job.command for job in JOBS if not job.obstacle]
    assert [(job.record, reason) for job, reason in left] == [("a/rain100l", "no data root")]
    assert said[0] == "[0 of about 8 min] irlib train a"
    assert said[-1].startswith("[7 of about 8 min]")


def test_a_failure_leaves_out_what_needs_it_and_nothing_else():
    ran = []

    def execute(command):
        ran.append(command)
        return 1 if command == ("train", "a") else 0

    left = {job.record: reason for job, reason in run_jobs(JOBS, execute, lambda words: None)}
    assert ran == [("train", "a"), ("train", "b"), ("evaluate", "b")]
    assert left["a/training"] == "exit status 1"
    assert left["a/embedded"] == "a/training is missing"


def test_what_was_there_before_needs_no_job():
    measurement = Job("c/embedded", ("evaluate", "c"), 1.0, ("c/training",))
    assert run_jobs([measurement], lambda command: 0, lambda words: None) == []


def test_an_interrupt_stops_everything_and_says_how_to_go_on():
    def interrupted(command):
        raise KeyboardInterrupt

    for execute in (interrupted, lambda command: 130):
        with pytest.raises(KeyboardInterrupt, match="run the same command again to go on"):
            run_jobs(JOBS, execute, lambda words: None)


def test_a_command_can_be_pasted_into_a_shell():
    assert in_words(("prompts", "train", "--words", "slightly worse")) == (
        "irlib prompts train --words 'slightly worse'"
    )
