"""Whether the inputs that records name are the ones that lie here: weights and test images."""

import shlex
from collections.abc import Iterable
from pathlib import Path

import irlib
from irlib.ledger.provenance import sha256_of_file
from irlib.ledger.record import Record

SHIPPED = Path(irlib.__file__).parent / "weights"


def named_weights(record: Record) -> str | None:
    """The weights that a record's command names, or None."""
    words = shlex.split(record.command or "")
    return words[words.index("--weights") + 1] if "--weights" in words[:-1] else None


def wrong_inputs(records: Iterable[Record], weights: str | Path = SHIPPED) -> list[str]:
    """What does not fit together, one sentence each; empty where all inputs agree.

    - A measurement ``NAME/...`` was made on the weights that ``NAME/training`` left, where there
      is such a record.
    - A command that names shipped weights was run on the file that is shipped now.
    - Records of one test set, with as many images, have one hash of these images.

    Args:
        records: Verified records.
        weights: Folder of the shipped weights.
    """
    found = {record.name: record for record in records}
    shipped = {path.stem: sha256_of_file(path) for path in Path(weights).glob("*.safetensors")}
    images: dict[tuple, tuple[str, str]] = {}
    wrong = []
    for name, record in found.items():
        digest = record.weights_sha256
        training = found.get(f"{name.rpartition('/')[0]}/training")
        named = named_weights(record)
        if named in shipped:
            if digest != shipped[named]:
                wrong.append(
                    f"{name} was measured on other weights ({_short(digest)}) than the shipped "
                    f"{named} ({_short(shipped[named])}); measure again: {record.command}"
                )
        elif training is not None and record.kind == "evaluation" and digest:
            wrong += _other_than(training, record)
        test_set = record.test_set or {}
        if test_set.get("sha256"):
            key = test_set["name"], test_set["count"]
            first, known = images.setdefault(key, (name, test_set["sha256"]))
            if test_set["sha256"] != known:
                wrong.append(
                    f"{name} and {first} were measured on different images of {key[0]}, though on "
                    f"{key[1]} each; compare `irlib data check` on both machines"
                )
    return wrong


def _other_than(training: Record, record: Record) -> list[str]:
    if record.weights_sha256 == training.weights_sha256:
        return []
    return [
        f"{record.name} was measured on other weights ({_short(record.weights_sha256)}) than "
        f"{training.name} left ({_short(training.weights_sha256)}); measure again: {record.command}"
    ]


def _short(digest: str | None) -> str:
    return str(digest)[:12]
