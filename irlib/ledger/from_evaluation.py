"""From scores to a record: everything that produced them, beside them."""

from collections.abc import Mapping, Sequence
from typing import Any

from irlib.evaluation.benchmark import Evaluation
from irlib.evaluation.scoring import SCORES, mean_of
from irlib.evaluation.spread import spread_of
from irlib.ledger.provenance import commit, device_in_words, library_versions
from irlib.ledger.record import Record
from irlib.metrics import Protocol, get_protocol


def record_of_evaluation(
    evaluation: Evaluation,
    name: str,
    *,
    command: str | None = None,
    facts: Mapping[str, Any] | None = None,
    weights_sha256: str | None = None,
    notes: str = "",
) -> Record:
    """The record of one benchmark's scores.

    Args:
        evaluation: What :func:`irlib.evaluation.evaluate` returned.
        name: The record's name, such as ``promptir-pocket/cbsd68-sigma25``.
        command: The command that makes it again.
        facts: The weights file's facts: ``recipe``, ``recipe_hash``, ``steps``.
        weights_sha256: SHA-256 of the weights file; None for classical methods.
        notes: One sentence a reader of the number should see. That a subset was measured, or a
            measure could not be, is noted without being asked.
    """
    if evaluation.expected is not None and not evaluation.complete:
        part = f"{evaluation.count} of {evaluation.expected} images: a subset"
        notes = f"{part}; not comparable with the published mean. {notes}".strip()
    notes = " ".join([notes, *evaluation.missing]).strip()
    noise = None
    if evaluation.sigma is not None:
        noise = {
            "sigma": evaluation.sigma,
            "seed": evaluation.noise_seed,
            "quantise": evaluation.quantised,
        }
    return Record(
        name=name,
        values=dict(evaluation.mean),
        per_image=[dict(row) for row in evaluation.per_image],
        spread=evaluation.spread,
        protocol=evaluation.protocol.as_dict(),
        noise=noise,
        test_set={
            "name": evaluation.test_set,
            "count": evaluation.count,
            "expected": evaluation.expected,
            "sha256": evaluation.test_set_sha256,
        },
        device=device_in_words(evaluation.device),
        minutes=evaluation.minutes,
        command=command,
        notes=notes,
        weights_sha256=weights_sha256,
        **_training_fields(facts),
        **_code_fields(),
    )


def record_of_embedded(
    rows: Sequence[Mapping[str, Any]],
    name: str,
    *,
    protocol: Protocol | str = "all-in-one",
    seed: int = 0,
    device: Any = "cpu",
    minutes: float | None = None,
    command: str | None = None,
    facts: Mapping[str, Any] | None = None,
    weights_sha256: str | None = None,
    notes: str = "",
) -> Record:
    """The record of a five-task table on the embedded photographs.

    Its values are ``psnr``, ``ssim``, ``input_psnr`` and ``input_ssim`` as means over tasks, and
    those of each task by its name and a slash: ``derain/psnr``.

    Args:
        rows: What :func:`irlib.evaluation.evaluate_embedded` returned.
        name: The record's name.
        protocol: The protocol it was given.
        seed: The seed it was given.
        device: Where it ran.
        minutes: How long it took.
        command: The command that makes it again.
        facts: The weights file's facts: ``recipe``, ``recipe_hash``, ``steps``.
        weights_sha256: SHA-256 of the weights file.
        notes: One sentence a reader of the number should see.
    """
    values = mean_of([dict(row) for row in rows])
    spread: dict[str, Any] = {}
    per_image = []
    for row in rows:
        values |= {f"{row['task']}/{key}": row[key] for key in SCORES}
        of_task = spread_of(row["per_image"], SCORES)
        spread |= {f"{row['task']}/{key}": of_task[key] for key in of_task}
        per_image += [{"group": row["task"], **image} for image in row["per_image"]]
    return Record(
        name=name,
        values=values,
        per_image=per_image,
        spread=spread,
        protocol=get_protocol(protocol).as_dict(),
        noise={
            "seed": seed,
            "degradations": {row["task"]: row["degradation"] for row in rows},
            "severity": rows[0]["severity"],
        },
        test_set={"name": "embedded", "count": len(per_image), "expected": None, "sha256": None},
        device=device_in_words(device),
        minutes=minutes,
        command=command,
        notes=notes,
        weights_sha256=weights_sha256,
        **_training_fields(facts),
        **_code_fields(),
    )


def _training_fields(facts: Mapping[str, Any] | None) -> dict[str, Any]:
    facts = facts or {}
    recipe = facts.get("recipe")
    return {
        "recipe": recipe,
        "recipe_hash": facts.get("recipe_hash"),
        "scale": recipe.get("scale") if isinstance(recipe, Mapping) else None,
        "steps": facts.get("steps"),
    }


def _code_fields() -> dict[str, Any]:
    return {"versions": library_versions(), "commit": commit()}
