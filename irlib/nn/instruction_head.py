"""From what a sentence encoder gives to what a network is steered by, and to what was meant."""

from torch import Tensor, nn
from torch.nn import functional as F

from irlib.nn.precision import full_precision


class InstructionHead(nn.Module):
    r"""A linear map of a frozen sentence vector to a unit vector, and a guess of the task from it.

    Equation: :math:`e = (W_1 s + b_1) / \lVert W_1 s + b_1 \rVert_2` without an activation, and
    logits :math:`W_2 e + b_2`. The network is steered by e; the logits serve a cross entropy in
    training and tell a reader how a sentence was understood. Source: InstructIR, ECCV 2024, and the
    released code. Taught in chapter 17.

    Args:
        sentence_dim: Length of a sentence vector s.
        text_dim: Length of e.
        intents: Number of tasks that are told apart.

    Shape: (B, sentence_dim) to the pair (B, text_dim), (B, intents), in full precision.
    """

    def __init__(self, sentence_dim: int = 384, text_dim: int = 256, intents: int = 7) -> None:
        super().__init__()
        self.project = nn.Linear(sentence_dim, text_dim)
        self.classify = nn.Linear(text_dim, intents)

    def forward(self, sentences: Tensor) -> tuple[Tensor, Tensor]:
        with full_precision(sentences):  # half precision keeps a length of 1 to three digits only
            text = F.normalize(self.project(sentences.float()), dim=-1)
            return text, self.classify(text)
