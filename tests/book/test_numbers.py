"""A number in prose that looks measured has a source: a record, a citation, or it is a limit.

The convention, for `book/*.md`, `README.md` and the text of the chapters. A decimal, or a number
with a unit of measurement (dB, %, seconds, MB, images/s, ...), stands in prose only

- in code or mathematics, where it is a setting or a symbol's value;
- in a sentence with a citation, whose authors measured it;
- in a sentence or table row that names a record in code, such as `promptir-pocket/rain100l`, and
  then it must be a value of that record;
- between markers, `<!-- record: NAME KEY -->28.61<!-- /record -->`, and then it must be that value;
- behind words such as "at most" or "under": a limit that is promised, not a measurement;
- as a version, a licence, an equation's number or the like;
- in a sentence that is, word for word, one of the page's claims.
"""

import re
import subprocess
from collections.abc import Collection
from pathlib import Path

import nbformat
import pytest

from irlib.errors import IrlibError
from irlib.ledger import Record, read_record, record_names, write_record
from irlib.ledger.claims import HOLDS
from irlib.viz.claims_page import stored_claims
from irlib.viz.prose import prose, sentences

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "book" / "results"
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PAGES = sorted([ROOT / "README.md", *(ROOT / "book").glob("*.md")])
CARDS = sorted((ROOT / "irlib").rglob("*.md"))

MARKER = re.compile(r"<!-- record: (\S+) (\S+) -->(.*?)<!-- /record -->", re.DOTALL)
LEFT_OUT = [
    re.compile(r"\$\$.+?\$\$|(?<!\\)\$(?!\s)[^$]+?\$", re.DOTALL),
    re.compile(r"<!--.*?-->", re.DOTALL),
    re.compile(r"\{[\w:-]+\}`[^`]*`"),
    re.compile(r"\]\([^)]*\)"),
    re.compile(r"https?://\S+"),
    re.compile(r"</?[a-zA-Z][^>]*>"),
]
CITED = re.compile(r"\{cite[\w:]*\}`[^`]+`")
CODE = re.compile(r"`([^`\n]+)`")
UNITS = (
    r"dB|%|percent|s|ms|seconds?|minutes?|hours?|days?|[kMG]i?B|megabytes?|gigabytes?|"
    r"times (?:faster|slower|smaller|larger|as)|(?:images|pairs|steps|frames)/s|"
    r"(?:images|pairs|steps|frames) (?:a|per) second|points?"
)
DECIMAL = r"(?<![\w.,/–-])[-+−–]?\d+[.]\d+(?![\w.]*\d)"
CLAIM = re.compile(rf"{DECIMAL}|(?<![\w.])\d[\d,]*(?:\s?[-–]\s?\d+)?\s*(?:{UNITS})(?![\w])")
LIMIT = re.compile(
    r"(?:at most|at least|up to|under|below|above|within|less than|more than|limit of)\s+$",
    re.IGNORECASE,
)
NAMING = re.compile(
    r"(?:Python|PyTorch|CUDA|version|Jupyter Book|CC BY|MIT|Eqs?\.|Fig\.|Table|Section|Sec\.|"
    r"chapter|page|exercise)\s+$"
)
VERSION = re.compile(r"Python\s+3[.\d, andorto]*$")


def belongs(number: str, record: Record) -> bool:
    """Whether a printed number is one of a record's values, rounded as it is printed."""
    text = number.lstrip("+-−–")
    decimals = len(text.partition(".")[2])
    known = list(record.values.values())
    for interval in record.spread.values():
        known += [v for v in interval.values() if isinstance(v, float)]
    known += [v for v in (record.minutes,) if v is not None]
    return any(f"{abs(value):.{decimals}f}" == text for value in known)


def unsourced(text: str, root: Path = RESULTS, claims: Collection[str] = ()) -> list[str]:
    """What is wrong with the numbers of a page: one line each, empty for a page in order."""
    names = set(record_names(root)) if root.is_dir() else set()
    found: list[str] = []
    for name, key, printed in MARKER.findall(text):
        try:
            value = read_record(name, root).values[key]
        except (IrlibError, KeyError) as error:
            found.append(f"marker names no record and value: {name} {key} ({error})")
            continue
        if printed.strip() != f"{value:.{len(printed.strip().partition('.')[2])}f}":
            found.append(f"{name} {key} is {value}, the page says {printed!r}")
    for paragraph in prose(MARKER.sub(" ", text)):
        for sentence in sentences(paragraph):
            if CITED.search(sentence) or sentence in claims:
                continue
            records = [read_record(n, root) for n in CODE.findall(sentence) if n in names]
            plain = sentence
            for pattern in LEFT_OUT:
                plain = pattern.sub(" ", plain)
            plain = CODE.sub(" ", plain)
            for claim in CLAIM.finditer(plain):
                before = plain[: claim.start()]
                number = re.match(r"[-+−–]?[\d.,]+", claim[0])[0]
                if LIMIT.search(before) or NAMING.search(before) or VERSION.search(before):
                    continue
                if any(belongs(number, record) for record in records):
                    continue
                found.append(f"{claim[0]!r} has no source in: {sentence}")
    return found


def chapter_text(path: Path) -> str:
    notebook = nbformat.read(path, as_version=4)
    return "\n\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")


@pytest.fixture
def root(tmp_path):
    record = Record(
        name="net/rain",
        values={"psnr": 28.6149, "input_psnr": 20.2},
        spread={"psnr": {"low": 27.91, "high": 29.3, "method": "bootstrap"}},
    )
    write_record(record, tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", [*PAGES, *CARDS], ids=lambda p: str(p.relative_to(ROOT)))
def test_every_measured_number_of_a_page_has_a_source(page):
    assert unsourced(page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda p: p.stem)
def test_every_measured_number_in_a_chapters_text_has_a_source(notebook):
    claims = {claim.sentence for claim in stored_claims(notebook) if claim.verdict == HOLDS}
    assert unsourced(chapter_text(notebook), claims=claims) == []


@pytest.mark.parametrize(
    "planted",
    [
        "It reaches 28.61 dB on rain.",
        "The gain is about 3 dB.",
        "Training took 14 minutes on a laptop.",
        "It is 2.5 times faster.\n\nA citation elsewhere {cite:p}`a` does not help.",
        "- a list item with 93 %",
        "| method | 28.61 |\n|---|---|",
        "> quoted: 0.912",
        ":::{note}\nIt restores 9 images/s.\n:::",
        "```{tip}\nOur SSIM is 0.91.\n```",
        "`net/rain` gives 28.62 dB.",
        "```{tip}\nRead on.\n```\n\nAfter it, a gain of 3 dB.",
        "The score falls from 30 dB and 0.91 to 21.5.",
        "| rain | 28.6 | 21.0 | `net/rain` |",
        "<!-- record: net/rain psnr -->28.62<!-- /record -->",
        "<!-- record: net/rain ssim -->0.9<!-- /record -->",
        "<!-- record: net/snow psnr -->28.61<!-- /record -->",
        "With `--steps 5` it falls to 0.02 within a minute.",
        "Between $a$ and $b$ the score rises by 1.25.",
    ],
)
def test_a_planted_number_is_found(planted, root):
    assert unsourced(planted, root)


@pytest.mark.parametrize(
    "fine",
    [
        "Restormer reports 32.00 dB {cite:p}`zamir2022restormer`.",
        "It reaches <!-- record: net/rain psnr -->28.61<!-- /record --> dB on rain.",
        "`net/rain` gives 28.61 dB, from 20.2 dB.",
        "| rain | 20.20 | 28.6 | 27.91 – 29.30 | `net/rain` |",
        "A test takes at most 20 minutes and `make book` up to 12 minutes.",
        "Pictures stay below 200 kB.",
        "Python 3.11, 3.12 or 3.13 and CC BY 4.0.",
        "With $\\sigma = 0.5$ and `--rate 0.002` nothing changes.",
        "```\npsnr 28.61 dB\n```",
        "$$\nx = 0.25\n$$",
        "Five tasks, 128 pixels, 16 channels, chapter 3, in 2026.",
        "See [a link](page-2.5.html) and <https://doi.org/10.1109/83.1>.",
    ],
)
def test_numbers_with_a_source_are_left_alone(fine, root):
    assert unsourced(fine, root) == []


def test_a_sentence_may_be_a_claim(root):
    text = "It is so. The gain is 3 dB or more."
    assert unsourced(text, root)
    assert unsourced(text, root, claims={"The gain is 3 dB or more."}) == []


def test_every_record_is_as_its_command_wrote_it():
    for name in record_names(RESULTS) if RESULTS.is_dir() else []:
        record = read_record(name, RESULTS)
        assert record.command, f"{name} does not say which command makes it again"
        assert record.device, f"{name} does not say where it was measured"


def test_an_edited_record_is_refused(root):
    path = root / "net" / "rain.json"
    path.write_text(path.read_text().replace("28.6149", "29.6149"))
    with pytest.raises(IrlibError, match="changed after it was written"):
        unsourced("`net/rain` gives 29.61 dB.", root)


def test_every_record_is_part_of_the_repository():
    done = subprocess.run(["git", "ls-files", "book/results"], cwd=ROOT, capture_output=True)
    if done.returncode:
        pytest.skip("not a git checkout, so there is no list of tracked files")
    tracked = set(done.stdout.decode().split())
    known = record_names(RESULTS) if RESULTS.is_dir() else []
    assert {f"book/results/{name}.json" for name in known} <= tracked
