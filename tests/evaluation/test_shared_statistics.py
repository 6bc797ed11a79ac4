import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from irlib.evaluation.restore import restore_image
from irlib.evaluation.shared_statistics import (
    DEPTHS,
    SharedStatistics,
    _part_of_stretched,
    reads_globally,
)
from irlib.evaluation.tiling import Part, parts
from irlib.models import create
from irlib.nn import ChannelMean, PromptGeneration, TransposedAttention


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


@given(st.integers(1, 9), st.integers(1, 60), st.data())
@settings(max_examples=60, deadline=None)
def test_a_part_of_a_stretched_prompt_is_cut_out_of_it(stored, length, data):
    start = data.draw(st.integers(0, length - 1))
    stop = data.draw(st.integers(start + 1, length))
    prompt = torch.rand(1, 2, stored, 3, generator=torch.Generator().manual_seed(length))
    whole = functional.interpolate(prompt, (length, 3), mode="bilinear", align_corners=False)
    part = _part_of_stretched(prompt, 2, range(start, stop), length)
    torch.testing.assert_close(part, whole[:, :, start:stop], rtol=0, atol=1e-5)


def test_tiles_meet_their_part_of_the_prompts_of_the_whole():
    # Features that are all one, so that the prompt is all that a place can differ by.
    torch.manual_seed(0)
    layer = PromptGeneration(3, 3, 5, 6).eval().requires_grad_(False)
    layer.conv.weight.zero_()
    layer.conv.weight[range(3), range(3), 1, 1] = 1.0  # the identity: no edges of tiles
    image = torch.full((3, 48, 72), 0.5)
    whole = restore_image(layer, image, tile=None)
    assert whole.std() > 0.05
    shared = restore_image(layer, image, tile=32, overlap=8)
    torch.testing.assert_close(shared, whole, rtol=0, atol=1e-5)
    apart = restore_image(layer, image, tile=32, overlap=8, share=False)
    assert (apart - whole).abs().mean() > 0.02


class Global(nn.Module):
    """Layers that read the whole map and nothing else: tiles have no edges to see."""

    def __init__(self, layers):
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def forward(self, image):
        for layer in self.layers:
            image = layer(image)
        return image


class Dim(nn.Module):
    """Takes half of the mean away from every pixel, as a blind network answers to the light."""

    def __init__(self):
        super().__init__()
        self.mean = ChannelMean()

    def forward(self, image):
        return image - 0.5 * self.mean(image) * image.clamp_max(0.6)


class Mixing(TransposedAttention):
    """Attention of pixels alone: the middle of its 3x3 convolution."""

    def __init__(self):
        super().__init__(3, 1)
        for parameter in self.parameters():
            nn.init.normal_(parameter, std=0.7)
        with torch.no_grad():
            self.temperature.fill_(5.0)
            middle = torch.zeros(3, 3)
            middle[1, 1] = 1.0
            self.depthwise.weight.mul_(middle)

    def forward(self, image):
        return image + super().forward(image)


def gathered(network, image, passes, tile, depth=1.0):
    """What the whole gives by sums over tiles."""
    statistics = SharedStatistics(network)
    rows, columns = (parts(length, tile, 8) for length in image.shape[2:])
    with torch.no_grad():
        for _ in range(passes):
            with statistics.gathering(depth):
                for row in rows:
                    for column in columns:
                        with statistics.at(row, column):
                            network(image[..., row.start : row.stop, column.start : column.stop])
        with statistics.applied():
            return network(image)


@pytest.mark.parametrize("layer", [Dim, Mixing])
def test_pixels_that_tiles_share_count_once(layer):
    torch.manual_seed(0)
    network = Global([layer()])
    image = scene(130, 200)[None]  # no multiple of the tile
    with torch.no_grad():
        whole = network(image)
    torch.testing.assert_close(gathered(network, image, 1, 64), whole, rtol=0, atol=1e-5)


@pytest.mark.parametrize("layer", [Dim, Mixing])
def test_every_pass_brings_one_more_layer_in_order(layer):
    torch.manual_seed(0)
    network = Global([layer() for _ in range(3)])
    image = scene(130, 200)[None]
    with torch.no_grad():
        whole = network(image)
    errors = [float((gathered(network, image, n, 64) - whole).abs().max()) for n in (1, 2, 3)]
    assert errors[0] > 1.5 * errors[1] > 20 * errors[2]
    assert errors[2] < 2e-5


def test_a_pass_ends_where_it_was_asked_to():
    met = []
    network = Global([Dim() for _ in range(4)])
    for i, layer in enumerate(network.layers):
        layer.register_forward_hook(lambda *_, i=i: met.append(i))
    statistics, image = SharedStatistics(network), scene(16, 24)[None]
    whole = Part(0, 16, 0, 16), Part(0, 24, 0, 24)
    with statistics.gathering(0.5), statistics.at(*whole):
        network(image)
    assert met == [0]  # the second had its sum taken and did not return
    with statistics.gathering(1.0), statistics.at(*whole):
        network(image)
    assert met[1:] == [0, 1, 2]  # what follows the last sum is not computed


@pytest.mark.parametrize("layer", [Dim, Mixing])
def test_a_dark_picture_in_tiles_is_as_bright_as_the_whole(layer):
    torch.manual_seed(0)
    network = Global([layer() for _ in range(3)])
    image = 0.15 * scene(130, 200) ** 1.7
    whole, shared, apart = (
        restore_image(network, image, tile, 16, share=share)
        for tile, share in ((None, True), (64, True), (64, False))
    )
    torch.testing.assert_close(shared, whole, rtol=0, atol=2e-5)
    assert (apart - whole).abs().max() > 5e-4


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


def test_only_models_that_read_globally_take_more_passes(network):
    calls = []
    restore_image(network, scene(), 64, 16, progress=lambda done, total: calls.append(total))
    assert set(calls) == {(len(DEPTHS) + 1) * 2 * 3}
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
