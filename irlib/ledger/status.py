"""What became of a printed number: one status a cell, decided from numbers alone.

A paper's table makes two kinds of statement. "This system reaches 37.76 dB" can be reproduced only
by its own recipe, at scale `paper`. "This system gains 0.61 dB over that one" can be asked at any
scale: does the difference have the same sign, and is it larger than what another seed would have
changed? The second question needs the noise between seeds, :func:`seed_noise`.

Taught in chapter 20.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from irlib.errors import UsageError

Status = Literal[
    "reproduced", "same sign", "inside the noise", "not reproduced", "reference", "not run"
]

#: What each status means, in the order in which pages count them.
MEANINGS: dict[Status, str] = {
    "reproduced": "measured at scale `paper` on the whole test set, and within the tolerance of "
    "the printed value",
    "same sign": "the difference to the reference row has the printed sign and is larger than the "
    "noise between seeds",
    "inside the noise": "the difference to the reference row is no larger than another choice of "
    "seeds may have made it, or there are too few seeds to tell",
    "not reproduced": "the difference has the other sign, or was printed as zero, and is larger "
    "than the noise; at scale `paper` also a value outside the tolerance without a reference",
    "reference": "the row that the others are compared with, or a cell beside which nothing is "
    "printed to compare with",
    "not run": "no record yet, for this row or for the reference",
}

#: How far from the printed value still counts as reproduced, by metric (its unit).
TOLERANCES = {
    "psnr": 0.10,  # dB: what authors' own retrainings differ by between papers
    "ssim": 0.005,
    "lpips": 0.01,
    "uciqe": 0.01,
    "uiqm": 0.05,
    "delta-e": 0.1,
}

#: Confidence of the interval that decides "inside the noise".
LEVEL = 0.95


@dataclass(frozen=True)
class Noise:
    """How much a score moves from seed to seed in one column of a table.

    Attributes:
        deviation: Standard deviation left after a row's own part and a seed's own part are taken
            out, in the unit of the scores.
        freedom: Degrees of freedom it was estimated with, at least 1.
    """

    deviation: float
    freedom: int

    def margin(self, seeds: int) -> float:
        """Half the interval of a difference of two rows, each the mean over the same `seeds`."""
        from scipy.stats import t

        return float(t.ppf((1 + LEVEL) / 2, self.freedom) * self.deviation * math.sqrt(2 / seeds))


def seed_noise(column: Mapping[str, Mapping[int, float]]) -> Noise | None:
    """The noise between seeds of one column, pooled over its rows.

    A score is taken as a row's own part plus a seed's own part (the same samples in the same order
    for every row) plus noise; both parts are fitted by least squares and the noise is what is left:
    a randomised block design. Pooling is what makes three seeds enough; it takes for granted that
    rows are about equally noisy.

    Args:
        column: Scores by row, then by seed. Rows may lack seeds.

    Returns:
        The noise, or None where no row has a second seed to tell from.
    """
    scores = [(row, seed, value) for row, of in column.items() for seed, value in of.items()]
    scores = [score for score in scores if math.isfinite(score[2])]
    rows = sorted({row for row, _, _ in scores})
    seeds = sorted({seed for _, seed, _ in scores})
    parts = np.zeros((len(scores), len(rows) + len(seeds)))
    for line, (row, seed, _) in enumerate(scores):
        parts[line, rows.index(row)] = parts[line, len(rows) + seeds.index(seed)] = 1
    freedom = len(scores) - int(np.linalg.matrix_rank(parts)) if scores else 0
    if freedom < 1:
        return None
    values = np.array([value for _, _, value in scores])
    left = values - parts @ np.linalg.lstsq(parts, values, rcond=None)[0]
    return Noise(float(np.sqrt(left @ left / freedom)), freedom)


@dataclass(frozen=True)
class Verdict:
    """A status and the numbers it was decided from.

    Attributes:
        status: One of :data:`MEANINGS`.
        printed: The paper's difference to its reference row, None where it prints none.
        measured: Ours, over the seeds that both rows have; None where there is none.
        margin: How large a measured difference may be by the choice of seeds alone; None where
            nothing tells it.
        seeds: The seeds that both rows have.
    """

    status: Status
    printed: float | None = None
    measured: float | None = None
    margin: float | None = None
    seeds: tuple[int, ...] = ()


def verdict(
    ours: Mapping[int, float],
    *,
    paper: float | None,
    metric: str,
    scale: str | None = None,
    complete: bool = True,
    reference: Mapping[int, float] | None = None,
    paper_reference: float | None = None,
    noise: Noise | None = None,
) -> Verdict:
    """Decide the status of one cell.

    Args:
        ours: Our scores by seed; empty where nothing was run.
        paper: The printed value, None where the paper prints none.
        metric: Names the tolerance, a key of :data:`TOLERANCES`.
        scale: Scale of our runs; only ``paper`` can reproduce a value.
        complete: Whether the whole test set was measured.
        reference: The reference row's scores by seed; None when this row is the reference.
        paper_reference: The reference row's printed value.
        noise: From :func:`seed_noise` of the cell's column.

    Raises:
        UsageError: There is no tolerance for the metric.
    """
    if metric not in TOLERANCES:
        raise UsageError(
            f"no tolerance is stated for the metric '{metric}'; known: {', '.join(TOLERANCES)}. "
            "Add it to TOLERANCES of irlib/ledger/status.py."
        )
    if not ours:
        return Verdict("not run", _difference(paper, paper_reference))
    comparable = scale == "paper" and complete and paper is not None
    mean = float(np.mean(list(ours.values())))
    near = comparable and abs(mean - paper) <= TOLERANCES[metric] + 1e-9
    if reference is None:
        if not comparable:
            return Verdict("reference")
        return Verdict("reproduced" if near else "not reproduced")
    printed = _difference(paper, paper_reference)
    seeds = tuple(sorted(set(ours) & set(reference)))
    if not seeds:
        return Verdict("reproduced" if near else "not run", printed)
    measured = float(np.mean([ours[seed] - reference[seed] for seed in seeds]))
    margin = noise.margin(len(seeds)) if noise else None
    if near:
        status: Status = "reproduced"
    elif printed is None:
        status = "not reproduced" if comparable else "reference"
    elif margin is None or not math.isfinite(measured) or abs(measured) <= margin:
        status = "inside the noise"
    else:
        status = "same sign" if printed * measured > 0 else "not reproduced"
    return Verdict(status, printed, measured, margin, seeds)


def _difference(value: float | None, reference: float | None) -> float | None:
    if value is None or reference is None:
        return None
    return round(value - reference, 6)  # printed values are decimal; their difference is too
