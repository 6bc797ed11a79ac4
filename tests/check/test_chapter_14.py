"""Chapter 14: a right answer passes, and each plausible wrong one is told what it got wrong."""

import pytest
import torch
from torch.nn import functional as F

from irlib.check import check


def right_grid(entries, height, width):
    columns = torch.arange(width) % entries.shape[1]
    signs = entries.sign()[:, columns] / entries.shape[1] ** 0.5
    return signs[:, None, None].expand(-1, entries.shape[1], height, -1)


def not_divided(entries, height, width):
    return right_grid(entries, height, width) * entries.shape[1] ** 0.5


def along_the_texts(entries, height, width):
    columns = torch.arange(width) % entries.shape[1]
    picture = F.normalize(entries, dim=1)[:, columns]
    return picture[:, None, None].expand(-1, entries.shape[1], height, -1)


def mixed(entries, height, width):
    own = right_grid(entries, height, width)
    rows = torch.arange(height) % len(entries)
    return own[rows, :, 0].permute(1, 0, 2)[None].expand_as(own)


def stretched(entries, height, width):
    c = entries.shape[1]
    columns = torch.arange(width) * c // width
    return (entries.sign()[:, columns] / c**0.5)[:, None, None].expand(-1, c, height, -1)


def right_sum(x, rows, columns):
    h = F.conv2d(x.mean(3, keepdim=True), rows[..., None], padding=(1, 0))
    return h + F.conv2d(x.mean(2, keepdim=True), columns[:, :, None], padding=(0, 1))


def swapped(x, rows, columns):
    return right_sum(x, columns, rows)


def repeated_ends(x, rows, columns):
    h = F.pad(x.mean(3, keepdim=True), (0, 0, 1, 1), mode="replicate")
    w = F.pad(x.mean(2, keepdim=True), (1, 1, 0, 0), mode="replicate")
    return F.conv2d(h, rows[..., None]) + F.conv2d(w, columns[:, :, None])


def multiplied(x, rows, columns):
    none = torch.zeros_like(rows)
    return right_sum(x, rows, none) * right_sum(x, none, columns)


def right_loss(restored, target):
    return torch.fft.fft2(restored - target).abs().mean()


def moduli(restored, target):
    return (torch.fft.fft2(restored).abs() - torch.fft.fft2(target).abs()).abs().mean()


def normalised(restored, target):
    return torch.fft.fft2(restored - target, norm="ortho").abs().mean()


def squared(restored, target):
    return torch.fft.fft2(restored - target).abs().square().mean() / 0.25 / 96


def expected_gain(shares, gains, power):
    shares = (power * shares.clamp_min(1e-12).log()).softmax(dim=1)
    return torch.cat([shares @ gains, torch.zeros(len(shares), 1)], dim=1)


def right_choice(shares, gains, known_shares, known_truth):
    def surprise(power):
        tempered = (power * known_shares.clamp_min(1e-12).log()).log_softmax(dim=1)
        return -tempered.gather(1, known_truth[:, None]).mean().item()

    power = min([n / 10 for n in range(1, 21)], key=surprise)
    return expected_gain(shares, gains, power).argmax(dim=1)


def likeliest(shares, gains, known_shares, known_truth):
    return shares.argmax(dim=1)


def never_left_alone(shares, gains, known_shares, known_truth):
    return (shares @ gains).argmax(dim=1)


def believes_the_shares(shares, gains, known_shares, known_truth):
    return expected_gain(shares, gains, 1.0).argmax(dim=1)


def columns_for_rows(shares, gains, known_shares, known_truth):
    return expected_gain(shares, gains.T, 1.0).argmax(dim=1)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("ch14.sign_grid", right_grid),
        ("ch14.strip_sum", right_sum),
        ("ch14.spectrum_loss", right_loss),
        ("ch14.choose", right_choice),
    ],
)
def test_the_right_answer_passes(name, answer, capsys):
    assert check(name, answer)
    assert "Right" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "answer", "hint"),
    [
        ("ch14.sign_grid", not_divided, "divided by its length"),
        ("ch14.sign_grid", along_the_texts, "over the channels"),
        ("ch14.sign_grid", stretched, "j mod C"),
        ("ch14.sign_grid", mixed, "mixes the batch"),
        ("ch14.strip_sum", swapped, "runs along the"),
        ("ch14.strip_sum", repeated_ends, "zeros, one on each side"),
        ("ch14.strip_sum", multiplied, "spread over the map and added"),
        ("ch14.spectrum_loss", moduli, "difference of the moduli"),
        ("ch14.spectrum_loss", normalised, "Do not normalise"),
        ("ch14.spectrum_loss", squared, "not its square"),
        ("ch14.choose", likeliest, "weigh each word"),
        ("ch14.choose", never_left_alone, "leave the picture alone"),
        ("ch14.choose", believes_the_shares, "how often is it right"),
        ("ch14.choose", columns_for_rows, "every task the picture may have"),
    ],
)
def test_a_wrong_answer_is_told_why(name, answer, hint, capsys):
    assert not check(name, answer)
    assert hint in " ".join(capsys.readouterr().out.split())
