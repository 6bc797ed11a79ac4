"""``irlib data index`` and ``irlib data pack``, and that training then uses them."""

import shutil

import pytest
import torch

from irlib.cli import run
from irlib.data.benchmarks import get_benchmark
from irlib.data.images import write_image
from irlib.training import recipe
from irlib.training.sources import open_source


@pytest.fixture
def root(tmp_path):
    for side, name in (("rainy", "rain-1.png"), ("gt", "norain-1.png")):
        path = tmp_path / "RainTrainL" / side / name
        path.parent.mkdir(parents=True)
        write_image(path, torch.rand(3, 20, 24, generator=torch.Generator().manual_seed(1)))
    return tmp_path


def samples(root):
    plan = recipe("promptir", "paper", tasks=("derain",), patch=16)
    return open_source(plan, data=root)[1]


def test_training_reads_a_pack_where_there_is_one(root, capsys):
    files = samples(root)[5]
    assert run(["data", "pack", "raintrainl", "--data", str(root)]) == 0
    assert "raintrainl: 1 pairs, 0 MB in" in capsys.readouterr().out
    shutil.rmtree(root / "RainTrainL")
    packed = samples(root)[5]
    assert all(torch.equal(files[name], packed[name]) for name in files)


def test_a_pack_may_lie_elsewhere(root, tmp_path_factory):
    place = tmp_path_factory.mktemp("scratch")
    words = ["--data", str(root), "--output", str(place / "packed")]
    assert run(["data", "pack", "raintrainl", *words]) == 0
    assert torch.equal(samples(place)[0]["target"], samples(root)[0]["target"])


def test_an_index_is_written_and_used(root, capsys):
    before = get_benchmark("raintrainl").pairs(root)
    assert run(["data", "index", "raintrainl", "--data", str(root)]) == 0
    assert "raintrainl: 1 in" in capsys.readouterr().out
    assert (root / ".irlib-index" / "raintrainl.json").is_file()
    assert get_benchmark("raintrainl").pairs(root) == before


def test_a_set_that_is_not_there_is_wrong_use(root, capsys):
    for command in ("index", "pack"):
        assert run(["data", command, "ots", "--data", str(root)]) == 2
        assert "RESIDE OTS was not found" in capsys.readouterr().err
