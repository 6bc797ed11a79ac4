"""The training step of each system, taken apart: its network, and what judges it beside."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn

from irlib import models
from irlib.foundation.frozen import Frozen
from irlib.models.dfpir import TEXT_DIMS
from irlib.planning.judges import CLIP, DINO, JUDGES, VGG
from irlib.planning.work import Work, count
from irlib.training.recipes import Recipe

BATCH = 2  # some networks standardise over the batch


@dataclass(frozen=True)
class Step:
    """What one image costs in a training step.

    Attributes:
        parts: Work by part, the network first.
        parameters: Numbers that learn.
        frozen: Numbers of the frozen networks beside them.
    """

    parts: dict[str, Work]
    parameters: int
    frozen: int

    @property
    def work(self) -> Work:
        """All parts together."""
        return sum(self.parts.values(), Work())


def step_of(recipe: Recipe, patch: int) -> Step:
    """Counts the training step of a recipe on patches of a size, without running anything.

    Of AirNet's two phases it is the mean over the steps. Perceive-IR comes with the published
    judges that scale paper takes, but without the medium networks that a run may be given.

    Args:
        recipe: What is trained.
        patch: Side of the patches in pixels.
    """
    weights = getattr(recipe, "weights", None)
    losses = tuple(name for name in ("cl", "clip", "dpl") if getattr(weights, name, 0))
    alone = min(1.0, getattr(recipe, "contrast_steps", 0) / recipe.steps)
    return _step(recipe.model, json.dumps(recipe.config), patch, losses, alone)


@lru_cache
def _step(model: str, config: str, patch: int, losses: tuple[str, ...], alone: float) -> Step:
    with torch.device("meta"):
        network = models.create(model, **json.loads(config)).train()
        network.to(memory_format=torch.channels_last)
        image = torch.empty(BATCH, 3, patch, patch).contiguous(memory_format=torch.channels_last)
        judges: dict[str, Frozen] = {}
        if model == "airnet":
            parts = _airnet(network, image, alone)
        elif model == "perceive-ir":
            judges = _judges(network, losses)
            parts = _perceive_ir(network, image, losses, judges)
        else:
            told = _told(network)
            parts = {"network": count(lambda: _one(network(image, **told)), BATCH, [network])}
    held = sum(p.numel() for judge in judges.values() for p in judge.network.parameters())
    return Step(parts, network.count_parameters(), held)


def _one(made: Any) -> Tensor:
    """Gradients flow back from all that a network returns."""
    return made if isinstance(made, Tensor) else sum(x.mean() for x in made if x is not None)


def _told(network: nn.Module) -> dict[str, Any]:
    """What a network takes beside the image."""
    config = network.config
    if network.name == "dfpir":
        return {"told": torch.empty(BATCH, TEXT_DIMS[config["clip"]])}
    if network.name == "instructir":
        length = config["sentence_dim"]
        told = torch.empty(BATCH, length or config["text_dim"])
        return {"sentences" if length else "told": told}
    if network.name == "am-promptir" and config["text"] != "tokens":
        return {"told": network.word_vectors[:1].expand(BATCH, -1)}
    if network.needs_task:
        return {"told": network.told(network.known_tasks[:1] * BATCH)}
    return {}


def _airnet(network: nn.Module, image: Tensor, alone: float) -> dict[str, Work]:
    """Both crops are encoded throughout, the second without gradient; restoring comes later."""
    with torch.no_grad():
        second = count(lambda: network.encoder(image).code, BATCH)
    first = count(lambda: network(image, "code"), BATCH, [network.encoder])
    both = count(lambda: _one(network(image, "both")), BATCH, [network])
    return {"network": first * alone + both * (1 - alone), "keys of the second crop": second}


def _judges(network: nn.Module, losses: tuple[str, ...]) -> dict[str, Frozen]:
    needed = {DINO: network.needs_semantics, CLIP: "clip" in losses, VGG: "dpl" in losses}
    return {name: build() for name, build in JUDGES.items() if needed[name]}


def _perceive_ir(
    network: nn.Module, image: Tensor, losses: tuple[str, ...], judges: dict[str, Frozen]
) -> dict[str, Work]:
    semantics = []
    if network.needs_semantics:
        semantics = [[torch.empty(BATCH, network.semantic_dim) for _ in range(4)]]
    crops = [image] if "cl" in losses else []

    parts = {"network": count(lambda: _one(network(image, *semantics, *crops)), BATCH, [network])}
    restored = torch.empty_like(image).requires_grad_()

    def judged(name: str, read: Callable[[], Tensor]) -> Work:
        return count(read, BATCH, [judges[name].network])

    if DINO in judges:
        parts[DINO] = judged(DINO, lambda: judges[DINO].features(image)[-1])
    if CLIP in judges:
        parts[CLIP] = judged(CLIP, lambda: judges[CLIP].encode_image(restored))
    if VGG in judges:

        def features(picture: Tensor) -> Tensor:
            return _one(judges[VGG].features(picture))

        # The output with gradient; input and target without.
        others = judged(VGG, lambda: features(image))
        parts[VGG] = judged(VGG, lambda: features(restored)) + others * 2
    return parts
