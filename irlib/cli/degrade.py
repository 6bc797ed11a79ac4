"""``irlib degrade``: degrade photographs by name, and say what was drawn."""

from pathlib import Path
from typing import Annotated

import typer

Help = typer.Option


def degrade(
    inputs: Annotated[list[Path], typer.Argument(help="Images, or folders of images.")],
    output: Annotated[Path, Help(help="Folder for the degraded images, written as PNG.")],
    steps: Annotated[
        list[str],
        Help(
            "--with",
            help="A degradation by name, such as haze or haze:beta=1.2,airlight=0.8..0.95; "
            "repeat it to apply several, first one first.",
        ),
    ],
    severity: Annotated[str, Help(help="light, medium, heavy or train.")] = "medium",
    seed: Annotated[int, Help(help="The same seed and file name give the same image.")] = 0,
    parameters: Annotated[
        bool, Help("--parameters", help="Also write parameters.json: what was drawn.")
    ] = False,
) -> None:
    """Degrade clean photographs: noise, haze, rain, blur, low light, water, snow and mixtures.

    Seconds for a handful of photographs, on any CPU.

    Example: irlib degrade photos --output hazy --with haze --severity heavy --parameters
    """
    from dataclasses import replace

    from irlib.data.images import NoSpaceError, read_image, write_image
    from irlib.degradations.composition import compose
    from irlib.degradations.presets import check_severity
    from irlib.degradations.steps import step_of
    from irlib.errors import IrlibError, UsageError
    from irlib.evaluation.restore_plan import refuse_unwritable

    check_severity(severity)
    for name in steps:
        step_of(name)
    jobs = _jobs(inputs, output)
    refuse_unwritable(output)
    output.mkdir(parents=True, exist_ok=True)
    drawn: dict[str, dict] = {}
    failed = 0
    for source, target in jobs:
        try:
            picture = read_image(source)
            result = compose(
                picture.rgb(), steps, severity=severity, generator=_generator(seed, source.name)
            )
            if picture.grey:
                # Written grey, the mean of three channels would thin out their noise.
                picture = replace(picture, pixels=picture.rgb(), icc=None)
            write_image(target, result.image, picture)
        except (NoSpaceError, UsageError):
            raise
        except IrlibError as error:
            failed += 1
            typer.echo(f"irlib: {error}", err=True)
            continue
        drawn[target.name] = _numbers(result.parameters)
        typer.echo(f"{source} -> {target}")
    if parameters:
        _write_json(
            output / "parameters.json",
            {"with": steps, "severity": severity, "seed": seed, "images": drawn},
        )
    if failed:
        raise IrlibError(f"{failed} of {len(jobs)} images could not be degraded; see above.")


def _jobs(inputs: list[Path], output: Path) -> list[tuple[Path, Path]]:
    """Pairs each image with the file to write, and refuses to write one file twice."""
    from irlib.errors import UsageError
    from irlib.evaluation.restore_plan import images_in

    sources: list[Path] = []
    for path in inputs:
        if path.is_dir():
            found = images_in(path)
            if not found:
                raise UsageError(
                    f"the folder {path} holds no images; expected files such as .png or .jpg."
                )
            sources += found
        elif path.exists():
            sources.append(path)
        else:
            raise UsageError(f"there is no file or folder {path}. Check the name.")
    jobs: dict[Path, Path] = {}
    inputs_themselves = {source.resolve() for source in sources}
    for source in sources:
        target = output / f"{source.stem}.png"
        if target in jobs and jobs[target].resolve() != source.resolve():
            raise UsageError(
                f"{jobs[target]} and {source} would both be written to {target}. "
                "Degrade them into different folders."
            )
        if target.resolve() in inputs_themselves:
            raise UsageError(
                f"{target} is one of the inputs and would be overwritten. Give another --output."
            )
        jobs[target] = source
    return [(source, target) for target, source in jobs.items()]


def _generator(seed: int, name: str):
    """Seeds by file name too, so that an image does not depend on which others are degraded."""
    import hashlib

    import torch

    digest = hashlib.sha256(f"{seed} {name}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:7], "big"))


def _numbers(parameters: dict) -> dict:
    """Leaves out whole maps (depth, masks), which are no reading for people."""
    small = {name: value for name, value in parameters.items() if value.ndim < 3}
    return {name: value.tolist() for name, value in small.items()}


def _write_json(path: Path, content: dict) -> None:
    import json
    import os

    part = path.with_name(f".{path.name}.part")
    part.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    os.replace(part, path)
