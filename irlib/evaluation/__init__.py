"""Using and judging trained models: restoring one's own photographs, scores under a protocol."""

from typing import Any


def __getattr__(name: str) -> Any:
    """Loads ``restore_image`` when first asked for, so that importing the package stays cheap."""
    if name == "restore_image":
        from irlib.evaluation.restore import restore_image

        return restore_image
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
