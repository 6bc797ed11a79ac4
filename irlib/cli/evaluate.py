"""``irlib evaluate``: scores of a model or a classical method under a stated protocol."""

import shlex
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from irlib.cli.evaluate_options import check_options
from irlib.cli.network_options import Compile, Dino, Download, Head, Instruction, Task, Words
from irlib.cli.open_network import open_network
from irlib.cli.score_tables import SETTING_HEAD, setting_row, show_embedded, show_evaluation
from irlib.errors import UsageError

Help = typer.Option


def evaluate(
    model: Annotated[
        str | None, typer.Argument(help="Model; needed for a checkpoint of its authors.")
    ] = None,
    weights: Annotated[
        str | None, Help(help="Weights: a file, or a shipped name such as promptir-pocket.")
    ] = None,
    dino: Dino = None,
    download: Download = False,
    task: Task = None,
    instruction: Instruction = None,
    words: Words = None,
    head: Head = None,
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
    tasks: Annotated[
        list[str] | None,
        Help(
            help="Other tasks of --embedded, several after one another: cdd11 (all its mixtures), "
            "noise60 (any level), underwater, or a degradation of `irlib degrade`."
        ),
    ] = None,
    setting: Annotated[
        str | None,
        Help(help="Or all benchmarks of a setting and their average: three-task or five-task."),
    ] = None,
    sigma: Annotated[float | None, Help(help="Noise added to clean sets, 0-255 scale.")] = None,
    data: Annotated[
        Path | None, Help(help="Folder of the benchmarks. Default: IRLIB_DATA.")
    ] = None,
    protocol: Annotated[
        str, Help(help="all-in-one (PromptIR's), rounded, whole, restormer-y, ...")
    ] = "all-in-one",
    measures: Annotated[
        list[str] | None,
        Help(help="Beside PSNR and SSIM: lpips, uciqe, uiqm, or all that can be computed here."),
    ] = None,
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
    record: Annotated[
        str | None,
        Help(help="Write a ledger record of this name; of a setting, one NAME/BENCHMARK each."),
    ] = None,
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
    check_options(given)
    if record is not None:
        from irlib.ledger import record_path

        record_path(record, results, writing=True)  # a wrong name is found before the long part

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
        from irlib.device import choose_device
        from irlib.models import as_restorer, compile_network, how_told

        where = choose_device(device)
        subject, facts, digest = open_network(model, str(weights), where, words, head)
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
        finished = _embedded(subject, tasks, protocol, noise_seed, tile, where, record, provenance)
        if finished is not None:
            _write(finished, results)
    else:
        options = {
            "limit": limit,
            "save_images": save,
            "tile": _tile(tile),
            "device": where,
            "noise_seed": noise_seed,
            "quantise": not float_noise,
        }
        if setting is not None:
            _setting(subject, setting, protocol, data, options, record, results, provenance, given)
        else:
            from irlib.evaluation.benchmark import evaluate as measure_on

            evaluation = measure_on(
                subject,
                benchmark if benchmark is not None else pairs,
                protocol,
                sigma=sigma,
                data=data,
                group=group,
                measures=measures or (),
                **options,
            )
            show_evaluation(evaluation)
            if record is not None:
                from irlib.ledger.from_evaluation import record_of_evaluation

                _write(record_of_evaluation(evaluation, record, **provenance), results)
    if save is not None:
        typer.echo(f"Restored images: {save}")


def _write(record: Any, results: Path | None) -> None:
    from irlib.ledger import write_record

    typer.echo(f"Record: {write_record(record, results)}")


def _setting(
    subject: Any,
    setting: str,
    protocol: str,
    data: Path | None,
    options: dict[str, Any],
    record: str | None,
    results: Path | None,
    provenance: dict[str, Any],
    given: dict[str, Any],
) -> None:
    """Measures a whole setting; every column leaves a record that its own command repeats."""
    from irlib.evaluation.settings import average, evaluate_setting
    from irlib.ledger.from_evaluation import record_of_evaluation

    typer.echo(SETTING_HEAD)
    done = []
    for column, evaluation in evaluate_setting(
        subject, setting, protocol=protocol, data=data, **options
    ):
        done.append(evaluation)
        typer.echo(setting_row(column.name, evaluation.count, evaluation.mean))
        if record is not None:
            alone = {**given, "setting": None, "benchmark": column.benchmark, "sigma": column.sigma}
            facts = {**provenance, "command": command_again(alone)}
            _write(record_of_evaluation(evaluation, f"{record}/{column.name}", **facts), results)
    typer.echo(setting_row("average", "", average(done)))
    parts = [e for e in done if not e.complete]
    if parts:
        names = ", ".join(dict.fromkeys(e.test_set for e in parts))
        typer.echo(f"subsets of {names}: this average is not the published number")


def command_again(given: dict[str, Any]) -> str:
    """The command line that repeats a measurement, without folders of this machine.

    Args:
        given: Every option of :func:`evaluate` and its value.
    """
    words = ["irlib", "evaluate"]
    for name, value in given.items():
        if name in _UNSAID or value in (None, False, []):
            continue
        if name in _DEFAULTS and value == _DEFAULTS[name]:
            continue
        flag = f"--{name.replace('_', '-')}"
        if name == "model":
            words.append(str(value))
        elif value is True:
            words.append(flag)
        elif name in ("data", "pairs"):
            words += [flag, "DIR"]
        elif isinstance(value, list):
            words += [flag, *value]
        else:
            path = Path(str(value))
            words += [flag, path.name if path.is_absolute() else str(value)]
    if given.get("benchmark") and not given.get("data"):
        words += ["--data", "DIR"]
    return shlex.join(words)


_UNSAID = ("save", "results", "device", "record", "download")
_DEFAULTS = {"protocol": "all-in-one", "noise_seed": 0, "tile": "none"}


def _embedded(
    subject: Any,
    tasks: list[str] | None,
    protocol: str,
    seed: int,
    tile: str,
    device: Any,
    record: str | None,
    provenance: dict[str, Any],
) -> Any:
    from irlib.degradations import FIVE_TASKS
    from irlib.evaluation.embedded import evaluate_embedded

    started = time.perf_counter()
    options = {"seed": seed, "protocol": protocol, "tile": _tile(tile), "device": device}
    rows = evaluate_embedded(subject, tasks or FIVE_TASKS, **options)
    show_embedded(rows, protocol, seed)
    if record is None:
        return None
    from irlib.ledger.from_evaluation import record_of_embedded

    minutes = (time.perf_counter() - started) / 60
    return record_of_embedded(
        rows, record, protocol=protocol, seed=seed, device=device, minutes=minutes, **provenance
    )


def _tile(text: str) -> str | int | None:
    if text == "none":
        return None
    if text == "auto":
        return text
    if text.isdecimal() and int(text) > 0:
        return int(text)
    raise UsageError(f"--tile is '{text}'; expected none, auto or a size in pixels such as 512.")
