"""``irlib evaluate``: scores of a model or a classical method under a stated protocol."""

import shlex
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from irlib.cli.network_options import Compile, Dino, Download, Instruction, Task
from irlib.errors import UsageError

Help = typer.Option

# More rows than this belong in the record, not on a screen.
_MOST_ROWS = 200


def evaluate(
    model: Annotated[
        str | None, Help(help="Model, such as promptir; needed for an author's checkpoint.")
    ] = None,
    weights: Annotated[
        str | None, Help(help="Weights: a file, or a shipped name such as promptir-pocket.")
    ] = None,
    dino: Dino = None,
    download: Download = False,
    task: Task = None,
    instruction: Instruction = None,
    method: Annotated[
        str | None,
        Help(
            help="A classical method instead: bm3d, dark-channel, clahe, gamma, richardson-lucy, "
            "streak-median or identity."
        ),
    ] = None,
    benchmark: Annotated[str | None, Help(help="Benchmark; see `irlib data list`.")] = None,
    pairs: Annotated[Path | None, Help(help="Or a folder with input/ and target/.")] = None,
    embedded: Annotated[
        bool, Help("--embedded", help="Or the held-out embedded photographs, five tasks.")
    ] = False,
    sigma: Annotated[float | None, Help(help="Noise added to clean sets, 0-255 scale.")] = None,
    data: Annotated[
        Path | None, Help(help="Folder of the benchmarks. Default: IRLIB_DATA.")
    ] = None,
    protocol: Annotated[
        str, Help(help="all-in-one (PromptIR's), rounded, whole, restormer-y, ...")
    ] = "all-in-one",
    group: Annotated[str | None, Help(help="One sub-degradation, such as low_haze.")] = None,
    limit: Annotated[int | None, Help(help="Only the first so many images.")] = None,
    psf: Annotated[
        str | None, Help(help="Kernel Richardson-Lucy assumes: gaussian:1.5, linear:15:30.")
    ] = None,
    noise_seed: Annotated[int, Help(help="Seed of the noise, or of --embedded.")] = 0,
    float_noise: Annotated[
        bool, Help("--float-noise", help="Neither clip nor truncate noisy images to 8 bits.")
    ] = False,
    save: Annotated[Path | None, Help(help="Folder for the restored images.")] = None,
    record: Annotated[str | None, Help(help="Write a ledger record of this name.")] = None,
    results: Annotated[
        Path | None, Help(help="Folder of records. Default: book/results of the checkout.")
    ] = None,
    tile: Annotated[
        str, Help(help="none (whole images, as the authors do), auto, or a size in pixels.")
    ] = "none",
    device: Annotated[str, Help(help="auto, cpu, cuda, cuda:1, mps.")] = "auto",
    compile: Compile = False,
) -> None:
    """Print PSNR and SSIM of each image and their mean, before and after restoring.

    Example: irlib evaluate --weights promptir-pocket --benchmark cbsd68 --sigma 25 --data DIR
    """
    given = locals().copy()
    if [benchmark is not None, pairs is not None, embedded].count(True) != 1:
        raise UsageError(
            "say what to measure on, and only once: --benchmark NAME, --pairs DIR or --embedded."
        )
    if (method is None) == (weights is None):
        raise UsageError("say what to measure: either --weights FILE or --method NAME, not both.")
    if method is not None and model is not None:
        raise UsageError(f"--method {method} is no network; leave --model {model} out.")
    if method is not None and (task or instruction):
        raise UsageError(f"--method {method} is no network; leave --task and --instruction out.")
    if method is not None and compile:
        raise UsageError(f"--method {method} is no network; leave --compile out.")
    if record is not None:
        from irlib.ledger import record_path

        record_path(record, results)  # a wrong name is found before the long part

    from irlib.metrics import get_protocol

    get_protocol(protocol)
    if benchmark is not None:
        from irlib.data.benchmarks import get_benchmark

        get_benchmark(benchmark)
    if method is not None:
        from irlib.evaluation.classical import classical_method

        noise = 25.0 if embedded and method == "bm3d" and sigma is None else sigma
        subject, facts, digest = classical_method(method, sigma=noise, psf=psf), None, None
        where: Any = "cpu"
        told = ""
    else:
        from irlib.evaluation.restore_files import choose_device
        from irlib.models import as_restorer, compile_network, how_told

        where = choose_device(device)
        subject, facts, digest = _network(model, str(weights), where)
        options = {"encoder": dino, "download": download, "task": task, "instruction": instruction}
        subject = as_restorer(subject, facts, **options).to(where)
        told = how_told(subject)
        if compile:
            compile_network(subject, where)
    provenance = {
        "command": command_again(given),
        "facts": facts,
        "weights_sha256": digest,
        "notes": told,
    }
    if told:
        typer.echo(f"{subject.network.name}, {told}")
    if embedded:
        finished = _embedded(subject, protocol, noise_seed, tile, where, record, provenance)
    else:
        from irlib.evaluation.benchmark import evaluate as measure_on

        evaluation = measure_on(
            subject,
            benchmark if benchmark is not None else pairs,
            protocol,
            sigma=sigma,
            data=data,
            limit=limit,
            group=group,
            save_images=save,
            tile=_tile(tile),
            device=where,
            noise_seed=noise_seed,
            quantise=not float_noise,
        )
        _print(evaluation)
        finished = None
        if record is not None:
            from irlib.ledger.from_evaluation import record_of_evaluation

            finished = record_of_evaluation(evaluation, record, **provenance)
    if finished is not None:
        from irlib.ledger import write_record

        typer.echo(f"Record: {write_record(finished, results)}")
    if save is not None:
        typer.echo(f"Restored images: {save}")


def command_again(given: dict[str, Any]) -> str:
    """The command line that repeats a measurement, without folders of this machine.

    Args:
        given: Every option of :func:`evaluate` and its value.
    """
    words = ["irlib", "evaluate"]
    for name, value in given.items():
        if name in ("save", "results", "device", "record", "download") or value in (None, False):
            continue
        if name in _DEFAULTS and value == _DEFAULTS[name]:
            continue
        flag = f"--{name.replace('_', '-')}"
        if value is True:
            words.append(flag)
        elif name in ("data", "pairs"):
            words += [flag, "DIR"]
        else:
            path = Path(str(value))
            words += [flag, path.name if path.is_absolute() else str(value)]
    if given.get("benchmark") and not given.get("data"):
        words += ["--data", "DIR"]
    return shlex.join(words)


_DEFAULTS = {"protocol": "all-in-one", "noise_seed": 0, "tile": "none"}


def _network(
    model: str | None, weights: str, device: Any
) -> tuple[Any, dict[str, Any] | None, str]:
    from irlib.ledger import sha256_of_file
    from irlib.models import load_official
    from irlib.models.weights import (
        OFFICIAL_SUFFIXES,
        load_weights,
        read_header,
        weights_path,
    )

    path = weights_path(weights)
    if path.suffix.lower() in OFFICIAL_SUFFIXES:
        if model is None:
            raise UsageError(
                f"{weights} is an author's checkpoint, which does not say what it is; add --model, "
                "such as --model promptir."
            )
        return load_official(model, path).to(device).eval(), None, sha256_of_file(path)
    header = read_header(path)
    if model is not None and header["model"] != model:
        from irlib.models import MODELS

        MODELS.get(model)  # an unknown name is answered with the nearest
        raise UsageError(
            f"{weights} holds a {header['model']}, but --model {model} was given. "
            f"Leave --model out, or give other weights."
        )
    return load_weights(path, device=str(device)), header["facts"], sha256_of_file(path)


def _embedded(
    subject: Any,
    protocol: str,
    seed: int,
    tile: str,
    device: Any,
    record: str | None,
    provenance: dict[str, Any],
) -> Any:
    from irlib.evaluation.embedded import evaluate_embedded

    started = time.perf_counter()
    rows = evaluate_embedded(subject, seed=seed, protocol=protocol, tile=_tile(tile), device=device)
    typer.echo("task        input dB   restored dB   gain   input SSIM   SSIM")
    for row in rows:
        typer.echo(
            f"{row['task']:<10} {row['input_psnr']:9.2f} {row['psnr']:13.2f} "
            f"{row['psnr'] - row['input_psnr']:6.2f} {row['input_ssim']:12.4f} {row['ssim']:6.4f}"
        )
    typer.echo(f"protocol {protocol}; held-out embedded photographs, seed {seed}")
    if record is None:
        return None
    from irlib.ledger.from_evaluation import record_of_embedded

    minutes = (time.perf_counter() - started) / 60
    return record_of_embedded(
        rows, record, protocol=protocol, seed=seed, device=device, minutes=minutes, **provenance
    )


def _print(evaluation: Any) -> None:
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


def _tile(text: str) -> str | int | None:
    if text == "none":
        return None
    if text == "auto":
        return text
    if text.isdecimal() and int(text) > 0:
        return int(text)
    raise UsageError(f"--tile is '{text}'; expected none, auto or a size in pixels such as 512.")
