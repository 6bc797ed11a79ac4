"""Prompts that are drawn: each prototype owns a Gaussian, and an image several samples of its own.

Taught in chapter 13.
"""

import math

import torch
from torch import Tensor, nn

from irlib.errors import UsageError
from irlib.registry import unknown_name

EVAL_NOISES = ("fixed", "sample", "mean")
LOWEST, HIGHEST = -8.0, 2.0  # of log-variances
FIRST_SPREAD = 0.5
SMALLEST_VARIANCE = 1e-12


class PromptDistribution(nn.Module):
    r"""Prompt distribution learning (PDL): a diagonal Gaussian a prototype, sampled with gradients.

    Equations: :math:`v_k = \exp(\mathrm{clip}(\rho_k, -8, 2))`, :math:`m = \sum_k a_k \mu_k`,
    :math:`s^2 = \sum_k a_k^2 v_k` and :math:`p_j = m + s \odot \epsilon_j` with
    :math:`\epsilon_j \sim \mathcal{N}(0, I)`, j = 1 to S (reparameterisation: the noise has no
    parameters, so gradients reach mean and variance). With a one-hot :math:`a` this is the Gaussian
    of one prototype; with shares it is the law of :math:`\sum_k a_k P_k` for independent
    :math:`P_k`, which stands for composite degradations. Taught in chapter 13.

    Our reading of the figure "PDL" of Wu and others (TIP 2025), who released no code.

    Args:
        dim: Length C of a prompt.
        number: Gaussians K.
        samples: Prompts S that an image gets.
        eval_noise: Noise in evaluation. "fixed": S vectors drawn once with seed 0, then given mean
            0 and variance 1 in every coordinate, so that the prompts have mean m and spread s
            exactly and results do not depend on chance. "sample": fresh noise from PyTorch's global
            generator. "mean": none, all prompts equal m.

    Raises:
        UsageError: An unknown ``eval_noise``, or a number below 1.

    Shape: weights (B, K) to prompts (B, S, C).
    """

    def __init__(self, dim: int, number: int, samples: int = 16, eval_noise: str = "fixed") -> None:
        super().__init__()
        if eval_noise not in EVAL_NOISES:
            raise UsageError(unknown_name("eval_noise", eval_noise, list(EVAL_NOISES)))
        if samples < 1:
            raise UsageError(f"num_prompts is {samples}; expected a whole number from 1 up.")
        self.samples, self.eval_noise = samples, eval_noise
        self.mean = nn.Parameter(torch.randn(number, dim))
        self.log_variance = nn.Parameter(torch.full((number, dim), 2 * math.log(FIRST_SPREAD)))
        self.register_buffer("fixed_noise", balanced_noise(samples, dim).to(self.mean.device))

    def forward(self, weights: Tensor, noise: Tensor | None = None) -> Tensor:
        """Draws the prompts.

        Args:
            weights: (B, K), of :class:`~irlib.nn.prototypes.DegradationPrototypes`.
            noise: (S, C) or (B, S, C); by default fresh in training, else by ``eval_noise``.
        """
        return self.draw(*self.law(weights), noise)

    def law(self, weights: Tensor) -> tuple[Tensor, Tensor]:
        """Returns mean and standard deviation, both (B, C), of the prompts for these weights."""
        variance = weights.square() @ self.variances()
        return weights @ self.mean, variance.clamp_min(SMALLEST_VARIANCE).sqrt()

    def variances(self) -> Tensor:
        """Returns the variances v, (K, C)."""
        return self.log_variance.clamp(LOWEST, HIGHEST).exp()

    def draw(self, mean: Tensor, spread: Tensor, noise: Tensor | None = None) -> Tensor:
        """Returns prompts (B, S, C) of this mean and spread, both (B, C)."""
        if noise is None:
            noise = self._noise(mean)
        return mean[:, None] + spread[:, None] * noise.to(mean)

    def _noise(self, like: Tensor) -> Tensor:
        if self.training or self.eval_noise == "sample":
            shape = (like.shape[0], self.samples, like.shape[1])
            return torch.randn(shape, device=like.device, dtype=like.dtype)
        if self.eval_noise == "mean":
            return torch.zeros_like(self.fixed_noise)
        return self.fixed_noise


def balanced_noise(samples: int, dim: int) -> Tensor:
    """Draws S vectors with seed 0, of mean 0 and biased variance 1 in every coordinate.

    A single vector cannot have a spread: it is zero.

    Returns:
        (S, C) float32.
    """
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(samples, dim, generator=generator, dtype=torch.float64, device="cpu")
    noise = noise - noise.mean(dim=0)
    deviation = noise.square().mean(dim=0).sqrt()
    return (noise / deviation.clamp_min(SMALLEST_VARIANCE)).float()


def variance_prior(distribution: PromptDistribution) -> Tensor:
    r"""Pulls variances towards the first ones: 0 there, growing as a spread vanishes or explodes.

    Equation: :math:`\tfrac12\,\mathrm{mean}(r - 1 - \ln r)` with :math:`r = v_k / 0.5^2`, the
    divergence between two Gaussians of the same mean. An option of ours, off by default; nothing
    in the figures asks for it.
    """
    ratio = distribution.variances() / FIRST_SPREAD**2
    return 0.5 * (ratio - 1 - ratio.log()).mean()
