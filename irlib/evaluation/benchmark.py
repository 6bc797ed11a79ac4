"""Scores on a benchmark, or on any folder of pairs, under a stated protocol.

Taught in chapter 1 (protocols), chapter 5 (PromptIR's numbers) and chapter 22 (no reference).
"""

import hashlib
import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from irlib.data.benchmarks import Benchmark, data_root, folder_pairs, get_benchmark, list_benchmarks
from irlib.data.images import write_image
from irlib.data.pairing import Pair
from irlib.errors import IrlibError, UsageError
from irlib.evaluation.measures import choose_measures
from irlib.evaluation.pictures import images_of
from irlib.evaluation.scoring import Restorer, as_function, mean_of, score
from irlib.evaluation.spread import spread_of
from irlib.metrics import Protocol, get_protocol
from irlib.models import tell


@dataclass(frozen=True)
class Evaluation:
    """Scores of one method on one set.

    Attributes:
        test_set: The benchmark's name, or the folder's.
        title: What to call it in print.
        per_image: One mapping per image, by sorted name: ``name``, ``group``, ``psnr`` and
            ``input_psnr`` in dB, ``ssim`` and ``input_ssim``, further measures of restored image
            and input, ``seconds`` of restoring. A set without references has the latter alone.
        mean: Means over images of the scores; of the published number only where `complete`.
        protocol: How scores were computed.
        sigma: Deviation of synthesised noise on the 0-255 scale, or None.
        noise_seed: Seed of that noise, or None.
        quantised: Whether noisy images were clipped and truncated to 8 bits, or None.
        test_set_sha256: Hash over sorted names and bytes of all files measured on.
        expected: Images in the published split, or None for a folder of one's own.
        minutes: Wall-clock minutes.
        device: Where it ran.
        missing: A sentence for each measure that this machine could not compute.
    """

    test_set: str
    title: str
    per_image: list[dict[str, Any]]
    mean: dict[str, float]
    protocol: Protocol
    sigma: float | None
    noise_seed: int | None
    quantised: bool | None
    test_set_sha256: str
    expected: int | None
    minutes: float
    device: str
    missing: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """Number of images measured."""
        return len(self.per_image)

    @property
    def complete(self) -> bool:
        """Whether every image of the published split was measured."""
        return self.expected is not None and self.count == self.expected

    @property
    def spread(self) -> dict[str, Any]:
        """Standard deviation over images and bootstrap interval of each mean."""
        return spread_of(self.per_image, tuple(self.mean))

    @property
    def by_group(self) -> dict[str, dict[str, float]]:
        """Means of each sub-degradation; empty for sets without."""
        groups = sorted({row["group"] for row in self.per_image} - {""})
        keys = tuple(self.mean)
        return {g: mean_of([r for r in self.per_image if r["group"] == g], keys) for g in groups}

    @property
    def protocol_in_words(self) -> str:
        """One sentence that says how the scores came about."""
        p = self.protocol
        words = [
            "RGB" if p.colour == "rgb" else "luma (Y)",
            f"centre crop to multiples of {p.crop_multiple}" if p.crop_multiple > 1 else "",
            f"{p.border} border pixels cut" if p.border else "",
            {
                "none": "values not quantised",
                "round": "values rounded to 8 bits",
                "truncate": "values truncated to 8 bits",
            }[p.quantise],
            "SSIM with a 7x7 uniform window"
            if p.ssim_window == "uniform7"
            else "SSIM with an 11x11 Gaussian window",
        ]
        if self.sigma is not None:
            cut = "clipped and truncated to 8 bits" if self.quantised else "not clipped"
            words.append(f"noise of sigma {self.sigma:g}, seed {self.noise_seed}, {cut}")
        return f"protocol {p.name}: " + ", ".join(word for word in words if word)


def evaluate(
    model: Restorer,
    test_set: Benchmark | str | os.PathLike | Iterable[Pair],
    protocol: Protocol | str = "all-in-one",
    *,
    sigma: float | None = None,
    data: str | os.PathLike | None = None,
    limit: int | None = None,
    group: str | None = None,
    save_images: str | os.PathLike | None = None,
    progress: bool = True,
    tile: str | int | None = None,
    device: str | torch.device | None = None,
    noise_seed: int = 0,
    quantise: bool = True,
    measures: Sequence[str] = (),
) -> Evaluation:
    """Restore every image of a set and measure it, and its degraded input.

    Each image is cropped as the protocol says before anything else. Noise is drawn for each image
    from a generator seeded by (seed, sigma, name), so that neither the order of files nor a
    subset changes it; the authors draw one stream in the order the file system lists the files.

    Args:
        model: A network, or a function from (3, H, W) to (3, H, W) such as a classical method. An
            oracle is told the benchmark's task, and of noise that it is noise.
        test_set: A benchmark or its name, or a folder of pairs (a path object, or a string that
            names an existing folder), or pairs.
        protocol: How scores are computed.
        sigma: Noise added to a set of clean images, 0-255 scale; None for sets of pairs.
        data: The data root of benchmarks; ``IRLIB_DATA`` when None.
        limit: Measure only the first so many images by name.
        group: Measure one sub-degradation only (CDD-11).
        save_images: Folder for the restored images, as 8-bit PNG.
        progress: Show a progress bar where the output is a terminal.
        tile: None restores whole images as the authors do; ``"auto"`` or a size tiles.
        device: Where a network runs.
        noise_seed: Seed of the noise.
        quantise: Clip noisy images to [0, 255] and truncate them to 8 bits, as PromptIR's code
            does; False leaves the noise unclipped, as Restormer's does.
        measures: Beside PSNR and SSIM: ``lpips``, ``uciqe``, ``uiqm``, or ``all`` that this machine
            can compute. A set without references needs one of the latter two.

    Returns:
        Per-image scores, their means, and everything needed to state them.

    Raises:
        UsageError: An unknown benchmark, protocol or measure, a missing or superfluous sigma, a set
            without references and no measure for it, or an image too small for the protocol.
        IrlibError: The set is absent, or an image is unreadable or of another size than its pair.
    """
    protocol = get_protocol(protocol)
    name, title, expected, pairs = _open(test_set, data, group)
    _check_use(title, pairs, sigma, limit, measures)
    extra, missing = choose_measures(measures, reference=pairs[0].clean is not None)
    pairs = pairs[:limit]
    if isinstance(model, torch.nn.Module):
        device = device or next((p.device for p in model.parameters()), "cpu")
    task = _task(test_set, sigma)
    if task is not None:
        tell(model, task, sigma)
    restore = as_function(model, tile, device)
    started = time.perf_counter()
    rows = []
    for pair in _with_progress(pairs, title, progress):
        degraded, clean = images_of(pair, protocol, sigma, noise_seed, quantise)
        before = time.perf_counter()
        row, restored = score(restore, degraded, clean, protocol, extra)
        seconds = time.perf_counter() - before
        rows.append({"name": pair.name, "group": pair.group, **row, "seconds": round(seconds, 3)})
        if save_images is not None:
            file = Path(save_images) / f"{pair.name}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            write_image(file, restored.clamp(0, 1))
    return Evaluation(
        test_set=name,
        title=title,
        per_image=rows,
        mean=mean_of(rows, [key for key in rows[0] if key not in ("name", "group", "seconds")]),
        protocol=protocol,
        sigma=None if sigma is None else float(sigma),
        noise_seed=None if sigma is None else noise_seed,
        quantised=None if sigma is None else quantise,
        test_set_sha256=hash_of_files(pairs),
        expected=expected,
        minutes=(time.perf_counter() - started) / 60,
        device=str(device or "cpu"),
        missing=tuple(missing),
    )


def hash_of_files(pairs: Iterable[Pair]) -> str:
    """SHA-256 (hex) over the sorted names of the pairs and the bytes of their files."""
    digest = hashlib.sha256()
    for pair in sorted(pairs, key=lambda pair: pair.name):
        for side, path in (("degraded", pair.degraded), ("clean", pair.clean)):
            if path is not None:
                content = path.read_bytes()
                # Lengths keep a byte from moving between neighbours unnoticed.
                digest.update(f"{pair.name}\0{side}\0{len(content)}\0".encode())
                digest.update(content)
    return digest.hexdigest()


def _open(test_set: Any, data: Any, group: str | None) -> tuple[str, str, int | None, list[Pair]]:
    # A benchmark's name wins over a folder that happens to be called the same.
    if isinstance(test_set, str) and (
        test_set in {b.name for b in list_benchmarks()} or not Path(test_set).is_dir()
    ):
        test_set = get_benchmark(test_set)
    if isinstance(test_set, Benchmark):
        pairs = test_set.pairs(data_root(data), group)
        # A group is one of several equal parts of the published count.
        expected = test_set.count // (len(test_set.groups) if group else 1)
        name, title = test_set.name, test_set.title
        if group:
            name, title = f"{name}:{group}", f"{title}, {group}"
        return name, title, expected, pairs
    if group is not None:
        raise UsageError(f"group '{group}' was asked for, but only benchmarks such as cdd11 have.")
    if isinstance(test_set, str | os.PathLike):
        folder = Path(test_set)
        return folder.resolve().name, folder.resolve().name, None, folder_pairs(folder)
    return "pairs", "pairs", None, sorted(test_set, key=lambda pair: pair.name)


def _task(test_set: Any, sigma: float | None) -> str | None:
    """The true degradation, where the set says it."""
    if sigma is not None:
        return "denoise"
    if isinstance(test_set, str) and test_set in {b.name for b in list_benchmarks()}:
        test_set = get_benchmark(test_set)
    return test_set.task if isinstance(test_set, Benchmark) else None


def _check_use(
    title: str,
    pairs: list[Pair],
    sigma: float | None,
    limit: int | None,
    measures: Sequence[str],
) -> None:
    if not pairs:
        raise IrlibError(f"{title} holds no images to measure on.")
    if not measures and any(pair.clean is None for pair in pairs):
        raise UsageError(
            f"{title} has no references, so PSNR and SSIM are not defined on it. Restore it with "
            "`irlib restore` and look, or ask for measures that need none: --measures uciqe uiqm."
        )
    synthesised = pairs[0].degraded is None
    if synthesised and sigma is None:
        raise UsageError(
            f"{title} is a set of clean images: say how much noise to add with sigma "
            "(--sigma 15, 25 or 50 in the tables)."
        )
    if not synthesised and sigma is not None:
        raise UsageError(f"{title} comes with its degraded images; leave sigma (--sigma) out.")
    if sigma is not None and not 0 <= sigma <= 255:
        raise UsageError(f"sigma is {sigma}; expected 0 to 255 (grey levels), such as 25.")
    if limit is not None and limit < 1:
        raise UsageError(f"limit is {limit}; expected at least 1 image.")


def _with_progress(pairs: list[Pair], title: str, progress: bool) -> Iterable[Pair]:
    if not progress:
        return pairs
    from tqdm import tqdm

    # disable=None: silent where the output is no terminal, such as a log or a notebook build.
    return tqdm(pairs, desc=title, unit="image", disable=None)
