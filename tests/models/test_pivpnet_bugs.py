"""What PIVPNet's scripts do wrong and ours do not; numbered as its specification lists them.

Beside what they are about: bugs 1, 2 and 15 in test_pivpnet.py and test_pivpnet_size.py; bugs 3 (a
run by name), 5, 6, 8, 12 (a run goes on), 13, 14 and 16 in tests/training/test_pivpnet_recipes.py;
bug 9 (one reader of the command line) in tests/cli/test_errors.py, as a run on two tasks by name.
Bug 11 is a test of an option that there is none of here: what is logged goes to metrics.csv.
"""

import pytest
import torch

from irlib import models
from irlib.data.images import write_image
from irlib.evaluation.benchmark import evaluate
from irlib.training import recipe
from irlib.training.loop import train
from irlib.training.sources import open_source

ALONE = {
    "rain100l": ["Rain100L/input/rain-1", "Rain100L/target/norain-1"],
    "sots-outdoor": ["SOTS/outdoor/hazy/0001_0.8_0.2", "SOTS/outdoor/gt/0001"],
    "gopro": ["GoPro/test/scene/blur/1", "GoPro/test/scene/sharp/1"],
    "lol": ["LOL/eval15/low/1", "LOL/eval15/high/1"],
    "cbsd68": ["CBSD68/original_png/0001"],
}


def tree(root, files, size=32):
    for number, file in enumerate(files):
        place = root / f"{file}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        seeded = torch.Generator().manual_seed(number)
        write_image(place, torch.rand(3, size, size, generator=seeded))
    return root


def smoke():
    torch.manual_seed(0)
    return models.create("pivpnet", preset_name="smoke").eval()


@pytest.mark.parametrize("benchmark", ALONE)
def test_bug_4_every_test_reads_its_own_folder_and_no_other(benchmark, tmp_path):
    root = tree(tmp_path, ALONE[benchmark])
    sigma = 25.0 if benchmark == "cbsd68" else None
    result = evaluate(smoke(), benchmark, data=root, sigma=sigma, progress=False)
    assert result.count == 1
    assert torch.isfinite(torch.tensor(result.mean["psnr"]))


@pytest.mark.parametrize("slash", ["", "/"])
def test_bug_7_a_data_root_may_end_with_a_slash_or_not(slash, tmp_path):
    tree(tmp_path, ["OTS/hazy/0001_0.8_0.2", "OTS/hazy/0002_0.8_0.2", "OTS/clear/0001",
                    "OTS/clear/0002"])  # fmt: skip
    plan = recipe("pivpnet", "paper", tasks=("dehaze",))
    _, samples = open_source(plan, data=f"{tmp_path}{slash}")
    assert samples.entry(0).degraded.is_file()


def tiny():
    config = {"dim": 4, "depths": (1,) * 3, "prompt_sizes": (4,), "prompt_blocks": 1}
    return recipe(
        "pivpnet", "smoke", config=config, steps=2, batch=2, patch=24, rate=7e-4, scenes=1
    )


def test_bugs_10_and_13_the_last_weights_are_kept_with_the_numbers_they_had(tmp_path):
    plan, data = open_source(tiny())
    path = train(plan, tmp_path, data, accelerator="cpu", devices=1, progress=False)
    facts = models.read_header(path)["facts"]
    assert facts["steps"] == 2, "nothing is kept for a score that nobody computes"
    assert (facts["recipe"]["rate"], facts["recipe"]["weight_decay"]) == (7e-4, plan.weight_decay)
    assert [p.name for p in tmp_path.glob("*.safetensors")] == [path.name]
