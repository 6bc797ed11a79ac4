"""The evidence functions recognise a model that has learned and one that has not."""

import pytest
import torch

from irlib.data.photos import TEST_PHOTOS
from irlib.foundation import Vgg
from irlib.foundation.sources import Source
from irlib.foundation.vgg import vgg_layers
from irlib.pocket.degraded import LEVELS, NAMES
from irlib.pocket.evidence import (
    dino_readings,
    evidence_of,
    linear_probes,
    probe_accuracy,
    untrained,
    vgg_readings,
    zero_shot_naming,
)
from irlib.pocket.held_out import SIDES, degradation_sets, degraded_ladder, held_out_crops
from irlib.viz.foundation_card import QUESTIONS


class Oracle:
    """Stands for a CLIP: knows each crop's truth by the order in which it is asked."""

    image_size = 8
    device = torch.device("cpu")

    def __init__(self, wrong: bool = False) -> None:
        self.asked, self.wrong = 0, wrong

    def encode_text(self, sentences) -> torch.Tensor:
        rows = []
        for text in sentences:
            row = torch.zeros(len(NAMES) + 1)
            named = [i for i, n in enumerate(NAMES) if text in self.of(n)]
            row[named] = 1.0
            row[-1] = {"a terrible photo": -1.0, "an excellent photo": 1.0}.get(text, 0.0)
            rows.append(row)
        return torch.stack(rows)

    @staticmethod
    def of(name: str):
        from irlib.pocket.captions import ZERO_SHOT

        return ZERO_SHOT[name]

    def encode_image(self, images) -> torch.Tensor:
        name = 1 + self.asked % (len(NAMES) - 1)
        self.asked += 1
        rows = torch.zeros(len(LEVELS), len(NAMES) + 1)
        rows[0, 0], rows[1:, name] = 1.0, 1.0
        rows[:, -1] = -torch.arange(float(len(LEVELS)))
        return -rows if self.wrong else rows


def test_an_oracle_names_everything_and_its_opposite_nothing():
    best = zero_shot_naming(Oracle(), per_side=1, sides=(64,))
    assert best["accuracy"] == best["accuracy/rain"] == best["accuracy/light"] == 1.0
    assert best["quality_order"] == 1.0
    assert best["chance"] == pytest.approx(1 / 8)
    assert {key for key, _ in QUESTIONS["clip"]} <= set(best)  # what the card asks for
    worst = zero_shot_naming(Oracle(wrong=True), per_side=1, sides=(64,))
    assert worst["accuracy"] == worst["quality_order"] == 0.0


def test_crops_come_from_every_held_out_photograph_at_every_size():
    crops = held_out_crops(2)
    assert len(crops) == 2 * len(SIDES) * len(TEST_PHOTOS)
    assert {name for name, _ in crops} == set(TEST_PHOTOS)
    assert {crop.shape[-1] for _, crop in crops} == set(SIDES)
    assert torch.equal(held_out_crops(2)[5][1], crops[5][1])


def test_a_ladder_goes_from_clean_to_heavy():
    crop = held_out_crops(1)[1][1]
    clean, *worse = degraded_ladder(crop, NAMES.index("noise"), 0)
    errors = [float((x - clean).square().mean()) for x in worse]
    assert clean is crop
    assert errors == sorted(errors)


def test_one_fold_is_one_photograph():
    sets = degradation_sets(1, 0)
    assert len(sets) == len(TEST_PHOTOS)
    for images, labels in sets:
        assert len(images) == len(labels) == len(SIDES) * len(NAMES)
        assert labels.bincount().tolist() == [len(SIDES)] * len(NAMES)


def test_a_probe_reads_a_linear_label_and_nothing_from_noise(generator):
    x = torch.randn(400, 6, generator=generator)
    labels = x[:, :3].argmax(dim=1)
    assert probe_accuracy(x[:300], labels[:300], x[300:], labels[300:]) > 0.85
    noise = torch.randn(400, 6, generator=generator)
    assert probe_accuracy(noise[:300], labels[:300], noise[300:], labels[300:]) < 0.6


def test_untrained_layers_are_others_of_the_same_shape():
    vgg = Vgg(vgg_layers((4, 4, 4, 4, 4, 4, 4)), Source("file"))
    rival = untrained(vgg)
    assert rival.identity != vgg.identity
    assert rival.identity == untrained(vgg).identity
    assert rival.channels == vgg.channels


class Colours:
    """Stands for a DINO whose tokens are mean colours."""

    blocks = (1, 2, 3, 4)
    device = torch.device("cpu")

    def features(self, images) -> list[torch.Tensor]:
        return [images.mean(dim=(2, 3))] * 4


def test_probes_report_model_rival_and_chance():
    values = linear_probes(dino_readings(Colours(), Colours()), 16, per_side=1, scenes=2)
    assert values["picture/block-3"] == values["picture/mean-colour"]
    assert values["picture"] == values["picture/untrained"]
    assert values["picture/chance"] == pytest.approx(1 / 5)
    assert values["picture/mean-colour"] > values["picture/chance"]
    assert 0 <= values["degradation"] <= 1
    assert {key for key, _ in QUESTIONS["dino"]} <= set(values)


def test_the_measurement_of_vgg_holds_what_its_card_asks_for():
    vgg = Vgg(vgg_layers((4, 4, 4, 4, 4, 4, 4)), Source("file"))
    values, notes = evidence_of("vgg", vgg, small=True)
    assert {key for key, _ in QUESTIONS["vgg"]} <= set(values)
    assert all(0 <= value <= 1 for value in values.values())
    for name in NAMES[1:]:
        assert {f"order/{name}", f"unit_length_order/{name}"} <= set(values)
    assert "none seen in training" in notes


def test_means_of_maps_are_read(generator):
    vgg = Vgg(vgg_layers((4, 4, 5, 5, 6, 6, 6)), Source("file"))
    images = torch.rand(3, 3, 16, 16, generator=generator)
    readings = vgg_readings(vgg, untrained(vgg))(images)
    assert readings[""].shape == (3, 4 + 5 + 6 + 6)
    assert torch.allclose(readings[""][:, :4], vgg.features(images)[0].mean(dim=(2, 3)))
    assert not torch.equal(readings[""], readings["/untrained"])
