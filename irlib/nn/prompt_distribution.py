"""Prompts that are drawn: each prototype owns a Gaussian, and an image several samples of its own.

Taught in chapter 13.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from irlib.errors import UsageError
from irlib.registry import unknown_name

EVAL_NOISES = ("fixed", "sample", "mean")
COVARIANCES = ("diagonal", "low-rank")
RANK = 4  # of what a low-rank covariance adds to its diagonal
LOWEST, HIGHEST = -8.0, 2.0  # of log-variances
FIRST_SPREAD = 0.5
FIRST_TILT = 0.1
SMALLEST_VARIANCE = 1e-12


class Gaussian(NamedTuple):
    """The law of an image's prompts.

    Attributes:
        mean: (B, C).
        spread: (B, C), standard deviation of the part that coordinates draw for themselves.
        tilt: (B, C, R), how far each of R common draws moves each coordinate; None for a diagonal
            covariance.
    """

    mean: Tensor
    spread: Tensor
    tilt: Tensor | None = None

    @property
    def whole_spread(self) -> Tensor:
        """(B, C), the standard deviation of each coordinate, common draws included."""
        if self.tilt is None:
            return self.spread
        return (self.spread.square() + self.tilt.square().sum(dim=2)).sqrt()


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
        covariance: "diagonal", or "low-rank": a further :math:`U_k U_k^\top` with C x 4 factors
            :math:`U_k`, so that the Gaussians may lie askew, as the figure draws them.
        read_from: Length of the prototypes that two affine layers read mean and log-variance from;
            0 gives each Gaussian a mean and a log-variance of its own.

    Raises:
        UsageError: An unknown ``eval_noise`` or ``covariance``, or a number below 1.

    Shape: weights (B, K) to prompts (B, S, C).
    """

    def __init__(
        self,
        dim: int,
        number: int,
        samples: int = 16,
        eval_noise: str = "fixed",
        covariance: str = "diagonal",
        read_from: int = 0,
    ) -> None:
        super().__init__()
        for name, value, known in (
            ("eval_noise", eval_noise, EVAL_NOISES),
            ("covariance", covariance, COVARIANCES),
        ):
            if value not in known:
                raise UsageError(unknown_name(name, value, list(known)))
        if samples < 1:
            raise UsageError(f"num_prompts is {samples}; expected a whole number from 1 up.")
        self.samples, self.eval_noise = samples, eval_noise
        self.read_from, self.tilted = read_from, covariance == "low-rank"
        if read_from:
            self.to_mean = nn.Linear(read_from, dim)
            self.to_log_variance = nn.Linear(read_from, dim)
            nn.init.normal_(self.to_mean.weight, std=read_from**-0.5)
            nn.init.zeros_(self.to_mean.bias)
            nn.init.zeros_(self.to_log_variance.weight)
            nn.init.constant_(self.to_log_variance.bias, 2 * math.log(FIRST_SPREAD))
        else:
            self.mean = nn.Parameter(torch.randn(number, dim))
            self.log_variance = nn.Parameter(torch.full((number, dim), 2 * math.log(FIRST_SPREAD)))
        if self.tilted:
            self.factors = nn.Parameter(FIRST_TILT * torch.randn(number, dim, RANK))
        common = number * RANK if self.tilted else 0
        place = next(self.parameters()).device
        self.register_buffer("fixed_noise", balanced_noise(samples, dim + common).to(place))

    def forward(
        self, weights: Tensor, noise: Tensor | None = None, prototypes: Tensor | None = None
    ) -> Tensor:
        """Draws the prompts.

        Args:
            weights: (B, K), of :class:`~irlib.nn.prototypes.DegradationPrototypes`.
            noise: (S, N) or (B, S, N), N as in ``fixed_noise``: C, and with a low-rank covariance
                4 more for every Gaussian; by default fresh in training, else by ``eval_noise``.
            prototypes: (K, d), where Gaussians are read from them.
        """
        return self.draw(self.gaussian(weights, prototypes), noise)

    def gaussian(self, weights: Tensor, prototypes: Tensor | None = None) -> Gaussian:
        """Returns the law of the prompts for these weights, (B, K)."""
        means = self.to_mean(prototypes) if self.read_from else self.mean
        variance = weights.square() @ self.variances(prototypes)
        spread = variance.clamp_min(SMALLEST_VARIANCE).sqrt()
        if not self.tilted:
            return Gaussian(weights @ means, spread)
        # A sum of independent Gaussians: the common draws of each stay its own.
        tilt = (weights[:, :, None, None] * self.factors).transpose(1, 2).flatten(2)
        return Gaussian(weights @ means, spread, tilt)

    def law(self, weights: Tensor, prototypes: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Returns mean and standard deviation, both (B, C), of the prompts for these weights."""
        gaussian = self.gaussian(weights, prototypes)
        return gaussian.mean, gaussian.whole_spread

    def variances(self, prototypes: Tensor | None = None) -> Tensor:
        """Returns the variances v, (K, C)."""
        logs = self.to_log_variance(prototypes) if self.read_from else self.log_variance
        return logs.clamp(LOWEST, HIGHEST).exp()

    def draw(self, gaussian: Gaussian, noise: Tensor | None = None) -> Tensor:
        """Returns prompts (B, S, C) of this law."""
        mean, spread, tilt = gaussian
        if noise is None:
            noise = self._noise(mean)
        own, common = noise.to(mean).split([mean.shape[1], noise.shape[-1] - mean.shape[1]], dim=-1)
        prompts = mean[:, None] + spread[:, None] * own
        return prompts if tilt is None else prompts + common @ tilt.transpose(1, 2)

    def _noise(self, like: Tensor) -> Tensor:
        if self.training or self.eval_noise == "sample":
            shape = (like.shape[0], *self.fixed_noise.shape)
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


def variance_prior(distribution: PromptDistribution, prototypes: Tensor | None = None) -> Tensor:
    r"""Pulls variances towards the first ones: 0 there, growing as a spread vanishes or explodes.

    Equation: :math:`\tfrac12\,\mathrm{mean}(r - 1 - \ln r)` with :math:`r = v_k / 0.5^2`, the
    divergence between two Gaussians of the same mean. An option of ours, off by default; nothing
    in the figures asks for it.
    """
    ratio = distribution.variances(prototypes) / FIRST_SPREAD**2
    return 0.5 * (ratio - 1 - ratio.log()).mean()
