"""Degradation prototypes: a picture is told apart by the nearest of a few points, without labels.

By default prototypes are no parameters. They are found by K-means once features mean something,
then follow the features slowly, and come to rest before training ends; who trains says when
(:mod:`irlib.training.dppd_objective`). Taught in chapter 13.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from irlib.errors import UsageError
from irlib.nn.k_means import squared_distances
from irlib.nn.precision import full_precision
from irlib.registry import unknown_name

ASSIGNMENTS = ("hard", "soft")
ORIGINS = ("k-means", "anchors", "learned")
PULL = 0.02  # how far a prototype moves towards its members, each step
PATIENCE = 500  # steps a prototype may go without members


class Assignment(NamedTuple):
    """Which prototypes the images of a batch belong to.

    Attributes:
        embedding: (B, d), the standardised embedding e.
        distances: (B, K), mean squared difference between embedding and prototype.
        shares: (B, K), q, the softmax of the negative distances.
        weights: (B, K), a, what the prompts are mixed by.
        nearest: (B,), the nearest prototype.
        prototypes: (K, d), as they were.
    """

    embedding: Tensor
    distances: Tensor
    shares: Tensor
    weights: Tensor
    nearest: Tensor
    prototypes: Tensor


class DegradationPrototypes(nn.Module):
    r"""Degradation prototype assignment (DPA): embeds pooled features, finds the nearest prototype.

    Equations: :math:`e = \mathrm{Std}(W_e\,g)`, :math:`\delta_k = \lVert e - c_k\rVert^2 / d`,
    :math:`q = \mathrm{softmax}(-\delta/\tau)`; :math:`a = q` until the prototypes are ready, then
    :math:`\mathrm{onehot}(\arg\min_k \delta_k) + (q - \mathrm{sg}(q))`, whose gradient is that of q
    (straight-through). In evaluation :math:`a` is the one-hot vector. Std is a batch norm without
    scale and shift: it keeps embeddings apart although no loss asks for that. Taught in chapter 13.

    Our reading of figures "DPPD" and "DPA" of Wu and others (TIP 2025), who released no code:
    standardisation, distance and straight-through gradient are our choices.

    Args:
        dim: Channels C of the pooled features.
        number: Prototypes K.
        embedding_dim: Length d of the embedding.
        temperature: :math:`\tau` of the shares.
        assignment: "hard" as above; "soft" takes :math:`a = q` throughout.
        origin: Where prototypes come from. "k-means": found among embeddings, see
            :meth:`begin` and :meth:`follow`. "anchors": orthogonal vectors of length
            :math:`\sqrt d` that stay; labels must then teach the embedding which one is whose.
            "learned": parameters. The last two are ready from the start.

    Raises:
        UsageError: An unknown assignment or origin, a number below 1, or more anchors than
            coordinates.

    Shape: (B, C) to an :class:`Assignment`; B of 2 or more in training.
    """

    def __init__(
        self,
        dim: int,
        number: int,
        embedding_dim: int = 64,
        temperature: float = 1.0,
        assignment: str = "hard",
        origin: str = "k-means",
    ) -> None:
        super().__init__()
        if assignment not in ASSIGNMENTS:
            raise UsageError(f"assignment is {assignment!r}; expected {' or '.join(ASSIGNMENTS)}.")
        if origin not in ORIGINS:
            raise UsageError(unknown_name("origin of prototypes", origin, list(ORIGINS)))
        for name, value in (("num_prototypes", number), ("embedding_dim", embedding_dim)):
            if value < 1:
                raise UsageError(f"{name} is {value}; expected a whole number from 1 up.")
        if temperature <= 0:
            raise UsageError(f"temperature is {temperature}; expected a number above 0.")
        if origin == "anchors" and number > embedding_dim:
            raise UsageError(
                f"{number} anchors cannot be orthogonal in {embedding_dim} coordinates; choose an "
                "embedding_dim of num_prototypes or more."
            )
        self.temperature, self.assignment, self.origin = temperature, assignment, origin
        self.embed = nn.Linear(dim, embedding_dim, bias=False)
        self.standardise = nn.BatchNorm1d(embedding_dim, eps=1e-5, momentum=0.05, affine=False)
        drawn = torch.randn(number, embedding_dim)
        if origin == "anchors":
            # Standardised embeddings are about as long as the root of their length.
            drawn = embedding_dim**0.5 * torch.linalg.qr(drawn.T).Q.T.contiguous()
        if origin == "learned":
            self.prototypes = nn.Parameter(drawn)
        else:
            self.register_buffer("prototypes", drawn)
        self.register_buffer("ready", torch.tensor(origin != "k-means"))
        self.register_buffer("idle", torch.zeros(number, dtype=torch.int64))

    def forward(self, pooled: Tensor) -> Assignment:
        embedding = self.embedding(pooled)
        # A copy: prototypes move in place between a forward and its backward pass.
        prototypes = self.prototypes.clone()
        distances = squared_distances(embedding, prototypes) / embedding.shape[1]
        shares = (-distances / self.temperature).softmax(dim=1)
        nearest = distances.argmin(dim=1)
        weights = self._weights(shares, nearest)
        return Assignment(embedding, distances, shares, weights, nearest, prototypes)

    def embedding(self, pooled: Tensor) -> Tensor:
        """Returns the standardised embedding (B, d) of pooled features (B, C).

        Raises:
            UsageError: Training on a single image, of which no spread can be taken.
        """
        if self.training and pooled.shape[0] < 2:
            raise UsageError(
                "one image was given in training; its embedding is standardised over the batch, "
                "which takes 2 images or more on each device. Choose a larger --batch (or a "
                "smaller --accumulate), or call eval() first."
            )
        weight = self.embed.weight
        with full_precision(pooled):
            # Batch statistics of 8 significant bits would round embeddings to a few values.
            return self.standardise(self.embed(pooled.to(weight.dtype)))

    def _weights(self, shares: Tensor, nearest: Tensor) -> Tensor:
        if self.assignment == "soft":
            return shares
        places = torch.arange(shares.shape[1], device=shares.device)
        chosen = (nearest[:, None] == places).to(shares.dtype)
        if not self.training:
            return chosen
        # In this order the sum is exactly 0 or 1; (one-hot + q) - q is not.
        return torch.where(self.ready, chosen + (shares - shares.detach()), shares)

    @torch.no_grad()
    def begin(self, prototypes: Tensor) -> None:
        """Takes these prototypes, (K, d), and is ready: from here on assignment is hard."""
        self.prototypes.copy_(prototypes)
        self.ready.fill_(True)
        self.idle.zero_()

    @torch.no_grad()
    def follow(
        self,
        embeddings: Tensor,
        generator: torch.Generator,
        *,
        pull: float = PULL,
        patience: int = PATIENCE,
    ) -> None:
        r"""Moves each prototype towards its members of a step, and gives idle ones a new place.

        Equation: :math:`c_k \leftarrow c_k + \text{pull}\,(\bar e_k - c_k)`, with the mean over the
        embeddings nearest to k. A prototype without any for ``patience`` steps in a row is put on
        one of the embeddings, drawn at random.

        Args:
            embeddings: (N, d) of the whole step, of all devices and micro-batches.
            generator: A CPU generator, the same on every device.
            pull: Share of the way.
            patience: Idle steps that are one too many.
        """
        embeddings = embeddings.to(self.prototypes)
        nearest = squared_distances(embeddings, self.prototypes).argmin(dim=1)
        members = torch.zeros_like(self.prototypes).index_add_(0, nearest, embeddings)
        counts = torch.bincount(nearest, minlength=len(self.prototypes))
        met = counts > 0
        means = members / counts.clamp_min(1)[:, None]
        moved = self.prototypes.lerp(means, pull)
        self.prototypes.copy_(torch.where(met[:, None], moved, self.prototypes))
        self.idle.add_(1).masked_fill_(met, 0)
        for index in (self.idle >= patience).nonzero().flatten().tolist():
            drawn = int(torch.randint(len(embeddings), (), generator=generator))
            self.prototypes[index] = embeddings[drawn]
            self.idle[index] = 0
