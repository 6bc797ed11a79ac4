import matplotlib.pyplot
import pytest
import torch

from irlib.errors import UsageError
from irlib.viz import from_matplotlib, plot_bars, plot_curve, show_images


def noise(height: int, width: int) -> torch.Tensor:
    return torch.rand(3, height, width, generator=torch.Generator().manual_seed(0))


def test_pictures_carry_their_text_alternative():
    picture = show_images([noise(20, 30)], ["noise"], alt='a "quoted" field')
    bundle = picture._repr_mimebundle_()
    assert 'alt="a &quot;quoted&quot; field"' in bundle["text/html"]
    assert bundle["text/plain"] == 'figure: a "quoted" field'


def test_even_noise_stays_below_the_limit_of_a_figure():
    picture = show_images([noise(512, 512)] * 8, list("abcdefgh"), alt="noise")
    assert len(picture.html) < 200_000


def test_it_is_never_wider_than_the_page():
    picture = show_images([noise(20, 30)] * 3, alt="noise")
    assert "max-width: 100%" in picture.html


@pytest.mark.parametrize(
    "draw",
    [
        lambda alt: show_images([noise(4, 4)], alt=alt),
        lambda alt: plot_curve({"a": ([0, 1], [1, 2])}, xlabel="x", ylabel="y", alt=alt),
        lambda alt: plot_bars({"a": {"b": 1.0}}, ylabel="y", alt=alt),
    ],
)
def test_an_empty_text_alternative_is_refused(draw):
    assert draw("something").alt == "something"
    with pytest.raises(UsageError, match="alt text"):
        draw("")


def test_images_and_titles_must_match():
    with pytest.raises(UsageError, match="2 images and 1 titles"):
        show_images([noise(4, 4)] * 2, ["one"], alt="x")
    with pytest.raises(UsageError, match="no image"):
        show_images([], alt="x")


def test_a_curve_with_unequal_lengths_is_named():
    with pytest.raises(UsageError, match='"loss" has 2 x values and 1 y values'):
        plot_curve({"loss": ([0, 1], [1])}, xlabel="x", ylabel="y", alt="x")


def test_curves_take_tensors():
    x = torch.arange(1, 5)
    plot_curve({"a": (x, x**2)}, xlabel="x", ylabel="y", alt="x", log_x=True, log_y=True)


def test_bars_may_lack_a_value():
    plot_bars({"rain": {"input": 1.0, "ours": 2.0}, "haze": {"ours": 3.0}}, ylabel="dB", alt="x")


def test_no_figure_stays_open():
    before = matplotlib.pyplot.get_fignums()
    show_images([noise(4, 4)], alt="x")
    assert matplotlib.pyplot.get_fignums() == before


def test_a_matplotlib_figure_can_be_taken_over():
    figure, axes = matplotlib.pyplot.subplots()
    axes.plot([0, 1])
    assert from_matplotlib(figure, alt="a line").alt == "a line"
    matplotlib.pyplot.close(figure)
