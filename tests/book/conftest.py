"""What tests of the book share: the list of pages, one strict build, one browser."""

import functools
import http.server
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import yaml
from filelock import FileLock

from irlib.ledger.paper_tables import paper_tables
from irlib.viz.paper_table_page import page_name
from irlib.viz.reference_page import page_name as package_page_name
from irlib.viz.symbols import read_library

ROOT = Path(__file__).resolve().parents[2]
#: Pages below another, one for each printed table and one for each package.
MADE = {
    "book/tables": lambda: map(page_name, paper_tables()),
    "book/reference": lambda: map(package_page_name, read_library().packages),
}


@pytest.fixture(scope="session")
def page_names() -> list[str]:
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    names = [toc["root"]]
    for chapter in (chapter for part in toc["parts"] for chapter in part["chapters"]):
        names.append(chapter["file"])
        if "sections" in chapter:  # pages that are written when the book is built
            assert chapter["sections"] == [{"glob": f"{chapter['file']}/*"}]
            names += [f"{chapter['file']}/{page}" for page in MADE[chapter["file"]]()]
    return names


@pytest.fixture(scope="session")
def built_book(tmp_path_factory, worker_id) -> Path:
    """The folder of the rendered pages, built once for all workers of a run."""
    if worker_id == "master":
        return build_book(tmp_path_factory.mktemp("book"))
    output = tmp_path_factory.getbasetemp().parent / "book"
    built = output / "_build" / "html"
    with FileLock(f"{output}.lock"):
        return built if (output / "whole").exists() else build_book(output)


def build_book(output: Path) -> Path:
    """Builds as `make book` does: warnings are errors."""
    command = [str(Path(sys.executable).with_name("jupyter-book")), "build", str(ROOT)]
    command += ["--path-output", str(output), "-W", "-n", "--keep-going"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    report = [line for line in (done.stdout + done.stderr).splitlines() if "WARNING" in line]
    if done.returncode:
        report = report or [done.stdout[-2000:], done.stderr[-2000:]]
        pytest.fail("the strict book build failed:\n" + "\n".join(report))
    (output / "whole").touch()
    return output / "_build" / "html"


@pytest.fixture(scope="session")
def browser():
    """Headless Chromium, where one is installed."""
    executable = shutil.which("chromium") or shutil.which("chromium-browser")
    if executable is None:
        pytest.skip("no chromium on this machine; install Debian's package to run browser tests")
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    arguments = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-dev-shm-usage",
        "--disable-sync",
        "--no-first-run",
    ]
    with sync_api.sync_playwright() as playwright:
        instance = playwright.chromium.launch(executable_path=executable, args=arguments)
        yield instance
        instance.close()


@pytest.fixture(scope="session")
def book_address(built_book):
    """The address of a small server on this machine that serves the built pages."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    class Server(http.server.ThreadingHTTPServer):
        def handle_error(self, *args):
            pass  # a page was left before all of it was sent

    handler = functools.partial(Quiet, directory=str(built_book))
    server = Server(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
