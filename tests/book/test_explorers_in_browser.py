"""The two explorers fill themselves, follow their switches and filters, and work by keyboard."""

import pytest

pytestmark = pytest.mark.browser


@pytest.fixture(params=[390, 1280], ids=lambda width: f"{width}px")
def page(request, browser):
    context = browser.new_context(viewport={"width": request.param, "height": 900})
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    yield page
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert not problems
    context.close()


def opened(page, built_book, name: str):
    # From a folder, where a page may do the least.
    page.goto((built_book / "book" / f"{name}.html").as_uri(), wait_until="domcontentloaded")
    return page.locator(f"#{name}-tool")


def score(tool, metric: str) -> float:
    return float(tool.locator(f'[data-shows="{metric}"]').inner_text())


def drawn(tool, name: str) -> str:
    return tool.locator(f'canvas[data-shows="{name}"]').evaluate("canvas => canvas.toDataURL()")


def test_switches_of_the_protocol_move_the_score(page, built_book):
    tool = opened(page, built_book, "protocol-explorer")
    assert not tool.locator(".missing").count()
    assert tool.get_by_label("What irlib calls it").input_value() == "all-in-one"
    psnr, seen, error = score(tool, "psnr"), drawn(tool, "seen"), drawn(tool, "error")
    assert 20 < psnr < 50
    assert 0 < score(tool, "ssim") < 1
    tool.get_by_label("RGB, all three").focus()
    page.keyboard.press("ArrowDown")
    assert tool.get_by_label("Y, limited-range luma").is_checked()
    assert score(tool, "psnr") > psnr
    assert drawn(tool, "seen") != seen
    assert drawn(tool, "error") != error
    assert tool.get_by_label("What irlib calls it").input_value() == ""
    assert 'colour="y"' in tool.locator('[data-shows="python"]').inner_text()
    ssim = score(tool, "ssim")
    tool.get_by_label("7 × 7, uniform").focus()
    page.keyboard.press("ArrowDown")
    assert score(tool, "ssim") != ssim
    size = tool.locator('[data-shows="size"]').inner_text()
    tool.get_by_label("Border cut from each side").focus()
    page.keyboard.press("End")
    assert tool.locator('[data-shows="size"]').inner_text() != size
    tool.get_by_label("What irlib calls it").select_option("all-in-one")
    assert score(tool, "psnr") == psnr


def test_filters_order_and_records_of_the_results(page, built_book):
    tool = opened(page, built_book, "results-explorer")
    rows, count = tool.locator("tbody tr"), tool.locator(".count")
    assert rows.count() == 25
    everything = count.inner_text()
    assert "not run" not in tool.locator("tbody").inner_text()  # what was measured comes first
    tool.get_by_label("Status").select_option("reproduced")
    assert count.inner_text() != everything
    assert set(tool.locator("tbody td:nth-child(8)").all_inner_texts()) == {"reproduced"}
    tool.get_by_label("Words to look for").fill("counted restormer")
    assert rows.count() > 0
    assert all("counted as" in text for text in rows.all_inner_texts())
    head = tool.locator('th[data-field="paper"]')
    head.get_by_role("button").press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    printed = [float(text) for text in tool.locator("tbody td:nth-child(5)").all_inner_texts()]
    assert printed == sorted(printed)
    number = rows.first.get_by_role("button")
    number.press("Enter")
    dialog = tool.get_by_role("dialog")
    assert "parameters/full-width" in dialog.inner_text()
    file = dialog.get_by_role("link", name="all of it, as JSON").get_attribute("href")
    assert (built_book / "book" / file).is_file()
    page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    assert number.evaluate("e => e === document.activeElement"), "the focus is lost"
    tool.get_by_role("button", name="Start again").press("Enter")
    page.wait_for_function(
        "text => document.querySelector('#results-explorer-tool .count').textContent === text",
        arg=everything,
    )
    tool.locator("select[name=view]").select_option("measured")
    assert count.inner_text() != everything
    tool.get_by_role("button", name="Show more").press("Enter")
    assert rows.count() == 50


def test_on_a_phone_all_values_of_a_row_stand_within_the_page(browser, built_book):
    page = browser.new_page(viewport={"width": 390, "height": 900})
    row = opened(page, built_book, "results-explorer").locator("tbody tr").first
    boxes = row.locator("td").evaluate_all("all => all.map(e => e.getBoundingClientRect().right)")
    said = row.locator("td").evaluate_all("all => all.map(e => [e.role, e.dataset.label])")
    page.close()
    assert len(boxes) == 8
    assert max(boxes) <= 390
    assert said[4] == ["cell", "paper"]
