"""Chapter 24: right answers pass, and each plausible wrong one is told what it got wrong."""

import pytest
import torch
from torch.nn import functional

from irlib.check import check


def right_starts(length, tile, overlap):
    if length <= tile:
        return [0]
    count = -(-(length - tile) // (tile - overlap)) + 1
    return [index * (length - tile) // (count - 1) for index in range(count)]


def beyond_the_end(length, tile, overlap):
    return [0] if length <= tile else list(range(0, length - overlap, tile - overlap))


def too_many(length, tile, overlap):
    step = max((tile - overlap) // 2, 1)
    return [*range(0, length - tile, step), max(length - tile, 0)]


def side_by_side(length, tile, overlap):
    return [*range(0, max(length - tile, 0), tile), max(length - tile, 0)]


def right_join(left, right, overlap):
    share = torch.arange(1, overlap + 1) / (overlap + 1)
    middle = left[..., -overlap:] * (1 - share) + right[..., :overlap] * share
    return torch.cat([left[..., :-overlap], middle, right[..., overlap:]], dim=-1)


def mean_of_both(left, right, overlap):
    middle = (left[..., -overlap:] + right[..., :overlap]) / 2
    return torch.cat([left[..., :-overlap], middle, right[..., overlap:]], dim=-1)


def sum_of_both(left, right, overlap):
    middle = left[..., -overlap:] + right[..., :overlap]
    return torch.cat([left[..., :-overlap], middle, right[..., overlap:]], dim=-1)


def laid_behind(left, right, overlap):
    return torch.cat([left, right], dim=-1)


def answers(image):
    mask = torch.tensor([[1.0, -2, 1], [-2, 4, -2], [1, -2, 1]])
    return functional.conv2d(image[:, None], mask[None, None])


def right_noise(image):
    return 255 / 6 * (torch.pi / 2) ** 0.5 * answers(image).abs().mean()


def by_first_differences(image):
    return 255 / 2 * torch.pi**0.5 * image.diff(dim=2).abs().mean()


def without_the_root(image):
    return 255 / 6 * answers(image).abs().mean()


def right_flicker(frames):
    steady = frames - frames.mean(dim=(1, 2, 3), keepdim=True) + frames.mean()
    return 255 * steady.var(dim=0).mean().sqrt()


def of_each_channel(frames):
    steady = frames - frames.mean(dim=(2, 3), keepdim=True)
    return 255 * steady.var(dim=0).mean().sqrt()


def over_space(frames):
    return 255 * frames.std()


def a_variance(frames):
    steady = frames - frames.mean(dim=(1, 2, 3), keepdim=True)
    return 255 * steady.var(dim=0).mean()


def moved_to(frame, other, reach=4):
    """The neighbour, at the shift where it differs least, and by how much it then does."""
    inner = slice(reach, -reach)
    best, least = other, float("inf")
    for down in range(-reach, reach + 1):
        for right in range(-reach, reach + 1):
            moved = other.roll((down, right), dims=(1, 2))
            error = (moved - frame)[:, inner, inner].square().mean().item()
            if error < least:
                best, least = moved, error
    return best, least


def in_motion(frames, limit=1.5):
    results = []
    for place, frame in enumerate(frames):
        near = [n for n in (-2, -1, 1, 2) if 0 <= place + n < len(frames)]
        moved = [moved_to(frame, frames[place + n]) for n in near]
        least = min(error for _, error in moved)
        fitting = [other for other, error in moved if error <= limit * least]
        results.append(torch.stack([frame, *fitting]).mean(dim=0))
    return torch.stack(results)


def in_motion_through_cuts(frames):
    return in_motion(frames, limit=float("inf"))


def mean_of_three(frames):
    padded = torch.cat([frames[:1], frames, frames[-1:]])
    return (padded[:-2] + padded[1:-1] + padded[2:]) / 3


RIGHT = {
    "film": in_motion,
    "starts": right_starts,
    "join": right_join,
    "noise": right_noise,
    "flicker": right_flicker,
}
WRONG = [
    ("film", lambda frames: frames, "On a standing scene"),
    ("film", mean_of_three, "Find the shift"),
    ("film", in_motion_through_cuts, "belongs to no mean"),
    ("starts", beyond_the_end, "beyond the picture"),
    ("starts", too_many, "suffice"),
    ("starts", side_by_side, "neighbours share 0 pixels"),
    ("join", mean_of_both, "straight line"),
    ("join", sum_of_both, "must add up to 1"),
    ("join", laid_behind, "expected (3, 12, 40)"),
    ("noise", by_first_differences, "has no answer to a slope"),
    ("noise", without_the_root, "square root"),
    ("flicker", of_each_channel, "one mean of all values"),
    ("flicker", over_space, "stands still"),
    ("flicker", a_variance, "deviation over time"),
]


@pytest.mark.parametrize("name", RIGHT)
def test_right(name, capsys):
    assert check(f"ch24.{name}", RIGHT[name]), capsys.readouterr().out


@pytest.mark.parametrize(("name", "answer", "words"), WRONG)
def test_wrong(name, answer, words, capsys):
    assert not check(f"ch24.{name}", answer)
    assert words in capsys.readouterr().out
