"""The files that a host of repositories shows beside the code: complete, and true of this one."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
TEMPLATES = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.md"))
COMMAND = re.compile(r"\bmake ([a-z]+)\b")


def test_the_citation_has_what_the_format_asks_for():
    assert {"cff-version", "message", "title", "authors"} <= CITATION.keys()


def test_the_citation_names_the_project_as_it_is():
    settings = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    assert CITATION["title"] == settings["title"]
    assert [author["name"] for author in CITATION["authors"]] == [
        author["name"] for author in PROJECT["authors"]
    ]
    assert CITATION["version"] == PROJECT["version"]
    assert PROJECT["license"] in CITATION["license"]


def test_the_changelog_opens_with_the_version_at_hand():
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert headings[0].startswith(PROJECT["version"])


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "CODE_OF_CONDUCT.md"])
def test_they_name_only_targets_that_exist(name):
    text = (ROOT / ".github" / name).read_text(encoding="utf-8")
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert set(COMMAND.findall("\n".join(re.findall(r"`[^`]+`", text)))) <= set(targets)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_an_issue_template_has_its_settings(path):
    _, front, body = path.read_text(encoding="utf-8").split("---\n", 2)
    settings = yaml.safe_load(front)
    assert {"name", "about", "labels"} <= settings.keys()
    assert "**" in body
