"""Pages that commands write."""

from irlib.viz.pages import bullets, paragraph, raw, write_page


def test_a_page_is_written_whole_and_left_alone_where_nothing_changed(tmp_path):
    path = write_page(tmp_path / "new" / "page.md", "one")
    before = path.stat().st_mtime_ns
    assert write_page(path, "one").stat().st_mtime_ns == before
    assert write_page(path, "two").read_text(encoding="utf-8") == "two"
    assert [file.name for file in path.parent.iterdir()] == ["page.md"]


def test_text_of_others_is_neither_html_nor_markdown():
    assert paragraph("a < *b*") == raw("<p>a &lt; *b*</p>")
    assert bullets(["x & y", "z"]) == raw("<ul><li>x &amp; y</li><li>z</li></ul>")
