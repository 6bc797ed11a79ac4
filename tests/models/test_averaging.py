"""An average lies between its networks, and is refused where it would be worth nothing."""

import hashlib
import json

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from irlib import cli, ledger, models
from irlib.errors import UsageError
from irlib.models import average_weights

RECIPE = {"model": "promptir", "scale": "smoke", "patch": 32}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights")
    network = models.create("promptir", preset_name="smoke")
    paths = []
    for seed in range(3):
        generator = torch.Generator().manual_seed(seed)
        state = {
            key: tensor + 0.01 * torch.randn(tensor.shape, generator=generator)
            for key, tensor in network.state_dict().items()
        }
        tuned = models.create("promptir", preset_name="smoke")
        tuned.load_state_dict(state)
        facts = {"seed": seed, "recipe": RECIPE | {"seed": seed, "turns": {"a": 1, "b": seed}}}
        paths.append(models.save_weights(tuned, folder / f"{seed}.safetensors", **facts))
    return paths


def state(path):
    return models.load_weights(path).state_dict()


def test_without_shares_all_count_alike(files):
    network, facts = average_weights(files)
    for key, tensor in network.state_dict().items():
        mean = torch.stack([state(file)[key].double() for file in files]).mean(0)
        assert torch.allclose(tensor.double(), mean, atol=1e-7)
    assert [part["share"] for part in facts["average_of"]] == pytest.approx([1 / 3] * 3)
    assert not network.training


@settings(max_examples=10, deadline=None)
@given(st.floats(0.01, 100), st.floats(0.01, 100))
def test_shares_are_divided_by_their_sum(files, first, second):
    network, _ = average_weights(files[:2], [first, second])
    key = next(iter(state(files[0])))
    low, high = (state(file)[key].double() for file in files[:2])
    expected = (first * low + second * high) / (first + second)
    assert torch.allclose(network.state_dict()[key].double(), expected, atol=1e-6)


def test_of_one_network_with_itself_nothing_changes(files):
    network, _ = average_weights([files[0], files[0]], [3, 1])
    assert all(torch.equal(tensor, state(files[0])[key]) for key, tensor in state_of(network))


def state_of(network):
    return network.state_dict().items()


def test_facts_are_what_the_files_agree_on(files):
    _, facts = average_weights(files[:2])
    assert facts["recipe"] == RECIPE
    assert "seed" not in facts
    digests = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files[:2]]
    assert [part["sha256"] for part in facts["average_of"]] == digests


@pytest.mark.parametrize("shares", [[1.0], [1.0, 0.0], [1.0, -1.0], [1.0, float("nan")], []])
def test_shares_that_do_not_fit_are_refused(files, shares):
    with pytest.raises(UsageError, match="expected 2 numbers above 0"):
        average_weights(files[:2], shares)


def test_one_file_is_refused(files):
    with pytest.raises(UsageError, match="two or more"):
        average_weights(files[:1])


def test_other_models_sizes_and_beginnings_are_refused(files, tmp_path):
    for name, changes, says in (
        ("restormer", {}, "weights of restormer, but promptir was asked for"),
        ("promptir", {"dim": 16}, "another configuration"),
    ):
        other = models.create(name, preset_name="smoke", **changes)
        path = models.save_weights(other, tmp_path / f"{name}.safetensors")
        with pytest.raises(UsageError, match=says):
            average_weights([files[0], path])
    told = []
    for seed in (0, 1):
        torch.manual_seed(seed)
        network = models.create("dfpir", preset_name="smoke")
        told.append(models.save_weights(network, tmp_path / f"{seed}.safetensors"))
    with pytest.raises(UsageError, match="whole numbers that differ"):
        average_weights(told)


def test_counters_of_batch_norms_may_differ(tmp_path):
    network = models.create("airnet", preset_name="smoke")
    first = models.save_weights(network, tmp_path / "first.safetensors")
    counters = [key for key in network.state_dict() if key.endswith("num_batches_tracked")]
    assert counters
    network.load_state_dict({key: network.state_dict()[key] + 1 for key in counters}, strict=False)
    average, _ = average_weights([first, models.save_weights(network, tmp_path / "second")])
    assert average.state_dict()[counters[0]] == network.state_dict()[counters[0]] - 1


def test_the_command_writes_weights_and_a_record(files, tmp_path, capsys):
    out, results = tmp_path / "mean.safetensors", tmp_path / "results"
    words = ["models", "average", *map(str, files[:2]), "--shares", "0.7", "0.3"]
    words += ["--out", str(out), "--record", "mine/average", "--results", str(results)]
    assert cli.run(words) == 0, capsys.readouterr().err
    expected, facts = average_weights(files[:2], [0.7, 0.3])
    assert all(torch.equal(tensor, state(out)[key]) for key, tensor in state_of(expected))
    record = ledger.read_record("mine/average", results)
    assert record.weights_sha256 == hashlib.sha256(out.read_bytes()).hexdigest()
    assert record.recipe == RECIPE
    assert f"0.7 of {facts['average_of'][0]['sha256']}" in record.notes
    assert json.dumps(models.read_header(out)["facts"]) == json.dumps(facts)


def test_a_wrong_record_name_is_found_before_anything_is_written(files, tmp_path, capsys):
    out = tmp_path / "mean.safetensors"
    words = ["models", "average", *map(str, files[:2]), "--out", str(out), "--record", "Mine"]
    assert cli.run(words) == 2
    assert "is not a record name" in capsys.readouterr().err
    assert not out.exists()
