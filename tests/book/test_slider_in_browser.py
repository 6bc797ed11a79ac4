"""The before/after slider, alone on a page: keyboard, focus, pointer, phone width, names."""

import pytest
import torch

from irlib.viz import slider_html

pytestmark = pytest.mark.browser


@pytest.fixture
def page(browser, tmp_path):
    generator = torch.Generator().manual_seed(0)
    before = torch.rand(3, 300, 500, generator=generator)
    html = slider_html(before, before.flip(-1), alt="two textures", labels=("noisy", "clean"))
    path = tmp_path / "slider.html"
    path.write_text(f"<!doctype html><meta charset=utf-8><body>{html}", encoding="utf-8")
    page = browser.new_page(viewport={"width": 390, "height": 800})
    page.goto(path.as_uri())
    yield page
    page.close()


def cut(page) -> float:
    text = page.locator("img.after").evaluate("e => getComputedStyle(e).clipPath")
    return float(text.removeprefix("inset(").split("px")[-1].split("%")[0].split()[-1])


def test_arrow_keys_home_and_end_move_the_cut(page):
    handle = page.get_by_role("slider")
    handle.focus()
    assert cut(page) == 50
    page.keyboard.press("ArrowRight")
    assert cut(page) == 51
    page.keyboard.press("Home")
    assert cut(page) == 0
    page.keyboard.press("End")
    assert cut(page) == 100


def test_focus_is_visible(page):
    outline = "e => getComputedStyle(e).outlineStyle"
    frame = page.locator(".frame")
    assert frame.evaluate(outline) == "none"
    page.keyboard.press("Tab")
    assert frame.evaluate(outline) == "solid"


def test_a_click_brings_the_cut_to_the_pointer(page):
    box = page.locator(".frame").bounding_box()
    page.mouse.click(box["x"] + 0.8 * box["width"], box["y"] + box["height"] / 2)
    assert cut(page) == pytest.approx(80, abs=2)


def test_it_is_no_wider_than_a_phone(page):
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    box = page.locator(".frame").bounding_box()
    assert box["width"] / box["height"] == pytest.approx(500 / 300, rel=0.02)


def test_a_screen_reader_hears_what_the_pictures_show(page):
    assert "two textures" in page.get_by_role("slider").get_attribute("aria-label")
    alts = [image.get_attribute("alt") for image in page.locator("img").all()]
    assert alts == ["two textures (noisy)", "two textures (clean)"]
