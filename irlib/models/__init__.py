"""The restoration networks, one file a system, and a registry that builds them by name."""

from irlib.models.airnet import AirNet
from irlib.models.am_promptir import AMPromptIR
from irlib.models.averaging import average_weights
from irlib.models.base import RestorationModel
from irlib.models.compiling import compile_network, uncompiled
from irlib.models.dfpir import DFPIR
from irlib.models.dppd import DPPD
from irlib.models.instructir import InstructIR
from irlib.models.nafnet import NAFNet
from irlib.models.official import load_official
from irlib.models.perceive_ir import PerceiveIR
from irlib.models.perceive_ir_start import arguments_like, load_backbone
from irlib.models.pivpnet import PIVPNet
from irlib.models.promptir import PromptIR
from irlib.models.registry import MODELS, create, list_models, preset
from irlib.models.restorer import as_restorer
from irlib.models.restormer import Restormer
from irlib.models.semantics import WithSemantics, encoder_facts
from irlib.models.told import WithTask, how_told, tell
from irlib.models.weights import load_weights, read_header, require, save_weights
from irlib.nn.padding import pad_to_multiple

__all__ = [
    "DFPIR",
    "DPPD",
    "MODELS",
    "AMPromptIR",
    "AirNet",
    "InstructIR",
    "NAFNet",
    "PIVPNet",
    "PerceiveIR",
    "PromptIR",
    "RestorationModel",
    "Restormer",
    "WithSemantics",
    "WithTask",
    "arguments_like",
    "as_restorer",
    "average_weights",
    "compile_network",
    "create",
    "encoder_facts",
    "how_told",
    "list_models",
    "load_backbone",
    "load_official",
    "load_weights",
    "pad_to_multiple",
    "preset",
    "read_header",
    "require",
    "save_weights",
    "tell",
    "uncompiled",
]
