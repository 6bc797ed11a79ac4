"""The prompt module of DPPD: assign, draw, fuse."""

from typing import NamedTuple

from torch import Tensor, nn

from irlib.errors import UsageError
from irlib.nn.channel_mean import ChannelMean
from irlib.nn.cross_fusion import CrossFusion
from irlib.nn.prompt_distribution import PromptDistribution
from irlib.nn.prototypes import Assignment, DegradationPrototypes

GAUSSIANS = ("own", "read")


class PromptUse(NamedTuple):
    """What a prompt module did with the images of a batch, for looking at and for losses.

    Attributes:
        assignment: Embeddings and prototypes.
        mean: (B, C), of the prompts' Gaussian.
        spread: (B, C), its standard deviation.
        attention: (B, h, N, S), shares that pixels gave to prompts.
    """

    assignment: Assignment
    mean: Tensor
    spread: Tensor
    attention: Tensor


class DynamicPrompt(nn.Module):
    """Prompt module (PM): the pooled features choose a Gaussian, its samples answer the pixels.

    Made of :class:`~irlib.nn.prototypes.DegradationPrototypes`,
    :class:`~irlib.nn.prompt_distribution.PromptDistribution` and
    :class:`~irlib.nn.cross_fusion.CrossFusion`. Source: the framework figure of Wu and others,
    "Learning Dynamic Prompts for All-in-One Image Restoration", TIP 2025, as we read it: no code
    was released. Taught in chapter 13.

    Args:
        dim: Channels C of features and prompts.
        num_heads: Heads of the cross-attention.
        num_prototypes: Prototypes and Gaussians K.
        num_prompts: Samples S an image.
        embedding_dim: Length of the embedding that is assigned.
        temperature: Of the shares.
        assignment: "hard" or "soft".
        eval_noise: "fixed", "sample" or "mean".
        query: "pixels" or "pooled".
        origin: Of the prototypes: "k-means", "anchors" or "learned".
        gaussians: "own", a mean and a variance for each prototype, or "read", which two affine
            layers make of the prototype, so that a prototype is the centre of its Gaussian.
        covariance: "diagonal" or "low-rank".
        input_shift: Whether two layers move the mean by what the embedding says; at first by
            nothing.
        own_prototypes: False leaves assignment to another module; see :meth:`forward`.

    Shape: (B, C, H, W) to a term that is added to it, and a :class:`PromptUse`.
    """

    def __init__(
        self,
        dim: int,
        num_heads: int,
        num_prototypes: int,
        num_prompts: int = 16,
        embedding_dim: int = 64,
        temperature: float = 1.0,
        assignment: str = "hard",
        eval_noise: str = "fixed",
        query: str = "pixels",
        origin: str = "k-means",
        gaussians: str = "own",
        covariance: str = "diagonal",
        input_shift: bool = False,
        own_prototypes: bool = True,
    ) -> None:
        super().__init__()
        if gaussians not in GAUSSIANS:
            raise UsageError(f"gaussians is {gaussians!r}; expected {' or '.join(GAUSSIANS)}.")
        self.pool = ChannelMean()
        self.prototypes = None
        if own_prototypes:
            self.prototypes = DegradationPrototypes(
                dim, num_prototypes, embedding_dim, temperature, assignment, origin
            )
        read_from = embedding_dim if gaussians == "read" else 0
        self.distribution = PromptDistribution(
            dim, num_prototypes, num_prompts, eval_noise, covariance, read_from
        )
        self.fusion = CrossFusion(dim, num_heads, query)
        self.shift = None
        if input_shift:
            last = nn.Linear(embedding_dim, dim)
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)
            self.shift = nn.Sequential(nn.Linear(embedding_dim, embedding_dim), nn.GELU(), last)

    def forward(
        self, x: Tensor, noise: Tensor | None = None, given: Assignment | None = None
    ) -> tuple[Tensor, PromptUse]:
        """Makes the term to add to the features.

        Args:
            x: (B, C, H, W).
            noise: As in :class:`~irlib.nn.prompt_distribution.PromptDistribution`.
            given: The assignment of another module, for one without prototypes of its own.
        """
        pooled = self.pool(x)
        assignment = self.prototypes(pooled.flatten(1)) if given is None else given
        gaussian = self.distribution.gaussian(assignment.weights, assignment.prototypes)
        if self.shift is not None:
            gaussian = gaussian._replace(mean=gaussian.mean + self.shift(assignment.embedding))
        prompts = self.distribution.draw(gaussian, noise)
        term, attention = self.fusion(x, prompts, pooled)
        return term, PromptUse(assignment, gaussian.mean, gaussian.whole_spread, attention)
