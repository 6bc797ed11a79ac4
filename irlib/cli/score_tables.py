"""Tables of scores for a terminal."""

from collections.abc import Mapping, Sequence
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
    typer.echo(f"{'image':<{width}}   input dB   restored dB   gain   input SSIM   SSIM")
    shown = rows if len(rows) <= _MOST_ROWS else []
    means = [{"name": group, **mean} for group, mean in evaluation.by_group.items()]
    for row in [*shown, *means, {"name": "mean", **evaluation.mean}]:
        gain = row["psnr"] - row["input_psnr"] if row["psnr"] != row["input_psnr"] else 0.0
        typer.echo(
            f"{row['name']:<{width}} {row['input_psnr']:10.2f} {row['psnr']:13.2f} {gain:6.2f} "
            f"{row['input_ssim']:12.4f} {row['ssim']:6.4f}"
        )
    interval = evaluation.spread.get("psnr")
    if interval:
        typer.echo(
            f"95 % interval of the mean PSNR over images: {interval['low']:.2f} to "
            f"{interval['high']:.2f} dB (bootstrap)"
        )
    typer.echo(f"{evaluation.title}, {evaluation.protocol_in_words}")
    if evaluation.expected is not None and not evaluation.complete:
        typer.echo(
            f"{evaluation.count} of {evaluation.expected}: a subset; its mean is not the "
            "published number"
        )


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
