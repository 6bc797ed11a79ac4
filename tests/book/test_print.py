"""On paper: light, nothing cut, sliders side by side, one slide a sheet."""

import re

import pytest

pytestmark = pytest.mark.browser
SHEET = {"width": 686, "height": 1000}  # A4 between the margins, in CSS pixels
WIDEST = """() => Math.max(...[...document.querySelectorAll("article table")]
  .filter(table => table.checkVisibility() && !table.closest(".irlib-on-its-side"))
  .map(table => table.getBoundingClientRect().right))"""
COLOURS = """() => ["body", "article p", "div.highlight pre"].map(
  one => getComputedStyle(document.querySelector(one)).color)"""


@pytest.fixture
def page(browser):
    context = browser.new_context(color_scheme="dark", viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


def on_paper(page, address: str) -> None:
    """Shows a page as it would be printed."""
    page.goto(address, wait_until="domcontentloaded")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    page.set_viewport_size(SHEET)


def test_a_dark_chapter_prints_light_whole_and_without_what_is_folded(page, book_address):
    on_paper(page, f"{book_address}/notebooks/00-restore-in-two-minutes.html")
    for colour in page.evaluate(COLOURS):
        assert max(map(int, re.findall(r"\d+", colour)[:3])) < 120, colour
    frame = page.locator("figure.irlib-slider .frame").first
    before, after = (frame.locator(f"img.{name}").bounding_box() for name in ("before", "after"))
    assert before["x"] + before["width"] <= after["x"]
    assert before["y"] == after["y"]
    assert before["width"] == pytest.approx(after["width"], rel=0.02)
    assert frame.locator("img.after").evaluate("e => getComputedStyle(e).clipPath") == "none"
    assert not frame.locator("input").is_visible()
    folded = page.locator("details.hide").first
    assert not folded.is_visible()
    folded.evaluate("e => { e.open = true; }")
    assert folded.is_visible()
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_no_table_is_cut(page, book_address):
    on_paper(page, f"{book_address}/book/tables/airnet-quoted.html")
    assert page.locator(".irlib-table.irlib-on-its-side").count() == 1
    assert 0 < page.evaluate(WIDEST) <= SHEET["width"] + 1


def test_a_deck_prints_one_slide_a_sheet(page, book_address):
    # This one has slides that are higher than a sheet until they are made smaller.
    page.goto(f"{book_address}/slides/05-promptir.html", wait_until="load")
    page.wait_for_selector("mjx-container")
    sheets = re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True))
    assert len(sheets) == page.locator("section.slide").count()
