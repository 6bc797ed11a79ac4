"""L_cl: codes of one degradation agree, codes of different degradations do not.

Taught in chapter 8.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from irlib.device import in_float64
from irlib.errors import UsageError
from irlib.registry import unknown_name

NEGATIVES = ("other_task", "other_image")
Gather = Callable[[Tensor], Tensor]


class ContrastTerms(NamedTuple):
    """One term an anchor.

    Attributes:
        terms: (B,) loss of each anchor; exactly zero where it has no negative.
        has_negative: (B,) whether it has one.
    """

    terms: Tensor
    has_negative: Tensor


def degradation_contrast(
    code: Tensor,
    positive: Tensor,
    labels: Tensor,
    *,
    temperature: float = 0.1,
    negatives: str = "other_task",
    gather: Gather | None = None,
) -> Tensor:
    """Mean of :func:`contrast_terms` over the anchors that have a negative (Perceive-IR, Eq. 12).

    Zero, and still connected to the graph, where no anchor of any device has one. On several
    devices each returns its part, scaled so that the mean over devices (what data-parallel training
    takes of gradients) equals the loss of the whole batch on one device.

    Args:
        code: (B, D), codes ``z`` of the degraded crops.
        positive: (B, D), codes ``z+`` of second crops of the same degraded images.
        labels: (B,), whole numbers: the task of each sample, or :func:`level_labels`.
        temperature: ``tau``; the paper gives none, the released code 0.1.
        negatives: "other_task" (the samples with another label) or "other_image" (all other
            samples). With a single task there is no other label, so the released loss is zero
            throughout, although the paper's Table VII reports a gain from it on rain alone;
            "other_image" gives such runs a loss to learn from.
        gather: Concatenates a tensor over devices, this device's part in its rank's place; by
            default :func:`gather_over_ranks`.

    Raises:
        UsageError: Shapes that do not belong together, a temperature that is not above 0, or
            unknown ``negatives``.
    """
    gather = gather_over_ranks if gather is None else gather
    terms, has_negative = contrast_terms(
        code,
        positive,
        labels,
        temperature=temperature,
        negatives=negatives,
        gather=gather,
    )
    everywhere = gather(has_negative)
    devices = len(everywhere) / len(has_negative)
    return terms.sum() * devices / everywhere.sum().clamp_min(1)


def contrast_terms(
    code: Tensor,
    positive: Tensor,
    labels: Tensor,
    *,
    temperature: float = 0.1,
    negatives: str = "other_task",
    gather: Gather | None = None,
) -> ContrastTerms:
    """``-log(exp(s_ii+ / tau) / (exp(s_ii+ / tau) + sum_j exp(s_ij / tau)))`` for each anchor i.

    ``s`` is the cosine. Negatives ``z_j`` are the anchors of other samples, detached: gradient
    flows into ``z_i`` and ``z_i+`` only. Arguments and errors as in :func:`degradation_contrast`.
    """
    if negatives not in NEGATIVES:
        raise UsageError(unknown_name("choice of negatives", negatives, list(NEGATIVES)))
    if code.ndim != 2 or code.shape != positive.shape or labels.shape != code.shape[:1]:
        raise UsageError(
            f"codes {tuple(code.shape)}, positives {tuple(positive.shape)} and labels "
            f"{tuple(labels.shape)} were given; expected (B, D), (B, D) and (B,) of one batch."
        )
    if not temperature > 0:
        raise UsageError(f"the temperature is {temperature}; expected a number above 0.")
    gather = gather_over_ranks if gather is None else gather

    # Cosines over a small temperature need more digits than bf16 has, also under autocast.
    with torch.autocast(code.device.type, enabled=False):
        anchor = F.normalize(code.float(), dim=1)
        others = gather(anchor.detach())
        if negatives == "other_task":
            is_negative = labels[:, None] != gather(labels)[None, :]
        else:
            own = _own_rows(len(anchor), len(others), anchor.device)
            is_negative = own[:, None] != torch.arange(len(others), device=anchor.device)

        with_positive = (anchor * F.normalize(positive.float(), dim=1)).sum(1, keepdim=True)
        with_negatives = (anchor @ others.t()).masked_fill(~is_negative, -torch.inf)
        logits = torch.cat([with_positive, with_negatives], dim=1) / temperature
        # An anchor without a negative keeps its positive alone: log(1), zero, a zero gradient.
        terms = torch.logsumexp(logits, dim=1) - logits[:, 0]
    return ContrastTerms(terms, is_negative.any(dim=1))


def level_labels(task: Tensor, sigma: Tensor) -> Tensor:
    """Labels that tell noise levels apart, where the released code gives all of them one label.

    Args:
        task: (B,), whole numbers.
        sigma: (B,), noise level on the 0-255 scale; any one value where a task has no level.

    Returns:
        (B,), whole numbers, equal exactly where task and level are. They depend on task and level
        alone, not on the batch, so that devices agree on them.
    """
    level = (in_float64(sigma) * 1_000).round().long()
    return task.long() * 1_000_000 + level.to(task.device)


def gather_over_ranks(tensor: Tensor) -> Tensor:
    """Concatenates a tensor (B, ...) over all devices, without gradient; itself on a single one.

    Every device must hold a batch of the same size.
    """
    if _world() == 1:
        return tensor.detach()
    # Some back ends cannot move booleans.
    sent = (
        tensor.detach().to(torch.uint8) if tensor.dtype == torch.bool else tensor.detach()
    ).contiguous()
    parts = [torch.empty_like(sent) for _ in range(_world())]
    torch.distributed.all_gather(parts, sent)
    return torch.cat(parts).to(tensor.dtype)


def _world() -> int:
    group = torch.distributed.is_available() and torch.distributed.is_initialized()
    return torch.distributed.get_world_size() if group else 1


def _own_rows(own: int, total: int, device: torch.device) -> Tensor:
    """Where this device's samples stand among those of all devices."""
    rank = torch.distributed.get_rank() if _world() > 1 and total > own else 0
    return torch.arange(own, device=device) + rank * own
