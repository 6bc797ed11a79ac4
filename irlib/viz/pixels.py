"""From tensors to pictures small enough to stand inside a page."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

from irlib.errors import UsageError

if TYPE_CHECKING:
    import numpy as np

# A page with a dozen pictures should still open quickly on a phone.
PICTURE_BYTES = 130_000
QUALITIES = (92, 82, 70)


def to_uint8(image: Any) -> np.ndarray:
    """Turn an image into 8-bit rows that an encoder takes.

    Args:
        image: tensor or array, (3, H, W), (1, H, W), (1, 3, H, W), (H, W, 3) or (H, W). Floats are
            in [0, 1] and are clipped and rounded; 8-bit integers are taken as they are.

    Returns:
        Array (H, W, 3) of 8-bit integers.

    Raises:
        UsageError: if the shape is none of these, or a value is not a number.
    """
    import numpy as np

    array = image.detach().cpu().numpy() if hasattr(image, "detach") else np.asarray(image)
    given = array.shape
    if array.ndim == 4 and array.shape[0] == 1:
        array = array[0]
    if array.ndim == 2:
        array = array[None]
    # A tensor of shape (3, H, 3) is read channels first, as everywhere in irlib.
    if array.ndim == 3 and array.shape[0] in (1, 3):
        array = array.transpose(1, 2, 0)
    if array.ndim != 3 or array.shape[2] not in (1, 3) or 0 in array.shape:
        raise UsageError(
            f"cannot show an array of shape {tuple(given)} as a picture; "
            "give (3, H, W), (1, H, W), (H, W, 3) or (H, W), one image at a time"
        )
    if array.dtype != np.uint8:
        array = array.astype(np.float64)
        if not np.isfinite(array).all():
            raise UsageError(
                "cannot show a picture with NaN or infinite values; "
                "find the operation that made them, or replace them with torch.nan_to_num"
            )
        array = np.rint(array.clip(0.0, 1.0) * 255.0).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(array, (*array.shape[:2], 3)))


def encode_picture(
    image: np.ndarray,
    *,
    limit: int = PICTURE_BYTES,
    lossless: bool = False,
    quality: int = QUALITIES[0],
) -> tuple[str, tuple[int, int]]:
    """Encode 8-bit pixels as a WebP data URI no longer than `limit` characters.

    The quality goes down first, then the size, so that a picture is as sharp as its budget allows.

    Args:
        image: array (H, W, 3) of 8-bit integers.
        limit: most characters the URI may have.
        lossless: try without loss first; right for curves and small crops.
        quality: highest WebP quality that is tried with loss.

    Returns:
        The data URI and the (width, height) that were encoded.
    """
    from PIL import Image

    picture = Image.fromarray(image)
    if lossless:
        uri = _data_uri(picture, lossless=True)
        if len(uri) <= limit:
            return uri, picture.size
    steps = sorted({min(step, quality) for step in QUALITIES}, reverse=True)
    while True:
        for step in steps:
            uri = _data_uri(picture, quality=step)
            if len(uri) <= limit:
                return uri, picture.size
        # Bytes follow the number of pixels, so that one or two steps are enough.
        factor = min(0.9, 0.95 * (limit / len(uri)) ** 0.5)
        width, height = (max(1, round(side * factor)) for side in picture.size)
        picture = picture.resize((width, height), Image.Resampling.LANCZOS)


def _data_uri(picture: Any, **options: Any) -> str:
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", method=3, **options)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
