"""InstructIR's image network: the properties that its specification states."""

import pytest
import torch
from safetensors import safe_open

from irlib import models
from irlib.errors import UsageError
from irlib.models.parity import compare_fixture
from irlib.nn import InstructionCondition, NafBlock, WithBiasLayerNorm

CONDITIONS = ("encoder_conditions", "decoder_conditions")
PARTS = {
    "intro": 896,
    "encoders": 4_291_264,
    "encoder_conditions": 749_440,
    "downs": 697_280,
    "middle": 7_407_616,
    "ups": 696_320,
    "decoders": 1_250_240,
    "decoder_conditions": 749_440,
    "ending": 867,
}
FIXTURES = ("instructir", "instructir_lmhead", "instructir_pooling")  # the full one is golden


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


def shaken(**config):
    """A small network in which every part acts."""
    torch.manual_seed(0)
    model = models.create("instructir", preset_name="smoke", **config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith(("beta", "gamma", "scale", "shift")):
                parameter.normal_(std=0.5)
            if ".open." in name:
                parameter.mul_(6)
    return model.eval()


def texts(count, seed=0):
    drawn = torch.randn(count, 8, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.normalize(drawn, dim=1)


@pytest.mark.parametrize(
    ("preset", "parameters"),
    [
        (None, 15_843_363),
        ("released", 15_843_363),
        ("paper", 15_843_363),
        ("language", 15_843_363 + 100_359),
        ("helper", 31_150_115),
    ],
)
def test_property_1_parameter_counts(preset, parameters):
    with torch.device("meta"):
        model = models.create("instructir", preset_name=preset)
    assert model.count_parameters() == parameters


def test_property_1_parameter_count_of_every_part():
    with torch.device("meta"):
        model = models.create("instructir", preset_name="released")
    assert {name: count(part) for name, part in model.named_children()} == PARTS
    assert len(model.state_dict()) == 696
    conditions = [block for name in CONDITIONS for block in getattr(model, name)]
    assert sum(count(block.open) for block in conditions) == 246_720
    assert sum(count(block.block) for block in conditions) == 1_250_240
    assert sum(block.scale.numel() + block.shift.numel() for block in conditions) == 1_920
    with torch.device("meta"):
        nafnet = models.create(
            "nafnet", preset_name="sidd32", middle_blocks=4
        )  # the same without condition blocks
    assert nafnet.count_parameters() == 14_344_483
    assert model.count_parameters() - nafnet.count_parameters() == 2 * 749_440


def test_pocket_is_small_and_carries_its_head():
    model = models.create("instructir", preset_name="pocket")
    assert 1.0e6 <= model.count_parameters() <= 1.25e6
    assert model.head is not None


def test_property_2_a_fresh_network_does_not_hear():
    torch.manual_seed(0)
    model, image = models.create("instructir", preset_name="smoke"), torch.rand(1, 3, 16, 20)
    with torch.no_grad():
        first, other = (model(image, texts(1, seed)) for seed in (1, 2))
    assert torch.equal(first, other)


def test_property_3_the_text_changes_the_output():
    model, image = shaken(), torch.rand(1, 3, 16, 20)
    with torch.no_grad():
        first, other = (model(image, texts(1, seed)) for seed in (1, 2))
    assert (first - other).abs().max() > 1e-3


def test_property_6_each_image_has_its_own_text():
    model, images, text = shaken(), torch.rand(3, 3, 16, 20), texts(3)
    with torch.no_grad():
        alone = [model(image[None], t[None]) for image, t in zip(images, text, strict=True)]
        torch.testing.assert_close(model(images, text), torch.cat(alone), atol=1e-5, rtol=1e-5)


def test_one_text_serves_several_images():
    model, images, text = shaken(), torch.rand(3, 3, 16, 20), texts(1)
    with torch.no_grad():
        torch.testing.assert_close(model(images, text), model(images, text.expand(3, -1)))


@pytest.mark.parametrize("size", [(37, 50), (1, 1), (16, 16), (5, 64)])
def test_property_7_every_size_is_kept(size):
    with torch.no_grad():
        assert shaken()(torch.rand(1, 3, *size), texts(1)).shape == (1, 3, *size)


def test_property_7_padding_is_zeros_at_the_right_and_bottom():
    model, image = shaken(), torch.rand(1, 3, 10, 13)
    padded = torch.zeros(1, 3, 12, 16)
    padded[:, :, :10, :13] = image
    with torch.no_grad():
        expected = model(padded, texts(1))[:, :, :10, :13]
        torch.testing.assert_close(model(image, texts(1)), expected)


def test_property_8_condition_blocks_stand_at_every_stage_but_the_middle():
    with torch.device("meta"):
        model = models.create("instructir", preset_name="released")
    widths = {name: [c.scale.shape[1] for c in getattr(model, name)] for name in CONDITIONS}
    assert widths == {CONDITIONS[0]: [32, 64, 128, 256], CONDITIONS[1]: [256, 128, 64, 32]}
    assert sum(isinstance(m, InstructionCondition) for m in model.modules()) == 8
    assert {type(block) for block in model.middle} == {NafBlock}


def test_property_9_the_skip_is_taken_behind_the_condition_block():
    model, image = shaken(), torch.rand(1, 3, 16, 16)
    entered, left = [], []
    model.encoder_conditions[0].register_forward_hook(lambda m, i, out: left.append(out))
    model.downs[0].register_forward_hook(lambda m, i, out: entered.append(i[0]))
    model.decoders[-1].register_forward_hook(lambda m, i, out: entered.append(i[0]))
    model.ups[-1].register_forward_hook(lambda m, i, out: left.append(out))
    with torch.no_grad():
        model(image, texts(1))
    assert torch.equal(entered[0], left[0])
    torch.testing.assert_close(entered[1], left[0] + left[1])


def test_property_12_the_cross_entropy_stays_in_the_head():
    model = shaken()
    restored, logits = model(torch.rand(2, 3, 8, 8), sentences=torch.randn(2, 64))
    torch.nn.functional.cross_entropy(logits, torch.tensor([0, 3])).backward(retain_graph=True)
    with_gradient = {n.split(".")[0] for n, p in model.named_parameters() if p.grad is not None}
    assert with_gradient == {"head"}
    model.zero_grad()
    restored.square().sum().backward()
    assert model.head.project.weight.grad.any()  # the image's loss reaches the head through e
    assert model.head.classify.weight.grad is None


def test_property_13_at_the_first_step_scale_and_shift_learn_and_the_gate_does_not():
    torch.manual_seed(0)
    model = models.create("instructir", preset_name="smoke")
    model(torch.rand(2, 3, 16, 16), texts(2)).square().sum().backward()
    for block in (*model.encoder_conditions, *model.decoder_conditions):
        assert block.scale.grad.any()
        assert block.shift.grad.any()
        assert not block.open.weight.grad.any()


def test_every_parameter_learns_once_it_acts():
    model = shaken()
    restored, logits = model(torch.rand(2, 3, 16, 16), sentences=torch.randn(2, 64))
    (restored.square().sum() + logits.square().sum()).backward()
    assert [n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()] == []


@pytest.mark.parametrize("name", FIXTURES)
def test_property_14_as_the_authors_network(shared, name):
    result = compare_fixture(shared / "parity" / f"{name}.safetensors")
    assert result.passed, result


def test_property_14_slips_are_seen(shared):
    # As the specification states: no slip of the condition block hides below the tolerance.
    with safe_open(str(shared / "parity" / "instructir.safetensors"), framework="pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    state = {k.removeprefix("state."): t for k, t in tensors.items() if k.startswith("state.")}
    swapped = dict(state)
    for key in state:
        if "_cond." in key and key.endswith(".gamma") and ".block." not in key:
            other = key.removesuffix("gamma") + "beta"
            swapped[key], swapped[other] = state[other], state[key]
    model = models.load_official("instructir", swapped)
    with torch.no_grad():
        given = model(tensors["input.0"], tensors["extra.text_embedding.0"])
    assert (given - tensors["output.0"]).abs().max() > 0.1


def test_bug_11_layer_norm_is_differentiated_by_autograd():
    # The authors wrote a backward by hand, with an attribute that has since gone.
    norm = WithBiasLayerNorm(4, 1e-6).double()
    x = torch.randn(1, 4, 2, 2, dtype=torch.double, requires_grad=True)
    assert torch.autograd.gradcheck(norm, x)


def test_bug_10_importing_and_running_leaves_the_backends_alone():
    before = (torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic)
    with torch.no_grad():
        shaken()(torch.rand(1, 3, 8, 8), texts(1))
    assert (torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic) == before


def test_feature_maps_stay_channels_last():
    model, strayed = shaken(), []

    def note(module, inputs, output):
        a_map = isinstance(output, torch.Tensor) and output.ndim == 4
        if a_map and not output.is_contiguous(memory_format=torch.channels_last):
            strayed.append(module)

    for module in model.modules():
        if module is not model:
            module.register_forward_hook(note)
    with torch.no_grad():
        model(torch.rand(2, 3, 32, 48), texts(2))
    assert strayed == []


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_stays_finite_and_close(dtype):
    model, image, told = shaken(), torch.rand(1, 3, 32, 32), texts(1)
    with torch.autocast("cpu", dtype=dtype):
        rough = model(image, told)
    rough.float().square().mean().backward()
    assert all(p.grad.isfinite().all() for n, p in model.named_parameters() if "head" not in n)
    assert (rough.float() - model(image, told)).abs().max() < 0.1


def test_bug_8_without_an_instruction_there_is_no_answer():
    # The authors' prediction is an undefined name where no language model is given.
    for call in ({}, {"told": texts(1), "sentences": torch.randn(1, 64)}):
        with pytest.raises(UsageError, match="needs an instruction"):
            shaken()(torch.rand(1, 3, 8, 8), **call)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"dim": 3}, "even number"),
        ({"encoder_blocks": (1,)}, "one number a level"),
        ({"middle_blocks": -1}, "negative"),
        ({"text_dim": 0}, "text_dim is 0"),
        ({"intents": 9}, "from 1 to 7"),
        ({"sentences": "poket"}, "did you mean 'pocket'"),
        ({"tasks": ("denoising",)}, "did you mean 'denoise'"),
        ({"encoder": "abc"}, "pocket encoder"),
    ],
)
def test_arguments_that_do_not_fit_are_named(config, words):
    with pytest.raises(UsageError, match=words):
        shaken(**config)


@pytest.mark.parametrize(
    ("shape", "told", "words"),
    [
        ((3, 8, 8), (1, 8), "expected"),
        ((1, 4, 8, 8), (1, 8), "4 channels"),
        ((3, 3, 8, 8), (2, 8), r"expected \(3, 8\)"),
        ((1, 3, 8, 8), (1, 9), r"expected \(1, 8\)"),
    ],
)
def test_wrong_shapes_are_refused(shape, told, words):
    with pytest.raises(UsageError, match=words):
        shaken()(torch.rand(shape), torch.rand(told))
