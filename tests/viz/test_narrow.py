"""Sheets of pictures get a second layout for narrow screens; other figures stay as they are."""

import base64
import io
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from docutils import nodes
from docutils.utils import new_document
from PIL import Image

from irlib.viz import plot_curve, show_images
from irlib.viz.narrow import columns, offer_narrow, stacked, write_page


def ramp(seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(3, 1, 1, generator=generator) * torch.linspace(0.2, 0.9, 40).expand(3, 30, 40)


@cache
def sheet(count: int, per_row: int | None = None):
    names = [f"picture {number}" for number in range(count)]
    return show_images([ramp(n) for n in range(count)], names, alt="ramps", columns=per_row)


def pixels(picture) -> np.ndarray:
    data = base64.b64decode(picture.uri.partition(",")[2])
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


@pytest.mark.parametrize(("count", "per_row"), [(3, 3), (8, 4), (5, 5)])
def test_every_column_of_a_sheet_is_found(count, per_row):
    assert len(columns(pixels(sheet(count, per_row)))) == per_row


@pytest.mark.parametrize(("per_row", "left"), [(3, 2), (5, 3)])
def test_the_second_half_of_the_columns_stands_below_the_first(per_row, left):
    wide = pixels(sheet(per_row, per_row))
    narrow = stacked(wide)
    assert narrow.shape[0] > 2 * wide.shape[0]
    assert narrow.shape[1] == pytest.approx(wide.shape[1] * left / per_row, rel=0.03)
    upper, lower = narrow[: wide.shape[0]], narrow[-wide.shape[0] :]
    assert [len(columns(part)) for part in (upper, lower)] == [left, per_row - left]
    (start, _), below = columns(wide)[left], columns(lower)[0][0]
    assert (lower[:, below : below + 20] == wide[:, start : start + 20]).all()


def test_what_is_no_sheet_stays_whole():
    curve = plot_curve({"a": ([0, 1], [1, 2])}, xlabel="x", ylabel="y", alt="a line")
    assert stacked(pixels(curve)) is None
    assert stacked(pixels(sheet(1))) is None
    assert stacked(np.full((20, 90, 3), 255, np.uint8)) is None


def test_a_page_offers_both_layouts_and_nothing_else_changes(tmp_path):
    shown = sheet(8, 4)
    text = f"<p>{shown.html}</p>"
    offered = offer_narrow(text, tmp_path / "_images", "../")
    (file,) = (tmp_path / "_images").iterdir()
    assert f'<source media="(max-width: 600px)" srcset="../_images/{file.name}">' in offered
    assert offered.count(shown.html) == 1
    assert Image.open(file).size == stacked(pixels(shown)).shape[1::-1]
    assert file.stat().st_size < 200_000
    curve = plot_curve({"a": ([0, 1], [1, 2])}, xlabel="x", ylabel="y", alt="a line").html
    assert offer_narrow(curve, tmp_path / "_images", "../") == curve


def test_the_build_finds_the_sheets_of_a_page(tmp_path):
    document = new_document("page")
    for html in (sheet(8, 4).html, "<p></p>"):
        document += nodes.raw("", html, format="html")
    app = SimpleNamespace(builder=SimpleNamespace(format="html"), outdir=tmp_path)
    write_page(app, document, "notebooks/02-degradations")
    assert 'srcset="../_images/narrow-' in document.children[0].astext()
    assert document.children[1].astext() == "<p></p>"
