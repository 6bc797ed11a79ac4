"""The protocol explorer's script measures what irlib.metrics measures."""

import itertools
import json
import re
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from irlib.metrics import Protocol, measure
from irlib.viz import protocol_explorer
from irlib.viz.protocol_explorer import PAGE, SIDE, lay_out_pair, restored_pair

STATIC = Path(protocol_explorer.__file__).parents[2] / "book" / "_static" / "protocol-explorer"

# Runs the page's own scripts: the data first, then the metrics, on protocols read from stdin.
DRIVER = """
const fs = require("fs"), vm = require("vm");
const { scripts, images, protocols } = JSON.parse(fs.readFileSync(0, "utf8"));
for (const script of scripts) vm.runInThisContext(fs.readFileSync(script, "utf8"));
const image = ({ width, height, planes }) =>
  ({ width, height, planes: planes.map((plane) => Float32Array.from(plane)) });
const [restored, target] = images.map(image);
const scores = protocols.map((one) => irlibMetrics.measure(restored, target, one));
process.stdout.write(JSON.stringify(scores));
"""


def in_node(restored: torch.Tensor, target: torch.Tensor, protocols: list[Protocol]) -> list[dict]:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node on this machine; install Node.js to run the page's script in a test")
    images = [
        {"width": one.shape[2], "height": one.shape[1], "planes": one.flatten(1).tolist()}
        for one in (restored, target)
    ]
    fields = [
        {
            "colour": one.colour,
            "border": one.border,
            "quantise": one.quantise,
            "ssimWindow": one.ssim_window,
            "cropMultiple": one.crop_multiple,
        }
        for one in protocols
    ]
    given = {"scripts": [str(STATIC / "metrics.js")], "images": images, "protocols": fields}
    done = subprocess.run(
        [node, "-e", DRIVER], input=json.dumps(given), capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def every_protocol() -> list[Protocol]:
    """Every switch of the page with every other; of the border the ends and one between."""
    choices = itertools.product(
        ("rgb", "y"),
        ("none", "round", "truncate"),
        ("uniform7", "gaussian11"),
        (0, 5, 24),
        (1, 8, 16, 64),
    )
    return [
        Protocol("any", colour, border, quantise, window, multiple)
        for colour, quantise, window, border, multiple in choices
    ]


def assert_equal(restored: torch.Tensor, target: torch.Tensor) -> None:
    protocols = every_protocol()
    for protocol, found in zip(protocols, in_node(restored, target, protocols), strict=True):
        expected = {
            name: score.item() for name, score in measure(restored, target, protocol).items()
        }
        assert found == pytest.approx(expected, abs=1e-4), protocol


@pytest.fixture(scope="module")
def pair() -> dict[str, torch.Tensor]:
    return restored_pair()


def test_the_pages_picture_scores_as_in_python(pair):
    assert pair["restored"].shape == (3, SIDE, SIDE)
    assert_equal(pair["restored"], pair["target"])


def test_the_pages_switches_are_those_that_are_compared():
    page = (STATIC.parents[1] / "protocol-explorer.md").read_text(encoding="utf-8")
    for name, values in {
        "colour": {one.colour for one in every_protocol()},
        "quantise": {one.quantise for one in every_protocol()},
        "ssimWindow": {one.ssim_window for one in every_protocol()},
    }.items():
        assert set(re.findall(rf'name="{name}" value="([a-z0-9]+)"', page)) == values
    offered = page.partition('name="cropMultiple">')[2].partition("</select>")[0]
    assert set(re.findall(r"<option>(\d+)", offered)) == {
        str(one.crop_multiple) for one in every_protocol()
    }
    ends = re.search(r'name="border" min="(\d+)" max="(\d+)"', page).groups()
    assert {str(one.border) for one in every_protocol()} == {"5", *ends}


def test_values_outside_the_range_and_an_oblong_picture_score_as_in_python():
    generator = torch.Generator().manual_seed(0)
    target = (torch.rand(3, 117, 150, generator=generator) * 255).round() / 255
    restored = target + 0.2 * torch.randn(target.shape, generator=generator)
    assert_equal(restored, target)


def test_the_restored_values_are_finer_than_eight_bits_and_better_than_the_rain(pair):
    steps = pair["restored"] * 255
    assert (steps - steps.round()).abs().mean() > 0.1
    assert measure(pair["restored"], pair["target"])["psnr"].item() > 30


def test_the_script_is_written_only_into_a_book_with_the_page(tmp_path):
    app = SimpleNamespace(
        outdir=str(tmp_path),
        builder=SimpleNamespace(format="html"),
        env=SimpleNamespace(found_docs={"book/preface"}),
    )
    lay_out_pair(app, None)
    assert not list(tmp_path.rglob("*.js"))
    app.env.found_docs = {PAGE}
    lay_out_pair(app, RuntimeError("no"))
    assert not list(tmp_path.rglob("*.js"))
    lay_out_pair(app, None)
    script = tmp_path / "_static" / protocol_explorer.SCRIPT
    body = json.loads(script.read_text(encoding="utf-8").partition("= ")[2].rstrip(";\n"))
    assert body["protocols"][0]["name"] == "all-in-one"
    assert script.stat().st_size < 600_000
