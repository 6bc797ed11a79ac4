"""The playground's pictures arrive in the page as Python has them."""

import base64
import io
import json

import numpy as np
import pytest
import torch
from PIL import Image

from irlib.errors import UsageError
from irlib.viz.playground import SCENES, scene, write_scenes

MOST_BYTES = 800_000  # of the pictures' script; a page and all it loads stay under 2 MB


def test_the_script_carries_the_pictures_without_loss(tmp_path):
    script = write_scenes(tmp_path / "playground")
    text = script.read_text(encoding="utf-8")
    assert len(text) < MOST_BYTES
    carried = json.loads(text.partition("SCENES = ")[2].strip().rstrip(";"))
    assert list(carried) == list(SCENES)
    for name, parts in carried.items():
        for key, values in zip(("image", "depth"), scene(name), strict=True):
            if values is None:
                assert parts[key] is None
                continue
            data = base64.b64decode(parts[key].partition(",")[2])
            pixels = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
            found = torch.from_numpy(pixels.copy()).permute(2, 0, 1) / 255
            assert torch.equal(found[: len(values)], values), (name, key)


def test_an_unknown_picture_is_refused():
    with pytest.raises(UsageError, match="unknown scene 'dog'"):
        scene("dog")
