"""A notebook as its file: which cells are exercises, which are solutions, what cells define."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from irlib.errors import UsageError

#: A line that only a notebook understands ("%time", "!ls", "psnr?").
_NOTEBOOK_LINE = re.compile(r"^[ \t]*(?:[%!].*|\?{1,2}[\w.]+|[\w.]+\?{1,2}[ \t]*)$", re.MULTILINE)


def read_notebook(path: str | Path) -> dict[str, Any]:
    """Reads a notebook's file.

    Raises:
        UsageError: There is none, it cannot be read, or it is not a notebook of version 4.
    """
    path = Path(path)
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"there is no file {path}; give the path of a notebook (.ipynb)") from None
    except (ValueError, OSError) as error:
        raise UsageError(f"{path} is not a notebook ({error}); expected an .ipynb file") from None
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        raise UsageError(f"{path} is not a notebook of version 4: it has no list of cells")
    for number, cell in enumerate(notebook["cells"], start=1):
        if not _is_cell(cell):
            raise UsageError(f"{path} is not a notebook of version 4: cell {number} is no cell")
    return notebook


def _is_cell(cell: Any) -> bool:
    if not isinstance(cell, dict) or not isinstance(cell.get("metadata", {}), dict):
        return False
    text = cell.get("source", "")
    return isinstance(text, str) or (
        isinstance(text, list) and all(isinstance(line, str) for line in text)
    )


def source(cell: dict[str, Any]) -> str:
    """The text of a cell, which a file stores as one string or as a list of lines."""
    text = cell.get("source", "")
    return text if isinstance(text, str) else "".join(text)


def tags(cell: dict[str, Any]) -> set[str]:
    """The tags of a cell."""
    return set(cell.get("metadata", {}).get("tags", []))


def is_solution(cell: dict[str, Any]) -> bool:
    """Whether a cell shows the solution of an exercise."""
    return "solution" in tags(cell)


def without_solutions(notebook: dict[str, Any]) -> dict[str, Any]:
    """The notebook without the cells of solutions and what they printed."""
    return notebook | {"cells": [cell for cell in notebook["cells"] if not is_solution(cell)]}


def code_of(cell: dict[str, Any]) -> str:
    """The code of a cell without lines that only a notebook understands; "" for other cells.

    A cell that is Python stays as it is: in an expression of several lines, a line may well begin
    with ``%``.
    """
    if cell.get("cell_type") != "code":
        return ""
    code = source(cell)
    try:
        ast.parse(code)
    except SyntaxError:
        return _NOTEBOOK_LINE.sub("", code)
    return code


def checked(code: str) -> Iterator[str]:
    """Names of the exercises whose `check` is called in a piece of code.

    Raises:
        SyntaxError: It is not Python.
    """
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "check":
            first = node.args[0] if node.args else None
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value


def definitions(code: str) -> list[str]:
    """The statements of a cell that only name things: imports, functions, plain constants.

    Cells that compute are left out: an answer must not lean on a figure drawn pages before it.

    Raises:
        SyntaxError: It is not Python.
    """
    kept = []
    for node in ast.parse(code).body:
        constant = isinstance(node, ast.Assign | ast.AnnAssign) and _is_literal(node.value)
        named = ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef
        if constant or isinstance(node, named):
            kept.append(ast.unparse(node))
    return kept


def _is_literal(value: ast.expr | None) -> bool:
    """Whether an expression is written out: a number with its sign, a text, a list of such."""
    if value is None:
        return False
    try:
        ast.literal_eval(value)
    except ValueError:
        return False
    return True
