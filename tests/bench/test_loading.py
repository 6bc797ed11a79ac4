"""Loading is measured on the same pairs in every form, and a packed form is the fastest."""

import pytest
import torch

from irlib.bench import loading


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    return loading._stored(tmp_path_factory.mktemp("stored"))


def test_png_and_packed_hold_the_same_pairs(stored):
    for position in range(3):
        png, packed = stored["png"][position], stored["packed"][position]
        assert all(torch.equal(png[name], packed[name]) for name in png)
    assert not torch.equal(stored["jpeg"][0]["degraded"], stored["png"][0]["degraded"])
    assert stored["png"][0]["degraded"].shape == (3, 128, 128)


def test_what_is_returned_and_that_packed_is_fastest(monkeypatch):
    asked = []

    def watched(samples, workers, seconds):
        asked.append((workers, seconds))
        return 30.0 * workers, 50.0, 200.0

    monkeypatch.setattr(loading, "_watched", watched)
    values = loading.measure_loading(2, 4, workers=(3,), seconds=0.5)
    assert values["packed_pairs_per_s"] > 2 * values["png_pairs_per_s"]
    assert values["png_workers_3"] == 90
    assert loading.saturation(values, "jpeg") == 4
    assert asked == [(1, 0.5), (3, 0.5)] * 3
    assert values["jpegs_per_s"] > 0


def test_a_made_up_tree_has_the_names_and_counts_of_the_set():
    values = loading.measure_opening(71)
    assert values["tree_pairs"] == 71
    assert values["index_seconds"] > 0
    assert values["check_seconds"] > 0
