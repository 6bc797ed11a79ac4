"""What the protocol explorer's page measures: one restored picture and its truth, as a script.

The restored values keep 16 bits: rounding and truncating them are two of the page's switches, and
with 8 bits there would be nothing left to round.
"""

from __future__ import annotations

import base64
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from irlib.viz.pages import write_page

if TYPE_CHECKING:
    from torch import Tensor

PAGE = "book/protocol-explorer"
#: In the folder of the page's own scripts, so that it loads without a server.
SCRIPT = "protocol-explorer/pair.js"
WEIGHTS, PHOTO, DEGRADATION = "promptir-pocket", "coffee", "rain"
#: No multiple of 16, so that a centre crop to one cuts something.
SIDE = 187
STEPS = {"restored": 65535, "target": 255}


def restored_pair() -> dict[str, Tensor]:
    """The restored picture and its truth, (3, SIDE, SIDE) float32, as the page reads them.

    Returns:
        ``restored`` in steps of 1/65535 and ``target`` in steps of 1/255.
    """
    from irlib.data.photos import photo
    from irlib.data.seeding import generator_for
    from irlib.degradations import degrade
    from irlib.evaluation.restore import restore_image
    from irlib.models import load_weights

    whole = photo(PHOTO)
    top, left = ((length - SIDE) // 2 for length in whole.shape[-2:])
    target = whole[:, top : top + SIDE, left : left + SIDE].contiguous()
    generator = generator_for(0, DEGRADATION, PHOTO)
    degraded = degrade(target, DEGRADATION, generator=generator).image
    restored = restore_image(load_weights(WEIGHTS), degraded, tile=None)
    found = {"restored": restored, "target": target}
    return {name: (found[name] * step).round() / step for name, step in STEPS.items()}


def pair_script() -> str:
    """The pair as a script: whole numbers in base64, and the protocols that irlib names."""
    from irlib.metrics import PROTOCOLS

    pair = restored_pair()
    body = {
        "side": SIDE,
        "weights": WEIGHTS,
        "photo": PHOTO,
        "degradation": DEGRADATION,
        "restored": _base64(pair["restored"] * STEPS["restored"], "<u2"),
        "target": _base64(pair["target"] * STEPS["target"], "u1"),
        "protocols": [asdict(PROTOCOLS.get(name)) for name in PROTOCOLS.names()],
    }
    return f"globalThis.irlibProtocolPair = {json.dumps(body)};\n"


def lay_out_pair(app: object, exception: Exception | None) -> None:
    """Write the script into a built book that holds the page; a Sphinx handler."""
    if exception is None and app.builder.format == "html" and PAGE in app.env.found_docs:
        write_page(Path(app.outdir) / "_static" / SCRIPT, pair_script())


def _base64(values: Tensor, kind: str) -> str:
    whole = values.round().numpy().astype(kind)
    return base64.b64encode(whole.tobytes()).decode("ascii")
