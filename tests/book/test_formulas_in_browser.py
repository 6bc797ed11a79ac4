"""A displayed formula fits its place: it goes on in the next line, and is drawn smaller at last."""

from pathlib import Path

import pytest

pytestmark = pytest.mark.browser

STATIC = Path(__file__).resolve().parents[2] / "book" / "_static"
# As MathJax writes a formula: parts of a given width (pixels), between them spaces (em).
PAGE = """<style>
  mjx-container { display: block; font-size: 20px; } mjx-math { display: inline-block; }
  mjx-mi { display: inline-block; height: 20px; width: var(--w); }
  mjx-math { white-space: nowrap; line-height: 0; } mjx-mstyle { display: inline-block; }
  mjx-mspace { display: inline-block; }
</style><script>window.MathJax = {startup: {promise: Promise.resolve()}}</script>
<div class="math" style="width: 300px"><mjx-container display="true" style="font-size: 20px">
<mjx-math>%s</mjx-math></mjx-container></div>"""
SEEN = """e => ({lines: Math.round(e.getBoundingClientRect().height / 20),
  wide: e.firstElementChild.offsetWidth > e.clientWidth,
  size: parseFloat(getComputedStyle(e).fontSize)})"""


def formula(*parts: str) -> str:
    return "".join(
        f'<mjx-mstyle><mjx-mspace style="width: {part};"></mjx-mspace></mjx-mstyle>'
        if part.endswith("em")
        else f'<mjx-mi style="--w: {part}"></mjx-mi>'
        for part in parts
    )


@pytest.mark.parametrize(
    ("parts", "lines", "size"),
    [
        (("100px", "2em", "100px"), 1, 20),
        (("200px", "2em", "90px", "1em", "90px"), 2, 20),
        (("200px", "2em", "200px", "1em", "200px"), 3, 20),
        (("17em",), 1, 17.6),
        (("30em",), 1, 15),
    ],
    ids=["fits", "breaks once", "breaks at every space", "is drawn smaller", "moves sideways"],
)
def test_a_wide_formula_breaks_and_shrinks_no_more_than_it_must(browser, parts, lines, size):
    page = browser.new_page()
    # A part of a formula that has no space grows with the letters.
    shown = formula(*parts) if len(parts) > 1 else f'<mjx-mi style="--w: {parts[0]}"></mjx-mi>'
    page.set_content(PAGE % shown)
    page.add_style_tag(content=(STATIC / "irlib.css").read_text(encoding="utf-8"))
    page.add_script_tag(content=(STATIC / "formulas.js").read_text(encoding="utf-8"))
    page.evaluate("window.dispatchEvent(new Event('resize'))")
    seen = page.locator("mjx-container").evaluate(SEEN)
    page.close()
    assert seen["size"] == pytest.approx(size, abs=0.2)
    assert seen["wide"] == (parts == ("30em",))
    assert (seen["lines"] > 1) == (lines > 1)
