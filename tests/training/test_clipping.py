"""Clipping: what the optimiser is given never exceeds the recipe's norm (NAFNet, property 11)."""

import pytest
import torch

from irlib import training
from irlib.data.embedded import EmbeddedPairs
from irlib.training.loop import train


@pytest.mark.parametrize("most", [0.01, 0.0])
def test_property_11_gradients_are_clipped_to_the_norm(tmp_path, monkeypatch, most):
    norms, step = [], torch.optim.AdamW.step

    def noting(self, *given, **options):
        gradients = [p.grad for group in self.param_groups for p in group["params"]]
        norms.append(torch.stack([g.norm() for g in gradients if g is not None]).norm().item())
        return step(self, *given, **options)

    monkeypatch.setattr(torch.optim.AdamW, "step", noting)
    recipe = training.recipe(
        "nafnet", "smoke", steps=3, batch=2, patch=16, clip_norm=most, precision="32-true"
    )
    data = EmbeddedPairs(recipe.tasks, patch=16, scenes=1, scene_size=32, photo_share=0)
    train(recipe, tmp_path, data, accelerator="cpu", devices=1, progress=False)
    assert len(norms) == 3
    assert (max(norms) <= 0.01 * (1 + 1e-4)) == bool(most)
