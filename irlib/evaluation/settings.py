"""The two settings that all-in-one restoration is compared in, and their average."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from irlib.data.benchmarks import data_root, get_benchmark
from irlib.errors import IrlibError, UsageError
from irlib.evaluation.benchmark import Evaluation, evaluate
from irlib.evaluation.scoring import SCORES, Restorer
from irlib.registry import unknown_name


@dataclass(frozen=True)
class Column:
    """One column of a setting's table: a benchmark, and how much noise to add to a clean one."""

    benchmark: str
    sigma: float | None = None

    @property
    def name(self) -> str:
        """Such as "cbsd68-sigma25"."""
        return self.benchmark if self.sigma is None else f"{self.benchmark}-sigma{self.sigma:g}"


_NOISE = tuple(Column("cbsd68", sigma) for sigma in (15.0, 25.0, 50.0))
_HAZE, _RAIN = Column("sots-outdoor"), Column("rain100l")

#: Noise counts three times where it stands with haze and rain alone, once among five tasks.
SETTINGS: dict[str, tuple[Column, ...]] = {
    "three-task": (_HAZE, _RAIN, *_NOISE),
    "five-task": (_HAZE, _RAIN, Column("cbsd68", 25.0), Column("gopro"), Column("lol")),
}


def columns_of(setting: str) -> tuple[Column, ...]:
    """The columns of a setting's table, in the order of the papers.

    Raises:
        UsageError: No such setting; the nearest is suggested.
    """
    if setting not in SETTINGS:
        raise UsageError(unknown_name("setting", setting, list(SETTINGS)))
    return SETTINGS[setting]


def evaluate_setting(
    model: Restorer,
    setting: str,
    *,
    data: str | os.PathLike | None = None,
    save_images: str | os.PathLike | None = None,
    **options: Any,
) -> Iterator[tuple[Column, Evaluation]]:
    """Measures every column of a setting, and first looks whether all its sets are there.

    Args:
        model: A network. An oracle is told each benchmark's task.
        setting: "three-task" or "five-task".
        data: The data root; ``IRLIB_DATA`` when None.
        save_images: Folder for the restored images; each column gets a folder in it.
        **options: Others of :func:`irlib.evaluation.benchmark.evaluate`.

    Yields:
        Each column with its scores, as soon as they are known.

    Raises:
        UsageError: An unknown setting.
        IrlibError: Sets that are missing, all of them named, before anything is measured: an
            average over what happens to be there is not the setting's.
    """
    columns = columns_of(setting)
    root, missing = data_root(data), []
    for name in dict.fromkeys(column.benchmark for column in columns):
        try:
            get_benchmark(name).pairs(root)
        except IrlibError as error:
            missing.append(f"{name} ({error})")
    if missing:
        raise IrlibError(
            f"the {setting} setting needs sets that are not in {root}: {'; '.join(missing)}. Put "
            "them there, or measure the others one by one with --benchmark."
        )
    for column in columns:
        folder = None if save_images is None else Path(save_images) / column.name
        yield (
            column,
            evaluate(
                model,
                column.benchmark,
                sigma=column.sigma,
                data=root,
                save_images=folder,
                **options,
            ),
        )


def average(evaluations: list[Evaluation]) -> dict[str, float]:
    """The unweighted mean of the columns, as the papers' tables have it, of each score."""
    return {key: sum(e.mean[key] for e in evaluations) / len(evaluations) for key in SCORES}
