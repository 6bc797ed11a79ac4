"""The playground works by keyboard in a real browser, and draws what its scripts compute."""

import pytest

WIDTHS = (390, 1280)
PIXELS = """canvas => {
  const { width, height } = canvas;
  return [...canvas.getContext("2d").getImageData(0, 0, width, height).data];
}"""


@pytest.fixture(params=WIDTHS, ids=lambda width: f"{width}px")
def page(request, browser, built_book):
    context = browser.new_context(viewport={"width": request.param, "height": 900})
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    # From a folder, where a page may do the least.
    page.goto((built_book / "book" / "playground.html").as_uri(), wait_until="load")
    page.wait_for_function("document.querySelector('[data-part=status]').textContent !== ''")
    yield page
    assert not problems
    context.close()


def part(page, name: str):
    return page.locator(f'#playground [data-part="{name}"]')


def shown(page, code: str) -> list[int]:
    """The canvas once the page shows `code` too, which is written in the same frame."""
    page.wait_for_function(
        "code => document.querySelector('[data-part=python]').textContent.includes(code)", arg=code
    )
    return part(page, "canvas").evaluate(PIXELS)


@pytest.mark.browser
def test_sliders_order_and_code_follow_the_keyboard(page):
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    before = shown(page, "haze:beta=1.2,")
    page.get_by_label("thickness").focus()
    page.keyboard.press("ArrowRight")
    thicker = shown(page, "haze:beta=1.3,")
    assert thicker != before
    page.get_by_role("button", name="Move later: Haze, step 1").press("Enter")
    last = '"haze:beta=1.3,airlight=0.9",\n]'
    assert shown(page, last) != thicker
    # The focus went along with the step, which is last now.
    assert page.evaluate("document.activeElement.ariaLabel") == "Move earlier: Haze, step 2"
    part(page, "clean").press("Enter")
    page.wait_for_function(
        "document.querySelector('[data-part=canvas]').ariaLabel.endsWith('; clean')"
    )
    assert shown(page, last) not in (before, thicker)


@pytest.mark.browser
def test_steps_are_added_and_removed(page):
    part(page, "kind").select_option("lowlight")
    part(page, "add").press("Enter")
    assert sum(shown(page, "lowlight:")) > 0
    assert "lowlight:" in part(page, "command").text_content()
    for _ in range(3):
        page.locator('[data-way$="remove"]').first.press("Enter")
    assert part(page, "empty").is_visible()
    page.wait_for_function(
        "document.querySelector('[data-part=status]').textContent.includes('equals the clean one')"
    )


@pytest.mark.browser
def test_a_picture_without_depth_says_so(page):
    part(page, "scene").select_option("cat")
    page.wait_for_function("document.querySelector('[data-part=true-depth]').disabled")
    page.wait_for_function(
        "document.querySelector('[data-part=python]').textContent.includes('scene(\"cat\")')"
    )
    assert "depth=depth" not in part(page, "python").text_content()
