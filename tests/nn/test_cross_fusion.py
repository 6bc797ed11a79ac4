"""Cross-fusion equals plain cross-attention, and keeps the properties of attention."""

import pytest
import torch

from irlib.errors import UsageError
from irlib.nn.cross_fusion import CrossFusion

SIZES = [(8, 8), (6, 10), (1, 1)]


def made(**arguments):
    torch.manual_seed(0)
    module = CrossFusion(**{"dim": 12, "num_heads": 3, **arguments})
    torch.nn.init.normal_(module.project_out.weight, std=0.3)
    torch.nn.init.normal_(module.norm.weight)
    return module


def asked(module, x, prompts):
    return module(x, prompts, x.mean(dim=(2, 3), keepdim=True))


def written_out(module, x, prompts):
    """The equation, step by step."""
    query = module.to_query(module.norm(x)).flatten(2).unflatten(1, (3, 4)).transpose(2, 3)
    key, value = (
        layer(prompts).unflatten(2, (3, 4)).transpose(1, 2)
        for layer in (module.to_key, module.to_value)
    )
    attention = (query @ key.transpose(2, 3) / 4**0.5).softmax(dim=-1)
    joined = (attention @ value).transpose(2, 3).flatten(1, 2).unflatten(2, x.shape[2:])
    return module.project_out(joined), attention


@pytest.mark.parametrize("size", SIZES)
def test_it_equals_plain_cross_attention(size):
    module, x, prompts = made(), torch.randn(2, 12, *size), torch.randn(2, 5, 12)
    term, attention = asked(module, x, prompts)
    expected, shares = written_out(module, x, prompts)
    torch.testing.assert_close(term, expected, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(attention, shares, atol=1e-5, rtol=1e-4)


def test_gradients_equal_those_of_plain_cross_attention():
    x, prompts = torch.randn(2, 12, 4, 6), torch.randn(2, 5, 12)
    grads = []
    for function in (lambda *given: asked(*given)[0], lambda *given: written_out(*given)[0]):
        module = made()
        function(module, x, prompts).square().sum().backward()
        grads.append({name: p.grad for name, p in module.named_parameters()})
    for name, grad in grads[0].items():
        torch.testing.assert_close(grad, grads[1][name], atol=1e-3, rtol=1e-3, msg=name)


def test_property_15_rows_sum_to_1_over_the_prompts():
    _, attention = asked(made(), torch.randn(2, 12, 6, 10), torch.randn(2, 5, 12))
    assert attention.shape == (2, 3, 60, 5)
    torch.testing.assert_close(attention.sum(dim=-1), torch.ones(2, 3, 60))


def test_property_15_the_order_of_the_prompts_does_not_matter():
    module, x, prompts = made(), torch.randn(2, 12, 4, 4), torch.randn(2, 5, 12)
    shuffled = prompts[:, torch.tensor([3, 1, 4, 0, 2])]
    torch.testing.assert_close(asked(module, x, shuffled)[0], asked(module, x, prompts)[0])


def test_property_15_equal_prompts_add_one_vector_everywhere():
    module, prompt = made(), torch.randn(2, 1, 12)
    term, attention = asked(module, torch.randn(2, 12, 4, 6), prompt.expand(-1, 5, -1))
    value = module.project_out(module.to_value(prompt).transpose(1, 2)[..., None])
    torch.testing.assert_close(term, value.expand_as(term), atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(attention, torch.full_like(attention, 0.2))


def test_a_fresh_module_adds_nothing():
    term, _ = asked(CrossFusion(12, 3), torch.randn(1, 12, 4, 4), torch.randn(1, 5, 12))
    assert not term.any()


def test_a_pooled_query_gives_one_answer_for_all_pixels():
    module, x, prompts = made(query="pooled"), torch.randn(2, 12, 4, 6), torch.randn(2, 5, 12)
    term, attention = asked(module, x, prompts)
    assert term.shape == (2, 12, 1, 1)
    assert attention.shape == (2, 3, 1, 5)
    expected, _ = written_out(module, x.mean(dim=(2, 3), keepdim=True), prompts)
    torch.testing.assert_close(term, expected, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [({"query": "pixel"}, "expected pixels or pooled"), ({"num_heads": 5}, "5 heads")],
)
def test_arguments_that_do_not_fit_are_named(arguments, words):
    with pytest.raises(UsageError, match=words):
        made(**arguments)
