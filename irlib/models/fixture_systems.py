"""What the fixtures of each system need besides images and weights."""

from collections.abc import Iterator
from typing import Any

from irlib.losses import psnr_loss
from irlib.models import (  # noqa: F401  (register their rules)
    airnet_fixtures,
    am_promptir_fixtures,
    dfpir_fixtures,
    instructir_fixtures,
    pivpnet_fixtures,
)
from irlib.models.fixture import Comparison, Fixture, FixtureRules, Part, fixture_rules


def _nafnet_options(fixture: Fixture) -> dict[str, Any]:
    if "train_size" in fixture.constructor:
        return {"train_size": fixture.constructor["train_size"][-2:]}
    return {}


def _psnr_loss(fixture: Fixture) -> Part:
    """The PSNR loss over RGB and over luma."""

    def outputs() -> Iterator[Comparison]:
        restored, target = fixture.tensors["input.0"], fixture.tensors["input.1"]
        for index, luma in enumerate((False, True)):
            given = psnr_loss(restored, target, luma=luma)
            expected = fixture.tensors[f"output.{index}"]
            yield Comparison(f"output.{index}", given, expected.reshape(given.shape))

    return None, outputs()


fixture_rules("nafnet", FixtureRules(options=_nafnet_options, parts={"psnrloss": _psnr_loss}))
