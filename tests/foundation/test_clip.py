"""CLIP against open_clip's own outputs, from files in both published layouts."""

import json

import pytest
import torch
from safetensors.torch import save_file

from irlib.errors import UsageError
from irlib.foundation import Clip, Source, load_clip
from irlib.foundation.checkpoints import write_weights
from irlib.foundation.clip_layout import build_clip, infer_config, to_clip_names
from irlib.foundation.images import CLIP_MEAN, CLIP_STD, normalise, resize

from .conftest import CLIP_SIZES

SENTENCES = ["a terrible photo", "excellent", "a photo with heavy rain at night"]


def tensors(network) -> dict[str, torch.Tensor]:
    return {key: value.clone() for key, value in network.state_dict().items()}


@pytest.fixture(scope="module")
def clip(open_clip_network) -> Clip:
    return Clip(open_clip_network, Source("file", "in memory"))


@pytest.fixture
def file(open_clip_network, tmp_path):
    path = tmp_path / "open_clip_model.safetensors"
    save_file(tensors(open_clip_network), path)
    return path


def test_the_attributes_describe_the_network(clip):
    assert (clip.dim, clip.text_width, clip.image_size, clip.context_length) == (24, 64, 32, 20)
    assert clip.logit_scale == pytest.approx(1 / 0.07)
    assert clip.known_words() is None


def test_pictures_go_where_open_clip_puts_them(file, open_clip_network, images):
    loaded = load_clip(file)
    assert loaded.source.kind == "file"
    prepared = normalise(resize(images, 32), CLIP_MEAN, CLIP_STD)
    expected = open_clip_network.encode_image(prepared, normalize=True)
    assert torch.equal(loaded.encode_image(images), expected)


def test_sentences_go_where_open_clip_puts_them(file, open_clip_network):
    import open_clip

    loaded = load_clip(file)
    ids = open_clip.tokenizer.SimpleTokenizer(context_length=20)(SENTENCES)
    assert torch.equal(loaded.tokenise(SENTENCES), ids)
    expected = open_clip_network.encode_text(ids, normalize=True)
    whole = loaded.encode_embeddings(loaded.embed(ids), ids, cut=False)
    assert torch.equal(whole, expected)
    assert torch.allclose(loaded.encode_text(SENTENCES), expected, atol=2e-6)


def test_the_layout_of_openai_in_half_precision_is_read(open_clip_network, images, tmp_path):
    path = tmp_path / "ViT.pt"
    state = {key: value.half() for key, value in tensors(open_clip_network).items()}
    extras = {"input_resolution": 32, "context_length": 20, "vocab_size": 49408}
    torch.save(state | {key: torch.tensor(value) for key, value in extras.items()}, path)
    loaded = load_clip(path)
    assert loaded.network.visual.conv1.weight.dtype == torch.float32
    assert torch.equal(loaded.network.token_embedding.weight, state["token_embedding.weight"])
    assert torch.allclose(
        loaded.encode_image(images), load_from(open_clip_network).encode_image(images), atol=5e-3
    )


def test_custom_text_keys_are_read(open_clip_network, file, tmp_path):
    from open_clip.model import convert_to_custom_text_state_dict

    path = tmp_path / "custom.safetensors"
    save_file(convert_to_custom_text_state_dict(tensors(open_clip_network)), path)
    assert load_clip(path).identity == load_clip(file).identity


def test_a_custom_text_network_can_be_held(open_clip_network, clip):
    from open_clip.model import CustomTextCLIP, convert_to_custom_text_state_dict

    twin = CustomTextCLIP(**CLIP_SIZES, quick_gelu=True)
    twin.load_state_dict(convert_to_custom_text_state_dict(tensors(open_clip_network)))
    held = Clip(twin, Source("file"))
    assert torch.equal(held.encode_text(SENTENCES), clip.encode_text(SENTENCES))
    assert (held.dim, held.text_width, held.context_length) == (24, 64, 20)


def load_from(network, quick_gelu=True):
    state = tensors(network)
    built = build_clip(state, infer_config(state, "it"), quick_gelu, "it")
    return Clip(built, Source("file"))


def test_openai_weights_get_quick_gelu_and_a_neighbouring_configuration_decides(file):
    assert load_clip(file).activation == "QuickGELU"
    assert load_clip(file, quick_gelu=False).activation == "GELU"
    settings = file.parent / "open_clip_config.json"
    settings.write_text(json.dumps({"model_cfg": {"embed_dim": 24}}))
    assert load_clip(file).activation == "GELU"
    settings.write_text(json.dumps({"model_cfg": {"quick_gelu": True}}))
    assert load_clip(file).activation == "QuickGELU"
    assert load_clip(file).identity != load_clip(file, quick_gelu=False).identity


def test_the_activation_matters(open_clip_network, images):
    quick, plain = load_from(open_clip_network), load_from(open_clip_network, quick_gelu=False)
    assert (quick.encode_image(images) - plain.encode_image(images)).abs().max() > 1e-4


def test_the_published_model_has_the_shapes_of_open_clip():
    import open_clip
    from open_clip.model import CLIP

    published = open_clip.get_model_config("ViT-B-32-quickgelu")
    with torch.device("meta"):
        network = CLIP(**published)
    assert network.transformer.resblocks[0].mlp.gelu.__class__.__name__ == "QuickGELU"
    state = to_clip_names(network.state_dict())
    config = infer_config(state, "it")
    assert config["vision_cfg"] == published["vision_cfg"] | {"head_width": 64}
    assert config["text_cfg"] == published["text_cfg"]
    assert config["embed_dim"] == 512
    assert sum(p.numel() for p in network.parameters()) == 151_277_313


def test_end_of_text_is_where_sixteen_words_end(clip):
    ids = clip.tokenise([" ".join(["X"] * 16)])
    assert ids[0, 1:17].unique().tolist() == [343]
    assert int(ids[0].argmax()) == 17
    assert int(clip.tokenise(["X" * 16])[0].argmax()) == 5
    words = ["terrible", "mediocre", "excellent", "good", "moderate", "bad"]
    assert clip.tokenise(words).argmax(dim=-1).tolist() == [2] * 6
    assert clip.tokenise(["slightly better"]).argmax(dim=-1).tolist() == [3]


def test_what_follows_end_of_text_has_no_influence_and_may_be_cut(clip):
    ids = clip.tokenise([" ".join(["X"] * 16)])
    embeddings = clip.embed(ids)
    whole = clip.encode_embeddings(embeddings, ids, cut=False)
    changed = embeddings.clone()
    changed[:, 18:] = 7.0
    assert torch.equal(clip.encode_embeddings(changed, ids, cut=False), whole)
    assert torch.allclose(clip.encode_embeddings(embeddings, ids), whole, atol=2e-6)
    changed[:, 17] = torch.rand(64)
    assert not torch.allclose(clip.encode_embeddings(changed, ids), whole, atol=1e-3)


def test_the_cut_is_made(clip):
    seen = []
    transformer = clip.network.transformer
    hook = transformer.register_forward_hook(lambda m, given, out: seen.append(given[0].shape[1]))
    ids = clip.tokenise(["good", "a bad photo"])
    clip.encode_embeddings(clip.embed(ids), ids)
    clip.encode_embeddings(clip.embed(ids), ids, cut=False)
    hook.remove()
    assert seen == [5, 20]


def test_gradients_reach_prompts_and_pictures_but_no_weight(clip, images):
    ids = clip.tokenise(["X X X"])
    prompt = clip.embed(ids).clone().requires_grad_()
    pictures = images.clone().requires_grad_()
    (clip.encode_embeddings(prompt, ids) @ clip.encode_image(pictures).T).sum().backward()
    assert prompt.grad[0, :5].abs().sum() > 0
    assert pictures.grad.abs().sum() > 0
    assert all(p.grad is None and not p.requires_grad for p in clip.network.parameters())


def test_features_have_length_one(clip, images):
    lengths = torch.cat((clip.encode_image(images), clip.encode_text(SENTENCES))).norm(dim=-1)
    assert torch.allclose(lengths, torch.ones(5), atol=1e-6)


def test_a_sentence_too_long_is_refused(clip):
    with pytest.raises(UsageError, match="at most 18"):
        clip.tokenise(["rain " * 19])


def test_wrong_embeddings_are_refused(clip):
    ids = clip.tokenise(["good"])
    with pytest.raises(UsageError, match=r"expected \(K, L, 64\)"):
        clip.encode_embeddings(torch.rand(1, 20, 63), ids)


def test_another_network_is_refused_by_its_missing_tensors(tmp_path):
    path = tmp_path / "vgg.safetensors"
    save_file({"features.0.weight": torch.ones(1)}, path)
    with pytest.raises(UsageError, match=r"is not a CLIP .*visual.conv1.weight"):
        load_clip(path)


def test_a_pocket_file_stores_few_rows_and_refuses_words_it_never_saw(open_clip_network, tmp_path):
    state = tensors(open_clip_network)
    whole = Clip(open_clip_network, Source("file"))
    ids = whole.tokenise(["a terrible photo", "X"]).unique()
    state["token_ids"] = ids
    state["token_embedding.weight"] = state["token_embedding.weight"][ids].clone()
    path = tmp_path / "clip.safetensors"
    config = infer_config(whole.network.state_dict(), "it") | {"quick_gelu": True}
    write_weights(path, "clip", state, config)
    assert path.stat().st_size < 1_500_000
    small = load_clip(path)
    sentences = ["a terrible photo", "photo"]
    assert torch.equal(small.encode_text(sentences), whole.encode_text(sentences))
    assert sorted(small.known_words()) == ["a", "photo", "terrible", "x"]
    with pytest.raises(UsageError, match=r"never seen 'elephant' .*terrible"):
        small.tokenise(["a terrible elephant"])


def test_published_weights_come_from_the_cache_with_openais_activation(file, monkeypatch):
    asked = []

    def cache(repository, name):
        asked.append((repository, name))
        return str(file)

    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", cache)
    (file.parent / "open_clip_config.json").write_text(json.dumps({"model_cfg": {}}))
    clip = load_clip("pretrained")
    assert asked == [("timm/vit_base_patch32_clip_224.openai", "open_clip_model.safetensors")]
    assert clip.activation == "QuickGELU"
    assert str(clip.source) == "pretrained: timm/vit_base_patch32_clip_224.openai"
