"""Scores on a set: reproducible noise, the authors' order of steps, clear refusals."""

import dataclasses
import math

import numpy as np
import pytest
import torch

from irlib.data.images import read_image, write_image
from irlib.data.pairing import Pair
from irlib.errors import IrlibError, UsageError
from irlib.evaluation.benchmark import evaluate, hash_of_files
from irlib.metrics import PROTOCOLS, psnr


def picture(path, size=(40, 36), seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = torch.rand(3, *size, generator=torch.Generator().manual_seed(seed))
    write_image(path, noise)
    return path


@pytest.fixture
def kodak(tmp_path):
    for i in (1, 2, 3):
        picture(tmp_path / "Kodak24" / f"kodim{i:02d}.png", seed=i)
    return tmp_path


@pytest.fixture
def pairs(tmp_path):
    for i in (1, 2):
        picture(tmp_path / "own" / "input" / f"{i}.png", seed=i)
        picture(tmp_path / "own" / "target" / f"{i}.png", seed=10 + i)
    return tmp_path / "own"


def same(image):
    return image


def run(*arguments, **options):
    return evaluate(same, *arguments, progress=False, **options)


def test_the_identity_scores_what_its_input_scores(pairs):
    result = run(pairs)
    assert result.mean["psnr"] == result.mean["input_psnr"]
    assert result.mean["ssim"] == result.mean["input_ssim"]
    degraded, clean = (read_image(pairs / s / "1.png").rgb() for s in ("input", "target"))
    assert result.per_image[0]["psnr"] == pytest.approx(psnr(degraded, clean, "all-in-one").item())
    assert result.mean["psnr"] == np.mean([row["psnr"] for row in result.per_image])


def test_a_perfect_method_scores_infinity(pairs):
    clean = {1: read_image(pairs / "target" / "1.png").rgb()[:, 4:36, 2:34]}
    result = evaluate(lambda _: clean[1], pairs, limit=1, progress=False)
    assert result.mean["psnr"] == math.inf
    assert result.mean["ssim"] == pytest.approx(1)
    assert "psnr" not in result.spread


def test_the_crop_comes_before_the_model(kodak):
    seen = []
    evaluate(lambda x: seen.append(x.shape) or x, "kodak24", sigma=25, data=kodak, progress=False)
    assert set(seen) == {(3, 32, 32)}
    seen.clear()
    evaluate(
        lambda x: seen.append(x.shape) or x,
        "kodak24",
        dataclasses.replace(PROTOCOLS.get("whole"), name="bordered", border=4),
        sigma=25,
        data=kodak,
        progress=False,
    )
    assert set(seen) == {(3, 40, 36)}


def test_noise_depends_on_name_seed_and_sigma_alone(kodak):
    inputs = {}

    def keep(key):
        return lambda x: inputs.setdefault(key, []).append(x) or x

    def go(key, **options):
        evaluate(keep(key), "kodak24", data=kodak, progress=False, **options)
        return inputs[key]

    whole = go("whole", sigma=25)
    assert torch.equal(go("first", sigma=25, limit=1)[0], whole[0])
    (kodak / "Kodak24" / "kodim01.png").unlink()
    assert torch.equal(go("less", sigma=25.0)[0], whole[1])
    assert not torch.equal(go("seed", sigma=25, noise_seed=1)[0], whole[1])
    assert not torch.equal(go("sigma", sigma=15)[0], whole[1])


def test_noisy_images_are_clipped_and_truncated_unless_told_otherwise(kodak):
    seen = []
    evaluate(lambda x: seen.append(x) or x, "kodak24", sigma=50, data=kodak, progress=False)
    levels = torch.stack(seen) * 255
    assert torch.allclose(levels, levels.round(), atol=1e-3)
    assert (levels.min(), levels.max()) == (0, 255)
    seen.clear()
    evaluate(
        lambda x: seen.append(x) or x,
        "kodak24",
        sigma=50,
        data=kodak,
        progress=False,
        quantise=False,
    )
    assert torch.stack(seen).min() < 0


def test_the_hash_knows_names_bytes_and_sides(pairs):
    def pair(name, side="input", other="target"):
        return Pair(name, pairs / side / "1.png", pairs / other / "1.png")

    one = hash_of_files([pair("1")])
    assert hash_of_files([pair("1")]) == one
    assert hash_of_files([pair("2")]) != one
    assert hash_of_files([pair("1", "target", "input")]) != one
    assert hash_of_files([pair("a"), pair("b")]) == hash_of_files([pair("b"), pair("a")])


def test_restored_images_are_written(pairs, tmp_path):
    evaluate(lambda x: x * 0 + 0.5, pairs, save_images=tmp_path / "out", progress=False)
    written = read_image(tmp_path / "out" / "2.png").rgb()
    assert written.shape == (3, 32, 32)
    assert torch.allclose(written, torch.tensor(128 / 255))


def test_a_subset_is_known_as_one(kodak):
    result = run("kodak24", sigma=25, data=kodak)
    assert (result.count, result.expected, result.complete) == (3, 24, False)
    assert "sigma 25, seed 0, clipped and truncated" in result.protocol_in_words


def test_groups_have_means_of_their_own(tmp_path):
    picture(tmp_path / "CDD11" / "clear" / "1.png")
    picture(tmp_path / "CDD11" / "low" / "1.png", seed=1)
    picture(tmp_path / "CDD11" / "rain" / "1.png", seed=2)
    result = run("cdd11", data=tmp_path)
    assert set(result.by_group) == {"low", "rain"}
    assert run("cdd11", data=tmp_path, group="low").mean == result.by_group["low"]


def test_a_network_is_evaluated_through_the_restorer(pairs):
    network = torch.nn.Conv2d(3, 3, 1)
    assert evaluate(network, pairs, progress=False).count == 2


@pytest.mark.parametrize(
    ("test_set", "options", "message"),
    [
        ("kodak24", {}, "say how much noise"),
        ("kodak24", {"sigma": -1}, "0 to 255"),
        ("kodak24", {"sigma": 25, "limit": 0}, "at least 1"),
        ("kodak24", {"sigma": 25, "protocol": "al-in-one"}, "all-in-one"),
        ("kodak42", {}, "did you mean 'kodak24'"),
    ],
)
def test_wrong_use_is_one_clear_error(kodak, test_set, options, message):
    with pytest.raises(UsageError, match=message):
        run(test_set, data=kodak, **options)


def test_wrong_use_of_pairs(pairs, tmp_path):
    with pytest.raises(UsageError, match="leave sigma"):
        run(pairs, sigma=25)
    picture(tmp_path / "C60" / "1.png")
    with pytest.raises(UsageError, match="no references"):
        run("uieb-c60", data=tmp_path)
    picture(pairs / "input" / "1.png", (40, 37))
    with pytest.raises(IrlibError, match=r"37x40 but its reference .* is 36x40"):
        run(pairs)
    (pairs / "input" / "1.png").write_bytes(b"")
    with pytest.raises(IrlibError, match=r"1\.png"):
        run(pairs)


def test_an_image_too_small_for_the_protocol(tmp_path):
    picture(tmp_path / "input" / "1.png", (8, 40))
    picture(tmp_path / "target" / "1.png", (8, 40))
    with pytest.raises(UsageError, match=r"1\.png.*nothing"):
        run(tmp_path)


def test_input_scores_of_the_shared_rain_images(shared):
    # The README of the shared data gives 26.09 dB for whole images; the crop to 16 moves little.
    result = run("rain100l", data=shared / "data", limit=2)
    whole = run("rain100l", "whole", data=shared / "data", limit=2)
    assert result.mean["input_psnr"] == pytest.approx(whole.mean["input_psnr"], abs=0.1)
