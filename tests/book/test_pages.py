"""The built pages: the strict build itself, links, and what a reader's browser sees.

All in one module, so that pytest-xdist (`--dist loadscope`) builds the book once.
"""

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from irlib.ledger import read_record, record_names, records
from irlib.viz.ledger_page import ledger_text
from irlib.viz.paper_table_page import as_printed, beside, beside_sizes, page_name
from irlib.viz.tables_summary import compare_all, summary_text

WIDTHS = (1280, 390)
RESULTS = Path(__file__).resolve().parents[2] / "book" / "results"
TABLE = re.compile(r'<div class="irlib-table".*?</table></div>', re.DOTALL)
MOST_BYTES = 2_000_000  # of a page, its pictures included


class Page(HTMLParser):
    """Collects what the checks need from one page."""

    def __init__(self, path: Path):
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.images: list[dict] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.ids |= {values[key] for key in ("id", "name") if values.get(key)}
        if tag == "a" and values.get("href"):
            self.links.append(values["href"])
        if tag in ("script", "img", "iframe", "source") and values.get("src"):
            self.loaded.append(values["src"])
        if tag == "link" and values.get("href") and values.get("rel") == "stylesheet":
            self.loaded.append(values["href"])
        if tag == "img":
            self.images.append(values)


@pytest.fixture(scope="module")
def pages(built_book) -> dict[Path, Page]:
    return {path: Page(path) for path in sorted(built_book.rglob("*.html"))}


@pytest.mark.build
def test_the_book_builds_without_a_warning(built_book, page_names):
    missing = [name for name in page_names if not (built_book / f"{name}.html").exists()]
    assert not missing


@pytest.mark.build
def test_links_between_pages_lead_somewhere(pages):
    broken = []
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.exists():
                broken.append(f"{path.name}: {link}")
            elif target in pages and unquote(parts.fragment) not in {"", *pages[target].ids}:
                broken.append(f"{path.name}: {link} (no such place)")
    assert not broken


@pytest.mark.build
def test_the_built_ledger_holds_the_records_as_they_are(built_book):
    built = built_book / "book" / "results"
    assert record_names(built) == record_names(RESULTS)
    for name in record_names(RESULTS):
        assert read_record(name, built) == read_record(name, RESULTS)
    fragment = ledger_text(records(RESULTS))
    page = (built_book / "book" / "ledger.html").read_text(encoding="utf-8")
    assert all(table in page for table in TABLE.findall(fragment))
    assert len(TABLE.findall(page)) == len(TABLE.findall(fragment))


@pytest.mark.build
def test_the_built_tables_say_what_the_records_say(built_book):
    compared = compare_all(RESULTS)
    page = (built_book / "book" / "tables.html").read_text(encoding="utf-8")
    assert TABLE.findall(summary_text(compared))[0] in page
    for table_id, (table, declared, lines, sizes) in compared.items():
        page = (built_book / "book" / "tables" / f"{page_name(table_id)}.html").read_text("utf-8")
        assert as_printed(table).html in page, table_id
        if sizes:
            assert beside_sizes(table, sizes).html in page, table_id
        if declared.cells:
            expected = [found.html for found in beside(table, declared, lines)]
            assert all(html in page for html in expected), f"{table_id}: other numbers than records"


@pytest.mark.build
def test_pages_stay_light(built_book):
    heavy = {
        path.name: path.stat().st_size
        for folder in ("book", "book/tables", "notebooks")
        for path in (built_book / folder).glob("*.html")
        if path.stat().st_size > MOST_BYTES and path.stem != "your-run"
    }
    assert not heavy


@pytest.mark.build
def test_pages_load_nothing_from_the_network(pages):
    for path, page in pages.items():
        far = [source for source in page.loaded if urlsplit(source).scheme in ("http", "https")]
        assert not far, f"{path.name} needs the network for {far}"


@pytest.mark.build
def test_every_picture_has_a_text_alternative(pages):
    for path, page in pages.items():
        bare = [image for image in page.images if not (image.get("alt") or "").strip()]
        assert not bare, f"{path.name} has {len(bare)} pictures without alt text"


@pytest.fixture(params=WIDTHS, ids=lambda width: f"{width}px")
def view(request, browser):
    context = browser.new_context(viewport={"width": request.param, "height": 900})
    yield context.new_page()
    context.close()


def failed(request) -> bool:
    # Going on to the next page cuts off what the last one still loads; that is no failure.
    return "ERR_ABORTED" not in (request.failure or "")


@pytest.mark.browser
def test_every_page_and_deck_fits_and_reports_no_error(view, book_address, built_book, page_names):
    problems: list[str] = []
    decks = [f"slides/{path.stem}" for path in sorted(built_book.glob("slides/*.html"))]
    assert decks
    view.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
    view.on("pageerror", lambda error: problems.append(str(error)))
    view.on(
        "requestfailed", lambda request: problems.append(request.url) if failed(request) else None
    )
    for name in [*page_names, *decks]:
        view.goto(f"{book_address}/{name}.html", wait_until="load")
        wide = view.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        if wide > 0:
            problems.append(f"scrolls sideways by {wide} pixels")
        broken = view.evaluate(
            "[...document.images].filter(i => i.complete && i.naturalWidth === 0).length"
        )
        if broken:
            problems.append(f"{broken} broken pictures")
        assert not problems, f"{name}: {problems}"


@pytest.mark.browser
def test_a_page_also_works_from_a_folder(view, built_book, page_names):
    problems: list[str] = []
    view.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
    view.goto((built_book / f"{page_names[0]}.html").as_uri(), wait_until="load")
    assert not problems


@pytest.mark.browser
def test_mathematics_is_drawn(view, book_address):
    view.goto(f"{book_address}/book/notation.html", wait_until="load")
    view.wait_for_selector("mjx-container", timeout=15_000)
    assert view.locator("mjx-merror").count() == 0


@pytest.mark.browser
def test_there_is_exactly_one_search_box(browser, book_address):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{book_address}/book/preface.html", wait_until="load")
    boxes = page.locator("button.search-button-field, button.search-button, form.bd-search")
    assert sum(box.is_visible() for box in boxes.all()) == 1
    page.close()


@pytest.mark.browser
@pytest.mark.parametrize("screen", [(1280, 720), (1920, 1080), (3840, 2160)], ids=str)
def test_a_deck_grows_with_the_screen(screen, browser, book_address):
    page = browser.new_page(viewport={"width": screen[0], "height": screen[1]})
    page.goto(f"{book_address}/slides/00-restore-in-two-minutes.html", wait_until="load")
    sizes = "e => e.map((one) => parseFloat(getComputedStyle(one).fontSize))"
    text = page.locator("section.slide > p:not(.place)").evaluate_all(sizes)
    assert min(text) > screen[1] / 32, "text that the last row of a lecture hall cannot read"
    heights = "e => e.map((one) => one.getBoundingClientRect().height)"
    pictures = page.locator("section.slide :is(.irlib-figure, .irlib-slider)")
    assert max(pictures.evaluate_all(heights)) < screen[1], "a picture taller than its window"
    page.close()


TALLER = """() => [...document.querySelectorAll("section.slide")].filter((slide) =>
    slide.getBoundingClientRect().height
        > innerHeight - document.querySelector("nav").offsetHeight + 4).map((slide) => slide.id)"""


@pytest.mark.browser
@pytest.mark.parametrize("screen", [(1280, 720), (1024, 768)], ids=str)
def test_every_slide_fits_its_window(screen, browser, book_address, built_book):
    page = browser.new_page(viewport={"width": screen[0], "height": screen[1]})
    for deck in sorted(built_book.glob("slides/*.html")):
        page.goto(f"{book_address}/slides/{deck.name}", wait_until="load")
        page.evaluate("MathJax.startup.promise")
        page.wait_for_timeout(100)
        assert page.evaluate(TALLER) == [], f"{deck.stem}: parts of slides are out of sight"
    page.close()


# What the theme would do in dark mode to pictures, and to cells' HTML.
CHANGED = """() => [...document.querySelectorAll(".bd-content img, .bd-content canvas")].filter(
    (picture) => getComputedStyle(picture).filter !== "none").length"""
LIGHT_GROUND = """() => [...document.querySelectorAll(".bd-content .output.text_html")].filter(
    (output) => getComputedStyle(output).backgroundColor !== "rgba(0, 0, 0, 0)").length"""


@pytest.mark.browser
def test_dark_mode_changes_no_picture_and_lights_no_output(browser, book_address, page_names):
    context = browser.new_context(color_scheme="dark")
    page = context.new_page()
    for name in page_names:
        page.goto(f"{book_address}/{name}.html", wait_until="load")
        assert page.evaluate("document.documentElement.dataset.theme") == "dark"
        assert page.evaluate(CHANGED) == 0, f"{name}: pictures are shown darker than they are"
        assert page.evaluate(LIGHT_GROUND) == 0, f"{name}: outputs on a light ground"
    context.close()


@pytest.mark.browser
def test_sliders_on_pages_move_by_keyboard(view, book_address, page_names):
    for name in page_names:
        view.goto(f"{book_address}/{name}.html", wait_until="load")
        figures = view.locator("figure.irlib-slider")
        for index in range(figures.count()):
            figure = figures.nth(index)
            handle = figure.locator("input[type=range]")
            if not handle.is_visible():  # inside a folded solution
                continue
            clip = "e => getComputedStyle(e).clipPath"
            before = figure.locator("img.after").evaluate(clip)
            handle.focus()
            view.keyboard.press("ArrowRight")
            assert figure.locator("img.after").evaluate(clip) != before, f"{name}, slider {index}"
            box = figure.bounding_box()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= view.viewport_size["width"]


LISTENED_TO = (
    "book/preface",
    "book/parts",
    "book/how-to-use",
    "book/notation",
    "book/glossary",
    "book/ledger",
    "book/tables",
    "book/claims",
    "book/scores",
    "book/playground",
    "book/restore-here",
    "book/protocol-explorer",
    "book/results-explorer",
    "notebooks/00-restore-in-two-minutes",
    "notebooks/05-promptir",
    "notebooks/18-shoot-out",
    "notebooks/23-backbones-and-cost",
    "slides/01-error-and-protocol",
    "slides/18-shoot-out",
)
# Colours are the same at both widths, and what a width hides the other shows.
VIEWS = ((1280, "light"), (390, "dark"), (1280, "dark"))
AT_ALL = {"book/preface", "book/playground", "notebooks/00-restore-in-two-minutes"}


@pytest.mark.browser
def test_axe_finds_nothing_serious(browser, book_address):
    package = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is missing")
    axe, found = package.Axe(), []
    page = browser.new_page()
    for name in LISTENED_TO:
        page.goto(f"{book_address}/{name}.html", wait_until="load")
        # Colours fade from one theme to the other: what is judged is where they end.
        page.add_style_tag(content="* { transition: none !important }")
        for width, theme in VIEWS[: 3 if name in AT_ALL else 2]:
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=theme)
            page.wait_for_timeout(100)  # for what listens to either
            for violation in axe.run(page).response["violations"]:
                if violation["impact"] in ("serious", "critical"):
                    first = violation["nodes"][0]["html"][:120]
                    found.append((name, width, theme, violation["id"], first))
    page.close()
    assert not found
