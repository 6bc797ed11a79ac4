"""Perceive-IR's Table XII: measures that need no reference, and a sentence where one is asked."""

from irlib.reproduce import reproduction


def commands(row):
    cells = [c for c in reproduction("perceive-ir/table-12").cells if c.row == row]
    return {c.measurement.name: " ".join(c.measurement.arguments) for c in cells}


def test_every_measure_of_the_table_is_asked_for():
    cells = {c.column: c for c in reproduction("perceive-ir/table-12").cells if c.row == "promptir"}
    assert {"uieb/psnr", "uieb/lpips", "c60/uciqe", "c60/uiqm"} <= set(cells)
    for column in ("uieb/lpips", "c60/uciqe", "c60/uiqm"):
        words = " ".join(cells[column].measurement.arguments)
        assert words.endswith("--measures all")
        assert cells[column].value == column.rpartition("/")[2]
    assert "--benchmark uieb-c60" in commands("promptir")["c60"]


def test_only_the_network_that_reads_sentences_is_told_one():
    assert all("--instruction" not in words for words in commands("perceive-ir").values())
    told = commands("instructir")
    assert set(told) == {"embedded-underwater", "uieb", "c60"}
    assert all(words.count("--instruction") == 1 for words in told.values())
