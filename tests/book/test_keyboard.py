"""A page by keyboard alone: Tab goes through it in order, and where it is can be seen."""

import pytest

pytestmark = pytest.mark.browser

# Where the focus is: its kind, whether it can be seen, and whether it comes after the last one.
STEP = """() => {
  const e = document.activeElement;
  const last = window.lastFocused;
  window.lastFocused = e;
  if (!e || !e.closest("article, main section.slide")) return null;
  const marked = [e, e.closest(".frame"), e.closest("label")].filter(Boolean).some((one) => {
    const style = getComputedStyle(one);
    return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0)
      || style.boxShadow !== "none";
  });
  const forward = !last || Boolean(
    last.compareDocumentPosition(e) & Node.DOCUMENT_POSITION_FOLLOWING);
  return {
    kind: e.matches(".irlib-table, .irlib-scrolls") ? "table"
      : e.type === "range" ? "slider" : e.tagName.toLowerCase(),
    visible: e.getBoundingClientRect().height > 0,
    marked, forward, html: e.outerHTML.slice(0, 120),
  };
}"""
EXPECTED = {
    "notebooks/00-restore-in-two-minutes": {"a", "slider", "summary", "table"},
    "book/playground": {"button", "input", "select", "slider"},
    "book/protocol-explorer": {"a", "input", "select", "slider"},
    "book/results-explorer": {"a", "button", "input", "select", "table"},
}
MOST = 150  # presses of Tab, more than these pages need to show each kind


@pytest.mark.parametrize("name", EXPECTED)
def test_tab_goes_through_a_page_in_order_and_shows_where_it_is(browser, book_address, name):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{book_address}/{name}.html", wait_until="load")
    page.add_style_tag(content="* { transition: none !important }")
    # Begin at the title, behind the contents at the side.
    page.locator("article h1").evaluate("e => { e.tabIndex = -1; e.focus(); }")
    missing = set(EXPECTED[name])
    for _ in range(MOST):
        page.keyboard.press("Tab")
        step = page.evaluate(STEP)
        if step is None or not missing:
            break
        assert step["visible"], step["html"]
        assert step["marked"], f"no mark of the focus: {step['html']}"
        assert step["forward"], f"Tab went back: {step['html']}"
        missing.discard(step["kind"])
    assert not missing
    page.close()


def test_a_folded_cell_opens_by_keyboard(browser, book_address):
    page = browser.new_page()
    page.goto(f"{book_address}/notebooks/00-restore-in-two-minutes.html", wait_until="load")
    summary = page.locator("details.hide summary").first
    folded = page.locator("details.hide").first
    assert not folded.evaluate("e => e.open")
    summary.press("Enter")
    assert folded.evaluate("e => e.open")
    page.close()
