"""What Perceive-IR's second stage minimises: four losses, three of them told by frozen networks.

Taught in chapter 11.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from irlib.data.by_position import PatchesByPosition
from irlib.losses import (
    choose_probe,
    clip_quality,
    degradation_contrast,
    difficulty_aware,
    difficulty_weights,
    losses,
    probe_psnr,
    proxy_psnr,
)
from irlib.losses.difficulty_aware import is_hard
from irlib.models import encoder_facts
from irlib.training.objectives import Batch, Objective
from irlib.training.perceive_recipes import PerceiveRecipe

if TYPE_CHECKING:
    from irlib.foundation import Clip, Dino, Vgg

#: Candidates for each crop of the probe, so that easy and hard ones can be chosen among them.
CANDIDATES = 4


class PerceiveObjective(Objective):
    """``L_rec + 0.1 L_cl + 0.05 L_clip + 0.1 L_dpl``, or what the recipe keeps of it.

    The semantics are computed here and handed to the network. Without proxies the only negative of
    L_dpl is the input; with them, each counts by whether the network is already as good, which a
    fixed probe of training crops tells before every epoch.

    Args:
        recipe: Weights, negatives, epoch and probe.
        dino: For the semantics; None where the network uses none.
        clip: For L_clip, with the prompts' features ``text``; None where it is left out.
        text: (K, D), worst tier first.
        vgg: For L_dpl; None where it is left out.
        proxies: Networks from image to image whose results L_dpl pushes away from.
        valid: (T, Q), whether proxy q was made for the data's task t; by default it was.
        data: The training samples, for the probe; needed with proxies.

    Attributes:
        reference: PSNR in dB that the network had at the start of the epoch.
    """

    def __init__(
        self,
        recipe: PerceiveRecipe,
        *,
        dino: "Dino | None" = None,
        clip: "Clip | None" = None,
        text: Tensor | None = None,
        vgg: "Vgg | None" = None,
        proxies: Sequence[nn.Module] = (),
        valid: Tensor | None = None,
        data: PatchesByPosition | None = None,
    ) -> None:
        self.recipe, self.weights = recipe, recipe.weights
        self.dino, self.clip, self.text, self.vgg = dino, clip, text, vgg
        self.rec = losses.get(recipe.loss)
        self.proxies = [proxy.eval().requires_grad_(False) for proxy in proxies]
        self.reference: float | None = None
        self.valid, self.probe = torch.zeros(0), []
        if self.proxies:
            self.valid = torch.ones(len(data.tasks), len(proxies)) if valid is None else valid
            self.probe = _probe(data, recipe.probe)
        if self.weights.dpl and not self.proxies and recipe.dpl_from <= 0:
            warnings.warn(
                "L_dpl is a ratio to the distance between output and input. Without a medium "
                "network it explodes as long as they are alike: give --medium, or let L_dpl begin "
                "later with --dpl-from.",
                stacklevel=2,
            )

    @property
    def columns(self) -> tuple[str, ...]:
        names = ["rec", *(n for n in ("cl", "clip", "dpl") if getattr(self.weights, n))]
        if self.weights.dpl:
            names += ["denominator", *(["hard"] if self.proxies else [])]
        return tuple(names)

    @property
    def facts(self) -> dict[str, Any]:
        return {} if self.dino is None else encoder_facts(self.dino)

    def to(self, device: torch.device) -> None:
        for module in (self.dino, self.clip, self.vgg, *self.proxies):
            if module is not None:
                module.to(device)
        self.valid = self.valid.to(device)
        self.text = None if self.text is None else self.text.to(device)

    def before_step(self, step: int, network: nn.Module) -> None:
        if self.proxies and step % self.recipe.steps_per_epoch == 0:
            restore = lambda degraded: network(degraded, self._semantics(degraded))  # noqa: E731
            self.reference = probe_psnr(network, restore, self.probe).mean

    def __call__(
        self, model: Callable[..., Any], batch: Batch, step: int
    ) -> tuple[Tensor, dict[str, Tensor]]:
        degraded, target, weights = batch["degraded"], batch["target"], self.weights
        given = (degraded, self._semantics(degraded))
        terms: dict[str, Tensor] = {}
        seen: dict[str, Tensor] = {}
        counts = step >= self.recipe.dpl_from
        if weights.cl:
            restored, code, positive = model(*given, batch["positive"])
            terms["cl"] = degradation_contrast(
                code, positive, batch["task"], negatives=self.recipe.negatives
            )
        else:
            restored = model(*given)
        terms["rec"] = self.rec(restored, target)
        if weights.clip:
            terms["clip"] = clip_quality(restored, self.clip.encode_image, self.text)
        if weights.dpl:
            with torch.set_grad_enabled(counts):
                terms["dpl"], seen = self._away_from_others(restored, batch)
        counted = {n: t for n, t in terms.items() if n != "dpl" or counts}
        return weights.total(**counted), {**terms, **seen}

    def _semantics(self, degraded: Tensor) -> list[Tensor] | None:
        # Patches are multiples of what the network takes, so neither it nor the encoder pads.
        return None if self.dino is None else self.dino.features(degraded)

    def _away_from_others(self, restored: Tensor, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """L_dpl, with its smallest denominator and the share of hard negatives."""
        degraded, target = batch["degraded"], batch["target"]
        others: dict[str, Tensor] = {}
        seen: dict[str, Tensor] = {}
        if self.proxies:
            with torch.no_grad():
                made = torch.stack([proxy(degraded).float() for proxy in self.proxies], dim=1)
            quality, valid = proxy_psnr(made, target), self.valid[batch["task"]]
            counts = difficulty_weights(quality, self.reference)
            others = {"proxies": made, "weights": counts, "valid": valid}
            hard = is_hard(quality, self.reference) * valid
            seen["hard"] = hard.sum() / valid.sum().clamp_min(1)
        loss, smallest = difficulty_aware(restored, target, degraded, self.vgg.features, **others)
        return loss, {"denominator": smallest, **seen}

    def state_dict(self) -> dict[str, Any]:
        return {"reference": self.reference}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.reference = state["reference"]


def _probe(data: PatchesByPosition, per_task: int) -> list[Mapping[str, Any]]:
    """Crops of the training data that no step sees: those of negative positions."""
    found: dict[int, list[Mapping[str, Any]]] = {}
    wanted, tasks = CANDIDATES * per_task, len(data.tasks)
    # A rare task may get fewer crops; the search must end.
    for position in range(-1, -1 - 20 * wanted * tasks, -1):
        sample = data[position]
        own = found.setdefault(int(sample["task"]), [])
        if len(own) < wanted:
            own.append(sample)
        if len(found) == tasks and all(len(samples) == wanted for samples in found.values()):
            break
    return choose_probe([sample for own in found.values() for sample in own], per_task)
