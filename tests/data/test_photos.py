"""The embedded photographs: split, shapes, ranges, depth, messages."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from irlib.data import photos
from irlib.errors import IrlibError, UsageError

EVERY = photos.TRAIN_PHOTOS + photos.TEST_PHOTOS


def test_train_and_test_share_no_name():
    assert not set(photos.TRAIN_PHOTOS) & set(photos.TEST_PHOTOS)
    assert len(set(EVERY)) == len(EVERY)
    assert {"chelsea", "coffee", "rocket"} <= set(photos.TEST_PHOTOS)


def test_both_views_of_one_scene_are_on_one_side():
    views = {"motorcycle_left", "motorcycle_right"}
    assert views <= set(photos.TRAIN_PHOTOS) or views <= set(photos.TEST_PHOTOS)


@pytest.mark.parametrize("name", EVERY)
def test_every_photo_is_a_picture_in_range(name):
    image = photos.photo(name)
    assert image.dtype == torch.float32
    assert image.ndim == 3
    assert image.shape[0] == 3
    assert image.min() >= 0.0
    assert image.max() <= 1.0
    assert image.std() > 0.02


def test_colours_are_in_rgb_order():
    # The astronaut's suit is orange: red over green over blue in the mean of its colours.
    suit = photos.photo("astronaut")[:, 300:400, 180:220].mean((1, 2))
    assert suit[0] > suit[1] > suit[2]


def test_grey_photographs_have_equal_channels():
    image = photos.photo("camera")
    assert torch.equal(image[0], image[1])
    assert torch.equal(image[0], image[2])


def test_changing_a_photo_in_place_does_not_change_the_next():
    before = photos.photo("text").clone()
    photos.photo("text").zero_()
    assert torch.equal(photos.photo("text"), before)
    depth = photos.photo_depth("motorcycle_left").clone()
    photos.photo_depth("motorcycle_left").zero_()
    assert torch.equal(photos.photo_depth("motorcycle_left"), depth)


def test_the_sets_hold_their_names():
    assert tuple(photos.test_photos()) == photos.TEST_PHOTOS
    assert tuple(photos.train_photos()) == photos.TRAIN_PHOTOS


def test_unknown_photo_suggests_the_nearest():
    with pytest.raises(UsageError, match=r"unknown photo 'chelsee'.*did you mean 'chelsea'"):
        photos.photo("chelsee")


def test_a_missing_file_is_a_failure_that_says_what_to_do(monkeypatch):
    monkeypatch.setitem(photos._FILES, "absent", "absent.png")
    with pytest.raises(IrlibError, match=r"absent\.png.*reinstall"):
        photos.photo("absent")


def test_depth_fits_the_photograph():
    depth = photos.photo_depth("motorcycle_left")
    assert depth.shape == (1, *photos.photo("motorcycle_left").shape[1:])
    assert depth.min() == 0.0
    assert depth.max() == 1.0
    # The floor in front of the wheels is nearer than the wall behind the shelves.
    assert depth[0, -5:].mean() < 0.2 < depth[0, :20, :300].mean()


def test_depth_falls_with_disparity():
    with np.load(photos._data_file("motorcycle_disp.npz")) as archive:
        disparity = archive["arr_0"]
    known = np.isfinite(disparity)
    order = np.argsort(disparity[known])
    depth = photos.photo_depth("motorcycle_left")[0].numpy()[known][order]
    assert (np.diff(depth) <= 1e-6).all()


@pytest.mark.parametrize("name", ["camera", "chelsea"])
def test_a_photo_without_depth_says_which_has_one(name):
    with pytest.raises(UsageError, match="motorcycle_left"):
        photos.photo_depth(name)


def test_the_right_views_depth_lies_on_the_right_view():
    # Colours fetched from the left view along the moved disparity must match the right view
    # better than along the disparity of the left view, which belongs to other pixels.
    with np.load(photos._data_file("motorcycle_disp.npz")) as archive:
        left_disparity = archive["arr_0"]
    moved = photos.right_view_disparity(left_disparity)
    left, right = photos.photo("motorcycle_left"), photos.photo("motorcycle_right")

    def mismatch(disparity):
        rows, columns = np.nonzero(np.isfinite(disparity))
        source = np.rint(columns + disparity[rows, columns]).astype(int)
        inside = source < left.shape[2]
        rows, columns, source = rows[inside], columns[inside], source[inside]
        return float((left[:, rows, source] - right[:, rows, columns]).abs().mean())

    assert mismatch(moved) < 0.5 * mismatch(left_disparity)
    depth = photos.photo_depth("motorcycle_right")
    assert depth.shape == (1, *right.shape[1:])
    assert depth.min() >= 0.0
    assert depth.max() <= 1.0


def test_the_nearest_hides_the_others_in_the_other_view():
    moved = photos.right_view_disparity(np.array([[np.nan, 1.0, 1.0, 3.0]]))
    assert moved[0, 0] == 3.0
    assert moved[0, 1] == 1.0
    assert np.isnan(moved[0, 2:]).all()


def test_mixed_pixels_of_an_outline_stay_behind():
    row = np.array([[1.0] * 6 + [3.5] + [6.0] * 6])
    landed = photos.right_view_disparity(row)[0]
    assert set(landed[np.isfinite(landed)]) == {1.0, 6.0}


def test_holes_take_the_farther_neighbour():
    nan = np.nan
    filled = photos.fill_disparity_holes(
        np.array([[9.0, nan, 4.0, nan], [nan, nan, nan, nan], [nan, 2.0, np.inf, 7.0]])
    )
    assert filled[0].tolist() == [9.0, 4.0, 4.0, 4.0]
    assert filled[1].tolist() == filled[0].tolist()
    assert filled[2].tolist() == [2.0, 2.0, 2.0, 7.0]


def test_a_map_of_holes_is_refused():
    with pytest.raises(IrlibError, match="no finite value"):
        photos.fill_disparity_holes(np.full((2, 3), np.nan))


@given(arrays(np.float32, (4, 6), elements=st.sampled_from([np.nan, 1.0, 2.0, 5.0])))
def test_filling_keeps_what_was_measured_and_invents_nothing(disparity):
    known = np.isfinite(disparity)
    if not known.any():
        return
    filled = photos.fill_disparity_holes(disparity)
    assert np.array_equal(filled[known], disparity[known])
    assert set(filled.ravel()) <= set(disparity[known])
