"""Tables of scores for a terminal."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from irlib.evaluation.benchmark import Evaluation

# More rows than this belong in the record, not on a screen.
_MOST_ROWS = 200

_SETTING = "{:<16} {:>6} {:>9} {:>12} {:>6} {:>11} {:>7}"
SETTING_HEAD = _SETTING.format(
    "benchmark", "images", "input dB", "restored dB", "gain", "input SSIM", "SSIM"
)


def setting_row(name: str, images: int | str, mean: dict[str, float]) -> str:
    """One row of a setting's table: a benchmark or the average."""
    decibels = mean["input_psnr"], mean["psnr"], mean["psnr"] - mean["input_psnr"]
    similarities = mean["input_ssim"], mean["ssim"]
    numbers = [f"{number:.2f}" for number in decibels] + [f"{s:.4f}" for s in similarities]
    return _SETTING.format(name, images, *numbers)


def show_evaluation(evaluation: "Evaluation") -> None:
    """Prints a row an image (of up to 200), groups, mean, interval and protocol."""
    rows = evaluation.per_image
    width = max(4, *(len(row["name"]) for row in rows[:_MOST_ROWS]), 5)
    columns = _columns(evaluation.mean)
    typer.echo(f"{'image':<{width}} " + " ".join(head for head, _ in columns))
    shown = rows if len(rows) <= _MOST_ROWS else []
    means = [{"name": group, **mean} for group, mean in evaluation.by_group.items()]
    for row in [*shown, *means, {"name": "mean", **evaluation.mean}]:
        cells = [cell(row) for _, cell in columns]
        typer.echo(f"{row['name']:<{width}} " + " ".join(cells))
    interval = evaluation.spread.get("psnr")
    if interval:
        typer.echo(
            f"95 % interval of the mean PSNR over images: {interval['low']:.2f} to "
            f"{interval['high']:.2f} dB (bootstrap)"
        )
    typer.echo(f"{evaluation.title}, {evaluation.protocol_in_words}")
    for sentence in evaluation.missing:
        typer.echo(sentence)
    if evaluation.expected is not None and not evaluation.complete:
        typer.echo(
            f"{evaluation.count} of {evaluation.expected}: a subset; its mean is not the "
            "published number"
        )


def _columns(mean: Mapping[str, float]) -> list[tuple[str, Callable[[Mapping[str, Any]], str]]]:
    """Heads and cells: decibels and SSIM where measured, then every other measure, before first."""

    def gain(row: Mapping[str, Any]) -> str:
        # Of two infinities the difference is no number.
        same = row["psnr"] == row["input_psnr"]
        return f"{0.0 if same else row['psnr'] - row['input_psnr']:6.2f}"

    columns: list[tuple[str, Callable[[Mapping[str, Any]], str]]] = []
    if "psnr" in mean:
        columns = [
            ("  input dB", lambda row: f"{row['input_psnr']:10.2f}"),
            ("  restored dB", lambda row: f"{row['psnr']:13.2f}"),
            ("  gain", gain),
            ("  input SSIM", lambda row: f"{row['input_ssim']:12.4f}"),
            ("  SSIM", lambda row: f"{row['ssim']:6.4f}"),
        ]
    further = [key for key in mean if key not in ("psnr", "ssim") and not key.startswith("input_")]
    for key in [k for name in further for k in (f"input_{name}", name)]:
        head = f"  {key.removeprefix('input_').upper()}"
        head = f"  input{head[1:]}" if key.startswith("input_") else head
        wide = len(head)
        columns.append((head, lambda row, k=key, w=wide: f"{row[k]:{w}.3f}"))
    return columns


def show_embedded(rows: Sequence[Mapping[str, Any]], protocol: str, seed: int) -> None:
    """Prints a row a task of the embedded photographs, and of several the mean."""
    width = max(10, *(len(row["task"]) for row in rows))
    typer.echo(f"{'task':<{width}}   input dB   restored dB   gain   input SSIM   SSIM")
    keys = ("input_psnr", "psnr", "input_ssim", "ssim")
    mean = {key: sum(row[key] for row in rows) / len(rows) for key in keys}
    for row in [*rows, *([{"task": "mean", **mean}] if len(rows) > 1 else [])]:
        typer.echo(
            f"{row['task']:<{width}} {row['input_psnr']:10.2f} {row['psnr']:13.2f} "
            f"{row['psnr'] - row['input_psnr']:6.2f} {row['input_ssim']:12.4f} {row['ssim']:6.4f}"
        )
    typer.echo(f"protocol {protocol}; held-out embedded photographs, seed {seed}")
