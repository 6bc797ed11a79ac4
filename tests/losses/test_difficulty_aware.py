"""L_dpl: the scalar of the specification, masks, clamps and difficulty."""

import itertools

import pytest
import torch
from torch import nn

from irlib.errors import UsageError
from irlib.losses import difficulty_aware, difficulty_weights, patch_psnr, proxy_psnr
from irlib.losses.difficulty_aware import LEVEL_WEIGHTS, hard_rates, is_hard


def identity(images: torch.Tensor) -> list[torch.Tensor]:
    """Four levels that are the image itself."""
    return [images] * 4


def flat(value: float, batch: int = 1) -> torch.Tensor:
    return torch.full((batch, 3, 4, 4), value)


class StubVgg(nn.Module):
    """Four taps of a random convolutional net, in the sizes of VGG-16's."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            widths = (3, 8, 12, 16, 16)
            self.convs = nn.ModuleList(
                nn.Conv2d(a, b, 3, padding=1, stride=s)
                for a, b, s in zip(widths, widths[1:], (1, 2, 2, 1), strict=False)
            )
        self.eval().requires_grad_(False)

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        taps = []
        for conv in self.convs:
            x = conv(x).relu()
            taps.append(x)
        return taps


def random_images(count: int, seed: int = 0) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.rand(2, 3, 16, 16, generator=generator) for _ in range(count)]


def test_the_scalar_of_the_specification():
    found = difficulty_aware(
        flat(0.4),
        flat(0.7),
        flat(0.1),
        identity,
        proxies=torch.stack([flat(0.2), flat(0.6)], dim=1),
        weights=torch.tensor([[0.75, 1.25]]),
    )
    by_hand = sum(LEVEL_WEIGHTS["released"]) * 0.3 / (0.6 + 0.15 + 0.25)
    assert by_hand == pytest.approx(0.475, abs=1e-6)
    assert float(found.loss) == pytest.approx(0.475, abs=1e-5)
    assert float(found.smallest_denominator) == pytest.approx(1.0, abs=1e-5)


def test_the_other_level_weights():
    found = difficulty_aware(flat(0.4), flat(0.7), flat(0.1), identity, levels="c2pnet")
    assert float(found.loss) == pytest.approx((1 / 16 + 1 / 8 + 1 / 4 + 1) * 0.5, abs=1e-5)
    own = difficulty_aware(flat(0.4), flat(0.7), flat(0.1), identity, levels=(0, 0, 0, 2.0))
    assert float(own.loss) == pytest.approx(1.0, abs=1e-5)


def test_without_proxies_it_is_half_of_the_plain_contrastive_ratio():
    out, target, degraded = random_images(3)
    vgg = StubVgg()
    ours = difficulty_aware(out, target, degraded, vgg).loss
    plain = difficulty_aware(out, target, degraded, vgg, easy=1.0).loss
    assert float(ours) == pytest.approx(float(plain) / 2, rel=1e-5)


def test_zero_at_the_target():
    target, degraded = random_images(2)
    assert float(difficulty_aware(target.clone(), target, degraded, StubVgg()).loss) == 0


def test_gradient_flows_through_the_output_alone():
    out, target, degraded, proxy = (x.requires_grad_() for x in random_images(4))
    difficulty_aware(out, target, degraded, StubVgg(), proxies=proxy[:, None]).loss.backward()
    assert float(out.grad.abs().max()) > 0
    assert target.grad is degraded.grad is proxy.grad is None


@pytest.mark.parametrize("content", ["other", "nan"])
def test_a_masked_proxy_has_no_influence(content):
    out, target, degraded, proxy, other = random_images(5)
    valid = torch.tensor([[1, 0], [1, 1]])
    proxies = torch.stack([proxy, degraded], dim=1)
    changed = proxies.clone()
    changed[0, 1] = other[0] if content == "other" else torch.nan
    results = []
    for images in (proxies, changed):
        leaf = out.clone().requires_grad_()
        loss = difficulty_aware(leaf, target, degraded, StubVgg(), proxies=images, valid=valid).loss
        loss.backward()
        results.append((float(loss.detach()), leaf.grad))
    assert results[0][0] == results[1][0]
    assert torch.equal(results[0][1], results[1][1])
    alone = difficulty_aware(
        out[:1], target[:1], degraded[:1], StubVgg(), proxies=proxies[:1, :1]
    ).loss
    masked = difficulty_aware(
        out[:1], target[:1], degraded[:1], StubVgg(), proxies=proxies[:1], valid=valid[:1]
    ).loss
    assert float(masked) == pytest.approx(float(alone), rel=1e-6)


def test_a_valid_proxy_has_influence():
    out, target, degraded, proxy = random_images(4)
    vgg = StubVgg()
    without = difficulty_aware(out, target, degraded, vgg).loss
    with_one = difficulty_aware(out, target, degraded, vgg, proxies=proxy[:, None]).loss
    assert float(with_one) < float(without)


def test_finite_but_large_where_the_output_is_the_input():
    _, target, degraded = random_images(3)
    out = degraded.clone().requires_grad_()
    found = difficulty_aware(out, target, degraded, StubVgg())
    found.loss.backward()
    assert torch.isfinite(found.loss)
    assert torch.isfinite(out.grad).all()
    assert float(found.smallest_denominator) == 0


def test_it_explodes_as_the_output_nears_the_input():
    """Ten times nearer, about ten times larger: the reason not to begin with it."""
    _, target, degraded = random_images(3)
    degraded = 0.25 + 0.5 * degraded
    noise = torch.randn(degraded.shape, generator=torch.Generator().manual_seed(1))
    losses = [
        float(difficulty_aware(degraded + sigma * noise, target, degraded, StubVgg()).loss)
        for sigma in (0.1, 0.01, 0.001)
    ]
    for far, near in itertools.pairwise(losses):
        assert 5 < near / far < 15


def test_pixels_out_of_range_count_as_clamped():
    out, target, degraded = random_images(3)
    out = out * 3 - 1
    vgg = StubVgg()
    loss = difficulty_aware(out, target, degraded, vgg).loss
    assert float(loss) == float(difficulty_aware(out.clamp(0, 1), target, degraded, vgg).loss)


def test_hard_and_very_hard():
    target = flat(0.5, 2)
    psnr = proxy_psnr(torch.stack([target + 0.1, target + 0.05], dim=1), target)
    assert psnr.shape == (2, 2)
    reference = float(psnr[0, 0])
    assert difficulty_weights(psnr, reference).tolist() == [[1.25, 0.75]] * 2, "equal is hard"
    just_below = reference - 1e-4
    assert difficulty_weights(psnr, just_below)[0, 0] == 0.75, "just above is very hard"
    a_task = difficulty_weights(psnr, torch.tensor([reference, 100.0]))
    assert a_task.tolist() == [[1.25, 0.75], [1.25, 1.25]]
    constant = torch.tensor([[20.0, 30.0]])
    assert difficulty_weights(constant, 25.0, gamma=0.5).tolist() == [[1.5, 0.5]]


def test_patch_psnr_clamps_and_has_a_ceiling():
    target = torch.zeros(1, 3, 4, 4)
    assert float(patch_psnr(target + 0.1, target)) == pytest.approx(20, abs=1e-4)
    assert float(patch_psnr(target - 0.5, target)) == pytest.approx(100)
    assert float(patch_psnr(target, target)) == pytest.approx(100)


def test_hard_rates_by_task_and_proxy():
    hard = torch.tensor([[True, False], [False, True], [True, True]])
    valid = torch.tensor([[1, 0], [1, 0], [1, 1]])
    rates = hard_rates(hard, valid, torch.tensor([0, 0, 3]))
    assert rates == {(0, 0): 0.5, (3, 0): 1.0, (3, 1): 1.0}
    assert is_hard(torch.tensor([[100.0]]), 99.0).item() is False


def test_wrong_use_is_told():
    out, target, degraded = random_images(3)
    with pytest.raises(UsageError, match="one shape"):
        difficulty_aware(out[..., :8], target, degraded, identity)
    with pytest.raises(UsageError, match="3 level weights were given for 4"):
        difficulty_aware(out, target, degraded, identity, levels=(1, 1, 1))
    with pytest.raises(UsageError, match="released, c2pnet"):
        difficulty_aware(out, target, degraded, identity, levels="vgg")
