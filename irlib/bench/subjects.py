"""What is measured: each network, and its plain transcription with the same weights."""

from dataclasses import dataclass

import torch
from torch import nn

from irlib import models
from irlib.bench.plain_nafnet import PlainNAFNet
from irlib.bench.plain_perceive_ir import PlainPerceiveIR
from irlib.bench.plain_promptir import PlainPromptIR
from irlib.bench.plain_restormer import PlainRestormer
from irlib.errors import UsageError
from irlib.registry import unknown_name

PLAIN = {
    "restormer": PlainRestormer,
    "promptir": PlainPromptIR,
    "nafnet": PlainNAFNet,
    "perceive-ir": PlainPerceiveIR,
}
SUBJECTS = (*PLAIN, "perceive-ir-nafnet")
PRESETS = ("paper", "pocket", "smoke")


@dataclass(frozen=True)
class Subject:
    """A network, its transcription, and what both take beside images.

    Attributes:
        ours: The network as irlib runs it.
        plain: The transcription, with the same weights.
        semantic_dim: Length of the four class tokens that both take, or 0.
    """

    ours: nn.Module
    plain: nn.Module
    semantic_dim: int

    def inputs(self, batch: int, side: int) -> tuple:
        """Arguments of one call: random images (batch, 3, side, side), and tokens if need be."""
        generator = torch.Generator().manual_seed(0)
        images = torch.rand(batch, 3, side, side, generator=generator)
        if not self.semantic_dim:
            return (images,)
        tokens = torch.randn(4, batch, self.semantic_dim, generator=generator)
        return images, list(tokens)


def subject(name: str, preset: str = "pocket") -> Subject:
    """Builds a network and its transcription; weights are drawn with a fixed seed.

    Scales and guidances that begin at zero are drawn too, so that every part counts.

    Args:
        name: One of :data:`SUBJECTS`.
        preset: "paper", "pocket" or "smoke".

    Raises:
        UsageError: An unknown name or preset.
    """
    if name not in SUBJECTS:
        raise UsageError(unknown_name("network to measure", name, list(SUBJECTS)))
    if preset not in PRESETS:
        raise UsageError(unknown_name("preset to measure", preset, list(PRESETS)))
    model_name, config = name, {}
    if name == "perceive-ir-nafnet":
        model_name = "perceive-ir"
        if preset == "smoke":
            config = {"backbone": "nafnet"}
        else:
            preset = f"{preset}-nafnet"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        ours = models.create(model_name, preset_name=preset, **config)
        with torch.no_grad():
            for parameter in ours.parameters():
                if not parameter.any():
                    parameter.normal_(std=0.1)
        plain = PLAIN[model_name](**ours.config)
    plain.load_state_dict(ours.state_dict())
    return Subject(ours, plain, getattr(ours, "semantic_dim", 0))
