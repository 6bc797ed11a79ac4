"""``irlib bench``: how fast this machine makes training pairs, restores, trains, runs chapters.

Rates belong to a device; ratios, measured in turns, travel better.
"""

from typing import Annotated

import typer

from irlib.cli.bench_data import data
from irlib.cli.bench_notebooks import notebooks_command
from irlib.cli.bench_report import AsJson, Help, RecordName, Results, Rounds, finish, start

app = typer.Typer()
app.command()(data)
app.command("notebooks")(notebooks_command)


@app.command()
def models(
    model: Annotated[
        list[str] | None, Help(help="Network to measure, again for more. Default: all of them.")
    ] = None,
    preset: Annotated[str, Help(help="Sizes of the networks: paper, pocket or smoke.")] = "pocket",
    size: Annotated[int, Help(help="Side of the image of a forward pass, in pixels.")] = 256,
    patch: Annotated[int, Help(help="Side of the patches of a training step.")] = 64,
    batch: Annotated[int, Help(help="Patches of a training step.")] = 8,
    threads: Annotated[int, Help(help="Threads; with one, only its own seconds count.")] = 1,
    device: Annotated[str, Help(help="cpu or cuda.")] = "cpu",
    precision: Annotated[
        str, Help(help="bf16: also ours in 16 bits, as training computes (fp32: nothing more).")
    ] = "fp32",
    compile: Annotated[
        bool,
        Help(
            "--compile", help="Also ours compiled by torch.compile, with --precision both at once."
        ),
    ] = False,
    channels_last: Annotated[
        bool,
        Help("--channels-last", help="Also the transcription in ours' layout: the layout's part."),
    ] = False,
    rounds: Rounds = 5,
    quick: Annotated[
        bool, Help("--quick", help="The smallest networks, once: does it work at all?")
    ] = False,
    as_json: AsJson = False,
    record: RecordName = None,
    results: Results = None,
) -> None:
    """Measure networks beside plain transcriptions of their specifications, in turns.

    For restoring (an image) and a training step: how many times faster than the transcription,
    how much memory beside its, and the share of the machine's matrix-product rate. Both give the
    same output to 1e-5. About three minutes on one CPU core. --precision, --compile and
    --channels-last add variants to the same rounds, each beside ours in 32 bits and beside the
    transcription; compiling takes minutes a network.

    Example: irlib bench models --model restormer --quick
    """
    from irlib.bench.networks import Plan, measure_model
    from irlib.bench.subjects import PRESETS, SUBJECTS
    from irlib.bench.ways import variants
    from irlib.errors import UsageError
    from irlib.registry import unknown_name

    numbers = {"--patch": patch, "--batch": batch, "--threads": threads, "--rounds": rounds}
    started = start(record, results, {"--size": size, **numbers})
    names = list(dict.fromkeys(model or SUBJECTS))
    for name in names:
        if name not in SUBJECTS:
            raise UsageError(unknown_name("network to measure", name, list(SUBJECTS)))
    if preset not in PRESETS:
        raise UsageError(unknown_name("preset to measure", preset, list(PRESETS)))
    if size % 16 or patch % 16:
        raise UsageError(
            f"--size {size} --patch {patch} were given; expected multiples of 16, which every "
            "network takes without padding."
        )
    others = variants(precision, compile, channels_last)
    _check_device(device, compile)
    if quick:
        preset, size, patch, batch, rounds = "smoke", min(size, 64), min(patch, 32), 1, 1
    values, spread, table = {}, {}, [_COLUMNS]
    for name in names:
        plan = Plan(name, preset, size, patch, batch, threads, rounds, others, device)
        found, ratios = measure_model(plan)
        values |= {f"{name}/{key}": value for key, value in found.items()}
        for key, each in ratios.items():
            spread[f"{name}/{key}"] = {
                "low": min(each),
                "high": max(each),
                "over": "rounds",
                "how": f"smallest and largest of {rounds} rounds run in turns",
            }
        for kind in ("forward", "step"):
            table.append(_row(name, kind, found, ratios[f"{kind}_ratio"]))
            table += [_variant_row(other, kind, found, ratios) for other in others]
    command = (
        f"irlib bench models {' '.join(f'--model {name}' for name in names)} --preset {preset} "
        f"--size {size} --patch {patch} --batch {batch} --threads {threads} --rounds {rounds}"
        + (f" --device {device}" if device != "cpu" else "")
        + (f" --precision {precision}" if precision != "fp32" else "")
        + (" --compile" if compile else "")
        + (" --channels-last" if channels_last else "")
    )
    notes = (
        "ratios beside a plain transcription: time plain by ours, memory ours by plain; forward of "
        f"one image of {size} pixels, steps of {batch} patches of {patch}; {threads} threads; "
        "memory is what a pass adds to a fresh process; shares are of a large matrix product's rate"
    )
    if others:
        notes += (
            f"; variants {', '.join(others)}: gain is time of ours by theirs, share that of the "
            "rate in their precision, difference the largest from what ours returns"
        )
    finish(values, spread, table, rounds, as_json, record, results, started, command, notes, device)


_COLUMNS = (
    f"{'network':<22} {'pass':<8} {'times faster':>12} {'rounds':>13} {'ms':>8} {'plain ms':>8} "
    f"{'memory':>7} {'MB':>6} {'plain MB':>8} {'share':>6} {'plain':>6}"
)


def _row(name: str, kind: str, found: dict[str, float], ratios: list[float]) -> str:
    of = {key.removeprefix(f"{kind}_"): value for key, value in found.items() if kind in key}
    return (
        f"{name:<22} {kind:<8} {of['ratio']:>12.2f} {f'{min(ratios):.2f}-{max(ratios):.2f}':>13} "
        f"{1e3 * of['seconds_ours']:>8.0f} {1e3 * of['seconds_plain']:>8.0f} "
        f"{of['memory_ratio']:>7.2f} {of['bytes_ours'] / 1e6:>6.0f} "
        f"{of['bytes_plain'] / 1e6:>8.0f} {of['share_ours']:>6.0%} {of['share_plain']:>6.0%}"
    )


def _variant_row(
    variant: str, kind: str, found: dict[str, float], ratios: dict[str, list[float]]
) -> str:
    """A variant below its network: how many times faster than the transcription, and than ours."""
    of = {
        key.removeprefix(f"{variant}/{kind}_"): value
        for key, value in found.items()
        if key.startswith(f"{variant}/{kind}_")
    }
    each, gains = (ratios[f"{variant}/{kind}_{word}"] for word in ("ratio", "gain"))
    memory = (
        f"{of['memory_ratio']:>7.2f} {of['bytes'] / 1e6:>6.0f}"
        if "bytes" in of
        else f"{'–':>7} {'–':>6}"
    )
    difference = f", output within {of['difference']:.1g}" if "difference" in of else ""
    return (
        f"  {variant:<20} {kind:<8} {of['ratio']:>12.2f} {f'{min(each):.2f}-{max(each):.2f}':>13} "
        f"{1e3 * of['seconds']:>8.0f} {'':>8} {memory} {'':>8} {of['share']:>6.0%}  "
        f"{of['gain']:.2f} ({min(gains):.2f}-{max(gains):.2f}) times ours{difference}"
    )


def _check_device(name: str, compile: bool) -> None:
    """Finds a missing device or compiler before the long part."""
    from irlib.device import choose_device
    from irlib.errors import UsageError
    from irlib.models.compiling import require_compiler
    from irlib.registry import unknown_name

    if name not in ("cpu", "cuda"):
        raise UsageError(unknown_name("device to measure", name, ["cpu", "cuda"]))
    choose_device(name)
    if compile:
        require_compiler(name)
