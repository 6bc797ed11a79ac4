"""``irlib train``: which recipe a command line means, and what it leaves behind."""

import shlex

import pytest
import torch

from irlib import cli, ledger, models, training
from irlib.training import Stage, loop

QUICK = ("--scale", "smoke", "--steps", "2", "--scenes", "1", "--accelerator", "cpu")


def test_nafnet_trains_from_the_command_line(tmp_path):
    words = ["train", "nafnet", *QUICK, "--batch", "2", "--run", str(tmp_path / "run")]
    assert cli.run(words) == 0
    network = models.load_weights(tmp_path / "run" / "weights.safetensors")
    assert network.name == "nafnet"
    plan = models.read_header(tmp_path / "run" / "weights.safetensors")["facts"]["recipe"]
    assert (plan["loss"], plan["betas"]) == ("psnr", [0.9, 0.9])


@pytest.fixture
def asked(monkeypatch, tmp_path):
    """The recipe and the folder that a command would train, without training."""
    found = {}

    def stop(plan, folder, *_, **__):
        found.update(plan=plan, folder=folder.name)
        raise KeyboardInterrupt

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("irlib.training.loop.train", stop)
    monkeypatch.setattr("irlib.training.sources.open_source", lambda plan, **_: (plan, None))

    def ask(*words):
        found.clear()
        assert cli.run(["train", *words]) == 130
        return found

    return ask


def test_the_recipe_by_its_name(asked):
    found = asked("promptir", "--scale", "paper")
    assert found["plan"] == training.recipe("promptir", "paper", "released")
    assert found["folder"] == "promptir-paper"
    found = asked("promptir", "--scale", "paper", "--recipe", "paper", "--tasks", "derain")
    assert found["plan"] == training.recipe("promptir", "paper", "paper", tasks=("derain",))
    assert found["folder"] == "promptir-paper-paper", "a folder of its own"
    found = asked("restormer", "--scale", "paper", "--tasks", "denoise", "--accumulate", "8")
    assert found["plan"].growth == training.recipe("restormer", "paper").growth
    assert found["plan"].mixup == 1.2
    assert asked("restormer", "--scale", "paper", "--batch", "8")["plan"].growth == ()


def test_threads_are_as_many_as_asked_for_and_the_record_tells(tmp_path, capsys):
    before = torch.get_num_threads()
    try:
        for run, threads in (("a", 1), ("b", 1), ("c", 2)):
            words = ["train", "nafnet", *QUICK, "--batch", "2", "--threads", str(threads)]
            places = ["--run", str(tmp_path / run), "--record", run, "--results", str(tmp_path)]
            assert cli.run(words + places) == 0
            assert torch.get_num_threads() == threads
        found = {run: ledger.read_record(run, tmp_path) for run in "abc"}
        assert found["a"].device.endswith(", 1 thread")
        assert found["c"].device.endswith(", 2 threads")
        assert found["a"].weights_sha256 == found["b"].weights_sha256, "it repeats bit for bit"
        assert found["a"].recipe_hash == found["c"].recipe_hash, "threads are no part of a recipe"
        assert cli.run(["train", "nafnet", "--threads", "0"]) == 2
        assert "--threads is 0; expected a whole number from 1 up" in capsys.readouterr().err
    finally:
        torch.set_num_threads(before)


def test_turns_are_given_as_task_and_number(asked, capsys):
    plan = asked("promptir", "--scale", "smoke", "--turns", "denoise=3", "dehaze=2")["plan"]
    assert plan.turns == {"denoise": 3, "dehaze": 2}
    for words, complaint in (
        (["denoise"], "TASK=N"),
        (["denoise=-1"], "TASK=N"),
        (["denoise=0"], "from 1 up"),
        (["dehase=2"], "dehaze"),
    ):
        assert cli.run(["train", "promptir", "--turns", *words]) == 2
        assert complaint in capsys.readouterr().err


def test_what_clear_patches_look_like_can_be_asked(asked):
    words = ("--thinnest-haze", "0.35", "--glare", "0.5", "--twigs", "0.25", "--intact", "0.1")
    plan = asked("promptir", "--scale", "smoke", *words)["plan"]
    assert (plan.thinnest_haze, plan.glare, plan.twigs, plan.intact) == (0.35, 0.5, 0.25, 0.1)


def test_the_record_names_the_weights_a_run_began_from(tmp_path, monkeypatch):
    from irlib.cli.training_record import write_training_record

    (tmp_path / "metrics.csv").write_text(
        "step,loss,lr,images_per_s,seconds\n6,0.5,0.001,13.0,2.0\n"
    )
    before, after = tmp_path / "before.safetensors", tmp_path / "after.safetensors"
    before.write_bytes(b"before")
    after.write_bytes(b"after")
    monkeypatch.setattr(ledger, "write_record", lambda record, root: record)
    plan = training.recipe("promptir", "smoke")
    record = write_training_record("net/training", plan, tmp_path, after, str(before))
    assert ledger.sha256_of_file(before) in record.notes
    assert record.weights_sha256 == ledger.sha256_of_file(after)


def test_the_record_counts_the_images_of_every_stage(tmp_path, monkeypatch):
    from irlib.cli.training_record import write_training_record

    plan = training.recipe("promptir", "smoke", growth=(Stage(4, 40, 3),))
    (tmp_path / "metrics.csv").write_text(
        "step,loss,lr,images_per_s,seconds\n6,0.5,0.001,13.0,2.0\n"
    )
    (tmp_path / "weights").write_bytes(b"weights")
    monkeypatch.setattr(ledger, "write_record", lambda record, root: record)
    record = write_training_record("a/b", plan, tmp_path, tmp_path / "weights")
    assert record.values["images_per_s"] == (4 * 5 + 2 * 3) / 2.0
    assert record.recipe["growth"] == [{"start": 4, "patch": 40, "batch": 3}]


def test_a_record_says_what_was_typed_and_which_device_was_asked_for(tmp_path, monkeypatch):
    real = loop.train

    def train_then_find_a_gpu(*given, **options):
        weights = real(*given, **options)
        monkeypatch.setattr("torch.cuda.is_available", lambda: True)
        return weights

    monkeypatch.setattr("irlib.training.loop.train", train_then_find_a_gpu)
    words = ["train", "nafnet", *QUICK, "--batch", "2", "--run", str(tmp_path / "a run")]
    words += ["--record", "quick/training", "--results", str(tmp_path)]
    monkeypatch.setattr("sys.argv", ["irlib", *words])
    assert cli.run(words) == 0
    record = ledger.read_record("quick/training", tmp_path)
    assert record.device.startswith("CPU")
    assert shlex.split(record.command) == ["irlib", *words]
