"""``irlib bench notebooks``: how long each chapter takes here, and how much memory."""

import json
import time
from pathlib import Path
from typing import Annotated

import typer

from irlib.cli.bench_report import AsJson, Help, RecordName, Results, start

SCALES = ("smoke", "pocket")


def notebooks_command(
    notebook: Annotated[
        list[str] | None, Help(help="Name such as 06-nafnet, again for more. Default: all.")
    ] = None,
    scale: Annotated[
        list[str] | None, Help(help="smoke or pocket, again for both. Default: both.")
    ] = None,
    folder: Annotated[Path, Help("--notebooks", help="Folder of the notebooks.")] = Path(
        "notebooks"
    ),
    as_json: AsJson = False,
    record: RecordName = None,
    results: Results = None,
) -> None:
    """Run each notebook in a fresh kernel; report minutes, processor time and memory.

    Copies are run: stored outputs stay. With --record the record is written again after each
    notebook, so that an interrupt keeps what is done. All at smoke take some minutes on two
    CPU cores, at pocket a few times as many. Let nothing else run meanwhile: minutes are by the
    clock.

    Example: irlib bench notebooks --notebook 01-error-and-protocol --scale smoke
    """
    from irlib import ledger
    from irlib.bench.notebooks import find_notebooks, run_notebook
    from irlib.errors import IrlibError, UsageError
    from irlib.registry import unknown_name

    started = start(record, results, {})
    scales = list(dict.fromkeys(scale or SCALES))
    for name in scales:
        if name not in SCALES:
            raise UsageError(unknown_name("scale to run notebooks at", name, list(SCALES)))
    found = find_notebooks(folder, notebook)
    device = ledger.device_in_words()
    values: dict[str, float] = {}
    done: list[str] = []
    failed: list[str] = []
    for each in scales:
        for name, path in found.items():
            try:
                run = run_notebook(path, each)
            except UsageError:
                raise
            except IrlibError as error:
                failed.append(str(error))
                continue
            key = f"{name}/{each}"
            values |= {
                f"{key}_seconds": run.seconds,
                f"{key}_core_seconds": run.core_seconds,
                f"{key}_bytes": float(run.bytes),
            }
            done += [name] * (name not in done)
            typer.echo(
                f"{name:<32} {each:<7} {run.seconds / 60:>6.1f} min {run.core_seconds / 60:>6.1f} "
                f"min of a core {run.bytes / 1e6:>7.0f} MB",
                err=as_json,
            )
            if record is not None:
                only = "" if notebook is None else "".join(f" --notebook {n}" for n in done)
                chosen = "" if len(scales) == len(SCALES) else f" --scale {scales[0]}"
                ledger.write_record(
                    ledger.Record(
                        name=record,
                        kind="timing",
                        values=values,
                        device=device,
                        minutes=(time.perf_counter() - started) / 60,
                        versions=ledger.library_versions(),
                        commit=ledger.commit(),
                        command=f"irlib bench notebooks{only}{chosen} --record {record}",
                        notes=(
                            "each notebook once, in a fresh kernel; seconds are by the clock, "
                            "core_seconds and bytes those of the kernel, without processes that "
                            "it started"
                        ),
                    ),
                    results,
                )
    if as_json:
        typer.echo(json.dumps({"device": device, "values": values}, indent=2))
    if failed:
        raise IrlibError(" ".join(failed))
