from pathlib import Path
from types import SimpleNamespace

from irlib.viz.book_build import drop_unused_parts, write_fragments


def app(folder: Path) -> SimpleNamespace:
    return SimpleNamespace(
        srcdir=str(folder), outdir=str(folder), builder=SimpleNamespace(format="html")
    )


def test_a_missing_run_page_is_written_and_a_present_one_is_kept(tmp_path):
    write_fragments(app(tmp_path))
    page = tmp_path / "book" / "_generated" / "your-run.md"
    assert "make book" in page.read_text(encoding="utf-8")
    page.write_text("a run", encoding="utf-8")
    write_fragments(app(tmp_path))
    assert page.read_text(encoding="utf-8") == "a run"
    assert page.with_name("scores.md").exists()


def test_only_unused_parts_leave_a_page(tmp_path):
    page = tmp_path / "page.html"
    page.write_text(
        '<link rel="preload" as="font" href="a.woff2" crossorigin>'
        '<script>const THEBE_JS_URL = "x"</script><script>const ours = 1</script>',
        encoding="utf-8",
    )
    drop_unused_parts(app(tmp_path), None)
    assert page.read_text(encoding="utf-8") == "<script>const ours = 1</script>"


def test_a_failed_build_is_left_alone(tmp_path):
    page = tmp_path / "page.html"
    page.write_text("<script>const THEBE_JS_URL = 1</script>", encoding="utf-8")
    drop_unused_parts(app(tmp_path), RuntimeError("no"))
    assert "THEBE" in page.read_text(encoding="utf-8")
