"""Images of medium quality: what a Restormer makes of images that it was not trained on.

Two networks, one a fold. Each learns from the other fold and restores its own. A trained network's
typical faults are what the middle tier stands for, so it need not be trained to the end: restored
too well, "mediocre" would collapse into "excellent" (Perceive-IR, Table X). Taught in chapter 7.
"""

import json
from collections.abc import Iterable
from pathlib import Path

import torch
from torch import Tensor, nn

from irlib import models
from irlib.data.augment import AUGMENTATIONS, dihedral, random_crop_pair
from irlib.data.by_position import PatchesByPosition
from irlib.data.images import read_image, write_image
from irlib.data.seeding import generator_for
from irlib.degradations import FIVE_TASKS
from irlib.errors import IrlibError, UsageError
from irlib.evaluation.restore import restore_image
from irlib.perceiver.folds import FOLDS
from irlib.perceiver.sources import TierSource
from irlib.scale import by_scale, checked_scale, current_scale
from irlib.training import Recipe
from irlib.training.checkpoint import load_checkpoint
from irlib.training.loop import train
from irlib.training.objectives import Reconstruction

#: How often an epoch lists each file of a task in the released code (one noise level a file).
REPETITION = {"denoise": 3, "dehaze": 1, "derain": 120, "deblur": 50, "lowlight": 40}
FLIPS = "flips"  # left-right and up-down, each with probability 1/2
LARGEST_WHOLE = 512


def medium_recipe(
    scale: str | None = None,
    tasks: Iterable[str] = FIVE_TASKS,
    model: str = "restormer",
    **changes: object,
) -> Recipe:
    """The recipe of a medium network: the released code's at scale paper, a short one elsewhere.

    Scale paper: a full Restormer, patches of 128, batch 4, AdamW (weight decay 0.01), a cosine from
    2e-4 to 1e-6, L1. The released pipeline uses the weights after 20,000 iterations (the default);
    the paper says 100,000 (``steps=100_000``).

    Args:
        scale: "smoke", "pocket" or "paper"; by default the current scale.
        tasks: Tasks to learn together.
        model: Restormer is the paper's choice; its Table X tries others.
        **changes: Fields of :class:`irlib.training.Recipe` to replace.
    """
    scale = current_scale() if scale is None else checked_scale(scale)
    paper = scale == "paper"
    size = by_scale(smoke="smoke", pocket="pocket", paper="released", scale=scale)
    base = Recipe(
        model=model,
        config=models.preset(model, size),
        scale=scale,
        tasks=tuple(tasks),
        # Rain and blur are the slowest to be learned, and an input unchanged is no medium image.
        turns=dict(REPETITION) if paper else {"derain": 2, "deblur": 2},
        data="stage 1",
        augment=FLIPS,
        patch=by_scale(smoke=32, pocket=64, paper=128, scale=scale),
        batch=by_scale(smoke=5, pocket=6, paper=4, scale=scale),
        steps=by_scale(smoke=3, pocket=300, paper=20_000, scale=scale),
        warmup=by_scale(smoke=1, pocket=20, paper=0, scale=scale),
        rate=2e-4 if paper else 2e-3,
        weight_decay=0.01 if paper else 1e-4,
        clip_norm=0.0 if paper else 1.0,
        ema=0.0 if paper else 0.99,
        loss="l1" if paper else "psnr",
        scenes=0,
    )
    return base.with_changes(**changes)


class FoldPairs(PatchesByPosition):
    """Training patches from one fold of a source; sample ``position`` is a function of its number.

    Args:
        source: The samples.
        fold: The fold to take.
        repetition: How often an epoch lists each sample of a task; once where not named.
        patch: Side of a patch in pixels; smaller images are extended by mirroring.
        seed: Seed of order, crops, flips and noise.

    Raises:
        UsageError: The fold holds no sample.
    """

    def __init__(
        self,
        source: TierSource,
        fold: int,
        *,
        repetition: dict[str, int] | None = None,
        patch: int = 128,
        seed: int = 0,
    ) -> None:
        self.source, self.fold, self.patch, self.seed = source, fold, patch, seed
        often = repetition or {}
        self.list = [
            index
            for index, sample in enumerate(source.samples)
            if sample.fold == fold
            for _ in range(often.get(sample.task, 1))
        ]
        if not self.list:
            raise UsageError(
                f"fold {fold} of {len(source)} samples is empty; both folds need images. Give more "
                "of them, or more tasks."
            )
        self._order: tuple[int, list[int]] = (-1, [])

    def __len__(self) -> int:
        return len(self.list)

    def sample(self, position: int, patch: int) -> dict[str, Tensor]:
        epoch, place = divmod(position, len(self.list))
        if self._order[0] != epoch:
            generator = generator_for("fold order", self.seed, self.fold, epoch)
            self._order = (epoch, torch.randperm(len(self.list), generator=generator).tolist())
        index = self.list[self._order[1][place]]
        generator = generator_for("fold", self.seed, self.fold, position)
        pair = self.source.pair(index, generator)
        pair = random_crop_pair(pair, patch, generator)
        modes = AUGMENTATIONS[FLIPS]
        mode = modes[int(torch.randint(len(modes), (), generator=generator))]
        degraded, target = (dihedral(image, mode).contiguous() for image in pair)
        task = torch.tensor(self.source.tasks.index(self.source.samples[index].task))
        return {"degraded": degraded, "target": target, "task": task}


def train_medium(
    source: TierSource,
    run_dir: str | Path,
    recipe: Recipe,
    *,
    resume: bool = True,
    accelerator: str = "auto",
    progress: bool = True,
) -> list[Path]:
    """Trains the two networks; a run found in the folder goes on, a finished one is kept.

    Args:
        source: The samples, both folds.
        run_dir: Gets ``fold-0`` and ``fold-1``: ``fold-f`` restores fold f, and learned from the
            other.
        recipe: From :func:`medium_recipe`.
        resume: ``False`` begins anew.
        accelerator: "auto", "cpu" or "gpu".
        progress: Shows a progress bar.

    Returns:
        The two files of weights, by the fold that they restore.

    Raises:
        UsageError: The folder holds networks of other samples or of another recipe.
        IrlibError: Training failed.
    """
    run_dir, files = Path(run_dir), []
    told = models.MODELS.get(recipe.model).needs_task
    # No contrast and no prototypes: a medium network need only restore, and not too well.
    objective = None if told else Reconstruction(recipe.loss)
    for fold in FOLDS:
        # The data take part in the recipe, so that other data do not pass for the same run.
        own = recipe.with_changes(data=f"fold {1 - fold} of {source.hash()}")
        data = FoldPairs(
            source, 1 - fold, repetition=recipe.turns, patch=recipe.patch, seed=recipe.seed
        )
        folder = run_dir / f"fold-{fold}"
        weights = folder / "weights.safetensors"
        if not (resume and weights.is_file() and _recipe_of(weights) == own.as_dict()):
            if resume:
                _require_same_run(folder, own)
            weights = train(
                own,
                folder,
                data,
                objective=objective,
                resume=resume,
                accelerator=accelerator,
                devices=1,
                progress=progress,
            )
        files.append(weights)
    return files


def load_medium(run_dir: str | Path, device: torch.device | str = "cpu") -> list[nn.Module]:
    """The two trained networks, by the fold that they restore, frozen.

    Stage 2 takes them as proxies, too: an image of fold f is restored by network f.

    Args:
        run_dir: What :func:`train_medium` was given.
        device: Where to put them.

    Raises:
        UsageError: The folder does not hold both.
        IrlibError: A damaged file.
    """
    files = [Path(run_dir) / f"fold-{fold}" / "weights.safetensors" for fold in FOLDS]
    for file in files:
        if not file.is_file():
            raise UsageError(
                f"{file} is missing; expected the two medium networks in {run_dir}. "
                "`irlib prompts train` makes them (its --medium names the folder)."
            )
    return [models.load_weights(file).to(device).requires_grad_(False) for file in files]


def render_medium(
    source: TierSource,
    networks: list[nn.Module],
    folder: str | Path,
    *,
    device: str | torch.device | None = None,
    progress: bool = True,
) -> list[Path]:
    """Restores every sample by the network that has not seen it, into PNG files.

    Images of up to 512 × 512 pixels are restored whole, larger ones in tiles of 512 that share 32
    pixels, each on its own as in the released code. Files that are there already are kept, so the
    folder must belong to these networks and samples alone (:func:`medium_folder`). The manifest
    of folds is written beside them.

    Args:
        source: The samples.
        networks: By the fold that they restore.
        folder: Where to.
        device: Where to compute; by default where the networks are.
        progress: Shows a progress bar.

    Returns:
        One file a sample, in the order of the samples.
    """
    from tqdm import tqdm

    folder = Path(folder)
    files = [folder / sample.task / f"{sample.path}.png" for sample in source.samples]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "manifest.json").write_text(json.dumps(source.manifest(), indent=0))
    except OSError as error:
        raise IrlibError(f"cannot write into {folder}: {error.strerror or error}.") from error
    bar = tqdm(files, unit="image", desc="medium images", disable=None if progress else True)
    for index, file in enumerate(bar):
        if file.is_file():
            continue
        degraded, _ = source.pair(index)
        network = networks[source.samples[index].fold]
        tile = None if max(degraded.shape[-2:]) <= LARGEST_WHOLE else LARGEST_WHOLE
        restored = restore_image(network, degraded, tile, 32, device, share=False)
        file.parent.mkdir(parents=True, exist_ok=True)
        write_image(file, restored)
    return files


def medium_folder(run_dir: str | Path, source: TierSource, networks: list[nn.Module]) -> Path:
    """A folder of its own below ``run_dir`` for these samples restored by these networks."""
    from irlib.foundation.frozen import identity_of

    tags = [identity_of(network.state_dict())[:8] for network in networks]
    return Path(run_dir) / "images" / "-".join([source.hash()[:8], *tags])


def read_medium(file: Path) -> Tensor:
    """A rendered medium image, (3, H, W) in [0, 1]."""
    return read_image(file).rgb()


def _require_same_run(folder: Path, recipe: Recipe) -> None:
    """Refuses a folder that holds the run of another recipe, in words that fit medium networks."""
    try:
        load_checkpoint(folder, recipe.as_dict())
    except UsageError as error:
        raise UsageError(
            f"the medium networks in {folder.parent} were trained on other images, tasks or steps. "
            "Give another folder (--medium DIR), or delete this one to train them anew."
        ) from error


def _recipe_of(weights: Path) -> dict | None:
    try:
        return models.read_header(weights)["facts"].get("recipe")
    except IrlibError:
        return None
