"""The ledger is folded to a few screens, and a link to a record unfolds its table."""

import pytest

from irlib.ledger import record_names
from irlib.viz.ledger_page import LONG

pytestmark = pytest.mark.browser
SCREENS = 20


@pytest.fixture
def page(browser):
    context = browser.new_context(viewport={"width": 390, "height": 900})
    yield context.new_page()
    context.close()


def test_a_link_to_a_record_unfolds_its_table(page, built_book, root):
    names = record_names(root / "book" / "results")
    ledger = (built_book / "book" / "ledger.html").as_uri()
    page.goto(ledger, wait_until="load")
    assert page.evaluate("document.body.scrollHeight") < SCREENS * 900
    folded = [name for name in names if not page.locator(f'[id="{name}"]').is_visible()]
    assert len(folded) > LONG
    page.goto(f"{ledger}#{folded[-1]}", wait_until="load")
    place = page.locator(f'[id="{folded[-1]}"]')
    place.wait_for()
    assert 0 <= place.bounding_box()["y"] < 900
    assert page.locator(f'[id="{folded[0]}"]').is_hidden()
    page.goto(f"{ledger}#{folded[0]}")  # on the same page
    page.locator(f'[id="{folded[0]}"]').wait_for()
