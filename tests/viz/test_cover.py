"""The cover's pictures: real, light, described, and made again only for other weights."""

import torch

from irlib.viz import cover


def test_each_scene_is_a_described_slider_under_the_limit():
    text = cover.cover_text(lambda image: image)
    assert text.count("{tab-item}") == len(cover.SCENES) >= 3
    for scene in cover.SCENES:
        assert f"{scene.alt} (restored)" in text
        assert scene.caption in text
    assert len(text) < 900_000, "the cover must leave room for the page's own scripts"


def test_the_pictures_go_through_the_network():
    seen = []

    def restore(image):
        seen.append(image)
        return torch.zeros_like(image)

    cover.cover_text(restore)
    assert [tuple(image.shape) for image in seen] == [(3, *cover.SIZE)] * len(cover.SCENES)
    assert all(image.min() >= 0 and image.max() <= 1 for image in seen)


def test_the_photographs_are_held_out():
    from irlib.data.photos import TEST_PHOTOS

    assert {scene.photograph for scene in cover.SCENES} <= set(TEST_PHOTOS)


def test_a_cover_of_the_same_weights_is_kept(tmp_path, monkeypatch):
    made = []
    monkeypatch.setattr(
        cover, "cover_text", lambda restore, mark: made.append(mark) or f"% {mark}\n"
    )
    cover.write_cover(tmp_path)
    cover.write_cover(tmp_path)
    assert len(made) == 1
    (tmp_path / cover.PAGE_NAME).write_text("% of other weights\n", encoding="utf-8")
    cover.write_cover(tmp_path)
    assert len(made) == 2
