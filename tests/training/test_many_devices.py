"""Two processes compute what one does, and when one of them is killed all end and resume alike.

All runs happen in forks of one process, which has imported the libraries once, over gloo on CPU.
"""

import json
import os
import subprocess
import sys

import pytest
import torch

from irlib import models
from irlib.training.checkpoint import load_checkpoint
from irlib.training.logs import read_log

RUNS = """
import json, os, signal, socket, sys, time
from pathlib import Path
import torch
torch.set_num_threads(1)
import lightning.fabric, torch.utils.tensorboard  # once, before all forks
from irlib import training
from irlib.data.embedded import EmbeddedPairs
from irlib.errors import IrlibError
from irlib.training.loop import train

PLACE = Path(sys.argv[1])
CONFIG = {"dim": 4, "num_blocks": (1, 1, 1, 1), "num_refinement_blocks": 1, "heads": (1, 1, 1, 1)}
GROWTH = (training.Stage(4, 16, 8), training.Stage(7, 24, 4))
RECIPE = training.recipe("restormer", "smoke", steps=9, batch=6, patch=16, precision="32-true",
                         config=CONFIG, growth=GROWTH)


class Data(EmbeddedPairs):
    # At one position, a signal for the process that makes this sample.
    fatal = None

    def sample(self, position, patch):
        if self.fatal is not None and position == self.fatal[0]:
            os.kill(os.getpid(), self.fatal[1])
        return super().sample(position, patch)


DATA = Data(RECIPE.tasks, patch=16, scenes=1, scene_size=48, photo_share=0.0)


def torchrun(rank, world):
    return {"TORCHELASTIC_RUN_ID": "test", "RANK": rank, "LOCAL_RANK": rank, "GROUP_RANK": 0,
            "WORLD_SIZE": world, "LOCAL_WORLD_SIZE": world}


def srun(rank, world):
    return {"SLURM_JOB_NAME": "test", "SLURM_NTASKS": world, "SLURM_NTASKS_PER_NODE": world,
            "SLURM_NNODES": 1, "SLURM_PROCID": rank, "SLURM_LOCALID": rank, "SLURM_NODEID": 0,
            "SLURM_NODELIST": "127.0.0.1"}


def run(name, folder, world=2, launcher=torchrun, fatal=None, recipe=RECIPE, log_every=1):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    children = []
    for rank in range(world):
        pid = os.fork()
        if pid:
            children.append(pid)
            continue
        errors = open(PLACE / f"{name}-{rank}.txt", "w", buffering=1)
        os.dup2(errors.fileno(), 2)
        if world > 1:
            words = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port} | launcher(rank, world)
            os.environ.update({key: str(value) for key, value in words.items()})
        DATA.fatal = fatal
        status = 0
        try:
            train(recipe, PLACE / folder, DATA, accelerator="cpu", checkpoint_every=3,
                  log_every=log_every, progress=False)
        except KeyboardInterrupt as stopped:
            print(stopped, file=sys.stderr)
            status = 130
        except IrlibError as error:
            print(f"irlib: error: {error}", file=sys.stderr)
            status = 1
        except BaseException as error:
            print(repr(error), file=sys.stderr)
            status = 3
        os._exit(status)
    begun, statuses = time.monotonic(), []
    for pid in children:
        statuses.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    told[name] = {"statuses": statuses, "seconds": time.monotonic() - begun}


told = {}
run("one", "one", world=1)
run("two", "two")
run("slurm", "slurm", launcher=srun)
# Step 5 sees positions 24 to 31, the second half of them on device 1.
run("killed-1", "killed", fatal=(31, signal.SIGKILL))
run("again", "killed")
run("killed-0", "first-killed", fatal=(26, signal.SIGKILL))
run("stopped", "stopped", fatal=(31, signal.SIGINT), log_every=2)
run("gone-on", "stopped", log_every=2)
(PLACE / "told.json").write_text(json.dumps(told))
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    place = tmp_path_factory.mktemp("runs")
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", RUNS, place], env=environment, timeout=240,
                          capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 0, done.stderr
    return place


def told(place, name):
    return json.loads((place / "told.json").read_text())[name]


def said(place, name, rank):
    return (place / f"{name}-{rank}.txt").read_text()


def weights(folder):
    return models.load_weights(folder / "weights.safetensors").state_dict()


def same(one, two):
    return one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)


def test_two_processes_give_weights_and_loss_curve_of_one_with_the_same_batch(runs):
    assert told(runs, "one")["statuses"] == [0], said(runs, "one", 0)
    assert told(runs, "two")["statuses"] == [0, 0], said(runs, "two", 0) + said(runs, "two", 1)
    alone, shared = weights(runs / "one"), weights(runs / "two")
    for name in alone:
        torch.testing.assert_close(shared[name], alone[name], rtol=0, atol=1e-5)
    logs = [read_log(runs / name / "metrics.csv") for name in ("one", "two")]
    assert [[row["step"] for row in log] for log in logs] == [list(range(1, 10))] * 2
    for one, two in zip(*logs, strict=True):
        assert two["loss"] == pytest.approx(one["loss"], abs=1e-5)


def test_slurm_places_the_same_two_processes(runs):
    assert told(runs, "slurm")["statuses"] == [0, 0], said(runs, "slurm", 0)
    assert same(weights(runs / "slurm"), weights(runs / "two"))


@pytest.mark.parametrize(("killed", "left", "folder"), [(1, 0, "killed"), (0, 1, "first-killed")])
def test_a_killed_process_ends_the_other_with_a_message(runs, killed, left, folder):
    outcome = told(runs, f"killed-{killed}")
    assert outcome["statuses"][killed] == -9
    assert outcome["statuses"][left] == 1
    assert outcome["seconds"] < 30
    message = said(runs, f"killed-{killed}", left)
    assert message.count("irlib: error:") == 1
    assert "Traceback" not in message
    assert f"device {killed} of 0 to 1 is lost" in message
    assert f"A checkpoint of step 3 is in {runs / folder}" in message
    assert "run the same command again" in message


def test_a_run_that_lost_a_process_goes_on_bit_for_bit(runs):
    assert told(runs, "again")["statuses"] == [0, 0], said(runs, "again", 0)
    assert same(weights(runs / "killed"), weights(runs / "two"))
    steps = [row["step"] for row in read_log(runs / "killed" / "metrics.csv")]
    assert steps == list(range(1, 10))


def test_ctrl_c_on_one_process_stops_both_at_the_same_step(runs):
    assert told(runs, "stopped")["statuses"] == [130, 130]
    first, second = (said(runs, "stopped", rank).strip().splitlines()[-1] for rank in (0, 1))
    assert first == second
    assert "stopped after step 6 of 9, saved in" in first
    assert told(runs, "gone-on")["statuses"] == [0, 0]
    assert same(weights(runs / "stopped"), weights(runs / "two"))
    kept = load_checkpoint(runs / "stopped", models.read_header(
        runs / "stopped" / "weights.safetensors")["facts"]["recipe"])  # fmt: skip
    assert kept["step"] == 9
