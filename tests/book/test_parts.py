"""The page that introduces the parts names all of them, and every page, as the contents do."""

import posixpath
import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
PAGE = "book/parts"
LINK = re.compile(r"\]\(([^)#]+)\.(?:md|ipynb)\)")


def sections() -> dict[str, list[str]]:
    """Each heading of the page, with the pages that its table links to."""
    text = (ROOT / f"{PAGE}.md").read_text(encoding="utf-8")
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)[1:]
    found = {}
    for title, body in zip(parts[::2], parts[1::2], strict=True):
        rows = [line for line in body.splitlines() if line.startswith("|")]
        links = [LINK.search(row) for row in rows]
        found[title] = [posixpath.normpath(f"book/{link[1]}") for link in links if link]
    return found


def test_parts_and_their_pages_stand_as_in_the_contents():
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    expected = {
        part["caption"]: [c["file"] for c in part["chapters"] if c["file"] != PAGE]
        for part in contents["parts"]
    }
    assert list(sections()) == list(expected)
    assert sections() == expected
