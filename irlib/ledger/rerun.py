"""Making a record again: the command to run here, and what differs in the result."""

import math
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from irlib.errors import UsageError
from irlib.ledger.inputs import SHIPPED, named_weights
from irlib.ledger.provenance import sha256_of_file
from irlib.ledger.record import Record

#: How far a repeated score may lie from the record, by the end of its name: another processor
#: adds in another order. Everything else may differ by a thousandth of itself.
ALLOWED = {"psnr": 0.005, "ssim": 1e-4}
RELATIVE = 1e-3

#: What a repetition cannot give again: time, and what only says where it was measured.
_TIMES = ("seconds",)


def arguments_again(
    record: Record, data: str | Path | None = None, weights: str | Path = SHIPPED
) -> list[str]:
    """What to type after ``irlib`` to measure a record again on this machine.

    Args:
        record: An evaluation.
        data: Folder of the benchmarks, which a command names as ``DIR``.
        weights: Folder of the shipped weights: those of a training are looked up there by their
            hash when the run itself is not here any more.

    Raises:
        UsageError: The record is no evaluation, or its weights or images are not here.
    """
    words = shlex.split(record.command or "")
    if words[:2] != ["irlib", "evaluate"]:
        raise UsageError(
            f"{record.name} is made by `{record.command}`, which is not repeated for a check: only "
            "records of `irlib evaluate` are. Run that command yourself with --results FOLDER."
        )
    words = words[1:]
    named = named_weights(record)
    if named is not None:
        words[words.index(named)] = _weights_here(record, named, Path(weights))
    if "DIR" in words:
        if data is None or "--pairs" in words:
            raise UsageError(
                f"{record.name} was measured on images that are not part of the repository; "
                "set IRLIB_DATA to the folder of the benchmarks. "
                "(A folder of --pairs is not known to the record.)"
            )
        words[words.index("DIR")] = str(data)
    return words


def differences(stored: Record, fresh: Record) -> list[str]:
    """What a repetition gave otherwise, one sentence each; empty where it agrees.

    Compared are inputs (weights, images, noise, protocol) exactly, and each value and each image's
    scores within :data:`ALLOWED`.
    """
    found = []
    for name in ("weights_sha256", "test_set", "noise", "protocol"):
        before, after = getattr(stored, name), getattr(fresh, name)
        if before != after:
            found.append(f"{name} was {before}, is {after}")
    before, after = dict(_numbers(stored)), dict(_numbers(fresh))
    if before.keys() != after.keys():
        odd = sorted(before.keys() ^ after.keys())
        found.append(f"measured only once: {', '.join(odd[:5])}")
    for key in sorted(before.keys() & after.keys()):
        if not _close(key, before[key], after[key]):
            found.append(f"{key} was {before[key]:.6g}, is {after[key]:.6g}")
    return found


def largest_change(stored: Record, fresh: Record) -> float:
    """The largest change of any value of a record; 0.0 where a repetition gave the same bits."""
    return max(
        (
            abs(value - fresh.values[key])
            for key, value in stored.values.items()
            if key in fresh.values and value != fresh.values[key]
        ),
        default=0.0,
    )


def _weights_here(record: Record, named: str, shipped: Path) -> str:
    candidates = [Path(named), shipped / f"{named}.safetensors", *shipped.glob("*.safetensors")]
    for path in candidates:
        if path.is_file() and sha256_of_file(path) == record.weights_sha256:
            return str(path)
    raise UsageError(
        f"the weights of {record.name} ({named}, hash {str(record.weights_sha256)[:12]}) are not "
        "here, neither as a run nor among the shipped ones. Train them again first; the record of "
        "the training says how."
    )


def _numbers(record: Record) -> Iterator[tuple[str, float]]:
    yield from record.values.items()
    for row in record.per_image:
        place = f"{row.get('group', '')}/{row.get('name', '')}"
        for key, value in row.items():
            if isinstance(value, float) and key not in _TIMES:
                yield f"{place}: {key}", value


def _close(key: str, before: Any, after: Any) -> bool:
    if before == after:
        return True
    for metric, allowed in ALLOWED.items():
        if key.endswith(metric):
            return abs(before - after) <= allowed
    return math.isclose(before, after, rel_tol=RELATIVE, abs_tol=1e-9)
