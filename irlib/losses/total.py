"""How Perceive-IR's four losses add up. Taught in chapter 10."""

from dataclasses import dataclass, fields, replace

from torch import Tensor

from irlib.errors import UsageError
from irlib.registry import unknown_name


@dataclass(frozen=True)
class LossWeights:
    """``L = L_rec + 0.1 L_cl + 0.05 L_clip + 0.1 L_dpl``, of paper and released code.

    Attributes:
        rec: Weight of the reconstruction loss.
        cl: Weight of the degradation contrast.
        clip: Weight of the CLIP quality.
        dpl: Weight of the difficulty-aware contrast.
    """

    rec: float = 1.0
    cl: float = 0.1
    clip: float = 0.05
    dpl: float = 0.1

    def without(self, *names: str) -> "LossWeights":
        """A copy in which the losses named count nothing.

        Raises:
            UsageError: Unknown name, or every loss left out.
        """
        known = [f.name for f in fields(self)]
        for name in names:
            if name not in known:
                raise UsageError(unknown_name("loss", name, known))
        left = replace(self, **dict.fromkeys(names, 0.0))
        if not any(getattr(left, name) for name in known):
            raise UsageError("every loss was left out; keep at least one, such as rec.")
        return left

    def total(self, **terms: Tensor) -> Tensor:
        """The weighted sum of ``terms``; one that is not given, or weighs nothing, is left out.

        Raises:
            UsageError: A term that has no weight here, or nothing to add.
        """
        known = [f.name for f in fields(self)]
        for name in terms:
            if name not in known:
                raise UsageError(unknown_name("loss", name, known))
        counted = [
            getattr(self, name) * term for name, term in terms.items() if getattr(self, name)
        ]
        if not counted:
            raise UsageError(
                f"no loss with a weight was given; expected some of {', '.join(known)}."
            )
        return sum(counted[1:], counted[0])
