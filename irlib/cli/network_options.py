"""Options of every command that runs a trained network."""

from typing import Annotated

import typer

Dino = Annotated[
    str | None,
    typer.Option(
        help="For networks that ask a DINOv2: pocket, pretrained or its file. Default: the one the "
        "weights name."
    ),
]
Download = Annotated[
    bool, typer.Option("--download", help="Fetch the published DINOv2 if it is not here.")
]
Task = Annotated[
    str | None,
    typer.Option(
        help="For networks that must be told the degradation: its name, such as derain, or blind "
        "to let a small classifier name it.",
    ),
]
Instruction = Annotated[
    str | None,
    typer.Option(help='For networks that read sentences, instead: "take the rain off".'),
]
Compile = Annotated[
    bool,
    typer.Option(
        "--compile",
        help="Let torch.compile make kernels for the network; the first image of a kind then "
        "takes up to minutes. Needs a C++ compiler, on a GPU triton.",
    ),
]
Words = Annotated[
    str | None,
    typer.Option(
        help="Who reads the words for a checkpoint that holds none: for DFPIR a CLIP, pretrained "
        "or its file, for InstructIR the folder of its sentence encoder."
    ),
]
Head = Annotated[
    str | None, typer.Option(help="The second file of InstructIR's authors, its text head.")
]
