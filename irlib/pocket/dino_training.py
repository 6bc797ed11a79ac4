"""A pocket DINO: a student that must tell what its own slow average sees in another view."""

import copy
import math
from pathlib import Path
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import Dataset

from irlib.data.seeding import generator_for
from irlib.foundation.checkpoints import write_weights
from irlib.foundation.dino import create_vit
from irlib.foundation.images import IMAGENET_MEAN, IMAGENET_STD, normalise
from irlib.pocket.fitting import fit
from irlib.pocket.pictures import SIDE, Pictures
from irlib.pocket.recipes import PocketRecipe

# Sides of what the views of one sample are cut from: most of a picture, so that what they have in
# common is the picture and not one place in it.
REGION = (160, 384)
LOCAL_SIDE = 32
LOCALS = 2
PROTOTYPES = 512
STUDENT_TEMPERATURE = 0.1
TEACHER_TEMPERATURE = 0.04
CENTRE_MOMENTUM = 0.9
TEACHER_MOMENTUM = 0.99


class Views(NamedTuple):
    """Views of one picture, each in [0, 1]."""

    whole: Tensor
    """(2, 3, 64, 64), more than a fifth of the region each."""
    part: Tensor
    """(2, 3, 32, 32), small cuts."""


class ViewsOfPictures(Dataset):
    """Two large and two small views of a clean picture, in changed colours, noisy or blurred.

    Args:
        pictures: Where crops come from.
        seed: Seed of crops and views; sample ``position`` depends on both alone.
        length: Samples that ``len`` reports.
    """

    def __init__(self, pictures: Pictures, seed: int, length: int) -> None:
        self.pictures, self.seed, self.length = pictures, seed, length

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, position: int) -> Views:
        generator = generator_for("views", self.seed, position)
        image = self.pictures.draw(generator, *REGION).image
        whole = [_view(image, SIDE, 0.2, 1.0, generator) for _ in range(2)]
        part = [_view(image, LOCAL_SIDE, 0.05, 0.2, generator) for _ in range(LOCALS)]
        return Views(torch.stack(whole), torch.stack(part))


class Head(nn.Module):
    """Three layers, a unit vector, and its cosines with learned prototypes.

    Args:
        dim: Width of a class token.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(dim, 256), nn.GELU(), nn.Linear(256, 256), nn.GELU(), nn.Linear(256, 64)
        )
        self.prototypes = nn.Parameter(torch.randn(PROTOTYPES, 64))

    def forward(self, tokens: Tensor) -> Tensor:
        x = F.normalize(self.body(tokens), dim=-1)
        return x @ F.normalize(self.prototypes, dim=-1).T


class Pupil(nn.Module):
    """A vision transformer and its head; student and teacher are two of these.

    Args:
        config: timm's arguments of the transformer.
    """

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        self.vit = create_vit(config, dynamic_img_size=True)
        self.head = Head(self.vit.embed_dim)

    def forward(self, views: Tensor) -> Tensor:
        """(B, 3, S, S) in [0, 1] to (B, PROTOTYPES) cosines."""
        tokens = self.vit.forward_features(normalise(views, IMAGENET_MEAN, IMAGENET_STD))
        return self.head(tokens[:, 0])


def train_dino(recipe: PocketRecipe, run_dir: Path, **options: Any) -> tuple[Path, float]:
    """Trains a pocket DINO by self-distillation without labels.

    The student sees all views, the teacher the two large ones; the student's answer to each must
    match the teacher's to the others. The teacher is the student's moving average; its answers are
    centred and sharpened, or both would agree on one answer for everything (Caron et al.,
    "Emerging properties in self-supervised vision transformers", 2021). The teacher is kept.

    Args:
        recipe: See :func:`irlib.pocket.recipes.pocket_recipe`.
        run_dir: Folder of the run.
        **options: Of :func:`irlib.pocket.fitting.fit`.

    Returns:
        The weights file and the minutes it took.
    """
    torch.manual_seed(recipe.seed)
    device = torch.device(options.get("device", "cpu"))
    config = dict(recipe.vit)
    student = Pupil(config).to(device)
    teacher = copy.deepcopy(student).eval().requires_grad_(False)
    centre = torch.zeros(PROTOTYPES, device=device)

    def loss_of(batch: list[Tensor], step: int) -> Tensor:
        whole, part = (views.transpose(0, 1) for views in batch)  # by view, then by picture
        with torch.no_grad():
            taught = teacher(whole.flatten(0, 1)).unflatten(0, whole.shape[:2])
        answers = student(whole.flatten(0, 1)).unflatten(0, whole.shape[:2])
        small = student(part.flatten(0, 1)).unflatten(0, part.shape[:2])
        loss = distillation_loss(torch.cat((answers, small)), taught, centre)
        mean = taught.mean(dim=(0, 1))
        centre.mul_(CENTRE_MOMENTUM).add_(mean, alpha=1 - CENTRE_MOMENTUM)
        return loss

    def after_step(step: int) -> None:
        keep = 1 - (1 - TEACHER_MOMENTUM) * 0.5 * (1 + math.cos(math.pi * step / recipe.steps))
        with torch.no_grad():
            for slow, fast in zip(teacher.parameters(), student.parameters(), strict=True):
                slow.lerp_(fast, 1 - keep)

    data = ViewsOfPictures(
        Pictures(recipe.scenes, recipe.seed), recipe.seed, recipe.steps * recipe.batch
    )
    minutes = fit(recipe, student, data, loss_of, run_dir, after_step=after_step, **options)
    path = run_dir / "dino-pocket.safetensors"
    facts = {"steps": recipe.steps, "seed": recipe.seed, "minutes": minutes}
    facts |= {"recipe": recipe.as_dict(), "recipe_hash": recipe.hash()}
    return write_weights(path, "dino", teacher.vit.state_dict(), config, **facts), minutes


def distillation_loss(student: Tensor, teacher: Tensor, centre: Tensor) -> Tensor:
    """Mean cross entropy of the student's views with the teacher's other views (DINO, Eq. 3).

    Args:
        student: (V, B, P) cosines; the first views are the teacher's.
        teacher: (G, B, P) cosines of the large views.
        centre: (P,), the teacher's running mean, taken off before sharpening.
    """
    targets = ((teacher - centre) / TEACHER_TEMPERATURE).softmax(dim=-1).detach()
    logs = (student / STUDENT_TEMPERATURE).log_softmax(dim=-1)
    terms = [
        -(target * log).sum(dim=-1).mean()
        for i, target in enumerate(targets)
        for j, log in enumerate(logs)
        if i != j
    ]
    return torch.stack(terms).mean()


def _view(
    image: Tensor, side: int, least: float, most: float, generator: torch.Generator
) -> Tensor:
    """Cuts a share of the region's area, resizes it and changes colours, focus and noise."""
    draw = torch.rand(12, generator=generator).tolist()
    height, width = image.shape[-2:]
    cut = max(8, round((least + (most - least) * draw[0]) ** 0.5 * min(height, width)))
    top, left = int(draw[1] * (height - cut + 1)), int(draw[2] * (width - cut + 1))
    view = image[None, :, top : top + cut, left : left + cut]
    view = F.interpolate(view, (side, side), mode="bilinear", align_corners=False)
    if draw[3] < 0.5:
        view = view.flip(-1)
    # Milder than DINO's own: with few pictures to learn from, colour must stay of use.
    gains = torch.tensor(draw[4:7]).view(3, 1, 1) * 0.2 + 0.9
    view = view * gains * (0.8 + 0.4 * draw[7])
    middle = view.mean()
    view = (view - middle) * (0.8 + 0.4 * draw[8]) + middle
    if draw[9] < 0.05:
        view = view.mean(dim=1, keepdim=True).expand(-1, 3, -1, -1)
    if draw[10] < 0.3:
        view = F.avg_pool2d(view, 3, stride=1, padding=1, count_include_pad=False)
    if draw[11] < 0.3:
        view = view + 0.1 * draw[0] * torch.randn(view.shape, generator=generator)
    return view[0].clamp(0, 1)
