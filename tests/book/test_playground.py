"""The playground's scripts make irlib's pictures, and so does the code that the page shows."""

import base64
import json
import shlex
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
import typer

from irlib.cli.degrade import degrade
from irlib.data.images import write_image
from irlib.degradations import compose
from irlib.viz.playground import scene

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "book" / "_static" / "playground"
SCRIPTS = ["generator", "noise", "haze", "rain", "blur", "low-light", "steps"]
CLOSE = 1e-3

STACKS = {
    "noise": [("noise", {"sigma": 25})],
    "haze": [("haze", {"beta": 1.2, "airlight": 0.9})],
    "rain": [("rain", {"density": 0.2, "length": 40, "angle": -20, "layers": 3, "veil": 0.1,
                       "brightness": 0.6})],
    "sparse rain": [("rain", {"density": 0.02, "length": 60, "angle": 10, "layers": 1, "veil": 0,
                              "brightness": 0.9})],
    "blur": [("blur", {"length": 17.5, "wander": 0.2})],
    "a straight blur": [("blur", {"length": 9, "wander": 0})],
    "no blur": [("blur", {"length": 0, "wander": 0.1})],
    "lowlight": [("lowlight", {"exposure": 0.2, "gamma": 1.8, "shot": 0.002, "read": 0.01})],
    "all five": [
        ("haze", {"beta": 0.8, "airlight": 0.85}),
        ("rain", {"density": 0.1, "length": 30, "angle": 12, "layers": 2, "veil": 0.05,
                  "brightness": 0.5}),
        ("blur", {"length": 8, "wander": 0.1}),
        ("lowlight", {"exposure": 0.6, "gamma": 1.3, "shot": 0.001, "read": 0.005}),
        ("noise", {"sigma": 10}),
    ],
    "noise twice, blur between": [
        ("noise", {"sigma": 20}), ("blur", {"length": 6, "wander": 0.3}), ("noise", {"sigma": 5}),
    ],
}  # fmt: skip


def ask(settings: list[dict]) -> list:
    """Runs the page's scripts under node."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node on this machine; install it to run the page's scripts without browser")
    request = {
        "folder": str(FOLDER),
        "scripts": [f"{name}.js" for name in SCRIPTS],
        "settings": settings,
    }
    done = subprocess.run(
        [node, str(Path(__file__).with_name("playground.cjs"))],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def packed(values: torch.Tensor | None) -> str | None:
    if values is None:
        return None
    return base64.b64encode(values.numpy().astype("<f4").tobytes()).decode("ascii")


def unpacked(text: str) -> torch.Tensor:
    return torch.from_numpy(np.frombuffer(base64.b64decode(text), "<f4").copy())


def setting(name: str, steps: list, seed: int, *, true_depth: bool) -> dict:
    image, depth = scene(name)
    return {
        "scene": name,
        "size": {"width": image.shape[2], "height": image.shape[1]},
        "pixels": packed(image),
        "depth": packed(depth) if true_depth else None,
        "trueDepth": true_depth,
        "steps": [{"name": step, "amounts": amounts} for step, amounts in steps],
        "seed": seed,
    }


@pytest.fixture(scope="module")
def answers() -> dict:
    asked = {
        (title, depth): setting("leaves", steps, 3, true_depth=depth)
        for title, steps in STACKS.items()
        for depth in (True, False)
    }
    asked["odd size", True] = setting("motorcycle", STACKS["all five"], 2**32 - 1, true_depth=True)
    told = ask(list(asked.values()))
    return {key: (asked[key], answer) for key, answer in zip(asked, told[:-1], strict=True)}


def test_the_generator_draws_what_torch_draws():
    draws = [("rand", 3), ("randn", 5), ("randn", 16), ("rand", 1), ("randn", 1), ("randn", 2),
             ("randn", 1003), ("rand", 0), ("randn", 0), ("rand", 700), ("randn", 15)]  # fmt: skip
    for seed in (0, 7, 2**32 - 1):
        told = ask([{"seed": seed, "draws": draws}])[0]["drawn"]
        generator = torch.Generator().manual_seed(seed)
        for (kind, count), text in zip(draws, told, strict=True):
            expected = getattr(torch, kind)(count, generator=generator)
            assert torch.allclose(unpacked(text), expected, atol=1e-5), (seed, kind, count)


@pytest.mark.parametrize("title", [*STACKS, "odd size"])
@pytest.mark.parametrize("true_depth", [True, False], ids=["true depth", "drawn depth"])
def test_the_page_makes_the_picture_that_irlib_makes(answers, title, true_depth):
    if (title, true_depth) not in answers:
        pytest.skip("the odd size is tried with its true depth")
    _, answer = answers[title, true_depth]
    here: dict = {}
    exec(answer["python"], here)  # the code that the page shows for copying
    assert here["image"].shape == here["clean"].shape
    found = unpacked(answer["pixels"]).reshape(here["image"].shape)
    assert (found - here["image"]).abs().max() < CLOSE


def test_every_degradation_has_other_pixels_with_another_seed_or_order():
    steps = STACKS["all five"]
    settings = [
        setting("leaves", steps, 3, true_depth=True),
        setting("leaves", steps, 4, true_depth=True),
        setting("leaves", steps[::-1], 3, true_depth=True),
    ]
    first, seeded, turned = (unpacked(answer["pixels"]) for answer in ask(settings)[:-1])
    assert (first - seeded).abs().mean() > 0.01
    assert (first - turned).abs().mean() > 0.01


def test_the_command_of_the_page_runs_and_keeps_the_sliders(answers, tmp_path, monkeypatch):
    asked, answer = answers["all five", False]
    words = shlex.split(answer["command"].replace("\\\n", " "))  # a shell joins such lines
    assert words[:2] == ["irlib", "degrade"]
    monkeypatch.chdir(tmp_path)
    write_image(tmp_path / "photo.png", scene("leaves").image)
    app = typer.Typer()
    app.command()(degrade)
    app([*words[2:], "--parameters"], standalone_mode=False)
    drawn = json.loads((tmp_path / "degraded" / "parameters.json").read_text())
    found = drawn["images"]["photo.png"]
    assert drawn["seed"] == asked["seed"]
    for step in asked["steps"]:
        for name, value in step["amounts"].items():
            assert np.allclose(found[f"{step['name']}.{name}"], value), (step["name"], name)


def test_the_sliders_start_where_irlib_takes_their_values():
    starts = ask([])[-1]
    clean = torch.rand(3, 24, 24, generator=torch.Generator().manual_seed(0))
    for step in starts:
        text = f"{step['name']}:" + ",".join(f"{k}={v}" for k, v in step["amounts"].items())
        image = compose(clean, [text], generator=torch.Generator().manual_seed(0)).image
        assert (image - clean).abs().mean() > 0.01, text
