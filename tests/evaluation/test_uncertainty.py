"""Samples of a restoration repeat with their seed, and their spread is that of the draws."""

import pytest
import torch

from irlib import models
from irlib.errors import UsageError
from irlib.evaluation.restore import restore_image
from irlib.evaluation.uncertainty import restore_samples


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    made = models.create("dppd", preset_name="smoke").eval()
    with torch.no_grad():
        for module in made.prompt_modules().values():
            module.fusion.project_out.weight.normal_(std=0.3)
        made.output.weight.mul_(0.2)
    return made


IMAGE = 0.3 + 0.4 * torch.rand(3, 20, 26, generator=torch.Generator().manual_seed(0))


def test_samples_repeat_with_their_seed_and_differ_without(model):
    first, again, other = (restore_samples(model, IMAGE, 3, seed=seed) for seed in (0, 0, 1))
    assert torch.equal(first.restored, again.restored)
    assert not torch.equal(first.restored, other.restored)
    longer = restore_samples(model, IMAGE, 4)
    assert torch.equal(longer.restored[:3], first.restored), "sample i depends on i alone"


def test_mean_and_uncertainty_are_those_of_the_samples(model):
    found = restore_samples(model, IMAGE, 5)
    assert found.restored.shape == (5, 3, 20, 26)
    assert found.uncertainty.shape == (20, 26)
    torch.testing.assert_close(found.mean, sum(found.restored) / 5)
    by_hand = found.restored.std(dim=0).square().mean(dim=0).sqrt()
    torch.testing.assert_close(found.uncertainty, by_hand)
    assert found.uncertainty.max() > 1e-5


def test_without_spread_there_is_no_uncertainty(model):
    sure = models.create("dppd", **model.config).eval()
    sure.load_state_dict(model.state_dict())
    for module in sure.prompt_modules().values():
        torch.nn.init.constant_(module.distribution.log_variance, -1e3)
        torch.nn.init.constant_(module.distribution.mean, 0.0)
    spread = restore_samples(sure, IMAGE, 3).uncertainty
    assert spread.max() < 0.1 * restore_samples(model, IMAGE, 3).uncertainty.max()


def test_tiles_of_an_image_share_the_draw(model):
    whole, tiled = (restore_samples(model, IMAGE, 2, tile=tile, overlap=8) for tile in (None, 24))
    apart = (whole.restored - tiled.restored).abs().mean()
    assert apart < (whole.restored[0] - whole.restored[1]).abs().mean()


def test_the_usual_restoration_is_left_as_it_was(model):
    before = restore_image(model, IMAGE)
    restore_samples(model, IMAGE, 2)
    assert torch.equal(restore_image(model, IMAGE), before)


def test_networks_that_cannot_sample_and_single_draws_are_refused(model):
    with pytest.raises(UsageError, match="restormer draws nothing"):
        restore_samples(models.create("restormer", preset_name="smoke"), IMAGE)
    with pytest.raises(UsageError, match="2 or more"):
        restore_samples(model, IMAGE, 1)
