"""Models by name, and refusals that say what to do."""

import pytest

from irlib import models
from irlib.errors import UsageError


def test_known_models():
    assert {"restormer", "promptir", "nafnet"} <= set(models.list_models())


def test_unknown_name_suggests_the_nearest():
    with pytest.raises(UsageError, match="did you mean 'promptir'"):
        models.create("promtir")


def test_unknown_argument_is_named():
    with pytest.raises(UsageError, match=r"'dimm'.*did you mean 'dim'"):
        models.create("restormer", dimm=8)


def test_unknown_preset_is_named():
    with pytest.raises(UsageError, match="did you mean 'pocket'"):
        models.create("promptir", preset_name="pockt")


@pytest.mark.parametrize("name", ["restormer", "promptir", "nafnet"])
def test_config_builds_the_same_network_again(name):
    model = models.create(name, preset_name="smoke")
    again = models.create(name, **model.config)
    assert again.config == model.config == models.preset(name, "smoke")
    assert {k: v.shape for k, v in again.state_dict().items()} == {
        k: v.shape for k, v in model.state_dict().items()
    }


def test_pocket_promptir_fits_into_five_megabytes():
    assert models.create("promptir", preset_name="pocket").count_parameters() <= 1_200_000
