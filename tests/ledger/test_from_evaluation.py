"""From scores to a record that can be made again."""

import torch

from irlib.data.images import write_image
from irlib.evaluation import evaluate, evaluate_embedded
from irlib.ledger import read_record, write_record
from irlib.ledger.from_evaluation import record_of_embedded, record_of_evaluation

FACTS = {"recipe": {"scale": "pocket", "seed": 0}, "recipe_hash": "ab", "steps": 7}


def same(image):
    return image


def test_a_benchmark_record_holds_what_made_the_number(tmp_path):
    (tmp_path / "Kodak24").mkdir()
    for i in (1, 2):
        noise = torch.rand(3, 32, 32, generator=torch.Generator().manual_seed(i))
        write_image(tmp_path / "Kodak24" / f"kodim0{i}.png", noise)
    scores = evaluate(same, "kodak24", sigma=25, data=tmp_path, progress=False)
    record = record_of_evaluation(scores, "a/b", command="irlib evaluate", facts=FACTS)
    write_record(record, tmp_path / "results")
    again = read_record("a/b", tmp_path / "results")
    assert again == record
    assert again.values == scores.mean
    assert again.noise == {"sigma": 25.0, "seed": 0, "quantise": True}
    assert again.test_set["sha256"] == scores.test_set_sha256
    assert again.protocol["crop_multiple"] == 16
    assert (again.scale, again.steps, again.recipe_hash) == ("pocket", 7, "ab")
    assert again.spread["psnr"]["low"] <= again.values["psnr"] <= again.spread["psnr"]["high"]
    assert again.notes.startswith("2 of 24 images: a subset")


def test_an_embedded_record_holds_each_task(tmp_path):
    rows = evaluate_embedded(same, ["denoise", "derain"], crop=32)
    write_record(record_of_embedded(rows, "e"), tmp_path)
    record = read_record("e", tmp_path)
    assert record.values["derain/psnr"] == rows[1]["psnr"]
    assert record.values["psnr"] == (rows[0]["psnr"] + rows[1]["psnr"]) / 2
    assert len(record.per_image) == 6
    assert record.noise["degradations"] == {"denoise": "noise25", "derain": "rain"}
