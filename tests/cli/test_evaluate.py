"""``irlib evaluate``: one table, one record, one message for wrong use."""

import pytest
import torch
import typer
from typer.testing import CliRunner

from irlib import models
from irlib.cli.evaluate import command_again, evaluate
from irlib.data.images import write_image
from irlib.errors import UsageError
from irlib.ledger import read_record


@pytest.fixture
def pairs(tmp_path):
    for side, seed in (("input", 0), ("target", 1)):
        (tmp_path / side).mkdir()
        noise = torch.rand(3, 32, 32, generator=torch.Generator().manual_seed(seed))
        write_image(tmp_path / side / "cat.png", noise)
    return tmp_path


def call(*arguments):
    app = typer.Typer()
    app.command()(evaluate)
    return CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=True)


def test_a_table_a_record_and_restored_images(pairs, tmp_path):
    result = call(
        "--method", "identity", "--pairs", pairs, "--record", "mine/cat",
        "--results", tmp_path / "results", "--save", tmp_path / "out",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "cat" in result.output
    assert "protocol all-in-one: RGB, centre crop to multiples of 16" in result.output
    record = read_record("mine/cat", tmp_path / "results")
    assert record.command == "irlib evaluate --method identity --pairs DIR"
    assert (tmp_path / "out" / "cat.png").is_file()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--method", "identity"], "only once"),
        (["--method", "identity", "--embedded", "--benchmark", "cbsd68"], "only once"),
        (["--embedded"], "either --weights FILE or --method NAME"),
        (["--method", "gama", "--embedded"], "did you mean 'gamma'"),
        (["--method", "identity", "--benchmark", "cbsd86"], "did you mean 'cbsd68'"),
        (["--weights", "promptir-pocket", "--setting", "five-task", "--embedded"], "only once"),
        (["--method", "identity", "--setting", "five-task"], "leave --method"),
        (["--method", "identity", "--embedded", "--task", "derain"], "is no network"),
        (["--weights", "promptir-pocket", "--embedded", "--task", "derain"], "is blind"),
        (["--method", "identity", "--embedded", "--protocol", "al"], "unknown protocol"),
        (["--method", "identity", "--embedded", "--tasks", "noice60"], "unknown task 'noice60'"),
        (["--method", "identity", "--pairs", ".", "--tasks", "rain"], "goes with --embedded"),
        (["--method", "identity", "--embedded", "--record", "No Name"], "not a record name"),
        (["--method", "identity", "--embedded", "--tile", "big"], "--tile is 'big'"),
        (["--method", "identity", "--embedded", "--limit", "1"], "--limit goes with --benchmark"),
        (["--method", "identity", "--embedded", "--save", "out"], "--save goes with --benchmark"),
        (["--method", "identity", "--embedded", "--sigma", "25"], "--sigma goes with --benchmark"),
        (["--method", "gamma", "--embedded", "--psf", "gaussian:1"], "--method richardson-lucy"),
        (["--method", "gamma", "--embedded", "--dino", "pocket"], "leave --dino out"),
    ],
)
def test_wrong_use(arguments, message):
    result = call(*arguments)
    assert isinstance(result.exception, UsageError)
    assert message in str(result.exception)


def test_the_recorded_command_names_no_folder_of_this_machine():
    command = command_again(
        {
            "weights": "/folder/w.safetensors",
            "benchmark": "cbsd68",
            "sigma": 25.0,
            "data": "/data",
            "protocol": "all-in-one",
            "noise_seed": 0,
            "tile": "none",
            "float_noise": True,
            "save": "/tmp/x",
        }
    )
    assert command == (
        "irlib evaluate --weights w.safetensors --benchmark cbsd68 --sigma 25.0 --data DIR "
        "--float-noise"
    )


def test_a_whole_setting_prints_an_average_and_leaves_a_record_for_each_column(tmp_path):
    files = {
        "CBSD68/original_png": "0001", "Rain100L/input": "rain-1", "Rain100L/target": "norain-1",
        "SOTS/outdoor/hazy": "0001_0.8_0.2", "SOTS/outdoor/gt": "0001",
    }  # fmt: skip
    for folder, name in files.items():
        place = tmp_path / "data" / folder / f"{name}.png"
        place.parent.mkdir(parents=True)
        write_image(place, torch.rand(3, 32, 32, generator=torch.Generator().manual_seed(1)))
    network = models.create("promptir", preset_name="smoke")
    weights = models.save_weights(network, tmp_path / "weights.safetensors", steps=0)
    result = call(
        "--weights", weights, "--setting", "three-task", "--data", tmp_path / "data",
        "--record", "mine/three", "--results", tmp_path / "results",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "average" in result.output
    assert "this average is not the published number" in result.output
    record = read_record("mine/three/cbsd68-sigma15", tmp_path / "results")
    assert "--benchmark cbsd68 --sigma 15.0 --data DIR" in record.command
    assert "--setting" not in record.command
    for column in ("rain100l", "sots-outdoor", "cbsd68-sigma25", "cbsd68-sigma50"):
        assert read_record(f"mine/three/{column}", tmp_path / "results").values["psnr"] > 0


def test_other_tasks_of_the_embedded_photographs(tmp_path):
    result = call(
        "--method", "identity", "--embedded", "--tasks", "noise60", "--tasks", "underwater",
        "--record", "mine/beyond", "--results", tmp_path,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "underwater" in result.output
    assert "mean" in result.output
    record = read_record("mine/beyond", tmp_path)
    assert record.command.endswith("--method identity --embedded --tasks noise60 underwater")
    levels = [record.values[f"{task}/psnr"] for task in ("noise60", "underwater")]
    assert record.values["psnr"] == pytest.approx(sum(levels) / 2)


def test_a_set_without_references_and_its_record(tmp_path):
    (tmp_path / "U45").mkdir()
    write_image(tmp_path / "U45" / "1.png", torch.rand(3, 32, 32))
    arguments = ["--method", "identity", "--benchmark", "u45", "--data", tmp_path]
    assert "--measures uciqe uiqm" in str(call(*arguments).exception)
    result = call(
        *arguments, "--measures", "all", "--record", "mine/u45", "--results", tmp_path / "results"
    )
    assert result.exit_code == 0, result.output
    assert "input UCIQE" in result.output
    assert "1 of 45: a subset" in result.output
    record = read_record("mine/u45", tmp_path / "results")
    assert set(record.values) == {"uciqe", "input_uciqe", "uiqm", "input_uiqm"}
    assert record.command.endswith("--benchmark u45 --data DIR --measures all")
