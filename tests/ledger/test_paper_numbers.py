"""No printed number is lost or invented: the tables against the transcriptions beside the checkout.

The transcriptions have several forms; this file reads each of them into cells of one form and holds
them against :mod:`irlib.ledger.paper_tables`. Where they are not there, the tests are skipped.
"""

import re
from functools import cache
from pathlib import Path

import pytest
import yaml

from irlib.ledger.paper_tables import PAPERS, paper_table

#: Our tables by transcription. What is empty or only checks is read by the tests of texts.
FILES = {
    **{f"perceive-ir/table-{n:02d}": f"perceive-ir/table-{n:02d}" for n in range(1, 14)},
    **{f"perceive-ir/fig-0{n}": f"perceive-ir/fig-0{n}" for n in (1, 8)},
    **{f"dppd/table-0{n}": f"dppd/table-{n}" for n in range(1, 5)},
    **{
        f"am-promptir/{name}": f"am-promptir/{name}" for name in ("table-1", "fig-derain", "claims")
    },
    **{f"instructir/{name}": f"instructir/{name}" for name in ("denoising", "lol", "mit5k")},
    "am-promptir/table-1-superseded": "am-promptir/table-1-superseded",
    "instructir/three_tasks": "instructir/three-tasks",
    "instructir/five_tasks": "instructir/five-tasks",
    "promptir/readme-three-tasks": "promptir/table-1",
    "dfpir/3D": "dfpir/three-tasks",
    "dfpir/5D": "dfpir/five-tasks",
    "airnet/quoted_elsewhere": "airnet/quoted",
    "nafnet/readme": "nafnet/readme",
    "pivpnet/claims": "pivpnet/claims",
    "pivpnet/params_measured": "pivpnet/parameters",
}
#: Of these every printed cell is a measurement/metric pair in `results` or `values`.
SCORES = [
    name
    for name in FILES
    if not re.search(r"claims|params_measured|fig-0|table-(01|05|06|07|08|10)|readme$", name)
    or name.startswith("dppd")
]
ABLATIONS = ["table-06", "table-07", "table-08", "table-10", "fig-08"]
#: Fields whose numbers are recomputed above, say where something was read, or index a list.
NOT_PRINTED = {"computed_average", "computed", "derived_ranking", "tolerance", "rule", "source",
               "source_file", "columns", "table", "label"}  # fmt: skip
METRICS = "psnr|ssim|lpips|uciqe|uiqm|delta_e"
MIXTURES = {"l": "low", "h": "haze", "r": "rain", "s": "snow"}


@cache
def transcription(shared: Path, name: str) -> dict:
    return yaml.safe_load((shared / "paper_tables" / f"{name}.yaml").read_text())


def our_key(name: str, measurement: str, metric: str) -> str:
    """The key of a transcribed measurement: ``cbsd68_s15`` is ``cbsd68-sigma15`` here."""
    if name == "dppd/table-04" and measurement != "average":
        measurement = "cdd11-" + "_".join(MIXTURES[letter] for letter in measurement.split("+"))
    elif name == "dppd/table-03" and measurement != "average":
        measurement = "mioir-" + measurement.replace("_", "-")
    elif name == "am-promptir/fig-derain":
        measurement = "one-rain100l-image"
    else:
        renamed = {"avg": "average", "sots": "sots-outdoor", "sots_outdoor": "sots-outdoor"}
        renamed |= {"bsd68": "cbsd68-sigma25", "n_h_r": "three-tasks", "n_h_r_b_l": "five-tasks"}
        measurement = re.sub(r"_s(\d+)$", r"-sigma\1", renamed.get(measurement, measurement))
    return f"{measurement}/{metric.replace('_', '-')}"


def printed_cells(name: str, row: dict) -> dict[str, float]:
    cells = {}
    for key, content in (row.get("results") or row.get("values") or {}).items():
        if isinstance(content, dict):
            cells |= {our_key(name, key, metric): v for metric, v in content.items()}
        elif content is not None:
            found = re.fullmatch(rf"(.*?)_?({METRICS})", key)
            cells[our_key(name, found[1], found[2])] = content
    if row.get("params_m") is not None:
        cells["parameters"] = row["params_m"]
    return {key: value for key, value in cells.items() if value is not None}


def our_cells(row) -> dict[str, float]:
    return {key: value for key, value in row.values.items() if value is not None}


def letters(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


@pytest.mark.parametrize("name", SCORES)
def test_every_score_is_carried_over_and_none_added(shared, name):
    theirs, table = transcription(shared, name), paper_table(FILES[name])
    assert len(theirs["rows"]) == len(table.rows)
    for row, ours in zip(theirs["rows"], table.rows, strict=True):
        assert our_cells(ours) == printed_cells(name, row), ours.key
        if "method" in row and name != "airnet/quoted_elsewhere":
            printed = letters(row["method"].split(" (ours")[0].replace("_", " on "))
            assert letters(ours.method).startswith(printed), ours.key


@pytest.mark.parametrize("name", ABLATIONS)
def test_every_ablation_is_carried_over(shared, name):
    theirs, table = transcription(shared, f"perceive-ir/{name}"), paper_table(f"perceive-ir/{name}")
    for row, ours in zip(theirs["rows"], table.rows, strict=True):
        assert our_cells(ours) == {"rain100l/psnr": row["psnr"], "rain100l/ssim": row["ssim"]}
        known = {k.replace("_", "-"): v for k, v in row.items() if k not in ("psnr", "ssim")}
        assert ours.key == known.pop("index", ours.key)
        own = known.pop("ours", ours.settings.get("lambda1-cl") == 0.1 and ours.key == "e")
        assert ours.own is own
        known.pop("note", None)
        assert ours.settings == known


def test_the_four_single_tasks_are_carried_over(shared):
    table = paper_table("perceive-ir/table-05")
    folders = {"dehazing": "sots-outdoor", "deraining": "rain100l"}
    folders |= {"deblurring": "gopro", "low-light": "lol"}
    ours = {(row.method, key): v for row in table.rows for key, v in our_cells(row).items()}
    theirs = {
        (row["method"], f"{folders[part]}/{metric}"): value
        for part, body in transcription(shared, "perceive-ir/table-05")["subtables"].items()
        for row in body["rows"]
        for metric, value in (row["results"] or {}).items()
    }
    assert ours == theirs


def test_the_counts_of_the_data_sets_are_carried_over(shared):
    theirs = []
    for row in transcription(shared, "perceive-ir/table-01")["rows"]:
        for split in ("train", "test"):
            facts = {"setting": row["setting"], "degradations": row["degradations"]}
            for entry in row[split]:
                counted = {"split": split, "count": entry["count"], "ref": entry["ref"]}
                theirs.append((entry["dataset"], facts | counted))
            if split == "test" and row["train_total"]:
                total = {"split": "train", "count": row["train_total"], "ref": None}
                theirs.append(("all training sets", facts | total))
    ours = [(row.method, row.settings) for row in paper_table("perceive-ir/table-01").rows]
    assert sorted(map(str, ours)) == sorted(map(str, theirs))


def test_the_radar_and_the_readme_of_nafnet_are_carried_over(shared):
    radar = transcription(shared, "perceive-ir/fig-01")["rows"]
    ours = paper_table("perceive-ir/fig-01").rows
    printed = {(row["setting"], row["axis"][:3].lower(), row["psnr"]) for row in radar}
    found = {
        (row.settings["setting"], "cbs" if key.startswith("cbsd68") else key[:3], value)
        for row in ours
        for key, value in our_cells(row).items()
    }
    assert found == printed
    nafnet = transcription(shared, "nafnet/readme")["rows"]
    for row, ours in zip(nafnet, paper_table("nafnet/readme").rows, strict=True):
        of_set = {f"{row['dataset'].lower()}/{key}": v for key, v in row["values"].items()}
        assert our_cells(ours) == of_set
        assert ours.settings == {"parameters-counted": row["measured_params_m"]}


@pytest.mark.parametrize(
    "name", ["am-promptir/claims", "pivpnet/claims", "pivpnet/params_measured"]
)
def test_every_claim_is_carried_over(shared, name):
    theirs, table = transcription(shared, name), paper_table(FILES[name])
    for row, ours in zip(theirs["rows"], table.rows, strict=True):
        assert ours.method == row["method"]
        printed = list(row["values"].values()) + ([row["params_m"]] if row["params_m"] else [])
        assert list(ours.settings.values()) == printed


@pytest.mark.parametrize("name", FILES)
def test_recomputed_means_and_rankings_agree(shared, name):
    """What the transcriptions computed from the prints, the tables here compute again."""
    theirs, table = transcription(shared, name), paper_table(FILES[name])
    for row, ours in zip(theirs.get("rows", []), table.rows, strict=False):
        means = row.get("computed_average") or row.get("computed") or {}
        for metric, mean in means.items():
            found = table.mean_of_columns(ours.key, metric.removeprefix("avg_"))
            assert found == pytest.approx(mean, abs=5.1e-4), (ours.key, metric)
    for column, ranking in theirs.get("derived_ranking", {}).items():
        measurement, _, metric = column.replace(".", "/").partition("/")
        if not metric:
            measurement, metric = column.split("_")
        key = our_key(name, measurement, metric)
        ranked = table.ranked(key)
        values = list(dict.fromkeys(row.values[key] for row in ranked))
        for place, methods in zip(values, (ranking["best"], ranking["second"]), strict=False):
            found = {letters(row.method) for row in ranked if row.values[key] == place}
            assert found == {letters(method.replace("_", " on ")) for method in methods}, column


@pytest.mark.parametrize("paper", sorted({name.split("/")[0] for name in FILES}))
def test_texts_keep_every_number_and_add_none(shared, paper):
    """Notes, checks and verdicts hold numbers too; each one is kept, in whatever sentence."""
    printed, kept = (
        set().union(*(numbers(yaml.safe_load(path.read_text())) for path in folder.glob("*.yaml")))
        for folder in (shared / "paper_tables" / paper, PAPERS / paper)
    )
    assert printed - kept == set()
    assert kept - printed == set()


def numbers(node) -> set[float]:
    """Every number of a mapping, in its texts too, but not what was computed or where it was."""
    if isinstance(node, dict):
        told = [(k, v) for k, v in node.items() if k not in NOT_PRINTED]
        return set().union(*(numbers(v) | numbers(re.sub("[_-]", " ", k)) for k, v in told))
    if isinstance(node, list):
        return set().union(*map(numbers, node))
    found = re.findall(r"(?<![\w.,])(?<!\D-)\d+(?:,\d{3})*(?:\.\d+)?(?![\w])", str(node))
    return {float(number.replace(",", "")) for number in found}
