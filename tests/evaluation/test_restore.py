import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from irlib.errors import IrlibError, UsageError
from irlib.evaluation import memory, restore
from irlib.evaluation.restore import restore_image


class Identity(nn.Module):
    """Returns its input and notes the sizes that it was given."""

    multiple = 8

    def __init__(self):
        super().__init__()
        self.sizes = []

    def forward(self, image):
        assert not self.training
        assert image.shape[2] % 8 == image.shape[3] % 8 == 0
        self.sizes.append(tuple(image.shape[2:]))
        return image


class Forgetful(Identity):
    """Runs out of memory above a number of pixels."""

    def __init__(self, pixels, error=MemoryError):
        super().__init__()
        self.pixels, self.error = pixels, error

    def forward(self, image):
        if image.shape[2] * image.shape[3] > self.pixels:
            raise self.error
        return super().forward(image)


def local_network(depth=3):
    torch.manual_seed(0)
    layers = []
    for _ in range(depth):
        layers += [nn.Conv2d(3, 3, 3, padding=1), nn.Tanh()]
    network = nn.Sequential(*layers, nn.Sigmoid())
    network.multiple = 8
    return network.requires_grad_(False)


def picture(height, width, seed=0):
    return torch.rand(3, height, width, generator=torch.Generator().manual_seed(seed))


@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from(["auto", None, 16, 24]))
@settings(deadline=None, max_examples=60)
def test_identity_returns_the_image_at_any_size(height, width, tile):
    image = picture(height, width)
    restored = restore_image(Identity(), image, tile=tile, overlap=8)
    assert restored.shape == image.shape
    assert restored.dtype == torch.float32
    torch.testing.assert_close(restored, image, rtol=0, atol=1e-6)


@pytest.mark.parametrize("size", [(200, 333), (97, 64), (128, 129)])
@pytest.mark.parametrize("tile", [64, 100])
def test_tiles_equal_the_whole_where_the_network_is_local(size, tile):
    image, network = picture(*size), local_network()
    whole = restore_image(network, image, tile=None)
    tiled = restore_image(network, image, tile=tile, overlap=32)
    torch.testing.assert_close(tiled, whole, rtol=0, atol=1e-5)


def test_no_step_shows_where_tiles_meet():
    # Each tile is shifted by its own mean, as a network with global attention might.
    class Global(Identity):
        def forward(self, image):
            return (super().forward(image) + 0.2 * image.mean()).clamp(0, 1)

    ramp = torch.linspace(0.1, 0.6, 400).expand(3, 400, 400)
    restored = restore_image(Global(), ramp, tile=96, overlap=32)
    largest_step_inside_a_tile = ramp.diff(dim=2).abs().max()
    assert restored.diff(dim=1).abs().max() < 1e-5
    assert restored.diff(dim=2).abs().max() < 3 * largest_step_inside_a_tile


def test_a_tile_is_rounded_up_to_the_multiple():
    model = Identity()
    restore_image(model, picture(100, 100), tile=33, overlap=8)
    assert set(model.sizes) == {(40, 40)}


@pytest.mark.parametrize(
    "error", [MemoryError(), torch.OutOfMemoryError("x"), RuntimeError("can't allocate memory: 9")]
)
def test_auto_steps_down_when_memory_runs_out(error):
    model = Forgetful(100 * 100, error)
    image = picture(300, 200)
    calls = []
    restored = restore_image(model, image, progress=lambda done, total: calls.append((done, total)))
    torch.testing.assert_close(restored, image, rtol=0, atol=1e-6)
    assert max(height * width for height, width in model.sizes) <= 100 * 100
    assert calls[-1][0] == calls[-1][1] > 1


def test_auto_gives_up_with_advice():
    with pytest.raises(IrlibError, match=r"out of memory.*Free some"):
        restore_image(Forgetful(0), picture(300, 200))


@pytest.mark.parametrize("tile", [None, 128])
def test_a_chosen_tile_that_does_not_fit_is_reported(tile):
    with pytest.raises(IrlibError, match=r"out of memory.*'auto'"):
        restore_image(Forgetful(1000), picture(300, 200), tile=tile)


def test_auto_takes_a_tile_that_fits_the_free_memory(monkeypatch):
    monkeypatch.setattr(restore, "_SMALL_ENOUGH_UNTRIED", 0)
    monkeypatch.setattr(memory, "free_memory", lambda device: 10_000_000)
    network = local_network()
    seen = []
    network.register_forward_hook(lambda _, inputs, __: seen.append(inputs[0].shape[2]))
    image = picture(500, 700)
    restored = restore_image(network, image)
    probe, *sides = seen
    cost = memory.bytes_per_pixel(network, 8, torch.empty(0))
    assert probe == 128
    assert max(sides) < 500
    assert max(sides) ** 2 * cost <= 10_000_000
    whole = restore_image(network, image, tile=None)
    torch.testing.assert_close(restored, whole, rtol=0, atol=1e-5)


def test_other_failures_are_not_taken_for_lack_of_memory():
    with pytest.raises(RuntimeError, match="shapes differ"):
        restore_image(Forgetful(0, RuntimeError("shapes differ")), picture(16, 16))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_an_output_that_is_not_finite_is_reported(value):
    class Broken(Identity):
        def forward(self, image):
            return image * value

    with pytest.raises(IrlibError, match="not finite"):
        restore_image(Broken(), picture(16, 16) + 0.1)


def test_an_output_of_another_size_is_reported():
    with pytest.raises(IrlibError, match="keeps the size"):
        restore_image(nn.Upsample(scale_factor=2), picture(16, 16))


def test_the_output_is_clamped_and_the_mode_of_the_model_kept():
    class Loud(Identity):
        def forward(self, image):
            return super().forward(image) * 9 - 4

    model = Loud().train()
    restored = restore_image(model, picture(20, 20))
    assert model.training
    assert (restored.min(), restored.max()) == (0, 1)
    assert not restored.is_inference()


def test_a_model_in_bfloat16_gives_float32():
    network = local_network().to(torch.bfloat16)
    assert restore_image(network, picture(20, 20)).dtype == torch.float32


@pytest.mark.parametrize(
    ("image", "tile", "message"),
    [
        (torch.rand(1, 3, 8, 8), "auto", "shape"),
        (torch.rand(1, 8, 8), "auto", "shape"),
        (torch.rand(3, 0, 8), "auto", "shape"),
        (torch.zeros(3, 8, 8, dtype=torch.uint8), "auto", "255"),
        (torch.rand(3, 8, 8), "large", "'large'"),
        (torch.rand(3, 8, 8), 63, "twice the overlap"),
        (torch.rand(3, 8, 8), 0, "positive"),
    ],
)
def test_wrong_use(image, tile, message):
    with pytest.raises(UsageError, match=message):
        restore_image(Identity(), image, tile=tile)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_gives_the_same_image():
    image, network = picture(300, 200), local_network()
    on_cpu = restore_image(network, image)
    on_gpu = restore_image(network, image, device="cuda", tile=96)
    assert on_gpu.device == image.device
    torch.testing.assert_close(on_gpu, on_cpu, rtol=0, atol=1e-3)
