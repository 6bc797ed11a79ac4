"""A notebook as its file: which cells are exercises, which are solutions, what cells define."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from irlib.errors import UsageError

#: A line that only a notebook understands ("%time", "!ls"); as Python it is a syntax error.
_NOTEBOOK_LINE = re.compile(r"^\s*[%!].*$", re.MULTILINE)


def read_notebook(path: str | Path) -> dict[str, Any]:
    """Reads a notebook's file.

    Raises:
        UsageError: There is none, or it is not a notebook of version 4.
    """
    path = Path(path)
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"there is no file {path}; give the path of a notebook (.ipynb)") from None
    except (ValueError, IsADirectoryError) as error:
        raise UsageError(f"{path} is not a notebook ({error}); expected an .ipynb file") from None
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        raise UsageError(f"{path} is not a notebook of version 4: it has no list of cells")
    return notebook


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
    """The code of a cell without lines that only a notebook understands; "" for other cells."""
    return _NOTEBOOK_LINE.sub("", source(cell)) if cell.get("cell_type") == "code" else ""


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
        constant = isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        named = ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef
        if constant or isinstance(node, named):
            kept.append(ast.unparse(node))
    return kept
