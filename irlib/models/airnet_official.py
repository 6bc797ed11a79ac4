"""AirNet as its authors store it: their names, and what the shapes of their tensors tell."""

import re
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from irlib.models.infer_config import READERS
from irlib.models.official_names import RENAMES
from irlib.models.official_names import TO_OFFICIAL as OFFICIAL_NAMES

# The authors' names on the left, ours on the right, applied in this order.
AIRNET = (
    (r"^R\.", ""),
    (r"^(head|tail)\.0(\.|$)", r"\1\2"),
    (r"\.dgm(\d)(\.|$)", r".modulation\1\2"),
    (r"\.dcn\.conv_offset_mask(\.|$)", r".deformable.offsets_and_masks\1"),
    (r"\.dcn(\.|$)", r".deformable\1"),
    (r"\.sft\.conv_(gamma|beta)(\.|$)", r".transform.\1\2"),
    (r"\.sft(\.|$)", r".transform\1"),
    (r"^E\.E\.encoder_q(\.|$)", r"encoder\1"),
    (r"^E\.E\.encoder_k(\.|$)", r"contrast.encoder\1"),
    (r"^E\.E\.queue$", "contrast.queue"),
    (r"^E\.E\.queue_ptr$", "contrast.pointer"),
    (r"encoder\.E_pre(\.|$)", r"encoder.first\1"),
    (r"encoder\.E(\.|$)", r"encoder.deeper\1"),
    (r"encoder\.mlp(\.|$)", r"encoder.projection\1"),
    (r"\.backbone\.0(\.|$)", r".conv1\1"),
    (r"\.backbone\.1(\.|$)", r".norm1\1"),
    (r"\.backbone\.3(\.|$)", r".conv2\1"),
    (r"\.backbone\.4(\.|$)", r".norm2\1"),
    (r"\.shortcut\.0(\.|$)", r".skip\1"),
    (r"\.shortcut\.1(\.|$)", r".norm_skip\1"),
)

# The other way, where a formula needs the authors' name of one of our tensors.
TO_OFFICIAL = (
    (r"\.norm_skip\.", ".shortcut.1."),
    (r"\.skip\.", ".shortcut.0."),
    (r"(encoder\..*)\.norm2\.", r"\1.backbone.4."),
    (r"(encoder\..*)\.conv2\.", r"\1.backbone.3."),
    (r"(encoder\..*)\.norm1\.", r"\1.backbone.1."),
    (r"(encoder\..*)\.conv1\.", r"\1.backbone.0."),
    (r"encoder\.projection\.", "encoder.mlp."),
    (r"encoder\.deeper\.", "encoder.E."),
    (r"encoder\.first\.", "encoder.E_pre."),
    (r"^contrast\.pointer$", "E.E.queue_ptr"),
    (r"^contrast\.queue$", "E.E.queue"),
    (r"^contrast\.encoder\.", "E.E.encoder_k."),
    (r"^encoder\.", "E.E.encoder_q."),
    (r"\.transform\.(gamma|beta)\.", r".sft.conv_\1."),
    (r"\.deformable\.offsets_and_masks\.", ".dcn.conv_offset_mask."),
    (r"\.deformable\.", ".dcn."),
    (r"\.modulation(\d)\.", r".dgm\1."),
    (r"^(head|tail)\.", r"R.\1.0."),
    (r"^body\.", "R.body."),
)


def config_from_shapes(state: Mapping[str, Tensor], label: str) -> dict[str, Any]:
    """Returns the arguments of ``create("airnet", ...)`` that make tensors of these shapes."""
    dim, in_channels = state["head.weight"].shape[:2]
    return {
        "in_channels": in_channels,
        "dim": dim,
        "groups": _last_number(state, r"body\.(\d+)\."),
        "blocks": _last_number(state, r"body\.0\.body\.(\d+)\."),
        "queue": state["contrast.queue"].shape[1] if "contrast.queue" in state else 0,
    }


def without_lone_queue(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Leaves the queue out where the encoder that filled it is missing.

    The authors' queue is as long as 256 of their batches; without its encoder, contrast cannot go
    on from it.
    """
    if any(name.startswith("contrast.encoder.") for name in state):
        return state
    return {name: tensor for name, tensor in state.items() if not name.startswith("contrast.")}


def _last_number(state: Mapping[str, Tensor], pattern: str) -> int:
    """The highest number in the names: a closing convolution's, so the count of those before it."""
    found = [int(match.group(1)) for name in state if (match := re.match(pattern, name))]
    if not found:
        raise KeyError(pattern)
    return max(found)


RENAMES["airnet"] = AIRNET
OFFICIAL_NAMES["airnet"] = TO_OFFICIAL
READERS["airnet"] = config_from_shapes
