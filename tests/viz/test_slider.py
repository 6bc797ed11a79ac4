import re

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from irlib.errors import UsageError
from irlib.viz import compare, slider_html


def noise(height: int, width: int) -> torch.Tensor:
    return torch.rand(3, height, width, generator=torch.Generator().manual_seed(0))


def test_it_shows_itself_as_html_and_as_text():
    bundle = compare(noise(8, 8), noise(8, 8), alt="a cat")._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}
    assert "a cat" in bundle["text/plain"]
    assert "before" in bundle["text/plain"]


def test_noise_of_any_size_stays_below_the_limit_of_a_figure():
    image = noise(1200, 900)
    assert len(slider_html(image, image, alt="noise")) < 200_000


def test_running_a_cell_again_changes_nothing():
    assert slider_html(noise(8, 9), noise(8, 9), alt="x") == slider_html(
        noise(8, 9), noise(8, 9), alt="x"
    )


def test_two_sliders_on_a_page_have_their_own_style():
    first = slider_html(noise(8, 9), noise(8, 9), alt="one")
    second = slider_html(noise(8, 9), noise(8, 9), alt="two")
    ids = [re.search(r'id="([^"]+)"', html)[1] for html in (first, second)]
    assert ids[0] != ids[1]
    # Every rule is bound to the slider's own id.
    style = re.search(r"<style>(.*)</style>", first, re.DOTALL)[1]
    selectors = [rule.rsplit("}", 1)[-1].strip() for rule in style.split("{")[:-1]]
    assert all(selector.startswith(f"#{ids[0]}") for selector in selectors)


def test_no_placeholder_is_left():
    assert "@" not in re.sub(r"base64,[^\"]*", "", slider_html(noise(8, 9), noise(8, 9), alt="x"))


@settings(max_examples=25, deadline=None)
@given(st.text(min_size=1).filter(lambda text: text.strip()))
def test_words_never_become_markup(words):
    image = torch.zeros(3, 4, 4)
    html = slider_html(image, image, alt=words, labels=(words, words), caption=words)
    assert html.count("<") == slider_html(
        image, image, alt="a", labels=("a", "a"), caption="a"
    ).count("<")


def test_alt_text_has_no_default_and_is_not_empty():
    with pytest.raises(TypeError):
        compare(noise(4, 4), noise(4, 4))
    with pytest.raises(UsageError, match="alt text"):
        compare(noise(4, 4), noise(4, 4), alt=" ")


def test_two_sizes_are_named_in_the_error():
    with pytest.raises(UsageError, match=r"5x4.*7x6"):
        compare(noise(4, 5), noise(6, 7), alt="x")


def test_small_pictures_are_enlarged_by_whole_pixels():
    html = slider_html(noise(50, 100), noise(50, 100), alt="x")
    assert "max-width: 400px" in html
    assert "pixelated" in html
