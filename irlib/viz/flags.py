"""Flags of commands stay whole where a narrow page breaks a line: ``--`` never ends one."""

from __future__ import annotations

import re

_COMMANDS = re.compile(
    r'<div class="highlight-(?:bash|text) notranslate"><div class="highlight"><pre>.*?</pre>'
    r'|<code class="docutils literal notranslate">.*?</code>',
    re.DOTALL,
)
_FLAG = re.compile(r"(?<![^\s>])--[a-z][\w-]*")


def keep_flags_whole(html: str) -> str:
    """Return a page in which no line breaks within a flag, in shell blocks and named in the text.

    Args:
        html: a whole page as the theme wrote it.
    """

    def marked(block: re.Match) -> str:
        return _FLAG.sub(r'<span class="irlib-flag">\g<0></span>', block[0])

    return _COMMANDS.sub(marked, html)
