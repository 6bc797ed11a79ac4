"""Full precision inside autocast, and networks on "meta", which has no autocast."""

import torch

from irlib import models
from irlib.nn.precision import full_precision


def test_autocast_is_off_within():
    a = torch.rand(4, 4)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert (a @ a).dtype == torch.bfloat16
        with full_precision(a):
            assert (a @ a).dtype == torch.float32


def test_networks_tell_their_shapes_on_meta():
    for name in ("restormer", "promptir", "nafnet"):
        network = models.create(name, **models.preset(name, "smoke")).to("meta")
        image = torch.rand(1, 3, 32, 48, device="meta")
        assert network(image).shape == image.shape
