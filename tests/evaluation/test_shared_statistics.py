import pytest
import torch
from torch import nn

from irlib.evaluation.restore import restore_image
from irlib.evaluation.shared_statistics import SharedStatistics, reads_globally
from irlib.models import create
from irlib.nn import TransposedAttention


@pytest.fixture(scope="module", params=["promptir", "nafnet"])
def network(request):
    torch.manual_seed(0)
    model = create(request.param, preset_name="smoke").eval()
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(False)
        if name.endswith("temperature"):
            parameter.fill_(20.0)  # sharp attention, as after training
        if name.endswith(("beta", "gamma")):
            parameter.fill_(0.5)  # blocks that act, as after training
    return model


def scene(height=96, width=128):
    """Dark and smooth on the left, bright and rough on the right: its tiles differ."""
    ramp = torch.linspace(0, 1, width).expand(3, height, width)
    rough = torch.rand(3, height, width, generator=torch.Generator().manual_seed(1))
    return (0.6 * ramp + 0.4 * ramp * rough).contiguous()


def test_statistics_of_the_whole_give_the_whole(network):
    image = scene()[None]
    statistics = SharedStatistics(network)
    with torch.no_grad():
        with statistics.gathering():
            as_ever = network(image)
        with statistics.applied():
            shared = network(image)
        torch.testing.assert_close(as_ever, network(image), rtol=0, atol=0)
    torch.testing.assert_close(shared, as_ever, rtol=0, atol=1e-5)


def test_tiles_that_share_come_closer_to_the_whole():
    # One layer, whose sums over tiles are those of the whole but for the tiles' edges. (Weights
    # drawn as a difference filter answer to edges above all; these do not.)
    torch.manual_seed(1)
    layer = TransposedAttention(3, 1).eval().requires_grad_(False)
    layer.temperature.fill_(20.0)
    image = scene(192, 256)
    whole = restore_image(layer, image, tile=None)
    apart = restore_image(layer, image, tile=96, overlap=16, share=False)
    shared = restore_image(layer, image, tile=96, overlap=16)
    assert (shared - whole).abs().mean() < 0.3 * (apart - whole).abs().mean()


def _pass_and_fail(network, image, within):
    with within:
        network(image)
        raise RuntimeError


def test_the_model_is_left_as_it_was_even_after_a_failure(network):
    image = scene()[None]
    before = network(image)
    statistics = SharedStatistics(network)
    for within in (statistics.gathering, statistics.applied):
        with pytest.raises(RuntimeError):
            _pass_and_fail(network, image, within())
        assert torch.equal(network(image), before)
    assert not any(
        {"attention", "weights", "means"} & vars(module).keys() for module in network.modules()
    )


def test_only_models_that_read_globally_take_a_second_pass(network):
    calls = []
    restore_image(network, scene(), 64, 16, progress=lambda done, total: calls.append(total))
    assert set(calls) == {2 * 2 * 3}
    calls.clear()
    restore_image(nn.Identity(), scene(), 64, 16, progress=lambda done, total: calls.append(total))
    assert set(calls) == {2 * 3}
    assert reads_globally(network)
    assert not reads_globally(nn.Conv2d(3, 3, 1))


def test_means_over_windows_are_not_shared():
    network = create("nafnet", preset_name="smoke")
    assert reads_globally(network)
    network.use_windows((64, 64))
    assert not reads_globally(network)


def test_a_short_type_keeps_finite(network):
    shortened = create(network.name, **network.config).eval().to(torch.bfloat16)
    restored = restore_image(shortened, scene(), tile=48, overlap=16)
    assert restored.isfinite().all()
