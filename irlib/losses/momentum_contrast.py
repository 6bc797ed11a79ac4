"""Contrast with a queue: a code agrees with its second crop's, not with codes of other images.

Taught in chapter 12.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from irlib.errors import UsageError
from irlib.nn.precision import full_precision

TEMPERATURE = 0.07


def momentum_logits(
    code: Tensor, key: Tensor, queue: Tensor, temperature: float = TEMPERATURE
) -> Tensor:
    """Cosines of each code with its own key and with every key in the queue, over temperature.

    Args:
        code: (B, D), of the first crops, of any length; gradient flows into these alone.
        key: (B, D), of the second crops of the same images, of length one.
        queue: (D, K), keys of earlier images, of length one, one a column.
        temperature: Above 0; the authors' by default.

    Returns:
        (B, 1 + K); the right answer is column 0.

    Raises:
        UsageError: Shapes that do not belong together, or a temperature that is not above 0.
    """
    if code.ndim != 2 or code.shape != key.shape or queue.shape[:-1] != code.shape[1:]:
        raise UsageError(
            f"codes {tuple(code.shape)}, keys {tuple(key.shape)} and a queue {tuple(queue.shape)} "
            "were given; expected (B, D), (B, D) and (D, K)."
        )
    if not temperature > 0:
        raise UsageError(f"the temperature is {temperature}; expected a number above 0.")
    # Cosines over a small temperature need more digits than bf16 has, also under autocast.
    with full_precision(code):
        query = F.normalize(code.float(), dim=1)
        own = (query * key.detach().float()).sum(1, keepdim=True)
        return torch.cat([own, query @ queue.detach().float()], dim=1) / temperature


def momentum_contrast(
    code: Tensor, key: Tensor, queue: Tensor, temperature: float = TEMPERATURE
) -> Tensor:
    r"""The cross-entropy of :func:`momentum_logits`, a mean over the batch.

    Equation: :math:`-\log \frac{\exp(q \cdot k / T)}{\exp(q \cdot k / T) + \sum_j \exp(q \cdot Z_j
    / T)}` (AirNet's released code). The queue does not know what happened to an image, so that
    another image with the same degradation counts as a negative too. Arguments and errors as there.
    """
    logits = momentum_logits(code, key, queue, temperature)
    return (torch.logsumexp(logits, dim=1) - logits[:, 0]).mean()
