"""AM-PromptIR: the counts, properties and refusals that its specification lists."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from irlib import models
from irlib.degradations import FIVE_TASKS
from irlib.errors import UsageError
from irlib.models.am_promptir_presets import never_called
from irlib.models.task_words import TASK_WORDS, token_ids
from irlib.nn.mixed_attention import MixedAttention
from irlib.nn.text_prompt import TextPrompt

# The authors' names, parameters that are used, and those that are allocated and never called.
PARTS = {
    "patch_embed": (648, 0),
    "encoder_level1": (135_120, 23_232),
    "down1_2": (2_592, 0),
    "encoder_level2": (1_009_504, 185_088),
    "down2_3": (10_368, 0),
    "encoder_level3": (3_893_472, 738_816),
    "down3_4": (41_472, 0),
    "latent": (30_559_104, 5_904_384),
    "up4_3": (663_552, 0),
    "fusion3": (46_284, 0),
    "decoder_level3": (3_893_472, 738_816),
    "up3_2": (165_888, 0),
    "fusion2": (18_540, 0),
    "decoder_level2": (1_009_504, 185_088),
    "up2_1": (41_472, 0),
    "decoder_level1": (504_752, 92_544),
    "refinement": (504_752, 92_544),
    "output": (1_296, 0),
    "prompt1": (1_008_685, 20_736),
    "interaction1": (973_368 + 4_608, 184_704),
    "prompt2": (592_819, 82_944),
    "interaction2": (3_819_888 + 18_432, 738_048),
    "prompt3": (648_703, 331_776),
    "interaction3": (15_134_056 + 73_728, 2_950_656),
}
ELSEWHERE = 23_040 + 24_192  # reductions that nothing calls


def small(**config):
    torch.manual_seed(0)
    return models.create("am-promptir", preset_name="smoke", **config).eval()


def tokens(**config):
    """The authors' layers at a small width, fed with token ids."""
    wide = {"local_expansion": 2, "strip_expansion": 3, "noise_levels": True}
    config = {"text": "tokens"} | wide | config
    return small(**config)


def on_meta(**config):
    with torch.device("meta"):
        return models.create("am-promptir", **config)


def test_parameter_counts_at_full_size_property_2():
    model, unused = on_meta(), never_called()
    assert model.count_parameters() == 52_506_703
    assert sum(unused.values()) == 12_316_608
    assert model.count_parameters() + sum(unused.values()) == 64_823_311
    assert round(12_316_608 / 64_823_311, 2) == 0.19
    assert sum(n for name, n in unused.items() if "mask_conv" in name) == 10_644_768
    assert unused["attn.conv1"] == 1_189_152


def test_parameter_count_of_every_part_property_2():
    model = on_meta()
    counts = {n: sum(p.numel() for p in part.parameters()) for n, part in model.named_children()}
    assert counts == {name: whole - unused for name, (whole, unused) in PARTS.items()}
    assert sum(whole for whole, _ in PARTS.values()) + ELSEWHERE == 64_823_311


def test_parameter_count_without_prompts():
    model = on_meta(use_prompts=False)
    # The authors' decoder=False still builds what would follow the prompts.
    behind = sum(PARTS[f"interaction{level}"][0] for level in (1, 2, 3))
    unused = sum(never_called(use_prompts=False).values())
    assert model.count_parameters() + behind + unused == 62_573_104


def test_words_are_a_small_part_of_what_learns():
    text = [p.words.linear for p in on_meta().modules() if isinstance(p, TextPrompt)]
    assert sum(p.numel() for layer in text for p in layer.parameters()) == 24_528


def test_work_at_full_size_is_the_authors_less_what_is_spread_later():
    side, model = 256, on_meta()
    image, told = torch.rand(1, 3, side, side, device="meta"), model.told(["derain"]).to("meta")
    sizes = {}

    def note(module, given, _):
        sizes[module] = given[0].shape[1:]

    parts = [m for m in model.modules() if isinstance(m, (MixedAttention, TextPrompt))]
    for part in parts:
        part.register_forward_hook(note)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(image, told)
    saved = 0
    for part in parts:
        c, h, w = sizes[part]
        if isinstance(part, MixedAttention):  # strips pass the 1x1 convolution before they cross
            saved += 2 * 9 * c * c * (h * w - h - w)
        else:  # the words are one row
            saved += 2 * 2 * c * (c // 8) * (h * w - w)
    mixing = 3_440_640  # here the prompts are mixed by a matrix product
    assert counter.get_total_flops() + saved - mixing == 288_416_926_112


@pytest.mark.parametrize("size", [(64, 64), (48, 80), (8, 8)])
@pytest.mark.parametrize("make", [small, tokens])
def test_size_is_kept_property_1(size, make):
    model = make()
    with torch.no_grad():
        assert model(torch.rand(1, 3, *size), model.told(["dehaze"])).shape == (1, 3, *size)


def test_size_off_the_grid_is_refused_property_1():
    model = small()
    with pytest.raises(UsageError, match="50x50"):
        model(torch.rand(1, 3, 50, 50), model.told(["derain"]))


@pytest.mark.parametrize("make", [small, tokens])
def test_silent_output_layer_is_the_identity_property_4(make):
    model, image = make(), torch.rand(2, 3, 16, 24)
    torch.nn.init.zeros_(model.output.weight)
    assert torch.equal(model(image, model.told(["derain"])), image)


def learning(model):
    image = torch.rand(2, 3, 32, 32)
    model(image, model.told(["derain", "dehaze"])).square().sum().backward()
    return {n: p.grad for n, p in model.named_parameters()}


def test_ids_teach_their_layer_nothing_and_vectors_do_property_6():
    for name, gradient in learning(tokens()).items():
        if ".channel." not in name:  # so narrow that its ReLU may happen to be off
            assert (gradient.abs().max() < 1e-8) == (".words.linear." in name), name
    gradients = learning(small(bias=True))
    assert [n for n, g in gradients.items() if not g.any() and ".channel." not in n] == []


def test_every_parameter_gets_a_gradient_bug_9():
    assert all(gradient is not None for gradient in learning(tokens()).values())


def test_levels_of_noise_told_property_7():
    image, levels = torch.rand(1, 3, 32, 32), ("denoise15", "denoise25", "denoise50")
    with torch.no_grad():
        told = tokens()
        first, *others = [told(image, told.told([level])) for level in levels]
        assert all((other - first).abs().max() < 1e-5 for other in others)
        told = small(noise_levels=True)
        first, *others = [told(image, told.told([level])) for level in levels]
        assert all((other - first).abs().max() > 1e-5 for other in others)


@pytest.mark.parametrize("make", [small, tokens])
def test_images_of_a_batch_do_not_mix_property_8(make):
    model, images = make(), torch.rand(3, 3, 16, 24)
    names = ["derain", "denoise", "dehaze"]
    with torch.no_grad():
        alone = [model(i[None], model.told([n])) for i, n in zip(images, names, strict=True)]
        together = model(images, model.told(names))
        torch.testing.assert_close(together, torch.cat(alone), atol=1e-5, rtol=1e-5)
        one_for_all = model(images, model.told(["derain"]))
        each = model(images, model.told(["derain"] * 3))
        torch.testing.assert_close(one_for_all, each, atol=1e-6, rtol=1e-5)


def test_a_mixed_batch_depends_on_its_neighbours_bug_3():
    model, image = tokens(mix_batch=True), torch.rand(1, 3, 16, 16)
    pair = torch.cat([image, image])
    with torch.no_grad():
        with_rain = model(pair, model.told(["derain", "derain"]))[0]
        with_haze = model(pair, model.told(["derain", "dehaze"]))[0]
    assert (with_rain - with_haze).abs().max() > 1e-6


def test_there_are_no_heads_property_18():
    with pytest.raises(UsageError, match="heads"):
        small(heads=(1, 2, 4, 8))


def test_another_task_gives_another_image():
    model, image = small(), torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        results = [model(image, model.told([task])) for task in model.known_tasks]
    for number, result in enumerate(results):
        assert all((result - other).abs().max() > 1e-6 for other in results[:number])


def test_only_the_first_entries_are_read_where_an_image_is_narrow():
    model = tokens()
    grid = model.prompt3.words(model.told(["derain"]), (4, 5))
    assert grid.shape == (1, 64, 1, 5)
    torch.testing.assert_close(grid.abs(), torch.full_like(grid, 1 / 8))


def test_weights_alone_suffice(tmp_path):
    model, image = small(), torch.rand(1, 3, 16, 16)
    model.word_vectors.neg_()  # no longer what ships with irlib
    loaded = models.load_weights(models.save_weights(model, tmp_path / "w.safetensors"))
    assert loaded.config == model.config
    with torch.no_grad():
        expected = model(image, model.told(["derain"]))
        assert torch.equal(loaded(image, loaded.told(["derain"])), expected)


class Encoder:
    """Stands for a CLIP: a vector for every sentence."""

    def __init__(self, dim):
        self.dim = dim

    def encode_text(self, sentences):
        generator = torch.Generator().manual_seed(len(sentences))
        return torch.nn.functional.normalize(torch.randn(8, self.dim, generator=generator))


def test_vectors_of_the_published_clip_are_filled_in_once():
    model = small(clip="pretrained")
    assert not model.has_words
    with pytest.raises(UsageError, match="no text vectors yet"):
        model.told(["derain"])
    with pytest.raises(UsageError, match="length 512"):
        model.encode_words(Encoder(128))
    model.encode_words(Encoder(512))
    assert model.told(["derain", "dehaze"]).shape == (2, 512)
    with pytest.raises(UsageError, match="token ids"):
        tokens().encode_words(Encoder(512))


@pytest.mark.parametrize("make", [small, tokens])
def test_half_precision_stays_finite_and_close(make):
    model, image = make(), torch.rand(2, 3, 16, 16)
    told = model.told(["derain", "lowlight"])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rough = model(image, told)
    rough.float().square().mean().backward()
    assert all(p.grad.isfinite().all() for p in model.parameters())
    assert (rough.float() - model(image, told)).abs().max() < 0.05


def test_prompts_can_be_left_out():
    model = small(use_prompts=False)
    assert not any(isinstance(m, TextPrompt) for m in model.modules())
    image = torch.rand(1, 3, 16, 16)
    with torch.no_grad():
        assert torch.equal(model(image), model(image, model.told(["derain"])))


def test_as_restorer_tells_it():
    model, image = small(), torch.rand(1, 3, 16, 16)
    with torch.no_grad():
        expected = model(image, model.told(["dehaze"]))
        assert torch.equal(models.as_restorer(model, task="dehaze")(image), expected)
    for network, heard in ((model, "denoise"), (small(noise_levels=True), "denoise50")):
        oracle = models.as_restorer(network)
        oracle.tell("denoise", 50)
        assert oracle.task == heard


def test_the_task_is_asked_for_bug_7():
    model, image = small(), torch.rand(2, 3, 16, 16)
    for told in (None, "derain", torch.rand(3, 128), torch.rand(128)):
        with pytest.raises(UsageError, match=r"network\.told"):
            model(image, told)
    with pytest.raises(UsageError, match="did you mean 'derain'"):
        model.told(["deraim"])


def test_one_word_for_haze_bug_5():
    model = tokens()
    assert torch.equal(model.told(["dehaze"]), token_ids(["dehazy"]))
    assert set(TASK_WORDS) == set(model.known_tasks)
    assert small().known_tasks == FIVE_TASKS  # no level of noise is told that was not trained


def test_words_follow_the_network_to_its_device_bug_2():
    assert tokens().to("meta").told(["derain"]).device.type == "meta"
    assert small().to(torch.float64).told(["derain"]).dtype == torch.float64
    assert "word_vectors" in dict(small().named_buffers())


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"dim": 6}, "from 8 up"),
        ({"dim": 9}, "even number"),
        ({"num_blocks": (1, 1)}, "num_blocks"),
        ({"prompt_sizes": (4, 0, 4)}, "prompt_sizes"),
        ({"in_channels": 6}, "differ"),
        ({"text": "token"}, "did you mean 'tokens'"),
        ({"clip": "pokcet"}, "did you mean 'pocket'"),
        ({"mix_batch": True}, "mix_batch"),
    ],
)
def test_arguments_that_do_not_fit_are_named(config, words):
    with pytest.raises(UsageError, match=words):
        small(**config)
