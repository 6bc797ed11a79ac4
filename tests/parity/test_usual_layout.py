"""The rearranged layers compute the same function, and the same gradients, as the usual ones."""

import copy
import importlib.util
from pathlib import Path

import torch

from irlib import models

SPEC = importlib.util.spec_from_file_location(
    "usual_layout", Path(__file__).with_name("usual_layout.py")
)
usual_layout = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(usual_layout)


def test_rearranged_and_usual_layout_agree():
    torch.manual_seed(0)
    ours = models.create("promptir", preset_name="smoke", heads=(1, 2, 2, 4)).double()
    usual = usual_layout.use_usual_layout(copy.deepcopy(ours))
    image = torch.rand(2, 3, 32, 24, dtype=torch.float64)
    torch.testing.assert_close(ours(image), usual(image), atol=1e-12, rtol=1e-10)
    ours(image).square().sum().backward()
    usual(image).square().sum().backward()
    torch.testing.assert_close(
        ours.patch_embed.weight.grad, usual.patch_embed.weight.grad, atol=1e-9, rtol=1e-9
    )
