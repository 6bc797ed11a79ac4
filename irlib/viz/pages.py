"""Pages that commands write: replaced in one step, and HTML inside Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path


def write_page(path: str | Path, text: str) -> Path:
    """Write a page whole: a build that runs meanwhile reads the old one or the new one.

    Args:
        path: The file; its folder is made if missing. A file that holds the text already is left
            alone, so that Sphinx does not build its page again.
        text: The page.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return path
    temporary = path.with_suffix(".part")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
    return path


def raw(html: str) -> str:
    """HTML as a block of MyST Markdown."""
    return f"```{{raw}} html\n{html}\n```"


def paragraph(text: str) -> str:
    """Plain text as a paragraph in which no sign is taken for Markdown."""
    return raw(f"<p>{escape(text)}</p>")


def bullets(sentences: Sequence[str]) -> str:
    """Plain sentences as a list in which no sign is taken for Markdown."""
    return raw("<ul>" + "".join(f"<li>{escape(text)}</li>" for text in sentences) + "</ul>")
