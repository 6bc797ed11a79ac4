"""Sentences that are tested where they stand.

A chapter that says "A is better than B" calls :func:`claim` with the sentence and what was measured
just before. The page shows the verdict beside the sentence, and the page "Claims" lists all of
them. A claim rests on records or on what no machine changes (a count, an identity), or it says at
which scale it is judged.

Taught on the page "How this book is built".
"""

import hashlib
import math
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from html import escape
from typing import Any

from irlib.errors import IrlibError, UsageError
from irlib.ledger.files import read_record
from irlib.ledger.record import HASH_FIELD
from irlib.scale import SCALES, current_scale

MIME = "application/vnd.irlib.claim+json"
HOLDS, FAILS, OPEN = "holds", "does not hold", "not judged"
SHOWN_RECORDS = 1  # of many; the others are counted
_MARKS = {HOLDS: "✓", FAILS: "✗", OPEN: "–"}


@dataclass(frozen=True)
class Claim:
    """A sentence, what was measured, and whether the one follows from the other.

    Attributes:
        sentence: What is claimed, in plain words, without markup.
        measured: A number, a yes or no, or None where it was not measured.
        low: Smallest value with which the sentence is true, or None.
        high: Largest value with which it is true, or None.
        unit: Unit of the three, such as "dB".
        verdict: ``holds``, ``does not hold`` or ``not judged``.
        at: The only scale at which it means something, or None for any.
        scale: The scale at which such a sentence was judged, None where all are alike.
        records: Content hash by name of the records that `measured` was read from.
    """

    sentence: str
    measured: float | bool | None
    low: float | None
    high: float | None
    unit: str
    verdict: str
    at: str | None = None
    scale: str | None = None
    records: dict[str, str] = field(default_factory=dict)

    @property
    def anchor(self) -> str:
        """Where a page holds this claim: the same sentence has the same place."""
        return "claim-" + hashlib.sha256(self.sentence.encode()).hexdigest()[:10]

    @property
    def reason(self) -> str:
        """What was measured and what was claimed, as one sentence."""
        if self.measured is None:
            return "It was not measured."
        if self.verdict == OPEN:
            return f"It is judged at scale {self.at} only; this is {self.scale}."
        where = "" if self.at is None else f" (scale {self.at})"
        if isinstance(self.measured, bool):
            return f"Checked: {'yes' if self.measured else 'no'}{where}."
        return f"Measured: {self._written(self.measured)}; claimed: {self.bounds}{where}."

    @property
    def bounds(self) -> str:
        """The claimed values in words, such as "at least 0 dB"; empty for a yes or no."""
        if self.low is not None and self.low == self.high:
            return f"exactly {self._written(self.low)}"
        if self.low is not None and self.high is not None:
            low, high = _number(self.low), _number(self.high)
            if low == high:  # a narrow band is told apart
                low, high = f"{self.low:.8g}", f"{self.high:.8g}"
            return f"{low} to {high} {self.unit}".strip()
        if self.low is not None:
            return f"at least {self._written(self.low)}"
        return "" if self.high is None else f"at most {self._written(self.high)}"

    def __str__(self) -> str:
        return f"[{self.verdict}] {self.sentence} {self.reason}"

    def _written(self, value: float) -> str:
        return f"{_number(value)} {self.unit}".strip()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        shown = [f"<code>{escape(name)}</code>" for name in list(self.records)[:SHOWN_RECORDS]]
        others = len(self.records) - len(shown)
        reads = ", ".join([*shown, f"{others} more"] if others else shown)
        html = (
            f'<p id="{self.anchor}" class="irlib-claim"><strong>{_MARKS[self.verdict]} '
            f"{self.verdict}:</strong> {escape(self.sentence)} <small>{escape(self.reason)}"
            f"{f' From {reads}.' if reads else ''}</small></p>"
        )
        body = asdict(self)
        if isinstance(self.measured, float) and not math.isfinite(self.measured):
            body["measured"] = str(self.measured)  # JSON has no infinity
        return {"text/plain": str(self), "text/html": html, MIME: body}


def judge(
    sentence: str,
    measured: float | bool | None,
    low: float | None = None,
    high: float | None = None,
    *,
    unit: str = "",
    at: str | None = None,
    records: Iterable[str] = (),
) -> Claim:
    """Judge a sentence; the arguments are those of :func:`claim`, which also shows the verdict."""
    if not isinstance(sentence, str) or not sentence.strip().endswith((".", "!", "?")):
        raise UsageError(
            f"a claim is a sentence that ends with a full stop, not {sentence!r}; "
            'write such as claim("Rain is removed best.", gain, low=0).'
        )
    if at is not None and at not in SCALES:
        raise UsageError(f"at={at!r} is no scale; expected one of {', '.join(SCALES)}, or None.")
    measured, low, high = _plain(measured), _plain(low), _plain(high)
    bare = low is None and high is None
    if isinstance(measured, bool) and not bare:
        raise UsageError(f"{sentence!r}: a yes or no was measured; leave low and high out.")
    if bare and measured is not None and not isinstance(measured, bool):
        raise UsageError(
            f"{sentence!r}: {measured} was measured, but nothing says with which values the "
            "sentence is true; give low, high or both."
        )
    if low is not None and high is not None and low > high:
        raise UsageError(f"{sentence!r}: low {low} is above high {high}; exchange them.")
    scale = None if at is None else current_scale()
    if measured is None or at != scale:
        verdict = OPEN
    elif isinstance(measured, bool):
        verdict = HOLDS if measured else FAILS
    else:
        # A comparison with NaN is false, so that what is no number proves nothing.
        inside = (-math.inf if low is None else low) <= measured
        inside = inside and measured <= (math.inf if high is None else high)
        verdict = HOLDS if inside else FAILS
    hashes = {name: record_hash(name) for name in records}
    return Claim(sentence.strip(), measured, low, high, unit, verdict, at, scale, hashes)


def claim(
    sentence: str,
    measured: float | bool | None,
    low: float | None = None,
    high: float | None = None,
    *,
    unit: str = "",
    at: str | None = None,
    records: Iterable[str] = (),
) -> None:
    """Say a sentence together with its test, and show the verdict (it never stops a notebook).

    Args:
        sentence: What is claimed: plain words, no markup, with a full stop.
        measured: What was measured: a number with `low` or `high`, or a yes or no without; None
            where it was not measured (a record that does not exist yet).
        low: The sentence is true from this value on, it included.
        high: The sentence is true up to this value, it included.
        unit: Unit of the three, such as "dB".
        at: The only scale at which the sentence means something, such as "pocket". None: at any,
            because it rests on records or on what no machine changes.
        records: Names of the records that `measured` was read from; their hashes are kept, so
            that a verdict older than its record is found out.

    Raises:
        UsageError: No sentence, no bound for a number, a bound for a yes or no, an unknown scale
            or record.

    Example:
        claim("More steps help.", long - short, low=0, unit="dB", records=[a, b])
    """
    verdict = judge(sentence, measured, low, high, unit=unit, at=at, records=records)
    shell = sys.modules.get("IPython")
    if shell is not None and shell.get_ipython() is not None:
        shell.display.display(verdict)
    else:
        print(verdict)


def claim_from_mapping(body: dict[str, Any], source: str) -> Claim:
    """Read a claim back from a notebook's stored output.

    Raises:
        IrlibError: It is no claim, or its verdict does not follow from what it measured.
    """
    try:
        found = Claim(**body)
        if isinstance(found.measured, str):
            found = replace(found, measured=float(found.measured))
        again = judge(found.sentence, found.measured, found.low, found.high)
    except (TypeError, ValueError, UsageError) as error:
        raise IrlibError(f"{source} stores no claim: {error}. Execute it again.") from error
    if found.verdict != (again.verdict if found.at == found.scale else OPEN):
        raise IrlibError(
            f'{source}: "{found.sentence}" is stored as "{found.verdict}", which does not follow '
            "from what it measured. A verdict is not edited by hand; execute the page again."
        )
    return found


def record_hash(name: str) -> str:
    """The content hash of a record: what a claim keeps to find out that the record changed."""
    return read_record(name).to_mapping()[HASH_FIELD]


def _plain(value: Any) -> Any:
    """Numbers and truth values of NumPy and PyTorch as Python's own."""
    return value.item() if hasattr(value, "item") else value


def _number(value: float) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    return "about 0" if 0 < abs(value) < 1e-9 else f"{value:.4g}"
