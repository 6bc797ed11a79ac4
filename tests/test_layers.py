"""An import inside irlib only ever goes down, and importing irlib stays cheap."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "irlib"
HUGE_PAGES = Path("/sys/kernel/mm/transparent_hugepage/enabled")
FLOORS = {
    "device": 0,
    "errors": 0,
    "registry": 0,
    "scale": 0,
    "tensor_files": 0,
    "degradations": 1,
    "nn": 1,
    "metrics": 1,
    "data": 2,
    "foundation": 2,
    "models": 3,
    "losses": 3,
    "training": 4,
    "evaluation": 4,
    "perceiver": 4,
    "pocket": 4,
    "bench": 4,
    "planning": 5,
    "ledger": 5,
    "reproduce": 5,
    "cli": 6,
    "viz": 6,
    "check": 6,
    "teaching": 6,
}
HEAVY = (
    "bm3d",
    "lightning",
    "matplotlib",
    "open_clip",
    "seaborn",
    "skimage",
    "timm",
    "torchvision",
)


def modules() -> list[Path]:
    return [path for path in sorted(PACKAGE.rglob("*.py")) if path != PACKAGE / "__init__.py"]


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_parts(path: Path) -> set[str]:
    """Names directly under irlib that a file imports, wherever in the file the import stands."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} uses a relative import; write irlib.…"
            if node.module == "irlib":
                names |= {f"irlib.{alias.name}" for alias in node.names}
            elif node.module:
                names.add(node.module)
    return {name.split(".")[1] for name in names if name.startswith("irlib.")}


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_only_go_down(path):
    own = FLOORS[part_of(path)]
    above = {name for name in imported_parts(path) & FLOORS.keys() if FLOORS[name] > own}
    assert not above, f"{path.relative_to(PACKAGE)} (floor {own}) imports from above: {above}"


def test_every_part_has_a_floor():
    assert {part_of(path) for path in modules()} <= FLOORS.keys()


def test_the_library_does_not_know_its_readers():
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom | ast.Import):
                roots = [getattr(node, "module", None) or "", *(a.name for a in node.names)]
                assert not {root.split(".")[0] for root in roots} & {"tests", "notebooks", "book"}


def run(code: str, environment: dict[str, str] | None = None) -> str:
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return done.stdout.strip()


def test_importing_irlib_loads_no_heavy_package():
    code = f"import irlib, sys; print(*[n for n in {HEAVY!r} if n in sys.modules])"
    assert run(code) == ""


def test_importing_irlib_costs_little_beyond_torch():
    code = (
        "import torch, time; start = time.perf_counter(); import irlib; "
        "print(time.perf_counter() - start)"
    )
    # The best of three: the limit is about irlib, not about what else the machine is doing.
    assert min(float(run(code)) for _ in range(3)) <= 0.3


@pytest.mark.skipif(not HUGE_PAGES.is_file(), reason="this system has no transparent huge pages")
@pytest.mark.parametrize(("asked", "expected"), [(None, True), ("0", False)])
def test_large_tensors_lie_in_large_pages_unless_the_reader_forbids_it(asked, expected):
    chosen = HUGE_PAGES.read_text(encoding="utf-8")
    if "[madvise]" not in chosen:
        pytest.skip(f"large pages are not for programs to choose here: {chosen.strip()}")
    code = (
        "import torch, irlib; from pathlib import Path; kept = torch.ones(64 * 2**20); "
        "lines = Path('/proc/self/smaps_rollup').read_text().splitlines(); "
        "print(next(line.split()[1] for line in lines if line.startswith('AnonHugePages')))"
    )
    environment = {k: v for k, v in os.environ.items() if k != "THP_MEM_ALLOC_ENABLE"}
    environment |= {} if asked is None else {"THP_MEM_ALLOC_ENABLE": asked}
    kilobytes = int(run(code, environment))
    assert (kilobytes > 128 * 1024) == expected  # the tensor has 256 MB
