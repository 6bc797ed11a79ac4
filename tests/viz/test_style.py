import matplotlib
import seaborn

from irlib.viz import apply_style, palette


def test_the_palette_is_seaborns_colour_blind_safe_one():
    assert list(palette.values()) == seaborn.color_palette("colorblind").as_hex()


def test_apply_style_sets_matplotlibs_defaults():
    with matplotlib.rc_context():
        apply_style()
        cycle = matplotlib.rcParams["axes.prop_cycle"].by_key()["color"]
        assert cycle == list(palette.values())
