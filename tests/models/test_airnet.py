"""AirNet: counts, sizes, what reaches the output and what its authors' checkpoints hold."""

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from irlib import models
from irlib.errors import UsageError
from irlib.evaluation import restore_image
from irlib.models.official_names import official_name, our_name
from irlib.nn import deformable


def count(*modules):
    return sum(parameter.numel() for module in modules for parameter in module.parameters())


def smoke(**config):
    """A small network in which every part acts, offsets included."""
    torch.manual_seed(0)
    model = models.create("airnet", preset_name="smoke", **config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "offsets_and_masks" in name:
                parameter.normal_(std=0.1)
    return model


def test_property_1_parameter_counts_at_full_size():
    with torch.device("meta"):
        model = models.create("airnet")
    assert model.count_parameters() == 8_930_313
    assert sum(p.numel() for p in model.parameters() if p.requires_grad) == 7_610_377
    assert count(model.head, model.body, model.tail, model.encoder.first) == 6_329_609
    assert len(model.state_dict()) == 584
    buffers = sum(buffer.numel() for buffer in model.buffers())
    assert (buffers, model.contrast.queue.numel()) == (333_075, 327_680)
    assert sum(p.numel() for p in model.restorer_parameters) == 6_290_441
    assert (count(model.head), count(model.tail), count(model.body)) == (1_792, 1_731, 6_286_918)


def test_without_queue_what_only_the_contrast_needs_is_gone():
    with torch.device("meta"):
        whole, bare = models.create("airnet"), models.create("airnet", preset_name="restorer")
    assert bare.count_parameters() == 7_610_377
    kept = {name for name in whole.state_dict() if not name.startswith("contrast.")}
    assert set(bare.state_dict()) == kept


def test_released_and_paper_are_one_network():
    assert models.preset("airnet", "released") == models.preset("airnet", "paper")


@pytest.mark.parametrize("size", [(16, 24), (7, 5), (3, 3), (1, 1), (1, 9)])
def test_every_size_is_kept(size):
    with torch.no_grad():
        assert smoke().eval()(torch.rand(2, 3, *size)).shape == (2, 3, *size)


def test_property_5_no_image_is_added_to_the_output():
    model = smoke().eval()
    nn.init.zeros_(model.tail.weight)
    restored = model(torch.rand(1, 3, 8, 8))
    assert torch.equal(restored, model.tail.bias[:, None, None].expand(1, 3, 8, 8))


def test_property_6_only_the_first_stage_of_the_encoder_reaches_the_output():
    model, image = smoke(queue=8).eval(), torch.rand(1, 3, 12, 8)
    with torch.no_grad():
        restored = model(image)
        assert torch.equal(restored, model.restore(image, model.encoder.first(image)))
        for part in (model.encoder.deeper, model.encoder.projection, model.contrast):
            for tensor in (*part.parameters(), *part.buffers()):
                tensor.fill_(7)
        assert torch.equal(model(image), restored)


def test_property_7_a_fresh_key_encoder_agrees_with_the_query_encoder():
    model = smoke(queue=8)
    crops = torch.rand(4, 3, 16, 16)
    code = nn.functional.normalize(model(crops, "code"), dim=1)
    torch.testing.assert_close((code * model.contrast.keys(crops)).sum(1), torch.ones(4))


def test_restored_image_and_code_can_be_asked_for_in_one_pass():
    model, image = smoke().eval(), torch.rand(2, 3, 8, 8)
    with torch.no_grad():
        restored, code = model(image, "both")
        assert torch.equal(restored, model(image))
        assert torch.equal(code, model(image, give="code"))
    assert code.shape == (2, model.code_size) == (2, 16)


def test_every_parameter_learns_from_both_and_the_code_leaves_the_restorer_alone():
    model = smoke()
    restored, code = model(torch.rand(4, 3, 16, 16), "both")
    (restored.square().sum() + code.square().sum()).backward()
    silent = [n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    # What batch norm takes away again moves nothing.
    assert silent == []
    model.zero_grad()
    model(torch.rand(4, 3, 16, 16), "code").square().sum().backward()
    assert all(parameter.grad is None for parameter in model.restorer_parameters)


def test_the_degradation_map_bends_every_block():
    model, image = smoke(blocks=2, groups=2).eval(), torch.rand(1, 3, 12, 12)
    with torch.no_grad():
        degradation = model.encoder.first(image)
        plain = model.restore(image, degradation)
        assert not torch.allclose(model.restore(image, degradation.flip(3)), plain, atol=1e-4)


def test_images_of_a_batch_do_not_mix():
    model, images = smoke().eval(), torch.rand(3, 3, 9, 8)
    with torch.no_grad():
        alone = torch.cat([model(image[None]) for image in images])
        torch.testing.assert_close(model(images), alone, atol=1e-5, rtol=1e-5)


def test_a_large_image_is_sampled_in_pieces_and_restored_alike(monkeypatch):
    model, image = smoke().eval(), torch.rand(3, 37, 45)
    whole = restore_image(model, image, None)
    monkeypatch.setitem(deformable.SAMPLED_AT_ONCE, "cpu", 9 * 4 * 45 * 3)
    torch.testing.assert_close(restore_image(model, image, None), whole)


def test_nothing_but_its_surroundings_decides_a_pixel():
    """No statistics of the whole image: tiles with enough overlap are exact."""
    torch.manual_seed(0)
    model, image = models.create("airnet", preset_name="smoke").eval(), torch.rand(3, 64, 96)
    whole = restore_image(model, image, None)
    torch.testing.assert_close(restore_image(model, image, 48, overlap=20), whole)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_stays_finite_and_close(dtype):
    model, image = smoke().eval(), torch.rand(1, 3, 16, 16)
    with torch.autocast("cpu", dtype=dtype):
        rough = model(image)
    rough.float().square().mean().backward()
    assert all(p.grad.isfinite().all() for p in model.parameters() if p.grad is not None)
    assert (rough.float() - model(image)).abs().max() < 0.05


def test_weights_survive_a_file(tmp_path):
    for queue in (0, 6):
        model = smoke(queue=queue).eval()
        loaded = models.load_weights(models.save_weights(model, tmp_path / f"{queue}.safetensors"))
        assert loaded.config == model.config
        image = torch.rand(1, 3, 8, 8)
        assert torch.equal(loaded(image), model(image))
        assert (loaded.contrast is None) == (queue == 0)


@pytest.mark.parametrize(
    ("config", "words"),
    [({"dim": 0}, "dim is 0"), ({"groups": 0}, "groups is 0"), ({"queue": -1}, "from 0 up")],
)
def test_arguments_out_of_range_are_named(config, words):
    with pytest.raises(UsageError, match=words):
        smoke(**config)


def test_wrong_inputs_are_refused():
    with pytest.raises(UsageError, match="4 channels"):
        smoke()(torch.rand(1, 4, 8, 8))
    with pytest.raises(UsageError, match="did you mean 'both'"):
        smoke()(torch.rand(1, 3, 8, 8), "boths")


def official(model):
    return {f"module.{official_name('airnet', k)}": t for k, t in model.state_dict().items()}


def test_names_go_both_ways():
    with torch.device("meta"):
        names = list(models.create("airnet").state_dict())
    theirs = [official_name("airnet", name) for name in names]
    assert [our_name("airnet", name) for name in theirs] == names
    assert {
        "E.E.encoder_q.E_pre.backbone.4.num_batches_tracked",
        "E.E.encoder_k.E.1.shortcut.1.running_var",
        "E.E.encoder_k.mlp.2.bias",
        "E.E.queue",
        "E.E.queue_ptr",
        "R.head.0.weight",
        "R.tail.0.bias",
        "R.body.5.weight",
        "R.body.4.body.5.bias",
        "R.body.4.body.4.dgm2.dcn.conv_offset_mask.weight",
        "R.body.0.body.3.dgm1.dcn.weight",
        "R.body.2.body.1.dgm1.sft.conv_gamma.2.weight",
        "R.body.1.body.0.conv2.weight",
    } <= set(theirs)


@pytest.mark.parametrize(
    "config",
    [{}, {"groups": 2, "blocks": 3}, {"in_channels": 1, "dim": 5}, {"queue": 0}, {"queue": 11}],
)
def test_bug_6_the_configuration_is_read_from_shapes(config):
    """The queue is as long as the batch made it; any length loads."""
    model = smoke(**{"queue": 7, **config}).eval()
    loaded = models.load_official("airnet", {"state_dict": official(model)})
    assert loaded.config == model.config
    for name, tensor in loaded.state_dict().items():
        assert torch.equal(tensor, model.state_dict()[name])


def test_a_queue_without_its_encoder_is_left_out():
    model = smoke(queue=9).eval()
    state = {k: t for k, t in official(model).items() if "encoder_k" not in k}
    assert models.load_official("airnet", state).config == {**model.config, "queue": 0}


def test_a_checkpoint_of_another_network_is_refused():
    with pytest.raises(UsageError, match="airnet"):
        models.load_official("airnet", models.create("nafnet", preset_name="smoke").state_dict())


@pytest.mark.parametrize("name", ["airnet", "airnet_dgg"])
def test_property_13_the_authors_outputs_are_reproduced(shared, name):
    # Those of full size are compared in tests/parity.
    from irlib.models.parity import compare_fixture

    result = compare_fixture(shared / "parity" / f"{name}.safetensors")
    assert result.passed, result


def test_the_work_of_the_deformable_convolutions_is_counted():
    """A count that only sees ordinary convolutions, the usual one, misses two fifths as much."""
    with torch.device("meta"):
        model = models.create("airnet").eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(torch.empty(1, 3, 256, 256, device="meta"))
    counts = {str(kind): n for kind, n in counter.get_flop_counts()["Global"].items()}
    deformable_ones = sum(n for kind, n in counts.items() if "conv" not in kind)
    assert deformable_ones == 2 * 50 * 64 * 576 * 256**2  # 241.59 G
    ordinary = sum(n for kind, n in counts.items() if "conv" in kind)
    deeper = 15.0e9  # stages of the encoder that the authors run and nothing reads
    assert ordinary == pytest.approx(602.37e9 - deeper, rel=1e-3)
