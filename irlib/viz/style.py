"""How figures of the book look: one palette, one set of Matplotlib settings."""

from __future__ import annotations

# seaborn's "colorblind" palette, written out so that importing irlib.viz stays cheap;
# tests/viz/test_style.py compares it with seaborn's own.
palette: dict[str, str] = {
    "blue": "#0173b2",
    "orange": "#de8f05",
    "green": "#029e73",
    "red": "#d55e00",
    "purple": "#cc78bc",
    "brown": "#ca9161",
    "pink": "#fbafe4",
    "grey": "#949494",
    "yellow": "#ece133",
    "sky": "#56b4e9",
}
"""Colours that stay apart for readers with any common colour blindness, in the order of use."""

# Lines differ in dash pattern too, so that a figure still reads when printed in black and white.
DASHES: tuple[str, ...] = ("-", "--", "-.", ":")


def apply_style() -> None:
    """Set Matplotlib's defaults to the book's: palette, light grid, readable sizes.

    Every figure function of `irlib.viz` draws inside these settings already; call this once in a
    notebook that uses Matplotlib directly.
    """
    import matplotlib

    matplotlib.rcParams.update(settings())


def settings() -> dict[str, object]:
    """Return the Matplotlib settings as a dictionary, for `matplotlib.rc_context`."""
    from matplotlib import cycler

    return {
        "axes.axisbelow": True,
        "axes.edgecolor": "#555555",
        "axes.grid": True,
        "axes.labelsize": 11,
        "axes.prop_cycle": cycler(color=list(palette.values())),
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.titlesize": 11,
        "figure.constrained_layout.use": True,
        "figure.dpi": 100,
        "figure.facecolor": "white",
        "font.size": 11,
        "grid.color": "#dddddd",
        "grid.linewidth": 0.6,
        "legend.frameon": False,
        "lines.linewidth": 1.8,
    }
