"""What goes wrong is told in one message, without a traceback, and leaves nothing half-written."""

import contextlib
import errno
import io
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from irlib import __version__, cli, models
from irlib.data.images import write_image

GARBAGE = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))


class Told:
    """Exit status and words of one command line."""

    def __init__(self, *words) -> None:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            self.status = cli.run([str(word) for word in words])
        self.out, self.err = out.getvalue(), err.getvalue()
        assert "Traceback" not in self.out + self.err


@pytest.fixture
def photo(tmp_path) -> Path:
    path = tmp_path / "photo.png"
    write_image(path, torch.rand(3, 17, 21, generator=torch.Generator().manual_seed(0)))
    return path


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    """A PromptIR of the smallest width, as `irlib train` writes it."""
    torch.manual_seed(0)
    model = models.create("promptir", **models.preset("promptir", "smoke"))
    return models.save_weights(model, tmp_path_factory.mktemp("weights") / "small.safetensors")


def pairs_at(folder: Path, size: int = 32) -> Path:
    for side, seed in (("input", 0), ("target", 1)):
        noise = torch.rand(3, size, size, generator=torch.Generator().manual_seed(seed))
        (folder / side).mkdir(parents=True)
        write_image(folder / side / "cat.png", noise)
    return folder


def files_in(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


SCORED = ("evaluate", "--method", "identity", "--pairs", "pairs")
SMALL = ("--scale", "smoke", "--steps", "1", "--batch", "2", "--scenes", "1", "--patch", "16")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["train", "promtir"], "did you mean 'promptir'"),
        (["train", "promptir", *SMALL, "--tasks", "derian"], "did you mean 'derain'"),
        (["train", "promptir", "--tasks", "derain", "dehase"], "did you mean 'dehaze'"),
        (["train", "promptir", "--scale", "large"], "smoke, pocket, paper"),
        (["train", "promptir", "--scale", "smoke", "--steps", "0"], "steps is 0"),
        (["train", "promptir", *SMALL, "--devices", "many"], "many"),
        (["train", "promptir", *SMALL, "--devices", "0"], "--devices"),
        (["train", "promptir", *SMALL, "--nodes", "0"], "--nodes"),
        (["train", "promptir", *SMALL, "--workers", "-1"], "--workers"),
        (["train", "promptir", *SMALL, "--checkpoint-every", "0"], "--checkpoint-every"),
        (["train", "promptir", *SMALL, "--ema", "2"], "ema"),
        (["train", "promptir", *SMALL, "--record", "No Name"], "not a record name"),
        (["train", "promptir", *SMALL, "--accelerator", "toaster"], "toaster"),
        (["train", "promptir", *SMALL, "--precision", "7-bit"], "7-bit"),
        (["train", "promptir", "--scale", "paper"], "IRLIB_DATA"),
        (["train", "promptir", "--scale", "paper", "--recipe", "papr"], "did you mean 'paper'"),
        (["train", "promptir", *SMALL, "--recipe", "paper"], "only scale paper has several"),
        (["train", "restormer", "--scale", "paper", "--tasks", "dehaze"], "all-in-one"),
        (["degrade", "photo.png", "--output", "o", "--with", "hase"], "did you mean 'haze'"),
        (["evaluate", "--method", "bm3", "--embedded"], "did you mean 'bm3d'"),
        (["evaluate", "--method", "gamma", "--benchmark", "cbsd86"], "did you mean 'cbsd68'"),
        (["evaluate", "--method", "gamma", "--benchmark", "cbsd68"], "--data"),
        (["evaluate", "--weights", "promptir-poket", "--embedded"], "promptir-poket"),
        (["evaluate", "--weights", "gone.safetensors", "--embedded"], "gone.safetensors"),
        (["evaluate", "--method", "gamma", "--pairs", "nowhere"], "nowhere"),
        (["restore", "nowhere.png"], "nowhere.png"),
        (["restore", "photo.png", "--weights", "nothing"], "nothing"),
        (["models", "show", "nothing"], "nothing"),
        (["data", "check", "nowhere"], "nowhere"),
        (["data", "check", ".", "--benchmark", "gorpo"], "did you mean 'gopro"),
        (["ledger", "show", "no/such", "--results", "."], "no/such"),
        (["nonsense"], "No such command"),
        (["restore", "--nonsense"], "No such option"),
        (["restore"], "Missing argument"),
    ],
)
def test_wrong_use_is_one_message_and_status_2(words, told, photo, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("IRLIB_DATA", raising=False)
    result = Told(*words)
    assert result.status == 2, result.err
    assert told in result.err
    assert files_in(tmp_path) == {"photo.png"}


def test_a_wrong_scale_is_refused_by_what_uses_it(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IRLIB_SCALE", "huge")
    result = Told("train", "promptir")
    assert result.status == 2
    assert "IRLIB_SCALE is 'huge'; expected one of smoke, pocket, paper" in result.err


@pytest.mark.parametrize("command", ["train", "evaluate"])
def test_a_folder_without_pairs(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    start = {"train": ["promptir", *SMALL], "evaluate": ["--method", "clahe"]}[command]
    result = Told(command, *start, "--pairs", "mine")
    assert result.status == 2
    assert "mine" in result.err
    assert "input" in result.err, "it says how the folder must look"
    assert files_in(tmp_path) == set()


@pytest.mark.parametrize("content", ["empty", "truncated", "no image"])
def test_a_damaged_image(content, photo, weights, tmp_path):
    whole = photo.read_bytes()
    damaged = tmp_path / "damaged.png"
    cut = {"empty": b"", "truncated": whole[: len(whole) // 2], "no image": b"hello"}
    damaged.write_bytes(cut[content])
    out = tmp_path / "out"
    result = Told("restore", damaged, photo, "--output", out, "--weights", weights)
    assert result.status == 1
    assert "damaged.png" in result.err
    assert files_in(out) == {"photo.png"}, "the good one is restored, the bad one leaves nothing"
    result = Told("degrade", damaged, photo, "--output", tmp_path / "hazy", "--with", "haze")
    assert result.status == 1
    assert "damaged.png" in result.err
    assert files_in(tmp_path / "hazy") == {"photo.png"}


def test_a_checkpoint_of_another_model(weights, tmp_path):
    folder = pairs_at(tmp_path / "pairs")
    for words in (
        ("evaluate", "restormer", "--weights", weights, "--pairs", folder),
        ("train", "restormer", *SMALL, "--init", weights, "--run", tmp_path / "run"),
    ):
        result = Told(*words)
        assert result.status == 2
        assert "promptir" in result.err
        assert "restormer" in result.err
    assert not (tmp_path / "run").exists()


def test_a_checkpoint_of_another_width(weights, tmp_path):
    header = models.preset("promptir", "smoke")
    wider = models.create("promptir", **{**header, "dim": 2 * header["dim"]})
    from safetensors import safe_open

    with safe_open(str(weights), framework="pt") as file:
        metadata = file.metadata()
    mixed = tmp_path / "mixed.safetensors"
    save_file({k: v.contiguous() for k, v in wider.state_dict().items()}, mixed, metadata)
    result = Told("evaluate", "--weights", mixed, "--pairs", pairs_at(tmp_path / "pairs"))
    assert result.status == 2
    assert "mixed.safetensors" in result.err
    assert "shape" in result.err or "width" in result.err


def test_an_authors_checkpoint_that_would_run_code_is_not_run(tmp_path):
    class Trap:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "trapped",))

    torch.save({"state_dict": Trap()}, tmp_path / "trap.ckpt")
    folder = pairs_at(tmp_path / "pairs")
    words = ("promptir", "--weights", tmp_path / "trap.ckpt", "--pairs", folder)
    result = Told("evaluate", *words)
    assert result.status in (1, 2)
    assert "trap.ckpt" in result.err
    assert not (tmp_path / "trapped").exists()


def test_an_image_smaller_than_the_network_needs_is_padded_and_cut(weights, tmp_path):
    tiny = tmp_path / "tiny.png"
    write_image(tiny, torch.rand(3, 1, 1))
    result = Told("restore", tiny, "--output", tmp_path / "out", "--weights", weights)
    assert result.status == 0, result.err
    assert files_in(tmp_path / "out") == {"tiny.png"}


def test_an_image_smaller_than_the_protocol_needs(tmp_path):
    folder = pairs_at(tmp_path / "pairs", size=5)
    result = Told("evaluate", "--method", "identity", "--pairs", folder)
    assert result.status in (1, 2)
    assert "5" in result.err
    assert len(result.err.strip().splitlines()) == 1


def test_a_training_patch_the_network_cannot_take(tmp_path):
    words = ("--scale", "smoke", "--steps", "1", "--scenes", "1", "--patch", "20")
    result = Told("train", "promptir", *words, "--run", tmp_path / "run")
    assert result.status == 2
    assert "20" in result.err
    assert "8" in result.err


def refuse(*_, **__):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize(
    "words",
    [
        ["restore", "photo.png", "--output", "out"],
        ["degrade", "photo.png", "--output", "out", "--with", "rain", "--parameters"],
        [*SCORED, "--save", "out"],
        [*SCORED, "--record", "mine/a", "--results", "out"],
        ["train", "promptir", *SMALL, "--run", "out"],
    ],
    ids=lambda words: f"{words[0]} {words[-2]}",
)
def test_no_space_left(words, photo, weights, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pairs_at(tmp_path / "pairs")
    if words[0] == "restore":
        words = [*words, "--weights", str(weights)]
    before = files_in(tmp_path)
    # Every file is put in its place by this call, so that none is ever seen half-written.
    monkeypatch.setattr(os, "replace", refuse)
    result = Told(*words)
    assert result.status == 1
    assert "space" in result.err
    left = {file for file in files_in(tmp_path) - before if "tensorboard" not in file}
    assert left <= {"out/metrics.csv", "out/.lock"}, "nothing half-written stays"


def commands() -> list[list[str]]:
    app = cli.build()
    found = [[command.name] for command in app.registered_commands]
    for group in app.registered_groups:
        found.append([group.name])
        found += [
            [group.name, command.name or command.callback.__name__]
            for command in group.typer_instance.registered_commands
        ]
    return found


@pytest.mark.parametrize("words", [[], *commands()], ids=" ".join)
def test_help(words):
    result = Told(*words, "--help")
    assert result.status == 0
    assert "Usage: irlib" in result.out
    assert Told(*words, "-h").out == result.out


def test_the_version_comes_with_what_a_report_of_an_error_needs():
    result = Told("--version")
    assert result.status == 0
    assert result.out.startswith(f"irlib {__version__}, PyTorch {version('torch')}, Python 3")


def test_every_command_shows_an_example_or_needs_none():
    for words in commands():
        if len(words) == 1 and words[0] in cli.GROUPS:
            continue
        text = Told(*words, "--help").out
        assert "Example:" in text or words[0] in ("live", "data", "ledger"), words


@pytest.mark.parametrize(
    ("words", "said"),
    [((), "irlib: stopped.\n"), (("saved; type it again",), "irlib: saved; type it again.\n")],
)
def test_ctrl_c_promises_to_go_on_only_where_something_is_kept(
    words, said, monkeypatch, tmp_path, capsys
):
    def stop(*_, **__):
        raise KeyboardInterrupt(*words)

    monkeypatch.chdir(tmp_path)
    write_image(tmp_path / "photo.png", torch.rand(3, 16, 16))
    monkeypatch.setattr("irlib.data.images.read_image", stop)
    assert cli.run(["degrade", "photo.png", "--output", "out", "--with", "noise"]) == 130
    assert capsys.readouterr().err == said
    assert not list(tmp_path.glob("out/*"))


def test_several_words_after_one_option():
    spread = cli.spread(["train", "x", "--tasks", "a", "b", "--steps", "3", "-r", "c"])
    assert spread == ["train", "x", "--tasks", "a", "--tasks", "b", "--steps", "3", "-r", "c"]
    assert cli.spread(spread[2:6]) == spread[2:6]
    assert cli.spread(["--tasks"]) == ["--tasks"]
    both = cli.spread(["--tasks", "a", "--words", "b", "c d"])
    assert both == ["--tasks", "a", "--words", "b", "--words", "c d"]


def test_training_on_two_tasks_by_name(tmp_path):
    run = ("train", "promptir", *SMALL, "--run", tmp_path / "run")
    result = Told(*run, "--tasks", "derain", "dehaze")
    assert result.status == 0, result.err
    header = models.weights.read_header(tmp_path / "run" / "weights.safetensors")
    assert header["facts"]["recipe"]["tasks"] == ["derain", "dehaze"]


@given(content=st.one_of(st.binary(max_size=300), st.just(b"\x89PNG\r\n\x1a\n" + b"\0" * 40)))
@GARBAGE
@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".webp"])
def test_garbage_images_are_refused_by_name(suffix, weights, tmp_path, content):
    file = tmp_path / f"garbage{suffix}"
    file.write_bytes(content)
    for words in (
        ("restore", file, "--output", tmp_path / "out", "--weights", weights),
        ("degrade", file, "--output", tmp_path / "out", "--with", "noise25"),
    ):
        result = Told(*words)
        assert result.status == 1
        assert file.name in result.err
        assert not (tmp_path / "out").exists() or files_in(tmp_path / "out") == set()


@given(content=st.binary(max_size=300), where=st.integers(0, 400), flips=st.integers(1, 255))
@GARBAGE
def test_a_real_image_with_a_wrong_byte_never_breaks_the_command(
    photo, tmp_path, content, where, flips
):
    bent = bytearray(photo.read_bytes())
    bent[where % len(bent)] ^= flips
    (tmp_path / "bent.png").write_bytes(bytes(bent))
    out = tmp_path / "out"
    result = Told("degrade", tmp_path / "bent.png", "--output", out, "--with", "haze")
    assert result.status in (0, 1)
    if result.status == 1:
        assert files_in(out) <= {"bent.png"}


@given(
    content=st.binary(max_size=300), suffix=st.sampled_from([".safetensors", ".ckpt", ".pt", ""])
)
@GARBAGE
def test_garbage_weights(tmp_path, photo, content, suffix):
    file = tmp_path / f"weights{suffix}"
    file.write_bytes(content)
    for words in (
        ("models", "show", file),
        ("restore", photo, "--output", tmp_path / "out", "--weights", file),
        ("evaluate", "promptir", "--embedded", "--weights", file),
    ):
        result = Told(*words)
        assert result.status in (1, 2)
        assert file.name in result.err
    assert not (tmp_path / "out").exists()


@given(
    names=st.lists(st.sampled_from(["a.png", "b.jpg", "c.txt", "d"]), unique=True),
    content=st.binary(max_size=200),
)
@GARBAGE
def test_garbage_folders(tmp_path_factory, names, content):
    folder = tmp_path_factory.mktemp("pairs")
    for side in ("input", "target"):
        (folder / side).mkdir()
        for name in names:
            (folder / side / name).write_bytes(content)
    assert Told("data", "check", folder).status in (1, 2)
    result = Told("evaluate", "--method", "identity", "--pairs", folder)
    assert result.status in (1, 2)
    assert str(folder) in result.err


@pytest.mark.parametrize(("debug", "traceback"), [("", False), ("1", True)])
def test_the_traceback_is_shown_only_on_request(debug, traceback, tmp_path):
    code = "from irlib.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "models", "show", str(tmp_path / "no.safetensors")],
        capture_output=True,
        text=True,
        env={**os.environ, "IRLIB_DEBUG": debug},
    )
    assert done.returncode != 0
    assert ("Traceback" in done.stderr) is traceback
    if not traceback:
        assert done.returncode == 2
        assert done.stderr.startswith("irlib: error: no weights at ")
        assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("below", ["", "deeper"])
def test_a_file_in_the_place_of_a_folder(photo, below):
    told = Told("train", "promptir", "--scale", "smoke", "--steps", 1, "--run", photo / below)
    assert told.status == 1
    assert str(photo) in told.err
    assert "is a file and not a folder. Name another folder" in told.err
    assert "Errno" not in told.err


def test_memory_that_runs_out_is_said_in_a_line(monkeypatch):
    def full(*arguments, **options):
        raise MemoryError("Unable to allocate 3.64 TiB")

    monkeypatch.setattr("irlib.data.embedded.dead_leaves", full)
    told = Told("train", "promptir", "--scale", "smoke", "--steps", 1)
    assert told.status == 1
    assert "memory ran out (Unable to allocate 3.64 TiB). Ask for less" in told.err
