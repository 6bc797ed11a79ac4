"""The loop: resumable bit for bit after kill -9, honest about batches that break it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from irlib import models, training
from irlib.data.by_position import PatchesByPosition
from irlib.errors import IrlibError, UsageError
from irlib.training import Stage
from irlib.training.checkpoint import load_checkpoint, save_checkpoint
from irlib.training.logs import read_log
from irlib.training.loop import train
from irlib.training.objectives import Reconstruction
from irlib.training.placement import fast_precision

RUN = """
import sys, torch
torch.set_num_threads(1)
from irlib import training
from irlib.data.embedded import EmbeddedPairs
from irlib.training.loop import train
growth = (training.Stage(4, 40, 3), training.Stage(8, 48, 2))  # one change on each side of the kill
recipe = training.recipe("promptir", "smoke", steps=12, precision="32-true", scenes=1,
                         growth=growth, mixup=1.2)
data = EmbeddedPairs(recipe.tasks, patch=recipe.patch, scenes=1, scene_size=64)
train(recipe, sys.argv[1], data, accelerator="cpu", devices=1, checkpoint_every=3, log_every=1,
      progress=False)
"""

SHARED = """
import sys, torch
torch.set_num_threads(1)
from irlib import training
from irlib.data.embedded import EmbeddedPairs
from irlib.training.loop import train
devices = int(sys.argv[2])
config = {"dim": 4, "num_blocks": (1, 1, 1, 1), "num_refinement_blocks": 1, "heads": (1, 1, 1, 1)}
growth = (training.Stage(1, 24, 4), training.Stage(2, 32, 2))
recipe = training.recipe("restormer", "smoke", steps=3, batch=8, patch=16, growth=growth,
                         mixup=1.2, precision="32-true", config=config, accumulate=2 // devices)
data = EmbeddedPairs(recipe.tasks, patch=16, scenes=1, scene_size=64)
train(recipe, sys.argv[1], data, accelerator="cpu", devices=devices, progress=False)
"""


class Noise(PatchesByPosition):
    """Tiny samples that are a function of their position."""

    patch = 16

    def __init__(self, broken: int | None = None) -> None:
        self.broken = broken

    def sample(self, position, patch):
        generator = torch.Generator().manual_seed(position)
        target = torch.rand(3, patch, patch, generator=generator)
        degraded = target + 0.1 * torch.randn(3, patch, patch, generator=generator)
        if position == self.broken:
            degraded[0, 0, 0] = float("nan")
        return {"degraded": degraded, "target": target, "task": torch.tensor(0)}


def tiny(**changes):
    config = {"dim": 4, "num_blocks": (1, 1, 1, 1), "num_refinement_blocks": 1,
              "heads": (1, 1, 1, 1)}  # fmt: skip
    settings = {
        "steps": 6,
        "batch": 4,
        "patch": 16,
        "precision": "32-true",
        "config": config,
        **changes,
    }
    return training.recipe("restormer", "smoke", **settings)


def run(recipe, folder, data=None, **options):
    options = {"accelerator": "cpu", "devices": 1, "progress": False, **options}
    return models.load_weights(train(recipe, folder, data or Noise(), **options)).state_dict()


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)


def _start(folder: Path) -> subprocess.Popen:
    return _command("-c", RUN, folder)


def _command(*words) -> subprocess.Popen:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen([sys.executable, *map(str, words)], env=environment,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip


def _wait_for_step(folder: Path, step: int, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        rows = read_log(folder / "metrics.csv")
        if rows and rows[-1]["step"] >= step and (folder / "checkpoint.pt").exists():
            return
        time.sleep(0.002)


def test_kill_9_and_resume_gives_the_same_weights_bit_for_bit(tmp_path):
    whole = _start(tmp_path / "whole")
    assert whole.wait(240) == 0
    killed = _start(tmp_path / "killed")
    _wait_for_step(tmp_path / "killed", 5, killed)
    killed.send_signal(signal.SIGKILL)
    assert killed.wait(60) == -signal.SIGKILL, "the run ended before it could be killed"
    assert _start(tmp_path / "killed").wait(240) == 0
    whole, resumed = (
        models.load_weights(tmp_path / name / "weights.safetensors").state_dict()
        for name in ("whole", "killed")
    )
    assert same(whole, resumed)
    steps = [row["step"] for row in read_log(tmp_path / "killed" / "metrics.csv")]
    assert steps == list(range(1, 13))


def test_two_devices_compute_what_one_does_in_two_micro_batches(tmp_path):
    # A file, because the second process is started by the same command line.
    (tmp_path / "shared.py").write_text(SHARED)
    runs = [_command(tmp_path / "shared.py", tmp_path / str(n), n) for n in (1, 2)]
    assert [run.wait(240) for run in runs] == [0, 0]
    one, two = (
        models.load_weights(tmp_path / name / "weights.safetensors").state_dict()
        for name in ("1", "2")
    )
    for name in one:
        torch.testing.assert_close(one[name], two[name], rtol=0, atol=1e-6)


def test_training_lowers_the_loss_and_moves_every_weight(tmp_path):
    recipe = tiny(steps=30, rate=3e-3)
    before = models.create(recipe.model, **recipe.config)
    torch.manual_seed(0)
    after = run(recipe, tmp_path)
    log = read_log(tmp_path / "metrics.csv")
    assert log[-1]["loss"] < log[0]["loss"]
    assert after.keys() == before.state_dict().keys()


def test_a_finished_run_keeps_its_file_of_weights(tmp_path):
    recipe = tiny(steps=2, ema=0.5)
    weights = run(recipe, tmp_path)
    path = tmp_path / "weights.safetensors"
    written, content = path.stat().st_mtime_ns, path.read_bytes()
    run(recipe, tmp_path)
    assert path.stat().st_mtime_ns == written
    # Spoiled, missing or of other weights, the file is what the run ended with again.
    for spoil in (
        lambda: path.write_bytes(content[:-8]),
        path.unlink,
        lambda: path.write_bytes(content[:-4] + bytes(4)),
        lambda: models.save_weights(models.load_weights(path), path, steps=9),
    ):
        spoil()
        assert same(run(recipe, tmp_path), weights)
        assert path.read_bytes() == content


def test_accumulated_micro_batches_equal_one_batch(tmp_path):
    # AdamW divides by the gradient's size, so rounding shows where a gradient is nearly zero.
    one = run(tiny(steps=2, ema=0.0), tmp_path / "one")
    two = run(tiny(steps=2, ema=0.0, accumulate=2), tmp_path / "two")
    for name in one:
        torch.testing.assert_close(one[name], two[name], rtol=0, atol=2e-3)


def test_frozen_prompts_stay_as_drawn_and_all_else_learns(tmp_path):
    config = {**models.preset("promptir", "smoke"), "frozen_prompts": True}
    recipe = training.recipe("promptir", "smoke", steps=2, batch=2, config=config,
                             precision="32-true", ema=0.0, patch=16)  # fmt: skip
    torch.manual_seed(recipe.seed)
    before = models.create("promptir", **config).state_dict()
    after = run(recipe, tmp_path)
    still = [name for name in before if torch.equal(before[name], after[name])]
    assert still == [name for name in before if name.endswith("components")]
    assert len(still) == 3


def test_fine_tuning_starts_from_the_weights_given_and_leaves_them(tmp_path):
    torch.manual_seed(5)
    start = models.create("restormer", **tiny().config).eval().requires_grad_(False)
    kept = {name: value.clone() for name, value in start.state_dict().items()}
    after = run(tiny(steps=1, warmup=0, rate=1e-6, ema=0.0), tmp_path, init=start)
    assert same(start.state_dict(), kept)
    assert not same(after, kept)
    for name in kept:
        torch.testing.assert_close(after[name], kept[name], rtol=0, atol=1e-5)


class Witness(Noise):
    """Notes what it is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = []

    def sample(self, position, patch):
        self.asked.append((position, patch))
        return super().sample(position, patch)


def test_patches_grow_and_batches_shrink_at_their_steps(tmp_path):
    growth = (Stage(2, patch=24, batch=2), Stage(3, patch=32, batch=1))
    witness = Witness()
    run(tiny(steps=5, growth=growth), tmp_path, witness, log_every=1)
    sizes = [16] * 8 + [24] * 2 + [32] * 2
    assert witness.asked == list(enumerate(sizes)), "every position once, in order"
    log = read_log(tmp_path / "metrics.csv")
    seen = [round(row["images_per_s"] * row["seconds"]) for row in log]
    assert seen == [4, 4, 2, 1, 1], "the log counts the images of each step"


def test_a_patch_of_a_later_stage_that_the_network_cannot_take_is_refused_at_once(tmp_path):
    witness = Witness()
    with pytest.raises(UsageError, match=r"patch from step 5 on is 20 .* multiples of 8"):
        run(tiny(growth=(Stage(5, patch=20, batch=4),)), tmp_path, witness)
    assert not witness.asked


def test_mixup_changes_the_weights_and_is_the_same_each_time(tmp_path):
    plain, mixed, again = (
        run(tiny(steps=3, mixup=mixup), tmp_path / name)
        for name, mixup in (("plain", 0.0), ("mixed", 1.2), ("again", 1.2))
    )
    assert same(mixed, again)
    assert not same(plain, mixed)


def test_workers_do_not_change_the_samples(tmp_path):
    assert same(run(tiny(steps=2), tmp_path / "a"), run(tiny(steps=2), tmp_path / "b", workers=2))


def test_a_loss_that_is_not_finite_stops_with_its_batch_saved(tmp_path):
    from safetensors.torch import load_file

    with pytest.raises(IrlibError, match="step 2 is not finite"):
        run(tiny(), tmp_path, Noise(broken=9), checkpoint_every=1)
    saved = load_file(next(tmp_path.glob("not-finite-*.safetensors")))
    assert torch.isnan(saved["degraded"]).any()
    assert saved["target"].shape == (4, 3, 16, 16)
    assert load_checkpoint(tmp_path, tiny().as_dict())["step"] == 2


def test_weights_that_a_gradient_broke_never_replace_good_ones(tmp_path):
    class Breaking(Reconstruction):
        def __call__(self, model, batch, step):
            loss, parts = super().__call__(model, batch, step)
            # Finite itself, but not its slope: d sqrt(x) / dx at x = 0.
            return loss + (torch.sqrt(loss * 0) if step == 3 else 0), parts

    options = {"objective": Breaking("l1"), "checkpoint_every": 1}
    with pytest.raises(IrlibError, match=r"after step 4.*checkpoint of step 3"):
        run(tiny(), tmp_path, **options)
    assert load_checkpoint(tmp_path, tiny().as_dict())["step"] == 3
    assert not (tmp_path / "weights.safetensors").exists()


def test_a_second_run_in_a_folder_in_use_is_refused_and_spoils_nothing(tmp_path):
    class Again(Noise):
        def sample(self, position, patch):
            if position == 13:
                with pytest.raises(UsageError, match="another process is training"):
                    run(tiny(), tmp_path / "one")
            return super().sample(position, patch)

    options = {"log_every": 1, "checkpoint_every": 1}
    one = run(tiny(), tmp_path / "one", Again(), **options)
    assert same(one, run(tiny(), tmp_path / "two", **options))
    rows = [read_log(tmp_path / name / "metrics.csv") for name in ("one", "two")]
    assert [row["step"] for row in rows[0]] == [row["step"] for row in rows[1]]


def test_ctrl_c_finishes_the_step_and_saves_it(tmp_path):
    class Interrupting(Noise):
        def sample(self, position, patch):
            if position == 13:  # in the batch of step 4
                os.kill(os.getpid(), signal.SIGINT)
            return super().sample(position, patch)

    with pytest.raises(KeyboardInterrupt, match="saved in"):
        run(tiny(), tmp_path / "stopped", Interrupting(), checkpoint_every=100)
    stopped = load_checkpoint(tmp_path / "stopped", tiny().as_dict())
    assert 3 <= stopped["step"] < 6
    assert same(run(tiny(), tmp_path / "stopped"), run(tiny(), tmp_path / "whole"))


def test_ctrl_c_that_reaches_the_workers_too_saves_the_step(tmp_path):
    class Interrupting(Noise):
        def sample(self, position, patch):
            if position == 13:
                for process in (os.getppid(), os.getpid()):
                    os.kill(process, signal.SIGINT)
            return super().sample(position, patch)

    with pytest.raises(KeyboardInterrupt, match="saved in"):
        run(tiny(), tmp_path, Interrupting(), checkpoint_every=100, workers=1)
    assert load_checkpoint(tmp_path, tiny().as_dict())["step"] < 6


def test_another_recipe_in_the_same_folder_is_refused(tmp_path):
    run(tiny(steps=1), tmp_path)
    with pytest.raises(UsageError, match="steps: 1 there, 2 now"):
        run(tiny(steps=2), tmp_path)
    run(tiny(steps=2), tmp_path, resume=False)


def test_a_damaged_checkpoint_is_an_error_and_a_pickle_never_runs(tmp_path):
    (tmp_path / "checkpoint.pt").write_bytes(b"not a checkpoint")
    with pytest.raises(IrlibError, match="cannot be read"):
        load_checkpoint(tmp_path, {})
    ran = tmp_path / "ran"

    class Malicious:
        def __reduce__(self):
            return (Path.touch, (ran,))

    torch.save(Malicious(), tmp_path / "checkpoint.pt")
    with pytest.raises(IrlibError, match="cannot be read"):
        load_checkpoint(tmp_path, {})
    assert not ran.exists()


def test_a_failed_write_leaves_the_checkpoint_before_it(tmp_path, monkeypatch):
    save_checkpoint(tmp_path, {"step": 1, "recipe": {}})

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(IrlibError, match="free some space"):
        save_checkpoint(tmp_path, {"step": 2, "recipe": {}})
    assert load_checkpoint(tmp_path, {})["step"] == 1
    assert [file.name for file in tmp_path.iterdir()] == ["checkpoint.pt"]


def test_auto_precision_is_one_fabric_knows():
    assert fast_precision("auto", "cpu") in ("bf16-mixed", "32-true")
    assert fast_precision("16-mixed") == "16-mixed"
