"""What is left to do for a table: the commands, in order, with their cost, and why some cannot run.

A record answers when it was made by what would be made now: a training by its recipe, a
measurement by the weights of that training. Everything else is done again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from functools import cache, cached_property
from pathlib import Path
from statistics import median
from typing import Any

from irlib.data.benchmarks import data_root, get_benchmark
from irlib.errors import IrlibError
from irlib.ledger import Record, read_record, record_names, sha256_of_file
from irlib.models import arguments_like
from irlib.models.weights import SHIPPED, load_weights, read_header, weights_path
from irlib.planning import gpu_hours, recipe_of
from irlib.reproduce.declared import Measurement, Preparation, Reproduction, Training
from irlib.training import Recipe


@dataclass(frozen=True)
class Job:
    """One command and the record it leaves.

    Attributes:
        record: Name of the record.
        command: What is typed after ``irlib``.
        minutes: About how long it takes.
        after: Records whose commands have to have run before, where they run at all.
        obstacle: Why it cannot run here; empty where it can.
    """

    record: str
    command: tuple[str, ...]
    minutes: float
    after: tuple[str, ...] = ()
    obstacle: str = ""


@dataclass(frozen=True)
class Work:
    """Of some records what is there, and what is left.

    Attributes:
        answered: Names of the records that are there already.
        jobs: What is left, in the order to run it.
    """

    answered: tuple[str, ...]
    jobs: tuple[Job, ...]

    @property
    def possible(self) -> tuple[Job, ...]:
        """What can run here."""
        return tuple(job for job in self.jobs if not job.obstacle)

    @property
    def minutes(self) -> float:
        """About how long what can run here takes, one after another."""
        return sum(job.minutes for job in self.possible)


class Planner:
    """Finds out what is left, reading each record, file and benchmark once.

    Args:
        root: Folder of records; the checkout's ``book/results`` when None.
        data: Folder of the benchmarks; ``IRLIB_DATA`` when None.
        again: Whether what records answer is done again.
    """

    def __init__(
        self, root: str | Path | None = None, data: str | Path | None = None, again: bool = False
    ):
        self.root, self.data, self.again = root, data, again
        self._names = set(record_names(root))
        self._read: dict[str, Record] = {}
        self._absent: dict[tuple[str, str | None], str] = {}
        self._minutes: dict[Training, float] = {}

    def work(
        self, reproductions: Iterable[Reproduction], seeds: Sequence[int], only: Sequence[str] = ()
    ) -> Work:
        """What some tables have and need, one seed after another.

        Args:
            reproductions: The tables; what they share is done once.
            seeds: Of the trainings.
            only: Rows; all when empty.
        """
        wanted: dict[Training, dict[Measurement, None]] = {}
        for table in reproductions:
            for cell in table.cells:
                if not only or cell.row in only:
                    parts = wanted.setdefault(cell.training, {})
                    parts.update(dict.fromkeys(part for part, _ in cell.parts))
        answered: dict[str, None] = {}
        jobs: dict[str, Job] = {}
        for seed in seeds:
            for training, measurements in wanted.items():
                self._one(training, seed, measurements, answered, jobs)
        return Work(tuple(answered), tuple(jobs.values()))

    def _one(
        self,
        training: Training,
        seed: int,
        measurements: Iterable[Measurement],
        answered: dict[str, None],
        jobs: dict[str, Job],
    ) -> None:
        """One training with all that is measured on it."""
        weights = self._weights(training, seed)
        done = [
            m for m in measurements if weights is not None and self._measured(m, training, seed)
        ]
        left = [m for m in measurements if m not in done]
        obstacles = {m: self._obstacle(m) for m in left}
        trained = weights is not None
        # A training whose weights are gone is repeated only for what can be measured then.
        if not trained or (weights == "" and not all(obstacles.values())):
            for needed in training.needs:
                if not self._prepared(needed):
                    jobs.setdefault(needed.name, self._preparation(needed))
            after = tuple(needed.name for needed in training.needs)
            jobs[training.record(seed)] = self._training(training, seed, after)
            left, weights = list(measurements), training.weights(seed)
        else:
            answered[training.record(seed)] = None
        for measurement in measurements:
            name = measurement.record(training, seed)
            if measurement not in left:
                answered[name] = None
                continue
            words = ("evaluate", "--weights", weights or training.weights(seed))
            words = (*words, *measurement.arguments, "--record", name)
            minutes = self._usual_minutes(measurement)
            after = (training.record(seed),)
            jobs[name] = Job(name, words, minutes, after, self._obstacle(measurement))

    def _weights(self, training: Training, seed: int) -> str | None:
        """Where the weights are; empty where they are gone; None where nothing is trained yet."""
        record = self._record(training.record(seed))
        if self.again or record is None or not answers(record, training, seed):
            return None
        own = Path(training.weights(seed))
        if own.is_file() and sha256_of_file(own) == record.weights_sha256:
            return training.weights(seed)
        return self._shipped.get(record.weights_sha256, "")

    @cached_property
    def _shipped(self) -> dict[str | None, str]:
        return {sha256_of_file(file): file.stem for file in sorted(SHIPPED.glob("*.safetensors"))}

    def _measured(self, measurement: Measurement, training: Training, seed: int) -> bool:
        record = self._record(measurement.record(training, seed))
        trained = self._record(training.record(seed))
        both = record is not None and trained is not None
        return both and record.weights_sha256 == trained.weights_sha256

    def _prepared(self, needed: Preparation) -> bool:
        record = self._record(needed.name)
        if self.again or record is None or not Path(needed.path).is_file():
            return False
        same = (record.command or "").startswith("irlib " + " ".join(needed.arguments))
        return same and sha256_of_file(needed.path) == record.weights_sha256

    def _obstacle(self, measurement: Measurement) -> str:
        """Why a benchmark cannot be measured here; empty where it can, or none is needed."""
        if measurement.needs_data is None:
            return ""
        asked = (measurement.needs_data, measurement.group)
        if asked not in self._absent:
            name, group = asked
            try:
                get_benchmark(name).pairs(data_root(self.data), group)
                self._absent[asked] = ""
            except IrlibError as error:
                self._absent[asked] = str(error)
        return self._absent[asked]

    def _preparation(self, needed: Preparation) -> Job:
        words = (*needed.arguments, "--run", f"runs/{needed.name}", "--record", needed.name)
        return Job(needed.name, words, needed.minutes)

    def _training(self, training: Training, seed: int, after: tuple[str, ...]) -> Job:
        name = training.of_seed(seed)
        words = ("train", training.model, *training.arguments, "--seed", str(seed))
        words = (*words, "--run", f"runs/{name}", "--record", training.record(seed))
        return Job(training.record(seed), words, self.training_minutes(training), after)

    def training_minutes(self, training: Training) -> float:
        """About how long one seed takes: as records of this model say, else as declared.

        At scale paper: the hours of one GPU that :func:`irlib.planning.gpu_hours` estimates.
        """
        if training not in self._minutes:
            self._minutes[training] = self._training_minutes(training)
        return self._minutes[training]

    def _training_minutes(self, training: Training) -> float:
        recipe = expected_recipe(training, 0)
        if recipe.scale == "paper":
            return 60 * gpu_hours(training)
        alike = {"model": training.model, "scale": recipe.scale}.items()
        rates = [
            record.minutes / _pixels(record.recipe)
            for record in self._trainings
            if record.minutes and alike <= _plain(record.recipe).items()
        ]
        return median(rates) * _pixels(recipe.as_dict()) if rates else training.minutes

    @cached_property
    def _trainings(self) -> list[Record]:
        names = [name for name in sorted(self._names) if name.endswith("/training")]
        return [record for name in names if (record := self._record(name)) is not None]

    def _usual_minutes(self, measurement: Measurement) -> float:
        ending = f"/{measurement.name}"
        found = [self._record(name) for name in sorted(self._names) if name.endswith(ending)]
        minutes = [record.minutes for record in found if record is not None and record.minutes]
        return median(minutes) if minutes else measurement.minutes

    def _record(self, name: str) -> Record | None:
        if name not in self._names:
            return None
        if name not in self._read:
            self._read[name] = read_record(name, self.root)
        return self._read[name]


def expected_recipe(training: Training, seed: int) -> Recipe:
    """The recipe that a training would have now."""
    return _recipe(training).with_changes(seed=seed)


@cache
def _recipe(training: Training) -> Recipe:
    recipe, start = recipe_of(training.model, training.arguments), start_of(training)
    if start is None or read_header(start)["model"] == training.model:
        return recipe
    # A Perceive-IR takes the widths of the plain network it starts from.
    return replace(recipe, config={**recipe.config, **arguments_like(load_weights(start))})


def start_of(training: Training) -> Path | None:
    """The weights that a training starts from, if any."""
    words = training.arguments
    return weights_path(words[words.index("--init") + 1]) if "--init" in words else None


def answers(record: Record, training: Training, seed: int) -> bool:
    """Whether a training's record is of the recipe and the starting weights that it has now."""
    start = start_of(training)
    same_start = start is None or sha256_of_file(start) in record.notes
    return same_start and same_recipe(record, expected_recipe(training, seed))


def same_recipe(record: Record, expected: Recipe) -> bool:
    """Whether a training's record is of this recipe.

    Which frozen networks it learned from is known only once they are loaded, so ``given`` is left
    out; a field that recipes did not have yet when the record was made counts as its default.
    """
    now, then = expected.as_dict(), dict(record.recipe or {})
    defaults: dict[str, Any] = {f.name: f.default for f in fields(expected)}
    for name in now.keys() - then.keys():
        then[name] = defaults[name]
    now.pop("given", None), then.pop("given", None)
    return now == then


def _plain(recipe: dict[str, Any] | None) -> dict[str, Any]:
    """Model and scale of a record's recipe; trainings of other things have neither."""
    return {name: (recipe or {}).get(name) for name in ("model", "scale")}


def _pixels(recipe: dict[str, Any]) -> float:
    """Pixels a training sees, to which its time is proportional."""
    return recipe["steps"] * recipe["batch"] * recipe["patch"] ** 2
