"""Cards and where their figures come from."""

from pathlib import Path

import pytest

from irlib.errors import UsageError
from irlib.planning import DEVICES, get_device

BIBLIOGRAPHY = Path(__file__).resolve().parents[2] / "book" / "references.bib"


def test_names_are_found_as_people_write_them():
    assert get_device("RTX 4090").name == "rtx4090"
    assert get_device("H200").name == "h200"


def test_an_unknown_card_names_the_nearest():
    with pytest.raises(UsageError, match="did you mean 'h200'"):
        get_device("h20")


@pytest.mark.parametrize("card", DEVICES.values(), ids=list(DEVICES))
def test_every_card_has_a_source_and_figures_in_plain_units(card):
    assert f"{{{card.source}," in BIBLIOGRAPHY.read_text(encoding="utf-8")
    assert 1e13 < card.single < card.half < 1e16
    assert 5e11 < card.bandwidth < 1e13
    assert 1e10 < card.memory < 1e12
    assert 200 < card.watts < 1500
