"""What a reproduction is made of: trainings, what is measured on them, and the cells they answer.

Nothing here computes. A :class:`Cell` says which training and which measurement answer one number
of a printed table, and under which names their records lie in the ledger.

Taught in chapter 21.
"""

import itertools
from dataclasses import dataclass, field

#: What a seed's number is written for in the arguments of a command.
SEED = "{seed}"
SEEDS = 3


@dataclass(frozen=True)
class Preparation:
    """A file that trainings need and another command makes; one for all seeds.

    Attributes:
        name: Its record, and the folder of its run below ``runs``.
        arguments: What is typed after ``irlib``, the options ``--run`` and ``--record`` excepted.
        file: The file it leaves in that folder.
        minutes: About how long it takes on one core of a laptop.
    """

    name: str
    arguments: tuple[str, ...]
    file: str
    minutes: float

    @property
    def path(self) -> str:
        """Where its file lies, relative to the current folder."""
        return f"runs/{self.name}/{self.file}"


@dataclass(frozen=True)
class Training:
    """One network to train, once a seed.

    Attributes:
        name: What the names of its records and the folder of its run begin with, such as
            ``equal-budget/dppd``.
        model: Name in :func:`irlib.models.list_models`.
        arguments: What is typed after ``irlib train MODEL``, the options ``--seed``, ``--run`` and
            ``--record`` excepted.
        minutes: About how long one seed takes; on one core of a laptop, or, at scale paper, on one
            GPU (0 where nobody has measured it).
        needs: What has to be there first.
    """

    name: str
    model: str
    arguments: tuple[str, ...]
    minutes: float
    needs: tuple[Preparation, ...] = ()

    def of_seed(self, seed: int) -> str:
        """What the names of one seed's records begin with."""
        return f"{self.name}/seed-{seed}"

    def record(self, seed: int) -> str:
        """The record of one seed's training."""
        return f"{self.of_seed(seed)}/training"

    def weights(self, seed: int) -> str:
        """Where one seed's weights lie, relative to the current folder."""
        return f"runs/{self.of_seed(seed)}/weights.safetensors"


@dataclass(frozen=True)
class Measurement:
    """What ``irlib evaluate`` measures on the weights of a training.

    Attributes:
        name: Ends the record's name, such as ``cbsd68-sigma25``.
        arguments: What is typed after ``irlib evaluate --weights FILE``.
        needs_data: Benchmark that has to be under the data root, or None.
        minutes: About how long it takes on one core of a laptop.
    """

    name: str
    arguments: tuple[str, ...]
    needs_data: str | None = None
    minutes: float = 1.0

    @property
    def group(self) -> str | None:
        """The part of the benchmark that it asks for; None for all of it."""
        words = dict(itertools.pairwise(self.arguments))
        return words.get("--group")

    def record(self, training: Training, seed: int) -> str:
        """The record of one seed's measurement."""
        return f"{training.of_seed(seed)}/{self.name}"


@dataclass(frozen=True)
class Cell:
    """Which record answers one number of a printed table.

    One printed number may have several cells: one on embedded data and one on real images.

    Attributes:
        table: Such as ``perceive-ir/table-06``.
        row: Key of the row in the paper's table.
        column: Key of its column.
        training: What is trained.
        measurement: What is measured on it.
        value: Key of the value in the measurement's record, such as ``derain/psnr``.
        stands_for: What is measured in the place of what was printed; empty where it is the same
            test set.
        also: Further measurements and their values, where a column is a mean.
    """

    table: str
    row: str
    column: str
    training: Training
    measurement: Measurement
    value: str
    stands_for: str = ""
    also: tuple[tuple[Measurement, str], ...] = ()

    @property
    def parts(self) -> tuple[tuple[Measurement, str], ...]:
        """Every measurement whose value is averaged, for most cells the one."""
        return ((self.measurement, self.value), *self.also)

    def records(self, seed: int) -> list[str]:
        """The records of one seed's measurements, in the order of :attr:`parts`."""
        named = (part.record(self.training, seed) for part, _ in self.parts)
        return list(dict.fromkeys(named))


@dataclass(frozen=True)
class Reproduction:
    """How this library answers one printed table.

    Attributes:
        table: Such as ``perceive-ir/table-06``.
        cells: What answers its numbers; those missing have no system here, and ``note`` says why.
        reference: Key of the row that the others are compared with, or None.
        note: What a reader has to know: what differs from the paper, and what cannot be had.
        scale: "smoke", "pocket" or "paper".
        absent: Rows that nothing answers, each with the reason.
    """

    table: str
    cells: tuple[Cell, ...]
    reference: str | None = None
    note: str = ""
    scale: str = "pocket"
    absent: dict[str, str] = field(default_factory=dict, hash=False)

    @property
    def trainings(self) -> list[Training]:
        """What has to be trained, each once."""
        return list(dict.fromkeys(cell.training for cell in self.cells))

    @property
    def rows(self) -> list[str]:
        """The rows that something answers."""
        return list(dict.fromkeys(cell.row for cell in self.cells))

    def measurements(self, training: Training) -> list[Measurement]:
        """What has to be measured on one training, each once."""
        own = (cell for cell in self.cells if cell.training == training)
        return list(dict.fromkeys(part for cell in own for part, _ in cell.parts))
