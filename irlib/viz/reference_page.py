"""The reference of irlib: a page a package, made from its docstrings when the book is built.

Files are read, not imported. What a docstring says stands on the page as it is; only references
become links, and sections such as ``Args:`` become lists.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping
from pathlib import Path

from irlib.viz.chapters import Chapter, link_chapters, read_chapters, taught_in
from irlib.viz.pages import write_page
from irlib.viz.symbols import Library, Module, Symbol, read_library

FRAGMENT = "reference.md"
FOLDER = "reference"
#: Packages in the order of the page: from what all others use to what a reader types.
ORDER = {
    "": "what all parts use",
    "degradations": "noise, haze, rain, blur, darkness, water, snow and their mixtures",
    "nn": "blocks of the networks",
    "metrics": "measures under a stated protocol",
    "data": "photographs, dead leaves, benchmarks, training pairs",
    "foundation": "CLIP, DINOv2 and VGG, published or small",
    "models": "the networks",
    "losses": "what training makes small",
    "training": "recipes, the loop, objectives",
    "evaluation": "restoring and scoring",
    "perceiver": "how Perceive-IR learns its prompts and itself",
    "pocket": "how the small foundation models are made",
    "bench": "speed and memory",
    "planning": "what a training would cost",
    "ledger": "records and the papers' tables",
    "reproduce": "what answers a printed number",
    "viz": "figures, tables and pages",
    "check": "answers to exercises, checked",
    "cli": "the commands, one function each",
}
_ROLE = re.compile(r":(?:func|class|meth|data|mod|attr|exc|obj):`(~?)([^`]+)`")
_RAISES = re.compile(r"(:raises )(\w+):")
# A role or code, which stay; what a single pair of backquotes holds; a bar outside of both.
_MARKS = re.compile(r"(:[\w:]+:`[^`]+`|``.+?``)|`([^`\n]+)`|(\|)", re.DOTALL)


def write_reference(book: str | Path, notebooks: str | Path) -> list[Path]:
    """Writes a page a package and the fragment that lists packages and chapters.

    Args:
        book: The folder ``book``; pages go to ``reference``, the fragment to ``_generated``.
        notebooks: The folder of the chapters.
    """
    book = Path(book)
    library, chapters = read_library(), read_chapters(notebooks)
    written = [
        write_page(book / "_generated" / FRAGMENT, overview(library, chapters)),
        *(
            write_page(
                book / FOLDER / f"{page_name(package)}.md",
                package_page(package, modules, library, chapters),
            )
            for package, modules in library.packages.items()
        ),
    ]
    for old in set((book / FOLDER).glob("*.md")) - set(written):
        old.unlink()  # a package that is gone would otherwise stay in the contents
    return written


def page_name(package: str) -> str:
    """The file of a package's page, without ending: ``irlib-nn``; ``irlib`` for single files."""
    return f"irlib-{package}" if package else "irlib"


def package_page(
    package: str, modules: Iterable[Module], library: Library, chapters: Mapping[int, Chapter]
) -> str:
    """The page of a package as MyST Markdown: a section a module, an entry a name."""
    title = f"irlib.{package}" if package else "irlib"
    parts = [f"# {title}"]
    for module in modules:
        lines = _text(module.text, library, chapters, module.name)
        if module.name != title:
            parts.append(f"## {module.name.removeprefix('irlib.')}")
        for symbol in module.symbols:
            lines += ["", *_entry(symbol, module, library, chapters)]
        if lines:
            parts.append(_rst(lines))
    return "\n\n".join(parts) + "\n"


def overview(library: Library, chapters: Mapping[int, Chapter]) -> str:
    """The fragment of the reference's first page: packages, and by chapter what it teaches."""
    parts = ["## Packages"]
    known = [package for package in ORDER if package in library.packages]
    known += sorted(set(library.packages) - set(known))
    parts.append(
        "\n".join(
            f"- [irlib{'.' * bool(p)}{p}]({FOLDER}/{page_name(p)}.md)"
            + (f": {ORDER[p]}" if p in ORDER else "")
            for p in known
        )
    )
    parts.append("## By chapter")
    for number, chapter in chapters.items():
        taught, used = names_of(chapter, library)
        lines = [f"### Chapter {number}: [{chapter.title}](../{chapter.page}.ipynb)"]
        for word, names in (("Taught", taught), ("Used", used)):
            if names:
                lines.append(_rst([f"{word}: " + ", ".join(f":py:obj:`~{n}`" for n in names)]))
        parts += lines
    return "\n\n".join(parts) + "\n"


def names_of(chapter: Chapter, library: Library) -> tuple[list[str], list[str]]:
    """What a chapter teaches, by the docstrings, and what else its cells import, sorted."""
    taught = [
        symbol.name
        for modules in library.packages.values()
        for module in modules
        for symbol in module.symbols
        if chapter.number in lessons(symbol, module)
    ]
    used = {library.aliases[name] for name in chapter.imports if name in library.aliases}

    def order(name: str) -> tuple[str, str]:
        return name.rpartition(".")[2].lower(), name

    return sorted(taught, key=order), sorted(used - set(taught), key=order)


def lessons(symbol: Symbol, module: Module) -> list[int]:
    """The chapters that teach a name: as its docstring says, else as its module's says."""
    return taught_in(symbol.text) or taught_in(module.text)


def _entry(
    symbol: Symbol, module: Module, library: Library, chapters: Mapping[int, Chapter]
) -> list[str]:
    body = _text(symbol.text, library, chapters, module.name, symbol.name)
    where = _where(symbol, module, library, chapters)
    body += ["", where] if where else []
    for member in symbol.members:
        body += ["", *_object(member, _text(member.text, library, chapters, symbol.name))]
    return _object(symbol, body)


def _object(symbol: Symbol, body: list[str]) -> list[str]:
    options = [f":{symbol.flag}:"] if symbol.flag else []
    head = f".. py:{symbol.kind}:: {symbol.name}{symbol.signature}"
    inside = [*options, "", *body]
    return [head, *(f"   {line}".rstrip() for line in inside)]


def _where(
    symbol: Symbol, module: Module, library: Library, chapters: Mapping[int, Chapter]
) -> str:
    """Where to read about a name whose own docstring names no chapter."""
    if taught_in(symbol.text):
        return ""
    numbers = [n for n in lessons(symbol, module) if n in chapters]
    word = "Taught"
    if not numbers:
        word = "Used"
        numbers = [
            n
            for n, chapter in chapters.items()
            if symbol.name in {library.aliases.get(name) for name in chapter.imports}
        ]
    links = ", ".join(f":doc:`{n} </{chapters[n].page}>`" for n in numbers)
    return f"{word} in chapter{'s' * (len(numbers) > 1)} {links}." if numbers else ""


def _text(text: str, library: Library, chapters: Mapping[int, Chapter], *scopes: str) -> list[str]:
    """A docstring as lines of reStructuredText."""
    from sphinx.ext.napoleon import Config, GoogleDocstring

    def reference(match: re.Match) -> str:
        short, written = match.groups()
        found = library.find(written.removesuffix("()"), *reversed(scopes))
        if found:
            return f":py:obj:`~{found}`"
        return f"``{written.rpartition('.')[2] if short else written}``"

    text = link_chapters(text, dict(chapters))
    text = _ROLE.sub(reference, text)
    text = _MARKS.sub(lambda m: m[1] or (f"``{m[2]}``" if m[2] else r"\|"), text)
    settings = Config(napoleon_use_ivar=True, napoleon_use_rtype=False)
    marked = str(GoogleDocstring(textwrap.dedent(text), settings))
    # Two arguments that share a line: a blank would make the first one a type.
    marked = re.sub(r":(param|ivar) (\w+), (\w+):", r":\1 \2,\3:", marked)
    marked = _RAISES.sub(lambda m: f"{m[1]}{_raised(m[2], library, scopes)}:", marked)
    return marked.strip("\n").splitlines()


def _raised(name: str, library: Library, scopes: tuple[str, ...]) -> str:
    found = library.find(name, *scopes) or library.find(f"irlib.errors.{name}")
    return f"~{found}" if found else name


def _rst(lines: list[str]) -> str:
    return "\n".join(["````{eval-rst}", *lines, "````"])
