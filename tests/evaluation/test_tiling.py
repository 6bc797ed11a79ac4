from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from irlib.errors import UsageError
from irlib.evaluation.tiling import check_tile, parts, spans


@given(
    blocks=st.integers(1, 60),
    tile_blocks=st.integers(1, 20),
    share=st.floats(0, 0.5),
    multiple=st.sampled_from([1, 2, 8]),
)
@settings(deadline=None)
def test_tiles_cover_the_side_with_weights_that_add_up_to_one(blocks, tile_blocks, share, multiple):
    length, tile = blocks * multiple, tile_blocks * multiple
    overlap = int(tile * share)
    total = torch.zeros(length)
    tiles = spans(length, tile, overlap, multiple)
    for span in tiles:
        assert span.start % multiple == 0
        assert span.stop - span.start == min(tile, length)
        assert (span.weights >= 0).all()
        total[span.start : span.stop] += span.weights
    torch.testing.assert_close(total, torch.ones(length), rtol=0, atol=1e-5)
    for before, after in pairwise(tiles):
        # A stride is at least one multiple, even where the overlap leaves no room for it.
        assert before.stop - after.start >= min(overlap, tile - multiple)


@given(
    blocks=st.integers(1, 200),
    tile_blocks=st.integers(1, 40),
    margin=st.integers(0, 64),
    multiple=st.sampled_from([1, 2, 8]),
)
@settings(deadline=None)
def test_parts_count_each_pixel_once(blocks, tile_blocks, margin, multiple):
    length, tile = blocks * multiple, tile_blocks * multiple
    found = parts(length, tile, margin, multiple)
    borders = [0, *(part.own_stop for part in found)]
    assert [part.own_start for part in found] == borders[:-1]
    assert borders[-1] == length
    kept = min(margin, tile // 4 // multiple * multiple)
    for part in found:
        assert 0 <= part.start <= part.own_start < part.own_stop <= part.stop <= length
        assert part.stop - part.start <= tile
        assert not any(place % multiple for place in (part.start, part.own_start, part.stop))
        assert part.start == 0 or part.own_start - part.start >= kept
        assert part.stop == length or part.stop - part.own_stop >= kept


def test_pixels_next_to_a_cut_do_not_count():
    first, second, *_ = spans(1000, 128, 32)
    assert second.weights[:8].max() == 0
    assert first.weights[-8:].max() == 0
    assert first.weights[:8].min() == 1  # the image's own border is no cut


def test_weights_change_smoothly():
    for span in spans(1000, 128, 32):
        assert span.weights.diff().abs().max() < 0.12


@pytest.mark.parametrize(("tile", "overlap"), [(0, 0), (-8, 0), (63, 32), (64, -1)])
def test_impossible_tiles_are_refused(tile, overlap):
    with pytest.raises(UsageError, match="overlap"):
        check_tile(tile, overlap)
