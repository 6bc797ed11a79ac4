"""What the theme leaves unsaid to a reader who listens, added to the built pages."""

from __future__ import annotations

import re

# A part of the contents that unfolds: its page's link, then a button that is only an arrow.
_TOGGLE = re.compile(
    r'(<a class="[^"]*" href="[^"]*">(?P<title>[^<]*)</a><details[^>]*>)<summary>'
    r'(?=<span class="toctree-toggle")'
)
_SIDE = '<div class="bd-sidebar-primary bd-sidebar"'


def name_toggles(html: str) -> str:
    """Return a page in which each arrow of the contents says which pages it unfolds.

    Args:
        html: a whole page as the theme wrote it.
    """
    return _TOGGLE.sub(r'\1<summary aria-label="Pages under \g<title>">', html)


def name_side(html: str) -> str:
    """Return a page whose left side, with logo and contents, is a place that can be gone to.

    Args:
        html: a whole page as the theme wrote it.
    """
    return html.replace(f"{_SIDE}>", f'{_SIDE} role="region" aria-label="The book">')
