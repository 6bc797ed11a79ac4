"""What InstructIR's code does wrong and ours does not; numbered as its specification lists them.

Beside what they are about: bug 3 (a part of a word) in tests/data/test_instructions.py, bug 4 (the
task from a path) in test_listening.py, bugs 8, 10 and 11 in test_instructir.py, bug 9 (one
generator for everything) in tests/training/test_instructir_objective.py.
"""

import pytest
import torch

from irlib.data.benchmarks import get_benchmark
from irlib.data.images import write_image
from irlib.errors import IrlibError, UsageError
from irlib.evaluation.benchmark import evaluate
from irlib.metrics import PROTOCOLS, Protocol, luma, measure, prepare


def picture(path, seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    write_image(path, torch.rand(3, 32, 32, generator=torch.Generator().manual_seed(seed)))


@pytest.mark.parametrize("name", PROTOCOLS.names())
def test_bug_1_scores_are_of_clamped_images(name):
    target = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    wild = torch.where(target > 0.8, target + 3, torch.where(target < 0.2, target - 3, target))
    for score, value in measure(wild, target, name).items():
        assert torch.equal(value, measure(wild.clamp(0, 1), target, name)[score]), score


def test_bug_2_luma_weighs_red_as_red_and_rounds():
    red, blue = torch.zeros(2, 3, 1, 1)
    red[0], blue[2] = 1, 1
    assert luma(red).item() * 255 == pytest.approx(16 + 65.481, abs=1e-4)
    assert luma(blue).item() * 255 == pytest.approx(16 + 24.966, abs=1e-4)
    image = torch.full((3, 8, 8), 99.9 / 255)
    rounded, _ = prepare(image, image, Protocol("y", quantise="round"))
    assert (rounded * 255).unique().tolist() == pytest.approx([100.0])
    assert PROTOCOLS.get("restormer-y").quantise == "round"


def test_bug_5_pairs_are_matched_by_name_and_parents_may_be_called_anything(tmp_path):
    root = tmp_path / "GT" / "hazy-input"
    for folder, name in (("hazy", "0001_0.8_0.2"), ("gt", "0001"), ("gt", "0000")):
        picture(root / "SOTS/outdoor" / folder / f"{name}.png")
    with pytest.raises(IrlibError, match="0000"):
        get_benchmark("sots-outdoor").pairs(root)
    (root / "SOTS/outdoor/gt/0000.png").unlink()
    (pair,) = get_benchmark("sots-outdoor").pairs(root)
    assert pair.degraded == root / "SOTS/outdoor/hazy/0001_0.8_0.2.png"
    assert pair.clean == root / "SOTS/outdoor/gt/0001.png"


def test_bug_6_a_set_that_is_not_whole_is_known_as_a_part(tmp_path):
    for side in ("blur", "sharp"):
        picture(tmp_path / "GoPro/test/scene" / side / "1.png")
    result = evaluate(lambda image: image, "gopro", data=tmp_path, progress=False)
    assert (result.count, result.expected, result.complete) == (1, 1111, False)


def test_bug_7_a_benchmark_that_is_absent_or_unknown_ends_the_measurement(tmp_path):
    with pytest.raises(IrlibError, match="Rain100L"):
        evaluate(lambda image: image, "rain100l", data=tmp_path, progress=False)
    with pytest.raises(UsageError, match="rain100l"):
        evaluate(lambda image: image, "rain100", data=tmp_path, progress=False)
