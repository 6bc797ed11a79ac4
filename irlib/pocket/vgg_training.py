"""A pocket VGG: sixteen narrow layers that learn to name degradations, strengths and textures."""

from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from irlib.foundation.checkpoints import write_weights
from irlib.foundation.images import IMAGENET_MEAN, IMAGENET_STD, normalise
from irlib.foundation.vgg import TAPS, vgg_layers
from irlib.pocket.degraded import LEVELS, NAMES, DegradedPictures
from irlib.pocket.fitting import fit
from irlib.pocket.pictures import SOURCES, Pictures
from irlib.pocket.recipes import PocketRecipe


class VggWithHeads(nn.Module):
    """The layers, and three linear heads that read the mean of each of the four maps.

    Args:
        widths: Of the seven convolutions.
    """

    def __init__(self, widths: tuple[int, ...]) -> None:
        super().__init__()
        self.layers = vgg_layers(widths)
        for layer in self.layers:
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
                nn.init.zeros_(layer.bias)
        pooled = widths[1] + widths[3] + widths[4] + widths[6]
        self.heads = nn.ModuleList(
            nn.Linear(pooled, count) for count in (len(NAMES), len(LEVELS), len(SOURCES))
        )

    def forward(self, images: Tensor) -> list[Tensor]:
        """(B, 3, H, W) in [0, 1] to logits of degradation, strength and texture."""
        x = normalise(images, IMAGENET_MEAN, IMAGENET_STD)
        x = x.contiguous(memory_format=torch.channels_last)
        means = []
        for index, layer in enumerate(self.layers):
            x = layer(x)
            if index in TAPS["relu"]:
                means.append(x.mean(dim=(2, 3)))
        pooled = torch.cat(means, dim=1)
        return [head(pooled) for head in self.heads]


def train_vgg(recipe: PocketRecipe, run_dir: Path, **options: Any) -> tuple[Path, float]:
    """Trains a pocket VGG on three questions about a picture; the heads are thrown away.

    Args:
        recipe: See :func:`irlib.pocket.recipes.pocket_recipe`.
        run_dir: Folder of the run.
        **options: Of :func:`irlib.pocket.fitting.fit`.

    Returns:
        The weights file and the minutes it took.
    """
    torch.manual_seed(recipe.seed)
    device = torch.device(options.get("device", "cpu"))
    network = VggWithHeads(recipe.widths).to(device, memory_format=torch.channels_last)

    def loss_of(batch: list[Tensor], step: int) -> Tensor:
        images, *labels = batch
        answers = network(images)
        return sum(F.cross_entropy(a, b) for a, b in zip(answers, labels, strict=True))

    pictures = Pictures(recipe.scenes, recipe.seed)
    data = DegradedPictures(pictures, recipe.seed, recipe.steps * recipe.batch)
    minutes = fit(recipe, network, data, loss_of, run_dir, **options)
    state = {f"features.{key}": value for key, value in network.layers.state_dict().items()}
    path = run_dir / "vgg-pocket.safetensors"
    facts = {"steps": recipe.steps, "seed": recipe.seed, "minutes": minutes}
    facts |= {"recipe": recipe.as_dict(), "recipe_hash": recipe.hash()}
    return write_weights(path, "vgg", state, {"widths": recipe.widths}, **facts), minutes
