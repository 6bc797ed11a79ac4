"""Chapter 13: a right answer passes, and each plausible wrong one is told what it got wrong."""

import pytest
import torch

from irlib.check import check
from irlib.nn.k_means import k_means


def distances(embedding, prototypes):
    return (embedding[:, None] - prototypes).square().mean(dim=-1)


def one_hot(embedding, prototypes):
    nearest = distances(embedding, prototypes).argmin(dim=1)
    return torch.nn.functional.one_hot(nearest, len(prototypes)).float()


def right_assign(embedding, prototypes):
    q = (-distances(embedding, prototypes)).softmax(dim=1)
    return one_hot(embedding, prototypes) + (q - q.detach())


def from_the_left(embedding, prototypes):
    q = (-distances(embedding, prototypes)).softmax(dim=1)
    return one_hot(embedding, prototypes) + q - q.detach()


def soft(embedding, prototypes):
    return (-distances(embedding, prototypes)).softmax(dim=1)


def farthest(embedding, prototypes):
    q = distances(embedding, prototypes).softmax(dim=1)
    far = torch.nn.functional.one_hot(q.argmax(dim=1), len(prototypes)).float()
    return far + (q - q.detach())


def summed_distance(embedding, prototypes):
    q = (-distances(embedding, prototypes) * embedding.shape[1]).softmax(dim=1)
    return one_hot(embedding, prototypes) + (q - q.detach())


def drawn(weights, mean, rho, noise, low=-8.0, high=2.0, root=True, square=True, half=True):
    v = rho.clamp(low, high).exp()
    s2 = (weights**2 if square else weights) @ v
    s = s2.sqrt() if root else s2
    return (weights @ mean)[:, None] + s[:, None] * noise


def spreads_that_add(weights, mean, rho, noise):
    s = weights @ (0.5 * rho.clamp(-8, 2)).exp()
    return (weights @ mean)[:, None] + s[:, None] * noise


def forgetful(weights, mean, rho, noise):
    return drawn(weights, mean.detach(), rho.detach(), noise) + 0 * mean.sum()


def followed(prototypes, embeddings, pull=0.02):
    nearest = distances(embeddings, prototypes).argmin(dim=1)
    moved = prototypes.clone()
    for index in nearest.unique():
        moved[index] += pull * (embeddings[nearest == index].mean(dim=0) - prototypes[index])
    return moved


def in_place(prototypes, embeddings):
    prototypes.copy_(followed(prototypes, embeddings))
    return prototypes


def means_of_nothing(prototypes, embeddings):
    nearest = distances(embeddings, prototypes).argmin(dim=1)
    means = [embeddings[nearest == k].mean(dim=0) for k in range(len(prototypes))]
    return 0.98 * prototypes + 0.02 * torch.stack(means)


def one_by_one(prototypes, embeddings):
    nearest = distances(embeddings, prototypes).argmin(dim=1)
    moved = prototypes.clone()
    for index, embedding in zip(nearest, embeddings, strict=True):
        moved[index] = moved[index].lerp(embedding, 0.02)
    return moved


def counted(points, least=0.3):
    apart, best, number = torch.cdist(points, points), least, 1
    for k in range(2, 9):
        nearest = k_means(points, k, torch.Generator().manual_seed(0)).nearest
        member = torch.nn.functional.one_hot(nearest, k).to(points)
        sums, sizes = apart @ member, member.sum(dim=0)
        own = (sums * member).sum(dim=1) / (sizes[nearest] - 1).clamp(min=1)
        other = (sums / sizes + 1e9 * member).amin(dim=1)
        found = ((other - own) / torch.maximum(own, other)).mean().item()
        if found > best:
            best, number = found, k
    return number


def least_scatter(points):
    seed = torch.Generator().manual_seed(0)
    return min(range(1, 9), key=lambda k: k_means(points, k, seed).inertia)


def first_small_scatter(points):
    for k in range(1, 9):
        found = k_means(points, k, torch.Generator().manual_seed(0))
        if found.inertia / len(points) < 8:
            return k
    return 8


def largest_drop(points):
    least = [k_means(points, k, torch.Generator().manual_seed(0)).inertia for k in range(1, 9)]
    if least[1] > 0.7 * least[0]:
        return 1
    return 2 + max(range(7), key=lambda i: least[i] - least[i + 1])


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("ch13.assign", right_assign),
        ("ch13.draw", drawn),
        ("ch13.follow", followed),
        ("ch13.how_many", counted),
    ],
)
def test_right_answers_pass(name, answer, capsys):
    assert check(name, answer), capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "answer", "says"),
    [
        ("ch13.assign", from_the_left, "is rounded"),
        ("ch13.assign", soft, "neither 0 nor 1"),
        ("ch13.assign", one_hot, "no gradient"),
        ("ch13.assign", farthest, "nearest prototypes are"),
        ("ch13.assign", summed_distance, "softmax of the negative distances"),
        ("ch13.draw", spreads_that_add, "Standard deviations do not add"),
        ("ch13.draw", lambda *a: drawn(*a, square=False), "expected 0.5"),
        ("ch13.draw", lambda *a: drawn(*a, root=False), "second Gaussian alone"),
        ("ch13.draw", lambda *a: drawn(*a, low=-1e9, high=1e9), "clip rho"),
        ("ch13.draw", forgetful, "No gradient reached"),
        ("ch13.follow", in_place, "changed in place"),
        ("ch13.follow", means_of_nothing, "no mean of nothing"),
        ("ch13.follow", one_by_one, "mean"),
        ("ch13.follow", lambda p, e: followed(p, e, pull=0.98), "(0, 0.04)"),
        ("ch13.how_many", least_scatter, "were counted as 8"),
        ("ch13.how_many", lambda p: counted(p, least=0.0), "was cut into"),
        ("ch13.how_many", first_small_scatter, "Compare distances with each other"),
        ("ch13.how_many", largest_drop, "were counted as 2"),
    ],
)
def test_wrong_answers_are_told_why(name, answer, says, capsys):
    assert not check(name, answer)
    assert says in capsys.readouterr().out
