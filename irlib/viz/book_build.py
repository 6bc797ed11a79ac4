"""What the book's build needs beyond settings, as a Sphinx extension named in `_config.yml`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from irlib.viz.accessible import name_side, name_toggles
from irlib.viz.chapters import read_titles
from irlib.viz.claims_page import write_claims_page
from irlib.viz.cover import write_cover
from irlib.viz.flags import keep_flags_whole
from irlib.viz.ledger_page import FILES, copy_records, write_ledger_page
from irlib.viz.pages import write_page
from irlib.viz.parity_page import write_parity_page
from irlib.viz.playground import lay_out_scenes
from irlib.viz.protocol_explorer import lay_out_pair
from irlib.viz.reference_page import write_reference
from irlib.viz.results_explorer import WRITTEN, explorer_script, lay_out_results
from irlib.viz.run_page import PAGE_NAME, write_run_page
from irlib.viz.run_times_page import write_run_times
from irlib.viz.scores_page import write_scores_page
from irlib.viz.tables_summary import compare_all, write_table_pages

# Parts of a page that the theme writes and this book does not use.
_UNUSED = tuple(
    re.compile(pattern, re.DOTALL)
    for pattern in (
        # Early requests for icon fonts, allowed only on a web server: opened from a folder, each
        # page would report three errors. The style sheets load the fonts anyway.
        r'\s*<link rel="preload" as="font"[^>]*>',
        # Thebe runs cells on a server elsewhere, which this book never does. Its settings stand
        # in each page twice, an error to the browser.
        r"\s*<script>const THEBE_JS_URL.*?</script>",
        r'\s*<script[^>]*src="[^"]*sphinx-thebe\.js[^"]*"></script>',
        r'\s*<script type="text/x-thebe-config">.*?</script>',
        r"\s*<script>kernelName = .*?</script>",
    )
)


def write_fragments(app: Any, config: Any = None) -> None:
    """Write what is made of records and stored claims: fragments of pages, and a page a table."""
    folder = Path(app.srcdir) / "book" / "_generated"
    results = Path(app.srcdir) / "book" / "results"
    if not (folder / PAGE_NAME).exists():
        write_run_page(folder, None)
    write_cover(folder)
    write_scores_page(folder, results)
    write_ledger_page(folder, results)
    compared = compare_all(results)  # seconds, so once for both
    write_table_pages(folder.parent, results, compared)
    write_page(folder / WRITTEN, explorer_script(results, compared))
    write_parity_page(folder, results)
    write_claims_page(folder, Path(app.srcdir) / "notebooks")
    write_reference(folder.parent, Path(app.srcdir) / "notebooks")
    write_run_times(folder, results, read_titles(Path(app.srcdir) / "notebooks"))


def drop_unused_parts(app: Any, exception: Exception | None) -> None:
    """Remove from built pages what the book does not use, name what has no name, mark flags."""
    if exception is not None or app.builder.format != "html":
        return
    for page in Path(app.outdir).rglob("*.html"):
        text = lighter = page.read_text(encoding="utf-8")
        for pattern in _UNUSED:
            lighter = pattern.sub("", lighter)
        lighter = keep_flags_whole(name_side(name_toggles(lighter)))
        if lighter != text:
            page.write_text(lighter, encoding="utf-8")


def lay_out_records(app: Any, exception: Exception | None) -> None:
    """Put the records' files beside the built Ledger page, which links to them."""
    if exception is None and app.builder.format == "html":
        built = Path(app.outdir) / "book" / FILES
        copy_records(Path(app.srcdir) / "book" / "results", built)


def setup(app: Any) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("config-inited", write_fragments)
    app.connect("build-finished", drop_unused_parts)
    app.connect("build-finished", lay_out_records)
    app.connect("build-finished", lay_out_scenes)
    app.connect("build-finished", lay_out_pair)
    app.connect("build-finished", lay_out_results)
    app.setup_extension("irlib.viz.restore_here")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
