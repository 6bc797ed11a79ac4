"""Pages fold code that is plumbing, and only that; code that is the lesson lies open.

Plumbing is what installs, what only imports, and what only draws with matplotlib: a cell that
draws and asks the network, the library or a function of the chapter for nothing.
"""

import ast
import builtins
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
FOLD = "hide-input"
PROMPTS = {"code_prompt_show": "Show the code", "code_prompt_hide": "Hide the code"}
DRAWING = ("matplotlib", "irlib.viz", "itertools", "math", "statistics", "numpy")
DRAWN_WITH = {"Figure", "Rectangle"}


def called(tree: ast.AST) -> list[str]:
    """The first name of every call: `f` of `f(x)`, `a` of `a.b.c(x)`, empty for others."""
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            target = node.func
            while isinstance(target, ast.Attribute | ast.Subscript):
                target = target.value
            names.append(target.id if isinstance(target, ast.Name) else "")
    return names


def plumbing(notebook) -> list[int]:
    """Positions of a notebook's cells of plumbing."""
    found, near, far, own = [], set(), set(), set()
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type != "code" or not cell.source.strip():
            continue
        tree = ast.parse(cell.source)
        defined = {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                source = getattr(node, "module", None) or node.names[0].name
                names = {(alias.asname or alias.name).split(".")[0] for alias in node.names}
                (near if source.startswith(DRAWING) else far).update(names)
        imports = sum(isinstance(n, ast.Import | ast.ImportFrom) for n in tree.body)
        asked = set(called(tree)) & (far | own)
        named = {
            n.func.id
            for n in ast.walk(tree)
            if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
        }
        strange = {name for name in named if not hasattr(builtins, name)} - defined - near
        prepares = "google.colab" in cell.source or (index < 4 and imports >= 3 and not defined)
        draws = named & DRAWN_WITH and not asked and not strange
        if prepares or draws:
            found.append(index)
            near |= defined
        else:
            own |= defined
    return found


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return nbformat.read(request.param, as_version=4)


def test_plumbing_is_folded_and_nothing_else(notebook):
    folded = [i for i, c in enumerate(notebook.cells) if FOLD in c.metadata.get("tags", [])]
    assert folded == plumbing(notebook), f'fold plumbing cells with the tag "{FOLD}", no others'


def test_the_button_says_what_it_shows(notebook):
    for index in plumbing(notebook):
        given = notebook.cells[index].metadata.get("mystnb", {})
        assert PROMPTS.items() <= given.items(), f"cell {index}: its button offers a solution"


def test_exercises_are_never_folded_as_plumbing(notebook):
    for index in plumbing(notebook):
        assert not {"exercise-stub", "solution"} & set(
            notebook.cells[index].metadata.get("tags", [])
        )
