"""Trainings of pocket models: they run, learn, repeat themselves, and load where they are used."""

import math

import pytest
import torch
from torch import nn

from irlib.foundation import load_clip, load_dino, load_vgg
from irlib.foundation.checkpoints import read_header
from irlib.pocket.clip_training import pocket_clip_config, train_clip, true_pairs_loss
from irlib.pocket.dino_training import (
    LOCAL_SIDE,
    ViewsOfPictures,
    distillation_loss,
    train_dino,
)
from irlib.pocket.fitting import fit
from irlib.pocket.pictures import SIDE, Pictures
from irlib.pocket.recipes import pocket_recipe
from irlib.pocket.vgg_training import train_vgg
from irlib.training.logs import read_log


def test_a_pocket_clip_trains_and_loads(tmp_path):
    recipe = pocket_recipe("clip", "smoke", scenes=0)
    path, minutes = train_clip(recipe, tmp_path, progress=False)
    assert minutes > 0
    assert path.stat().st_size < 5_000_000
    clip = load_clip(path)
    assert (clip.dim, clip.text_width, clip.image_size) == (128, 64, 64)
    assert clip.context_length >= 18  # sixteen learned tokens, start and end
    assert clip.activation == "GELU"
    for sentence in ("terrible", "slightly better", "a photo with heavy rain", "X X X"):
        assert clip.encode_text([sentence]).shape == (1, 128)
    assert read_header(path)["facts"]["recipe_hash"] == recipe.hash()
    again, _ = train_clip(recipe, tmp_path / "again", progress=False)
    assert load_clip(again).identity == clip.identity


def test_the_configuration_is_known_to_open_clip_by_name():
    import open_clip

    config = pocket_clip_config()
    assert "irlib-pocket-clip" in open_clip.list_models()
    assert config["text_cfg"]["vocab_size"] == 49408  # the tokenizer's own ids stay valid


def test_a_pocket_dino_trains_and_loads(tmp_path):
    recipe = pocket_recipe("dino", "smoke", scenes=0)
    path, _ = train_dino(recipe, tmp_path, progress=False)
    dino = load_dino(path)
    assert dino.blocks == (1, 2, 3, 4)
    assert (dino.dim, dino.image_size) == (96, 64)
    assert [f.shape for f in dino.features(torch.rand(2, 3, 50, 70))] == [(2, 96)] * 4
    assert path.stat().st_size < 5_000_000


def test_a_pocket_vgg_trains_and_loads(tmp_path):
    recipe = pocket_recipe("vgg", "smoke", scenes=0, precision="32-true")
    path, _ = train_vgg(recipe, tmp_path, progress=False)
    vgg = load_vgg(path)
    assert vgg.channels == (32, 64, 128, 128)
    assert path.stat().st_size < 5_000_000
    assert read_log(tmp_path / "metrics.csv")[-1]["step"] == recipe.steps


def test_one_true_sentence_each_is_the_loss_of_clip():
    logits = torch.randn(5, 5)
    labels = torch.arange(5)
    expected = nn.functional.cross_entropy(logits, labels)
    expected = (expected + nn.functional.cross_entropy(logits.T, labels)) / 2
    assert torch.allclose(true_pairs_loss(logits, torch.eye(5).bool()), expected)


def test_several_true_sentences_share_and_the_best_possible_loss_is_zero():
    true = torch.tensor([[1, 1, 0], [1, 1, 0], [0, 0, 1]]).bool()
    perfect = torch.where(true, 0.0, -100.0)
    assert true_pairs_loss(perfect, true) == pytest.approx(0.0, abs=1e-6)
    assert true_pairs_loss(torch.zeros(3, 3), true) > 0.1


def test_distillation_compares_different_views_only():
    teacher = torch.zeros(2, 1, 4)
    teacher[0, 0, 0] = teacher[1, 0, 1] = 1.0
    same, crossed = teacher.clone(), teacher.flip(0)
    centre = torch.zeros(4)
    assert distillation_loss(crossed, teacher, centre) < distillation_loss(same, teacher, centre)


def test_an_undecided_student_pays_the_logarithm_of_the_prototypes():
    teacher = torch.randn(2, 3, 8)
    loss = distillation_loss(torch.zeros(4, 3, 8), teacher, torch.zeros(8))
    assert float(loss) == pytest.approx(math.log(8), abs=1e-5)


def test_views_differ_and_repeat_themselves():
    data = ViewsOfPictures(Pictures(0, 0), 0, 10)
    views, again = data[3], data[3]
    assert views.whole.shape == (2, 3, SIDE, SIDE)
    assert views.part.shape == (2, 3, LOCAL_SIDE, LOCAL_SIDE)
    assert torch.equal(views.whole, again.whole)
    assert not torch.equal(views.whole[0], views.whole[1])
    assert 0 <= views.whole.min() <= views.whole.max() <= 1


class Line(torch.utils.data.Dataset):
    def __len__(self) -> int:
        return 10_000

    def __getitem__(self, position: int) -> tuple[torch.Tensor, torch.Tensor]:
        x = torch.tensor([position % 7 / 7.0])
        return x, 2 * x + 1


def test_the_loop_lowers_a_loss_and_logs_it(tmp_path):
    torch.manual_seed(0)
    recipe = pocket_recipe("vgg", "pocket", steps=120, batch=8, rate=0.05, precision="32-true")
    network = nn.Linear(1, 1)
    fit(
        recipe,
        network,
        Line(),
        lambda batch, step: (network(batch[0]) - batch[1]).square().mean(),
        tmp_path,
        progress=False,
    )
    log = read_log(tmp_path / "metrics.csv")
    assert log[-1]["loss"] < 0.05 * log[0]["loss"]
    assert log[-1]["step"] == 120
