"""The log of a run: a CSV that anything can read, and TensorBoard beside it."""

import csv
from collections.abc import Sequence
from pathlib import Path

BEFORE, BEHIND = ("step", "loss"), ("lr", "images_per_s", "seconds")


class StepLog:
    """Writes one row a logged step to ``metrics.csv`` and to TensorBoard event files.

    Args:
        run_dir: Folder of the run.
        start: Rows beyond this step, from before a crash, are dropped: they are computed again.
        parts: Names of the parts of the loss, columns of their own behind it.
        enabled: ``False`` on all processes but the first.
    """

    def __init__(
        self, run_dir: Path, start: int, parts: Sequence[str] = (), enabled: bool = True
    ) -> None:
        self.columns = (*BEFORE, *parts, *BEHIND)
        self._file = self._board = None
        if not enabled:
            return
        from torch.utils.tensorboard import SummaryWriter

        path = run_dir / "metrics.csv"
        kept = [row for row in read_log(path) if row["step"] <= start] if start else []
        # Earlier rows are replaced in one step, so that a crash here cannot lose them.
        partial = path.with_suffix(".partial")
        try:
            with open(partial, "w", newline="") as file:
                rows = csv.DictWriter(file, self.columns)
                rows.writeheader()
                rows.writerows(kept)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
        self._file = open(path, "a", newline="")  # noqa: SIM115 (closed on exit)
        self._rows = csv.DictWriter(self._file, self.columns)
        self._board = SummaryWriter(run_dir / "tensorboard", purge_step=start + 1)

    def write(self, **row: float) -> None:
        """Writes one row; the keys are :attr:`columns`."""
        if self._file is None:
            return
        self._rows.writerow(row)
        self._file.flush()
        for name in self.columns[1:-1]:
            self._board.add_scalar(name, row[name], row["step"])

    def __enter__(self) -> "StepLog":
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()
            self._board.close()


def read_log(path: str | Path) -> list[dict[str, float]]:
    """Reads ``metrics.csv``: one dict a row, ``step`` whole, the rest floats; [] if absent."""
    if not Path(path).exists():
        return []
    with open(path, newline="") as file:
        rows = [row for row in csv.DictReader(file) if None not in row.values()]
    return [{k: int(v) if k == "step" else float(v) for k, v in row.items()} for row in rows]
