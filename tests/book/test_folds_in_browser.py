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


def arrives(page, name: str) -> None:
    """Waits until a record stands on the screen: the theme may scroll there smoothly."""
    page.wait_for_function(
        """name => {
            const { top, height } = document.getElementById(name).getBoundingClientRect();
            return height > 0 && top >= 0 && top < window.innerHeight;
        }""",
        arg=name,
    )


def test_a_link_to_a_record_unfolds_its_table(page, built_book, root):
    names = record_names(root / "book" / "results")
    ledger = (built_book / "book" / "ledger.html").as_uri()
    page.goto(ledger, wait_until="load")
    assert page.evaluate("document.body.scrollHeight") < SCREENS * 900
    folded = [name for name in names if not page.locator(f'[id="{name}"]').is_visible()]
    assert len(folded) > LONG
    page.goto(f"{ledger}#{folded[-1]}", wait_until="load")
    arrives(page, folded[-1])
    assert page.locator(f'[id="{folded[0]}"]').is_hidden()
    page.goto(f"{ledger}#{folded[0]}")  # on the same page
    arrives(page, folded[0])
