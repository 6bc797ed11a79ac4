"""Chapter 12: a right answer passes, and each plausible wrong one is told what it got wrong."""

import math

import pytest
import torch
from torch.nn import functional as F

from irlib.check import check


def right_queue(queue, pointer, keys):
    places = (pointer + torch.arange(len(keys))) % queue.shape[1]
    queue[:, places] = keys.t()
    return queue, (pointer + len(keys)) % queue.shape[1]


def always_in_front(queue, pointer, keys):
    queue[:, : len(keys)] = keys.t()
    return queue, (pointer + len(keys)) % queue.shape[1]


def pointer_runs_away(queue, pointer, keys):
    queue, _ = right_queue(queue, pointer, keys)
    return queue, pointer + len(keys)


def cut_at_the_end(queue, pointer, keys):
    room = queue.shape[1] - pointer
    queue[:, pointer : pointer + len(keys)] = keys[:room].t()
    return queue, (pointer + len(keys)) % queue.shape[1]


def queue_alone(queue, pointer, keys):
    return right_queue(queue, pointer, keys)[0]


def right_logits(code, key, queue, temperature):
    code, key, queue = F.normalize(code, dim=1), key.detach(), queue.detach()
    return torch.cat([(code * key).sum(1, keepdim=True), code @ queue], dim=1) / temperature


def not_normalised(code, key, queue, temperature):
    own = (code * key.detach()).sum(1, keepdim=True)
    return torch.cat([own, code @ queue.detach()], dim=1) / temperature


def queue_first(code, key, queue, temperature):
    return right_logits(code, key, queue, temperature).roll(-1, dims=1)


def own_key_not_sharpened(code, key, queue, temperature):
    logits = right_logits(code, key, queue, temperature)
    return torch.cat([logits[:, :1] * temperature, logits[:, 1:]], dim=1)


def keys_learn(code, key, queue, temperature):
    code = F.normalize(code, dim=1)
    return torch.cat([(code * key).sum(1, keepdim=True), code @ queue], dim=1) / temperature


def right_value(image, y, x, share=lambda near: near, inside=True):
    total = torch.zeros(image.shape[0])
    for row in (math.floor(y), math.floor(y) + 1):
        for column in (math.floor(x), math.floor(x) + 1):
            weight = share((1 - abs(y - row)) * (1 - abs(x - column)))
            if 0 <= row < image.shape[1] and 0 <= column < image.shape[2]:
                total += weight * image[:, row, column]
            elif not inside:
                row_, column_ = (
                    min(max(i, 0), n - 1)
                    for i, n in zip((row, column), image.shape[1:], strict=True)
                )
                total += weight * image[:, row_, column_]
    return total


def border_repeated(image, y, x):
    return right_value(image, y, x, inside=False)


def axes_exchanged(image, y, x):
    return right_value(image.mT, y, x)


def nearest(image, y, x):
    row, column = round(y), round(x)
    if 0 <= row < image.shape[1] and 0 <= column < image.shape[2]:
        return image[:, row, column]
    return torch.zeros(image.shape[0])


def right_halo(network, side=41, tries=96, along=(0, 1)):
    draw = torch.Generator().manual_seed(0)
    image = torch.rand(tries, 3, side, side, generator=draw)
    touched = image.clone()
    touched[:, :, side // 2, side // 2] = torch.rand(tries, 3, generator=draw)
    moved = (network(image) - network(touched)).abs().amax(dim=(0, 1)) > 1e-6
    if not moved.any():
        return 0
    return (moved.nonzero()[:, list(along)] - side // 2).abs().max().item()


def one_picture(network):
    return right_halo(network, tries=1)


def columns_only(network):
    return right_halo(network, along=[1])


def too_small_a_picture(network):
    return right_halo(network, side=21)


def until_nothing_moves(network):
    side = 41
    x = torch.rand(96, 3, side, side, generator=torch.Generator().manual_seed(0))
    for distance in range(1, 21):
        y = x.clone()
        y[..., 20 + distance] += 0.3
        if (network(x) - network(y))[..., 20].abs().max() < 1e-6:
            return distance - 1
    return 20


RIGHT = {
    "ch12.halo": right_halo,
    "ch12.enqueue": right_queue,
    "ch12.queue_logits": right_logits,
    "ch12.value_between": right_value,
}


@pytest.mark.parametrize("name", RIGHT)
def test_the_right_answer_passes(name, capsys):
    assert check(name, RIGHT[name])
    assert "Right" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "answer", "hint"),
    [
        ("ch12.enqueue", always_in_front, "columns 3 and 4"),
        ("ch12.enqueue", pointer_runs_away, "from 4 to 0, not to 6"),
        ("ch12.enqueue", cut_at_the_end, ""),
        ("ch12.enqueue", queue_alone, "two things"),
        ("ch12.queue_logits", not_normalised, "not of length one"),
        ("ch12.queue_logits", queue_first, "own key"),
        ("ch12.queue_logits", own_key_not_sharpened, "own key too"),
        ("ch12.queue_logits", keys_learn, "detach"),
        ("ch12.value_between", border_repeated, "not repeated"),
        ("ch12.value_between", axes_exchanged, "pixel's"),
        ("ch12.value_between", nearest, "three quarters of row 1"),
        ("ch12.halo", one_picture, "is not enough"),
        ("ch12.halo", columns_only, "look in every direction"),
        ("ch12.halo", too_small_a_picture, "not 20 or more"),
        ("ch12.halo", until_nothing_moves, "are skipped"),
    ],
)
def test_a_wrong_answer_is_told_why(name, answer, hint, capsys):
    assert not check(name, answer)
    assert hint in capsys.readouterr().out
