import re

import torch

from irlib.training.recipes import recipe
from irlib.viz.run_page import LOSS_IN_WORDS, RunReport, write_run_page


def report(**changes) -> RunReport:
    image = torch.rand(3, 40, 60, generator=torch.Generator().manual_seed(0))
    values = {
        "scale": "smoke",
        "device": "one CPU core",
        "steps": 3,
        "seconds": 61.4,
        "seed": 0,
        "curve": [(1, 0.3), (2, 0.2), (3, 0.1)],
        "scores": [{"task": "denoise", "input": 20.0, "restored": 21.5}],
        "examples": [("denoise", image, image, None), ("derain", image, image, image)],
        "record": "live-promptir",
    }
    return RunReport(**{**values, **changes})


def test_without_a_run_the_page_says_how_to_make_one(tmp_path):
    text = write_run_page(tmp_path / "made", None).read_text(encoding="utf-8")
    assert "make book" in text


def test_a_run_is_shown_with_its_facts_curve_scores_and_pictures(tmp_path):
    text = write_run_page(tmp_path, report()).read_text(encoding="utf-8")
    assert "Training time: 1 min 1 s" in text
    assert "live-promptir" in text
    assert "from 0.300 at step 1 to 0.100 at step 3" in text
    assert "21.50" in text
    assert text.count('class="irlib-slider"') == 3


def test_every_picture_has_a_text_alternative(tmp_path):
    text = write_run_page(tmp_path, report()).read_text(encoding="utf-8")
    tags = re.findall(r"<img\b[^>]*>", text)
    assert tags
    assert all(re.search(r'alt="[^"]+"', tag) for tag in tags)


def test_the_loss_of_the_pocket_recipe_has_words_for_the_axis_of_the_curve():
    assert recipe("promptir", "pocket").loss in LOSS_IN_WORDS


def test_a_loss_below_zero_is_drawn_too(tmp_path):
    curve = [(1, -14.0), (2, -16.0)]
    text = write_run_page(tmp_path, report(curve=curve, loss="psnr")).read_text("utf-8")
    assert "from -14.000 at step 1 to -16.000 at step 2" in text


def test_a_run_without_loss_values_is_shown_too(tmp_path):
    assert "no loss values" in write_run_page(tmp_path, report(curve=[])).read_text("utf-8")


def test_writing_leaves_one_file(tmp_path):
    write_run_page(tmp_path, report())
    assert [path.name for path in tmp_path.iterdir()] == ["your-run.md"]
