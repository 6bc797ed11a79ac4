"""The page that restores a photograph in the browser: its tiles, its network, its messages."""

import functools
import http.server
import io
import json
import re
import shutil
import subprocess
import tarfile
import threading
from pathlib import Path

import numpy as np
import pytest
import torch

from irlib.errors import IrlibError
from irlib.evaluation.tiling import spans
from irlib.viz import restore_here

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "book" / "_static" / restore_here.NAME


def in_node(code: str):
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node on this machine; it runs the page's scripts without a browser")
    source = (SCRIPTS / "tiles.js").read_text(encoding="utf-8")
    done = subprocess.run(
        [node, "-e", f"{source}\n(async () => {{ {code} }})();"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("length", [8, 256, 264, 520, 1000])
def test_the_page_cuts_tiles_as_irlib_does(length):
    code = f"const found = irlibRestore.spans({length}, 256, 32, 8);"
    code += "console.log(JSON.stringify(found.map(s => [s.start, s.stop, [...s.weights]])));"
    expected = spans(length, 256, 32, 8)
    found = in_node(code)
    assert [tuple(span[:2]) for span in found] == [(span.start, span.stop) for span in expected]
    for (_, _, weights), span in zip(found, expected, strict=True):
        torch.testing.assert_close(
            torch.tensor(weights, dtype=torch.float32), span.weights, rtol=0, atol=1e-6
        )


def test_tiles_of_an_identity_blend_to_the_picture():
    code = """
      const bytes = new Uint8ClampedArray(4 * 301 * 270).map((_, i) => i % 4 == 3 ? 255 : i * 7);
      const image = irlibRestore.toPlanes(bytes, 301, 270, 8);
      let last;
      const out = await irlibRestore.inTiles(image, async (planes) => planes,
        { tile: 256, overlap: 32, multiple: 8 }, (done, all) => { last = [done, all]; });
      const again = irlibRestore.toBytes(out, 301, 270);
      console.log(JSON.stringify([image.width, image.height, last,
        bytes.every((b, i) => b == again[i])]));
    """
    assert in_node(code) == [304, 272, [4, 4], True]


def test_where_the_files_cannot_be_made_the_page_says_why(monkeypatch, tmp_path):
    monkeypatch.setattr(restore_here.shutil, "which", lambda name: None)
    monkeypatch.setattr(restore_here.sys, "prefix", str(tmp_path))
    with pytest.raises(IrlibError, match="npm was not found"):
        restore_here.make_files(tmp_path, ROOT / "book" / "browser" / "package.json")
    text = restore_here.fragment(None, "npm was not found")
    assert "npm was not found" in text
    assert "<script" not in text


def test_an_archive_kept_at_the_installation_needs_no_network_and_is_checked(monkeypatch, tmp_path):
    package = ROOT / "book" / "browser" / "package.json"
    version = json.loads(package.read_text())["dependencies"][restore_here.PACKAGE]
    kept = tmp_path / "share" / "irlib" / f"{restore_here.PACKAGE}-{version}.tgz"
    kept.parent.mkdir(parents=True)
    with tarfile.open(kept, "w:gz") as archive:
        for member in restore_here.PAYLOADS.values():
            wrong = tarfile.TarInfo(f"package/{member}")
            wrong.size = 5
            archive.addfile(wrong, io.BytesIO(b"wrong"))
    monkeypatch.setattr(restore_here.shutil, "which", lambda name: None)
    monkeypatch.setattr(restore_here.sys, "prefix", str(tmp_path))
    assert restore_here.fetch(package) == kept
    with pytest.raises(IrlibError, match="not the file this book was made for"):
        restore_here.make_files(tmp_path / "made", package)
    assert not list((tmp_path / "made").glob("*.js"))


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """The page alone, laid out as in the built book."""
    folder = ROOT / "book" / "_generated" / restore_here.NAME
    try:
        restore_here.make_files(folder, ROOT / "book" / "browser" / "package.json")
    except IrlibError as error:
        pytest.skip(f"the page's files cannot be made here: {error}")
    site = tmp_path_factory.mktemp("site")
    static = site / "_static" / restore_here.NAME
    shutil.copytree(SCRIPTS, static)
    for script in folder.glob("*.js"):
        shutil.copyfile(script, static / script.name)
    (site / "book").mkdir()
    html = re.sub(r"```.*", "", restore_here.fragment(folder))
    head = "<!doctype html><html lang=en><meta charset=utf-8><title>Restore</title><main>"
    (site / "book" / "page.html").write_text(head + html, encoding="utf-8")
    return site


@pytest.fixture
def served(site):
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    handler = functools.partial(Quiet, directory=str(site))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/book/page.html"
    server.shutdown()


def pixels(page, name: str) -> np.ndarray:
    script = """(name) => { const c = document.querySelector(`[data-part="${name}"]`);
      return [c.height, c.width, [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]]
    }"""
    height, width, values = page.evaluate(script, name)
    return np.array(values, dtype=np.float32).reshape(height, width, 4)[..., :3] / 255


def tab_to(page, name: str) -> list[str]:
    """Presses Tab until a part has the focus; the parts that had it on the way."""
    passed: list[str] = []
    while name not in passed and len(passed) < 9:
        page.keyboard.press("Tab")
        passed.append(page.evaluate("document.activeElement.dataset.part"))
    return passed


@pytest.mark.browser
@pytest.mark.slow
def test_a_sample_is_restored_as_irlib_restores_it(browser, served):
    from irlib.evaluation import restore_image
    from irlib.models import load_weights

    page = browser.new_page(viewport={"width": 390, "height": 800})
    asked, errors = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(served)
    page.get_by_text("not restored yet").wait_for()
    assert not any("wasm" in url or "model.js" in url for url in asked), "heavy before a click"
    assert tab_to(page, "run") == ["picture", "side", "run"]
    page.keyboard.press("Enter")
    page.get_by_text(re.compile("Restored 256 × 256 pixels in .* seconds")).wait_for(
        timeout=180_000
    )
    before = torch.from_numpy(pixels(page, "before")).permute(2, 0, 1)
    after = torch.from_numpy(pixels(page, "after")).permute(2, 0, 1)
    expected = restore_image(load_weights(restore_here.WEIGHTS), before)
    torch.testing.assert_close(after, expected, rtol=0, atol=0.6 / 255)
    assert all(url.startswith((served.split("/book")[0], "blob:", "data:")) for url in asked)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    with page.expect_download() as download:
        assert tab_to(page, "save") == ["save"]
        page.keyboard.press("Enter")
    assert download.value.suggested_filename == "restored.png"
    assert tab_to(page, "cut") == ["cut"]
    frame = page.locator('[data-part="frame"]')
    assert frame.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"
    page.keyboard.press("Home")
    assert frame.evaluate("e => e.style.getPropertyValue('--cut')") == "0%"
    assert not errors
    page.close()


@pytest.mark.browser
@pytest.mark.slow
def test_it_works_from_a_folder_with_a_photograph_of_the_readers(browser, site):
    page = browser.new_page()
    page.goto((site / "book" / "page.html").as_uri())
    page.get_by_role("combobox", name="Photograph").select_option("own")
    page.get_by_label("File").set_input_files(ROOT / "book" / "_static" / "before-after.jpg")
    page.get_by_text("not restored yet").wait_for()
    page.get_by_role("button", name="Restore").click()
    page.get_by_text(re.compile("Restored .* seconds")).wait_for(timeout=180_000)
    page.close()


@pytest.mark.browser
def test_without_webassembly_it_says_so(browser, served):
    page = browser.new_page()
    page.add_init_script("delete globalThis.WebAssembly")
    page.goto(served)
    page.get_by_role("alert").wait_for()
    assert "no WebAssembly" in page.get_by_role("alert").inner_text()
    assert not page.get_by_role("button", name="Restore").is_visible()
    page.close()
