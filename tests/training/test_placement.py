"""How many devices there are: as given, or as the launcher of the processes says."""

import io
import logging
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from irlib import models
from irlib.errors import UsageError
from irlib.training.logs import read_log
from irlib.training.placement import counted, fast_precision, first_process, open_fabric, processes

NAMES = ("TORCHELASTIC_RUN_ID", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "SLURM_NTASKS", "SLURM_NNODES")


@pytest.fixture
def surroundings(monkeypatch):
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)

    def chosen(**words):
        for name, word in words.items():
            monkeypatch.setenv(name, str(word))

    return chosen


def test_without_a_launcher_the_options_hold(surroundings):
    assert counted("auto", 1) == ("auto", 1)
    assert counted(4, 2) == (4, 2)
    assert first_process()
    assert processes() == 1


def test_what_lightning_says_goes_to_the_stream_of_now(monkeypatch):
    open_fabric("cpu", 1, 1, "bf16-mixed", partial=False)
    closed, now = io.StringIO(), io.StringIO()
    closed.close()
    for name in ("lightning", "lightning.fabric"):
        for handler in logging.getLogger(name).handlers:
            monkeypatch.setattr(handler, "stream", closed)
    monkeypatch.setattr(sys, "stderr", now)
    open_fabric("cpu", 1, 1, "bf16-mixed", partial=False)
    assert "Precision" in now.getvalue()
    assert "Traceback" not in now.getvalue()


@pytest.mark.parametrize(("generation", "precision"), [(7, "32-true"), (8, "bf16-mixed")])
def test_a_card_that_only_emulates_bf16_trains_in_32_bits(generation, precision, monkeypatch):
    # A T4, as on Colab, is of generation 7 and answers that it can, at a fraction of the speed.
    card = SimpleNamespace(major=generation)
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.current_device", lambda: 0)
    monkeypatch.setattr("torch.cuda.get_device_properties", lambda _: card)
    monkeypatch.setattr("torch.cuda._check_bf16_tensor_supported", lambda _: True)
    assert fast_precision("auto") == precision


def test_torchrun_says_how_many_there_are(surroundings):
    surroundings(TORCHELASTIC_RUN_ID="x", WORLD_SIZE=16, LOCAL_WORLD_SIZE=8)
    assert counted("auto", 1) == counted(8, 1) == counted(8, 2) == (8, 2)
    with pytest.raises(UsageError, match=r"8 processes on each of 2 .* Leave both options out"):
        counted(4, 2)


def test_slurm_says_how_many_there_are(surroundings):
    surroundings(SLURM_NTASKS=8, SLURM_NNODES=2, SLURM_JOB_NAME="train")
    assert counted("auto", 1) == (4, 2)
    surroundings(SLURM_NTASKS=7)
    with pytest.raises(UsageError, match="--ntasks-per-node"):
        counted("auto", 1)


def test_a_shell_inside_a_slurm_job_is_no_launcher(surroundings):
    surroundings(SLURM_NTASKS=8, SLURM_NNODES=2, SLURM_JOB_NAME="interactive")
    assert counted(2, 1) == (2, 1)


@pytest.mark.slow
def test_fabric_run_starts_two_processes_of_the_command_line(tmp_path):
    # fabric run starts torchrun, so this is torchrun too. The dashes keep each one's options apart.
    programs = Path(sys.executable).parent
    words = [programs / "fabric", "run", "--devices", "2", "--accelerator", "cpu", "--",
             programs / "irlib", "--", "train", "restormer", "--scale", "smoke", "--steps", "1",
             "--batch", "4", "--patch", "16", "--scenes", "1", "--precision", "32-true",
             "--run", tmp_path / "run"]  # fmt: skip
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(list(map(str, words)), env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Weights:") == 1, "only the first process reports"
    assert "MEMBER: 2/2" in done.stderr
    assert len(read_log(tmp_path / "run" / "metrics.csv")) == 1
    assert models.read_header(tmp_path / "run" / "weights.safetensors")["facts"]["steps"] == 1
