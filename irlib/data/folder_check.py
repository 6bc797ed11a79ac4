"""What is wrong in a folder of images, file by file, and what to do about it.

Taught in chapter 3.
"""

import os
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from irlib.data.benchmark_layouts import Layout, is_image_name, same_stem
from irlib.data.benchmarks import (
    Benchmark,
    bears_name,
    folders_named,
    get_benchmark,
    list_benchmarks,
)
from irlib.data.decoding import decoded_sizes
from irlib.data.pairing import existing_folder, has_pairs, pair_layout, shortened, unpaired
from irlib.errors import IrlibError

# Above this many, the names of missing files are counted instead of listed one by one.
_NAMED_ONE_BY_ONE = 200


@dataclass(frozen=True)
class Finding:
    """One thing to know about a folder.

    Attributes:
        kind: ``missing``, ``unpaired``, ``unreadable``, ``odd size``, ``duplicate``, ``extra``,
            ``overlap``, ``stray`` or ``subset``.
        file: The file or name concerned, relative to the checked folder.
        problem: What was found, and what was expected.
        remedy: What to do.
        wrong: False for a remark that makes no folder wrong.
    """

    kind: str
    file: str
    problem: str
    remedy: str
    wrong: bool = True


@dataclass(frozen=True)
class Inspection:
    """The check of one set: what it is, how much of it is there, and the findings.

    Attributes:
        title: The benchmark's title, or the folder's name.
        folder: The folder looked at.
        layout: The layout found, in words.
        found: Images (or pairs) found.
        expected: Images (or pairs) in the published split, or None for a folder of one's own.
        findings: In the order missing, unpaired, unreadable, sizes, remarks.
    """

    title: str
    folder: Path
    layout: str
    found: int
    expected: int | None
    findings: list[Finding] = field(default_factory=list)

    @property
    def wrong(self) -> bool:
        """Whether anything needs repair."""
        return any(finding.wrong for finding in self.findings)

    @property
    def count_in_words(self) -> str:
        """Such as ``25 of 100: a subset; its mean is not the published number``."""
        if self.expected is None:
            return f"{self.found}"
        if self.found == self.expected:
            return f"{self.found} of {self.expected}: complete"
        if self.found > self.expected:
            return f"{self.found}, more than the {self.expected} of the published split"
        return f"{self.found} of {self.expected}: a subset; its mean is not the published number"


def check_folder(
    folder: str | os.PathLike, benchmark: str | None = None, subset: bool = False
) -> list[Finding]:
    """Everything that is wrong in a folder; see :func:`inspect_folder`."""
    return [f for i in inspect_folder(folder, benchmark, subset) for f in i.findings]


def inspect_folder(
    folder: str | os.PathLike, benchmark: str | None = None, subset: bool = False
) -> list[Inspection]:
    """Check one benchmark, or every set recognised in a folder.

    Args:
        folder: A data root, one benchmark's folder, or any folder of pairs or images.
        benchmark: A benchmark's name; without it the folder's own names decide.
        subset: Take absent images of a published set for intended: remarks, nothing wrong.

    Returns:
        One inspection per set found.

    Raises:
        UsageError: `folder` is no folder, or the benchmark is unknown.
        IrlibError: Nothing in it is recognised.
    """
    root = existing_folder(folder)
    if benchmark is not None:
        chosen = get_benchmark(benchmark)
        return [_inspect(chosen, *chosen.locate(root), subset)]
    found, seen = [], set()
    for candidate in list_benchmarks():
        named = folders_named(root, candidate.folders)
        if any(bears_name(root, name) for name in candidate.folders):
            named.append(root)
        fitting = ((f, x) for f in named for x in candidate.layouts if x.fits(f))
        where, layout = next(fitting, (None, None))
        if where is not None and where not in seen:
            seen.add(where)
            found.append(_inspect(candidate, where, layout, subset))
    for other in [root, *sorted(p for p in root.iterdir() if p.is_dir())]:
        if other not in seen and other.resolve() not in seen and has_pairs(other):
            found.append(_inspect(None, other, pair_layout(other), subset))
    if not found and any(is_image_name(p) for p in root.iterdir()):
        found.append(_inspect(None, root, Layout("images", target=("*",)), subset))
    if not found:
        raise IrlibError(
            f"{root} holds no benchmark, no folder of pairs (`input/` and `target/`) and no "
            "images. Name the set with --benchmark, or see `irlib data list` for the folder "
            "names that are recognised."
        )
    return found


def _inspect(benchmark: Benchmark | None, folder: Path, layout: Layout, subset: bool) -> Inspection:
    inputs, targets = layout.inputs(folder), layout.targets(folder)
    keys = [layout.target_key(p.relative_to(folder)) for p in targets]
    lone_inputs, lone_targets = unpaired(folder, layout)
    spare = benchmark is not None and benchmark.spare_targets
    found = len(inputs) - len(lone_inputs) if layout.degraded else len(set(keys))
    findings: list[Finding] = []
    if benchmark is not None:
        intended = subset or is_declared_subset(folder)
        findings += _missing(benchmark, layout, folder, inputs, set(keys), found, intended)
        findings += [
            Finding(
                "overlap",
                str(path.relative_to(folder)),
                "is a CBSD68 test photograph, which no training set may hold",
                "move it away",
            )
            for path, key in zip(targets, keys, strict=True)
            if key in benchmark.forbidden
        ]
        if benchmark.names is not None:
            findings += [
                Finding(
                    "extra",
                    str(path.relative_to(folder)),
                    f"is not one of the {benchmark.count} of {benchmark.title}",
                    "move it away: it would change the mean",
                )
                for path, key in zip(targets, keys, strict=True)
                if key not in benchmark.names
            ]
    findings += _duplicates(folder, layout, inputs, targets)
    findings += [
        Finding(
            "unpaired",
            str(p.relative_to(folder)),
            f"has no {side}",
            f"add the missing {side} or move this file away",
        )
        for side, paths in (
            ("reference", lone_inputs),
            ("degraded image", [] if spare else lone_targets),
        )
        for p in paths
    ]
    sizes, problems = decoded_sizes(inputs + targets)
    findings += [
        Finding("unreadable", str(p.relative_to(folder)), problem, "get this file again")
        for p, problem in problems.items()
    ]
    findings += _odd_pairs(folder, layout, inputs, targets, sizes)
    if benchmark is not None and benchmark.sizes is not None:
        expected = " or ".join(f"{w}x{h}" for w, h in sorted(benchmark.sizes, reverse=True))
        findings += [
            Finding(
                "odd size",
                str(path.relative_to(folder)),
                f"is {size[0]}x{size[1]}; {benchmark.title} has {expected}",
                "get the original again: resized or cropped images give other scores",
            )
            for path, size in sizes.items()
            if size not in benchmark.sizes
        ]
    findings += _strays(folder, layout)
    title = benchmark.title if benchmark else folder.resolve().name
    return Inspection(
        title, folder, layout.words, found, benchmark.count if benchmark else None, findings
    )


def is_declared_subset(folder: Path) -> bool:
    """Whether the folder's own name says that it holds a part only."""
    return folder.name.lower().endswith(("_part", "_example", "-part", "-example"))


def _missing(
    benchmark: Benchmark,
    layout: Layout,
    folder: Path,
    inputs: list[Path],
    keys: set[str],
    found: int,
    intended: bool,
) -> list[Finding]:
    kind, wrong = ("subset", False) if intended else ("missing", True)
    remedy = f"get it from {benchmark.published_by}, or pass --subset if a part is intended"
    absent = [] if benchmark.names is None else [n for n in benchmark.names if n not in keys]
    if layout.group and len(layout.degraded) > 1:
        there = {
            (layout.group(p.relative_to(folder)), layout.degraded_key(p.relative_to(folder)))
            for p in inputs
        }
        absent += [
            f"{g}/{k}" for k in sorted(keys) for g in benchmark.groups if (g, k) not in there
        ]
    elif benchmark.inputs_per_target not in (None, 1) and not layout.group:
        per_target = Counter(layout.degraded_key(p.relative_to(folder)) for p in inputs)
        absent += [
            f"{k} ({n} of {benchmark.inputs_per_target} degraded images)"
            for k, n in sorted(per_target.items())
            if n < benchmark.inputs_per_target
        ]
    if absent and len(absent) <= _NAMED_ONE_BY_ONE:
        return [Finding(kind, name, "is not there", remedy, wrong) for name in absent]
    if absent:
        return [Finding(kind, shortened(absent), "are not there", remedy, wrong)]
    if found > benchmark.count:
        return [
            Finding(
                "extra",
                f"{found - benchmark.count} files",
                f"too many: {found}, but the published split has {benchmark.count}",
                "move away what is not part of it",
            )
        ]
    if found < benchmark.count:
        return [
            Finding(
                kind,
                f"{benchmark.count - found} files",
                f"are not there: {found} of {benchmark.count}",
                remedy,
                wrong,
            )
        ]
    return []


def _duplicates(
    folder: Path, layout: Layout, inputs: list[Path], targets: list[Path]
) -> Iterable[Finding]:
    input_name = same_stem if layout.named_by_stem else layout.degraded_key
    for paths, key_of in ((inputs, input_name), (targets, layout.target_key)):
        by_key = defaultdict(list)
        for path in paths:
            inside = path.relative_to(folder)
            group = layout.group(inside) if layout.group and paths is inputs else ""
            by_key[group, key_of(inside)].append(str(inside))
        for (_, key), files in sorted(by_key.items()):
            for extra in files[1:]:
                yield Finding(
                    "duplicate", extra, f"and {files[0]} both stand for '{key}'", "keep one of them"
                )


def _odd_pairs(
    folder: Path,
    layout: Layout,
    inputs: list[Path],
    targets: list[Path],
    sizes: dict[Path, tuple[int, int]],
) -> Iterable[Finding]:
    target_of = {layout.target_key(p.relative_to(folder)): p for p in targets}
    for path in inputs:
        target = target_of.get(layout.degraded_key(path.relative_to(folder)))
        if target in sizes and path in sizes and sizes[path] != sizes[target]:
            (w, h), (tw, th) = sizes[path], sizes[target]
            yield Finding(
                "odd size",
                str(path.relative_to(folder)),
                f"is {w}x{h} but its reference {target.relative_to(folder)} is {tw}x{th}",
                "get both again: a pair is compared pixel by pixel",
            )


def _strays(folder: Path, layout: Layout) -> Iterable[Finding]:
    for place in layout.folders(folder):
        for path in sorted(place.iterdir()):
            if path.is_file() and not is_image_name(path) and not path.name.startswith("."):
                yield Finding(
                    "stray",
                    str(path.relative_to(folder)),
                    "is no image",
                    "nothing: it is ignored",
                    wrong=False,
                )
