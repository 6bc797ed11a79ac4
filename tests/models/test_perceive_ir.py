"""Perceive-IR's network: the properties 2, 4, 5 and 18 of its specification."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from irlib import models
from irlib.errors import UsageError
from irlib.nn import PromptGuidance

TINY = {"dim": 8, "heads": (1, 1, 2, 2), "cfe_widths": (4, 6), "cfe_hidden": 8, "cfe_out": 5}
DEPTHS = {"num_blocks": (1, 1, 1, 1), "num_refinement_blocks": 1, "semantic_dim": 7}
RELEASED = {
    **models.preset("perceive-ir", "released"),
    **TINY,
    **DEPTHS,
    "cfe_strides": (2, 2),
}
SIZES = [8, 16, 37, 50, 129]


def tiny(seed=0, **config):
    torch.manual_seed(seed)
    return models.create("perceive-ir", **{**TINY, **DEPTHS, **config})


def semantics(batch, dim=7, seed=1):
    draw = torch.Generator().manual_seed(seed)
    return list(torch.randn(4, batch, dim, generator=draw))


def kinds():
    return [
        pytest.param(tiny(), id="paper"),
        pytest.param(tiny(backbone="nafnet"), id="nafnet"),
        pytest.param(tiny(**RELEASED), id="released"),
    ]


def randomised(model):
    """Every layer that starts at zero drawn, so that priors, scales and biases have a say."""
    torch.manual_seed(3)
    with torch.no_grad():
        for parameter in model.parameters():
            if not parameter.any():
                parameter.copy_(0.2 * torch.randn(parameter.shape))
    return model


@pytest.mark.parametrize("model", kinds())
def test_property_2_any_size_is_kept_and_padding_is_invisible(model):
    model = randomised(model)
    known = semantics(1)
    with torch.no_grad():
        for height, width in zip(SIZES, reversed(SIZES), strict=True):
            image = torch.rand(1, 3, height, width)
            restored = model(image, known)
            assert restored.shape == image.shape
            padded, _ = models.pad_to_multiple(image, model.multiple, "replicate")
            whole = model(padded, known)
            assert torch.equal(restored, whole[..., :height, :width])


@settings(max_examples=15, deadline=None)
@given(height=st.integers(1, 40), width=st.integers(1, 40), nafnet=st.booleans())
def test_property_2_any_size_from_one_pixel_up(height, width, nafnet):
    model = tiny(backbone="nafnet" if nafnet else "restormer")
    with torch.no_grad():
        restored = model(torch.rand(2, 3, height, width), semantics(2))
    assert restored.shape == (2, 3, height, width)
    assert restored.isfinite().all()


@pytest.mark.parametrize("backbone", ["restormer", "nafnet"])
def test_property_4_a_fresh_network_does_not_hear_the_prior_and_one_step_later_does(backbone):
    model = tiny(backbone=backbone)
    image, target = torch.rand(2, 2, 3, 32, 32)
    one, other = semantics(2), semantics(2, seed=2)

    def heard():
        """Whether the output depends on the semantics, and whether on the code."""
        with torch.no_grad():
            as_is, told = model(image, one), model(image, other)
            code = model.code.forward
            model.code.forward = lambda x: code(x) + 1
            coded = model(image, one)
            del model.code.forward
        return not torch.equal(as_is, told), not torch.equal(as_is, coded)

    assert heard() == (False, False)
    optimiser = torch.optim.AdamW(model.parameters(), 1e-3)
    F.l1_loss(model(image, one), target).backward()
    guidances = [m for m in model.modules() if isinstance(m, PromptGuidance)]
    linear = [p for m in guidances for b in (m.scale, m.shift) for p in b[0].parameters()]
    assert not any(p.grad.any() for p in (*linear, *model.code.parameters()))
    optimiser.step()
    assert heard() == (True, True)


def test_property_4_the_released_network_hears_the_prior_from_the_start():
    model, image = tiny(**RELEASED), torch.rand(1, 3, 16, 16)
    with torch.no_grad():
        assert not torch.equal(model(image, semantics(1)), model(image, semantics(1, seed=2)))


@pytest.mark.parametrize("model", kinds())
def test_property_5_a_silent_output_layer_is_the_identity(model):
    layer = model.backbone.output if hasattr(model.backbone, "output") else model.backbone.ending
    kept = {name: t.clone() for name, t in layer.state_dict().items()}
    for parameter in layer.parameters():
        torch.nn.init.zeros_(parameter)
    image = torch.rand(2, 3, 19, 16)
    with torch.no_grad():
        assert torch.equal(model(image, semantics(2)), image)
    layer.load_state_dict(kept)


@pytest.mark.parametrize("model", kinds())
def test_every_parameter_learns_once_nothing_is_zero(model):
    model = randomised(model)
    model.zero_grad()
    restored, code, other = model(torch.rand(2, 3, 16, 16), semantics(2), torch.rand(2, 3, 16, 16))
    (restored.square().sum() + (code * other).sum()).backward()
    assert [n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()] == []


@pytest.mark.parametrize("model", kinds())
def test_images_of_a_batch_do_not_mix(model):
    model, images, known = randomised(model), torch.rand(3, 3, 16, 24), semantics(3)
    with torch.no_grad():
        alone = torch.cat(
            [model(images[i : i + 1], [f[i : i + 1] for f in known]) for i in range(3)]
        )
        torch.testing.assert_close(model(images, known), alone, atol=1e-5, rtol=1e-4)


def test_levels_get_their_own_semantics_the_first_block_at_full_size():
    """Only the level whose guidance is left reacts to its own class token."""
    stages = ("decoder_level1", "decoder_level2", "decoder_level3", "latent")
    image, known = torch.rand(1, 3, 16, 16), semantics(1)
    for level, stage in enumerate(stages):
        model = randomised(tiny())
        for other in stages:
            if other != stage:
                for guidance in getattr(model.backbone, other).guidance:
                    guidance.start_neutral()
        with torch.no_grad():
            before = model(image, known)
            changed = [
                not torch.equal(model(image, [*known[:i], known[i] + 1, *known[i + 1 :]]), before)
                for i in range(4)
            ]
        assert changed == [i == level for i in range(4)]


def test_nafnet_levels_get_their_own_semantics_too():
    model = randomised(tiny(backbone="nafnet"))
    seen = {}
    for position, stage in enumerate(model.backbone.decoders):
        stage.register_forward_pre_hook(
            lambda _, inputs, position=position: seen.update({position: inputs})
        )
    known = semantics(1)
    with torch.no_grad():
        model(torch.rand(1, 3, 32, 32), known)
    for position, level in enumerate((3, 2, 1, 0)):
        features, prior = seen[position]
        assert features.shape[1:] == (8 * 2**level, 32 // 2**level, 32 // 2**level)
        assert torch.equal(prior[:, :7], known[level])  # semantics first, then the code
        assert prior.shape == (1, 7 + 5)


def test_property_18_two_crops_give_a_code_each():
    model, known = tiny(), semantics(2)
    image, positive = torch.rand(2, 3, 16, 24), torch.rand(2, 3, 11, 9)
    restored, code, other = model(image, known, positive)
    assert code.shape == other.shape == (2, 5)
    assert torch.equal(restored, model(image, known))
    assert torch.equal(code, model(image, known, image)[2])


def test_without_semantics_none_are_needed():
    model = tiny(use_semantics=False)
    assert not model.needs_semantics
    image = torch.rand(1, 3, 16, 16)
    assert torch.equal(model(image), model(image, semantics(1)))


def test_the_network_is_one_graph_for_a_compiler():
    model, image, known = tiny(), torch.rand(1, 3, 20, 24), semantics(1)
    compiled = torch.compile(model, backend="eager", fullgraph=True)
    with torch.no_grad():
        torch.testing.assert_close(compiled(image, known), model(image, known))


def test_feature_maps_stay_channels_last():
    for model in (tiny(), tiny(backbone="nafnet")):
        strayed = []

        def note(module, _, output, strayed=strayed):
            is_map = output.ndim == 4 and output.shape[2:].numel() > 1
            if is_map and not output.is_contiguous(memory_format=torch.channels_last):
                strayed.append(module)

        for module in model.backbone.modules():
            if module is not model.backbone:
                module.register_forward_hook(note)
        with torch.no_grad():
            model(torch.rand(2, 3, 32, 48), semantics(2))
        assert strayed == []


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("backbone", ["restormer", "nafnet"])
def test_half_precision_stays_finite_and_close(backbone, dtype):
    model, image = tiny(backbone=backbone), torch.rand(1, 3, 32, 32)
    with torch.autocast("cpu", dtype=dtype):
        rough = model(image, semantics(1))
    rough.float().square().mean().backward()
    assert all(p.grad.isfinite().all() for p in model.parameters())
    assert (rough.float() - model(image, semantics(1))).abs().max() < 0.05


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (lambda: (), "WithSemantics"),
        (lambda: (semantics(1)[:3],), "expected 4 of"),
        (lambda: (semantics(2),), r"\(1, 7\)"),
        (lambda: (semantics(1, dim=768),), r"\(1, 768\)"),
    ],
)
def test_semantics_that_do_not_fit_are_refused_with_advice(given, words):
    with pytest.raises(UsageError, match=words):
        tiny()(torch.rand(1, 3, 16, 16), *given())


def test_wrong_images_and_a_code_that_is_not_there_are_refused():
    with pytest.raises(UsageError, match=r"expected \(B, 3, H, W\)"):
        tiny()(torch.rand(3, 16, 16), semantics(1))
    model, image = tiny(use_code=False), torch.rand(1, 3, 16, 16)
    with pytest.raises(UsageError, match="use_code=False"):
        model(image, semantics(1), image)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"backbone": "restormr"}, "did you mean 'restormer'"),
        ({"dim": 7}, "dim is 7"),
        ({"heads": (1, 3, 4, 8)}, "heads"),
        ({"num_blocks": (1, 2)}, "num_blocks"),
        ({"num_decoder_blocks": (1,)}, "num_decoder_blocks"),
        ({"pgca": "triple"}, "pgca"),
        ({"pgm_scope": "levels"}, "did you mean 'level'"),
        ({"pgm_body": "mlpp"}, "did you mean 'mlp'"),
        ({"pgm_body": "none"}, "pgm_body='shift'"),
        ({"etb_residual": "inputs"}, "did you mean 'input'"),
        ({"decoder1_width": "dims"}, "did you mean 'dim'"),
        ({"cfe_body": "plan"}, "did you mean 'plain'"),
        ({"cfe_widths": (3,)}, "cfe_widths"),
    ],
)
def test_arguments_that_do_not_fit_are_named(config, words):
    with pytest.raises(UsageError, match=words):
        tiny(**config)
