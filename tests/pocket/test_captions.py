"""Captions, and which of them are true of which picture."""

import torch

from irlib.pocket.captions import QUALITY, ZERO_SHOT, captions, truth
from irlib.pocket.degraded import NAMES, RESTORED


def true_texts(name: int, level: int) -> set[str]:
    row = truth(torch.tensor([name]), torch.tensor([level]))[0]
    return {c.text for c, holds in zip(captions(), row.tolist(), strict=True) if holds}


def test_heavy_rain_is_terrible_and_neither_snow_nor_excellent():
    texts = true_texts(NAMES.index("rain"), 3)
    assert {"a photo with rain", "a photo with heavy rain", "a terrible photo"} <= texts
    assert not texts & {"a photo with light rain", "a photo with snow", "an excellent photo"}
    assert "a terrible photo with rain" in texts
    assert "a good photo with rain" not in texts


def test_a_clean_photo_is_excellent_and_names_no_degradation():
    texts = true_texts(0, 0)
    assert {"an excellent photo", "a clean photo", "excellent"} <= texts
    assert not any(" with " in text for text in texts)
    assert "a degraded photo" not in texts


def test_a_restoration_is_mediocre_and_names_nothing():
    texts = true_texts(RESTORED, 1)
    assert "a mediocre photo" in texts
    assert not any(text in texts for name in NAMES for text in ZERO_SHOT[name])


def test_every_sample_has_a_true_caption_and_every_caption_a_sample():
    names = torch.tensor([n for n in range(len(NAMES)) for _ in range(4)])
    levels = torch.tensor([0, 1, 2, 3] * len(NAMES))
    possible = (names == 0) == (levels == 0)
    table = truth(names[possible], levels[possible])
    assert table.any(dim=1).all()
    assert table.any(dim=0).all()


def test_the_words_of_the_papers_tiers_are_known():
    words = {"terrible", "mediocre", "excellent", "good", "moderate", "bad"}
    assert words | {"slightly better", "slightly worse"} <= set(QUALITY)


def test_captions_differ():
    texts = [caption.text for caption in captions()]
    assert len(set(texts)) == len(texts)
