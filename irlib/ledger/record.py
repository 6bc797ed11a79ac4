"""What a record of one measurement holds, and the hash that shows it was not edited by hand."""

import dataclasses
import hashlib
import json
import math
from dataclasses import dataclass, field
from typing import Any

from irlib.errors import IrlibError

FORMAT = 1
HASH_FIELD = "content_sha256"

# JSON has no infinity, yet the PSNR of two equal images is infinite: in these fields, and only
# there, it is kept as a word and turned back into a float on reading.
_NUMERIC_FIELDS = ("values", "spread", "per_image")
_WORDS = {"inf": math.inf, "-inf": -math.inf}


@dataclass(frozen=True)
class Record:
    """One measurement and everything needed to make it again.

    Attributes:
        name: Path-like name in lower case, such as ``promptir-pocket/cbsd68-sigma25``.
        values: The measured values by name: ``psnr`` and ``input_psnr`` in dB, ``ssim`` and
            ``input_ssim`` without unit, or whatever else was measured.
        kind: ``evaluation``, ``training`` or ``timing``.
        per_image: One mapping per image (``name``, ``psnr``, ``ssim``, ...), in sorted order.
        spread: By value name: how far it moves, over what (images or seeds), and how that was
            computed; a bootstrap interval names its level, resamples and seed.
        protocol: Every field of the metric protocol.
        noise: ``sigma`` (0-255 scale), ``seed`` and ``quantise`` of synthesised noise, else None.
        test_set: ``name``, ``count``, ``expected`` and ``sha256`` of the images measured on.
        recipe: The training recipe as a mapping, or None where nothing was trained.
        recipe_hash: Hash of the recipe.
        scale: ``smoke``, ``pocket`` or ``paper``.
        steps: Optimiser steps behind the weights.
        weights_sha256: SHA-256 of the weights file.
        versions: Versions of the libraries that took part.
        device: The device in words.
        minutes: Wall-clock minutes the measurement took.
        commit: The commit of the code, or None outside a git checkout.
        command: The command that makes this record again.
        notes: One sentence a reader of the number should see, or an empty string.
    """

    name: str
    values: dict[str, float]
    kind: str = "evaluation"
    per_image: list[dict[str, Any]] = field(default_factory=list)
    spread: dict[str, Any] = field(default_factory=dict)
    protocol: dict[str, Any] | None = None
    noise: dict[str, Any] | None = None
    test_set: dict[str, Any] | None = None
    recipe: dict[str, Any] | None = None
    recipe_hash: str | None = None
    scale: str | None = None
    steps: int | None = None
    weights_sha256: str | None = None
    versions: dict[str, str] = field(default_factory=dict)
    device: str | None = None
    minutes: float | None = None
    commit: str | None = None
    command: str | None = None
    notes: str = ""

    @classmethod
    def from_mapping(cls, mapping: dict[str, Any], source: str = "the mapping") -> "Record":
        """Build a record from a mapping of its fields.

        Args:
            mapping: Field names and values; ``name`` and ``values`` are required.
            source: What the mapping came from, for the error message.

        Raises:
            IrlibError: A field is missing or unknown.
        """
        known = {f.name for f in dataclasses.fields(cls)}
        unknown = sorted(set(mapping) - known)
        missing = sorted({"name", "values"} - set(mapping))
        if unknown or missing:
            raise IrlibError(
                f"{source} is not a ledger record: "
                + "; ".join(
                    part
                    for part in (
                        f"unknown fields {', '.join(unknown)}" if unknown else "",
                        f"missing fields {', '.join(missing)}" if missing else "",
                    )
                    if part
                )
                + f". A record has the fields {', '.join(sorted(known))}."
            )
        return cls(**mapping)

    def to_mapping(self) -> dict[str, Any]:
        """The record as plain JSON types, format number and content hash included.

        Raises:
            IrlibError: A number is NaN, or a field holds something JSON cannot.
        """
        body = {"format": FORMAT, **dataclasses.asdict(self)}
        for name in _NUMERIC_FIELDS:
            body[name] = _infinities_to_words(body[name], f"{self.name}: {name}")
        # A round trip now makes tuples and integer keys what they will be after reading.
        body = json.loads(canonical_json(body, self.name))
        body[HASH_FIELD] = content_hash(body)
        return body


def record_from_json(body: dict[str, Any], source: str) -> Record:
    """Read a record back from parsed JSON, verifying format and content hash.

    Args:
        body: The parsed file.
        source: The file, for error messages.

    Raises:
        IrlibError: Another format, no hash, or a hash that does not fit the content.
    """
    if not isinstance(body, dict) or HASH_FIELD not in body or "format" not in body:
        raise IrlibError(
            f"{source} is not a ledger record: it has no '{HASH_FIELD}' or 'format' field. "
            "Records are written by a command such as `irlib evaluate --record NAME`."
        )
    if body["format"] != FORMAT:
        raise IrlibError(
            f"{source} has record format {body['format']!r}; this irlib reads format {FORMAT}. "
            "Make the record again with this version."
        )
    stated, found = body[HASH_FIELD], content_hash(body)
    if stated != found:
        raise IrlibError(
            f"{source} was changed after it was written: it states the content hash "
            f"{str(stated)[:12]} but its content hashes to {found[:12]}. A measured number is not "
            f"edited by hand; make it again with: {body.get('command') or 'its command'}"
        )
    fields = {k: v for k, v in body.items() if k not in ("format", HASH_FIELD)}
    for name in _NUMERIC_FIELDS:
        fields[name] = _words_to_infinities(fields.get(name))
    return Record.from_mapping(fields, source)


def content_hash(body: dict[str, Any]) -> str:
    """SHA-256 (hex) over the canonical JSON of a mapping, its own hash field left out."""
    content = {k: v for k, v in body.items() if k != HASH_FIELD}
    return hashlib.sha256(canonical_json(content, "record").encode()).hexdigest()


def canonical_json(body: Any, source: str) -> str:
    """One spelling for one content: sorted keys, no blanks, ASCII, shortest exact floats.

    Raises:
        IrlibError: The content holds NaN, an infinity outside the measured values, or an object
            that JSON cannot express.
    """
    try:
        return json.dumps(body, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise IrlibError(
            f"{source} cannot be recorded: {error}. A record holds text, booleans, finite numbers, "
            "lists and mappings; turn tensors into floats first."
        ) from error


def _infinities_to_words(node: Any, source: str) -> Any:
    if isinstance(node, dict):
        return {k: _infinities_to_words(v, source) for k, v in node.items()}
    if isinstance(node, list | tuple):
        return [_infinities_to_words(v, source) for v in node]
    if isinstance(node, float) and math.isnan(node):
        raise IrlibError(
            f"{source} holds NaN, which is no measurement. Find the image it comes from in the "
            "per-image values and leave it out, or repair what produced it."
        )
    if isinstance(node, float) and math.isinf(node):
        return "inf" if node > 0 else "-inf"
    return node


def _words_to_infinities(node: Any) -> Any:
    if isinstance(node, dict):
        # An image may well be called "inf"; its name stays a name.
        return {k: v if k == "name" else _words_to_infinities(v) for k, v in node.items()}
    if isinstance(node, list):
        return [_words_to_infinities(v) for v in node]
    return _WORDS.get(node, node) if isinstance(node, str) else node
