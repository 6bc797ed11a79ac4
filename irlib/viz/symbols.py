"""The public names of irlib, read from its files without importing them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Symbol:
    """A public name: a function, a class, or a constant that is explained.

    Attributes:
        name: As a reader imports it, ``irlib.nn.NafBlock``: from its package where that offers it.
        kind: "function", "class", "method", "property" or "data".
        signature: ``(dim, window=None)``, or nothing.
        text: Its docstring; for a constant the comment above it.
        flag: "classmethod" or "staticmethod" of a method, else nothing.
        members: Public methods and properties with a docstring.
    """

    name: str
    kind: str
    signature: str
    text: str
    flag: str = ""
    members: tuple[Symbol, ...] = ()


@dataclass(frozen=True)
class Module:
    """A file of the library.

    Attributes:
        name: ``irlib.nn.naf_block``.
        text: Its docstring.
        symbols: What it defines for others.
    """

    name: str
    text: str
    symbols: tuple[Symbol, ...]


@dataclass
class Library:
    """The library's packages with their modules, and every way to write a name.

    Attributes:
        packages: Package ("nn", or "" for the files directly under irlib) to its modules.
        aliases: Full names in every form to the one that the reference uses.
    """

    packages: dict[str, list[Module]] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)

    def find(self, written: str, *scopes: str) -> str | None:
        """The full name that a reference in a docstring means, or None.

        Args:
            written: As in the docstring, such as ``simple_gate`` or ``irlib.nn.NafBlock``.
            scopes: Where it stands: the module, the class.
        """
        for scope in scopes:
            parts = scope.split(".")
            for depth in range(len(parts), 0, -1):
                found = self.aliases.get(".".join([*parts[:depth], written]))
                if found:
                    return found
        return self.aliases.get(written)


def read_library(root: Path = PACKAGE) -> Library:
    """Reads all public names from the files of irlib.

    Args:
        root: The folder of the package irlib.
    """
    library = Library()
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        package = parts[0] if len(parts) > 1 else ""
        own = ".".join(("irlib", *(part for part in parts if part != "__init__")))
        source = path.read_text(encoding="utf-8")
        tree = ast.parse(source)
        offered = _offered(root / package / "__init__.py", own) if package else {}
        symbols = []
        for symbol in _symbols(tree, source.splitlines(), set(offered)):
            full = offered.get(symbol.name, f"{own}.{symbol.name}")
            renamed = _renamed(symbol, full)
            symbols.append(renamed)
            for each in (renamed, *renamed.members):
                library.aliases[each.name] = each.name
                library.aliases[f"{own}.{symbol.name}{each.name.removeprefix(full)}"] = each.name
        text = ast.get_docstring(tree) or ""
        library.packages.setdefault(package, []).append(Module(own, text, tuple(symbols)))
    for init in sorted(root.glob("*/__init__.py")):
        for written, meant in _passed_on(init):
            if meant in library.aliases:
                library.aliases.setdefault(written, library.aliases[meant])
    return library


def _renamed(symbol: Symbol, full: str) -> Symbol:
    members = tuple(
        Symbol(f"{full}.{m.name}", m.kind, m.signature, m.text, m.flag) for m in symbol.members
    )
    return Symbol(full, symbol.kind, symbol.signature, symbol.text, symbol.flag, members)


def _passed_on(init: Path) -> Iterator[tuple[str, str]]:
    """Names that a package offers from anywhere in irlib, and where they come from."""
    for node in ast.parse(init.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("irlib."):
            for alias in node.names:
                name = alias.asname or alias.name
                yield f"irlib.{init.parent.name}.{name}", f"{node.module}.{alias.name}"


def _offered(init: Path, module: str) -> dict[str, str]:
    """Names of a module that its package offers, to the names as they are then imported."""
    package = f"irlib.{init.parent.name}"
    found = {}
    for node in ast.parse(init.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.module == module:
            found |= {alias.name: f"{package}.{alias.asname or alias.name}" for alias in node.names}
        elif isinstance(node, ast.Assign | ast.AnnAssign) and module == package:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {t.id: f"{package}.{t.id}" for t in targets if isinstance(t, ast.Name)}
    return {name: full for name, full in found.items() if not name.startswith("_")}


def _symbols(tree: ast.Module, lines: list[str], offered: set[str]) -> Iterator[Symbol]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield Symbol(node.name, "function", signature(node), ast.get_docstring(node) or "")
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield _class(node)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name) and not target.id.startswith("_"):
                text = _comment_above(lines, node.lineno)
                if text or target.id in offered:
                    yield Symbol(target.id, "data", "", text)


def _class(node: ast.ClassDef) -> Symbol:
    members = []
    made = ""
    for inner in node.body:
        if not isinstance(inner, ast.FunctionDef):
            continue
        marks = {ast.unparse(mark) for mark in inner.decorator_list}
        text = ast.get_docstring(inner)
        if inner.name == "__init__":
            made = signature(inner, method=True)
        elif text and not inner.name.startswith("_"):
            if marks & {"property", "cached_property", "functools.cached_property"}:
                members.append(Symbol(inner.name, "property", "", text))
            elif not any(mark.endswith(".setter") for mark in marks):
                flag = next(iter(marks & {"classmethod", "staticmethod"}), "")
                given = signature(inner, method=flag != "staticmethod")
                members.append(Symbol(inner.name, "method", given, text, flag))
    if not made and _has_fields(node):
        made = _fields(node)
    return Symbol(node.name, "class", made, ast.get_docstring(node) or "", members=tuple(members))


def _has_fields(node: ast.ClassDef) -> bool:
    marks = [ast.unparse(mark) for mark in (*node.decorator_list, *node.bases)]
    return any(mark.split("(")[0] in ("dataclass", "NamedTuple") for mark in marks)


def _fields(node: ast.ClassDef) -> str:
    shown = []
    for inner in node.body:
        if isinstance(inner, ast.AnnAssign) and "ClassVar" not in ast.unparse(inner.annotation):
            name = ast.unparse(inner.target)
            given = ast.unparse(inner.value) if inner.value else ""
            if given.startswith("field("):
                given = "..."
            shown.append(f"{name}={given}" if given else name)
    return f"({', '.join(shown)})"


def signature(node: ast.FunctionDef, *, method: bool = False) -> str:
    """The arguments of a function with their defaults, without annotations: docstrings say more.

    Args:
        node: The function.
        method: Whether its first argument is the object or the class.
    """
    given = node.args
    positional = [*given.posonlyargs, *given.args]
    defaults = [None] * (len(positional) - len(given.defaults)) + list(given.defaults)
    shown = [_argument(a, d) for a, d in zip(positional, defaults, strict=True)][method:]
    if given.vararg:
        shown.append(f"*{given.vararg.arg}")
    elif given.kwonlyargs:
        shown.append("*")
    shown += [_argument(a, d) for a, d in zip(given.kwonlyargs, given.kw_defaults, strict=True)]
    if given.kwarg:
        shown.append(f"**{given.kwarg.arg}")
    return f"({', '.join(shown)})"


def _argument(argument: ast.arg, default: ast.expr | None) -> str:
    return argument.arg if default is None else f"{argument.arg}={ast.unparse(default)}"


def _comment_above(lines: list[str], number: int) -> str:
    """The comment ``#: ...`` that ends on the line above, as one paragraph."""
    found: list[str] = []
    for line in reversed(lines[: number - 1]):
        if not line.startswith("#:"):
            break
        found.insert(0, line.removeprefix("#:").strip())
    return " ".join(found)
