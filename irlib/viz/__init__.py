"""Figures, sliders and tables for pages. Everything here displays itself in a notebook."""

from irlib.viz.figures import Picture, from_matplotlib, plot_bars, plot_curve, show_images
from irlib.viz.slider import Slider, compare, slider_html
from irlib.viz.style import apply_style, palette
from irlib.viz.tables import Table, table

__all__ = [
    "Picture",
    "Slider",
    "Table",
    "apply_style",
    "compare",
    "from_matplotlib",
    "palette",
    "plot_bars",
    "plot_curve",
    "show_images",
    "slider_html",
    "table",
]
