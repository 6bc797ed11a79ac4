"""How a network with prototypes and sampled prompts uses them. Taught in chapter 13."""

import math

import torch
from torch import Tensor


def assignment_table(nearest: Tensor, labels: Tensor, prototypes: int, kinds: int) -> Tensor:
    """Counts how often images of each kind were assigned to each prototype.

    Args:
        nearest: (N,), the prototype of each image.
        labels: (N,), its true kind, which the network was not told.
        prototypes: Number of prototypes.
        kinds: Number of kinds.

    Returns:
        (kinds, prototypes), float32.
    """
    of_kind = labels[:, None] == torch.arange(kinds, device=labels.device)
    of_prototype = nearest[:, None] == torch.arange(prototypes, device=nearest.device)
    return of_kind.float().T @ of_prototype.float()


def purity(table: Tensor) -> Tensor:
    """Returns the share of images whose prototype belongs mostly to their kind.

    1 where no prototype is shared by two kinds; one over the number of kinds, where these are
    equally frequent, if all images go to one prototype. By chance it is above that in small
    samples.

    Args:
        table: (kinds, prototypes) of :func:`assignment_table`.
    """
    return table.amax(dim=0).sum() / table.sum()


def active_prototypes(table: Tensor) -> Tensor:
    """Returns the number of prototypes that any image was assigned to.

    Args:
        table: (kinds, prototypes) of :func:`assignment_table`.
    """
    return (table.sum(dim=0) > 0).sum().float()


def bits_told(table: Tensor) -> Tensor:
    """Returns how much the prototype of an image tells about its kind, in bits.

    The mutual information of the counts: 0 where it tells nothing, the entropy of the kinds where
    it tells all. In a sample of N images it is above 0 by chance, by about (kinds - 1)
    (prototypes - 1) / (2 N ln 2).

    Args:
        table: (kinds, prototypes) of :func:`assignment_table`.
    """
    joint = table / table.sum()
    entropies = (
        torch.special.entr(part).sum() for part in (joint.sum(dim=0), joint.sum(dim=1), joint)
    )
    of_prototypes, of_kinds, of_both = entropies
    return (of_prototypes + of_kinds - of_both) / math.log(2)


def attention_entropy(attention: Tensor) -> Tensor:
    """Returns how evenly pixels spread their attention over the prompts, from 0 to 1.

    The mean entropy of the rows over that of even shares: 1 where no pixel prefers any prompt, 0
    where each listens to a single one.

    Args:
        attention: (..., S), rows that sum to 1, S of 2 or more.
    """
    return torch.special.entr(attention).sum(dim=-1).mean() / math.log(attention.shape[-1])
