"""Training of the namer and the measurement of it."""

import torch

from irlib.degradations import FIVE_TASKS
from irlib.foundation import load_namer
from irlib.foundation.checkpoints import read_header
from irlib.pocket.evidence import evidence_of
from irlib.pocket.namer_training import PATCHES, NamedPatches, train_namer
from irlib.pocket.naming import naming_accuracy, naming_by_sentences
from irlib.pocket.recipes import pocket_recipe
from irlib.viz.foundation_card import QUESTIONS


def test_a_namer_trains_loads_and_repeats_itself(tmp_path):
    recipe = pocket_recipe("namer", "smoke", scenes=0)
    path, minutes = train_namer(recipe, tmp_path, progress=False)
    assert minutes > 0
    assert path.stat().st_size < 300_000
    namer = load_namer(path)
    assert namer.tasks == FIVE_TASKS
    assert read_header(path)["facts"]["recipe_hash"] == recipe.hash()
    again, _ = train_namer(recipe, tmp_path / "again", progress=False)
    assert load_namer(again).identity == namer.identity


def test_the_patches_of_a_batch_have_one_side_and_their_tasks_in_turn():
    data = NamedPatches(0, seed=0, batch=5, length=20)
    sides = [data[position].image.shape[-1] for position in range(0, 20, 5)]
    assert sides == list(PATCHES)
    assert [data[position].task for position in range(5)] == list(range(5))
    assert torch.equal(data[7].image, data[7].image)


class Truth:
    """Names the tasks in the order in which the measurement asks."""

    def __init__(self, order) -> None:
        self.order = iter(order)

    def __call__(self, image) -> str:
        return next(self.order)


def test_an_oracle_is_always_right_and_one_answer_a_fifth_of_the_time():
    crops = [task for _ in range(3) for task in FIVE_TASKS for _ in range(3)]
    whole = [task for task in FIVE_TASKS for _ in range(3)]
    best = naming_accuracy(Truth(crops + whole), per_side=1, sides=(64,))
    assert set(best.values()) == {1.0}
    same = naming_accuracy(lambda image: "derain", per_side=1, sides=(64,))
    assert same["accuracy"] == same["accuracy/whole"] == same["accuracy/heavy"] == 0.2
    assert (same["accuracy/derain"], same["accuracy/denoise"]) == (1.0, 0.0)


def test_sentences_of_the_pocket_clip_are_a_rival():
    from irlib.foundation import load_clip

    name = naming_by_sentences(load_clip())
    assert name(torch.rand(1, 3, 40, 40)) in FIVE_TASKS


def test_the_evidence_holds_what_the_card_asks_for(tmp_path):
    path, _ = train_namer(pocket_recipe("namer", "smoke", scenes=0), tmp_path, progress=False)
    values, notes = evidence_of("namer", load_namer(path), small=True)
    assert {key for key, _ in QUESTIONS["namer"]} <= set(values)
    assert all(0 <= value <= 1 for value in values.values())
    assert "none seen in training" in notes
