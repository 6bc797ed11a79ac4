"""Frozen foundation models: CLIP, DINOv2 and VGG features, real or pocket, behind one interface.

Beside them a namer, which names the degradation of a picture and of which there is only ours.

Each comes from one of three sources: ``pocket`` (small weights that ship with irlib), a file on
disk, or ``pretrained`` (the published weights, from the machine's caches; from the network only
where asked). All are frozen: evaluation mode survives ``.train()``, no parameter takes a gradient,
and a network that holds one keeps it out of its own parameters and state dictionary.

open_clip and timm load when a model is built, not when this package is imported.
"""

import warnings

from irlib.foundation.clip import Clip, load_clip
from irlib.foundation.dino import Dino, load_dino
from irlib.foundation.frozen import Frozen
from irlib.foundation.namer import Namer, load_namer
from irlib.foundation.sources import Source, parse_source
from irlib.foundation.vgg import Vgg, load_vgg

__all__ = [
    "Clip",
    "Dino",
    "Frozen",
    "Namer",
    "Source",
    "Vgg",
    "load_clip",
    "load_dino",
    "load_namer",
    "load_vgg",
    "parse_source",
]

# open_clip imports tqdm's bars for notebooks, which ask for widgets; irlib draws none of them.
warnings.filterwarnings("ignore", message="IProgress not found")
