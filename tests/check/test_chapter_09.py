"""Chapter 9: a right answer passes, and each plausible wrong one is told what it got wrong."""

import pytest
import torch
from torch.nn import functional as F

from irlib.check import check

DEPTHS = (1, 4, 8, 12)


def prior(hidden, code, level, depths=DEPTHS):
    return torch.cat([hidden[depths[level - 1]][:, 0], code], dim=1)


def counted_from_zero(hidden, code, level, depths=DEPTHS):
    return prior(hidden[:-1], code, level, [d - 1 for d in depths])


def code_first(hidden, code, level, depths=DEPTHS):
    return torch.cat([code, hidden[depths[level - 1]][:, 0]], dim=1)


def mean_of_the_patches(hidden, code, level, depths=DEPTHS):
    return torch.cat([hidden[depths[level - 1]][:, 1:].mean(dim=1), code], dim=1)


def levels_turned(hidden, code, level, depths=DEPTHS):
    return prior(hidden, code, 5 - level, depths)


def fixed_depths(hidden, code, level, depths=DEPTHS):
    return prior(hidden, code, level, DEPTHS) if len(hidden) > 12 else prior(hidden, code, 1)


def guide(x, prior, to_scale, to_shift, one=1.0):
    scale, shift = (F.linear(prior, m)[..., None, None] for m in (to_scale, to_shift))
    return (one + scale) * x + shift


def without_the_one(*given):
    return guide(*given, one=0.0)


def shift_before(x, prior, to_scale, to_shift):
    return guide(x + F.linear(prior, to_shift)[..., None, None], prior, to_scale, 0 * to_shift)


def mean_prior(x, prior, to_scale, to_shift):
    return guide(x, prior.mean(dim=0, keepdim=True).expand_as(prior), to_scale, to_shift)


def attended(query, key, value, temperature):
    query, key = F.normalize(query, dim=-1), F.normalize(key, dim=-1)
    return (temperature * query @ key.transpose(-2, -1)).softmax(dim=-1) @ value


def columns(query, key, value, temperature):
    query, key = F.normalize(query, dim=-1), F.normalize(key, dim=-1)
    return (temperature * query @ key.transpose(-2, -1)).softmax(dim=-2) @ value


def raw(query, key, value, temperature):
    return (temperature * query @ key.transpose(-2, -1)).softmax(dim=-1) @ value


def divided(query, key, value, temperature):
    return attended(query, key, value, 1 / temperature)


def roles_exchanged(query, key, value, temperature):
    return attended(key, query, value, temperature)


def placebo(tokens, seed):
    scenes, views = tokens.shape[:2]
    drawing = torch.Generator().manual_seed(seed)
    scene = torch.arange(scenes).repeat_interleave(views)
    order = torch.randperm(len(scene), generator=drawing)
    while (own := scene[order] == scene).any():
        first = int(own.nonzero()[0])
        other = int(torch.randint(len(scene), (), generator=drawing))
        order[[first, other]] = order[[other, first]]
    return tokens.flatten(0, 1)[order].view_as(tokens)


def noise(tokens, seed):
    drawing = torch.Generator().manual_seed(seed)
    return tokens.std() * torch.randn(tokens.shape, generator=drawing)


def shuffled(tokens, seed):
    order = torch.randperm(60, generator=torch.Generator().manual_seed(seed))
    return tokens.flatten(0, 1)[order].view_as(tokens)


def of_another_scene(tokens, seed):
    return tokens.roll(seed + 1, 0)


def of_another_scene_each(tokens, seed):
    moved = [tokens[:, view].roll(view + 1 + seed % 4, 0) for view in range(6)]
    return torch.stack(moved, dim=1)


def unseeded(tokens, seed):
    return placebo(tokens, int(torch.randint(1000, ())))


def one_token(tokens, seed):
    return tokens[:1, :1].expand_as(tokens)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("ch09.prior", prior),
        ("ch09.modulate", guide),
        ("ch09.attend", attended),
        ("ch09.placebo", placebo),
    ],
)
def test_the_right_answer_passes(name, answer, capsys):
    assert check(name, answer)
    assert "Right" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "answer", "hint"),
    [
        ("ch09.prior", counted_from_zero, "hidden[0] is what enters block 1"),
        ("ch09.prior", code_first, "F first, then Z"),
        ("ch09.prior", mean_of_the_patches, "first of the six"),
        ("ch09.prior", levels_turned, "the shallowest depth"),
        ("ch09.prior", fixed_depths, "level 3 is told of block 3"),
        ("ch09.modulate", without_the_one, "not by gamma"),
        ("ch09.modulate", shift_before, "1.5 * 2 + 3"),
        ("ch09.modulate", mean_prior, "another guide"),
        ("ch09.attend", columns, "a row, must sum to 1"),
        ("ch09.attend", raw, "length one"),
        ("ch09.attend", divided, "multiplies the products"),
        ("ch09.attend", roles_exchanged, "The query asks"),
        ("ch09.placebo", noise, "give real tokens to the wrong pictures"),
        ("ch09.placebo", one_token, "expected each once"),
        ("ch09.placebo", shuffled, "A shuffle leaves some in place"),
        ("ch09.placebo", unseeded, "nobody could repeat"),
        ("ch09.placebo", of_another_scene, "still a name"),
        ("ch09.placebo", of_another_scene_each, "with the same damage"),
    ],
)
def test_a_wrong_answer_is_told_why(name, answer, hint, capsys):
    assert not check(name, answer)
    assert hint in capsys.readouterr().out
