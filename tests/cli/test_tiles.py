"""``irlib tiles``: tiles beside the whole, told and recorded."""

import torch

from irlib import cli, ledger
from irlib.cli.tiles import _scaled
from irlib.degradations import FIVE_TASKS
from irlib.viz.scores_page import scores_text


def test_it_compares_all_tasks_and_writes_a_record(tmp_path, capsys):
    words = ["tiles", "--side", "96", "--tile", "64", "--tile-overlap", "16"]
    record = ["--record", "promptir-pocket/tiles", "--results", str(tmp_path)]
    assert cli.run([*words, *record]) == 0
    assert "64" in capsys.readouterr().out
    values = ledger.read_record("promptir-pocket/tiles", tmp_path).values
    assert {key.split("/")[0] for key in values} == set(FIVE_TASKS)
    for task in FIVE_TASKS:
        assert abs(values[f"{task}/psnr_whole"] - values[f"{task}/psnr_tiled"]) < 1
    page = scores_text(tmp_path)
    assert f"{values['derain/psnr_tiled']:.2f}" in page
    assert "## In tiles" in page


def test_a_photograph_that_fits_one_tile_is_refused(capsys):
    assert cli.run(["tiles", "--side", "500"]) == 2
    assert "--tile 512" in capsys.readouterr().err


def test_a_wrong_tile_is_refused_before_the_table_begins(capsys):
    assert cli.run(["tiles", "--side", "100", "--tile", "0"]) == 2
    printed = capsys.readouterr()
    assert "tile of 0 pixels" in printed.err
    assert printed.out == ""


def test_a_panorama_of_few_rows_keeps_one():
    assert _scaled(torch.zeros(3, 1, 3000), 300).shape == (3, 1, 300)
