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


@pytest.mark.parametrize("name", SUBJECTS)
def test_in_double_precision_they_are_equal_to_its_last_digits(name):
    found = subject(name, "smoke")
    image, *tokens = found.inputs(1, 32)
    given = (image.double(), *([[t.double() for t in tokens[0]]] if tokens else []))
    with torch.no_grad():
        ours, plain = (network.double()(*given) for network in (found.ours, found.plain))
    torch.testing.assert_close(ours, plain, atol=1e-12, rtol=1e-10)


def test_bias_free_norms_are_equal():
    from irlib.bench.plain_restormer import PlainRestormer

    ours = create("restormer", preset_name="smoke", norm_type="BiasFree", bias=True)
    plain = PlainRestormer(**ours.config)
    plain.load_state_dict(ours.state_dict())
    image = torch.rand(1, 3, 24, 16, generator=torch.Generator().manual_seed(1))
    assert (ours(image) - plain(image)).abs().max() <= TOLERANCE


def test_weights_are_the_same_each_time_and_the_global_generator_is_left_alone():
    state = torch.get_rng_state()
    first, second = (subject("restormer", "smoke").ours.output.weight for _ in range(2))
    assert torch.equal(first, second)
    assert torch.equal(torch.get_rng_state(), state)


def test_another_reading_is_refused():
    with pytest.raises(UsageError, match="pgca is 'double'"):
        PlainPerceiveIR(**create("perceive-ir", preset_name="smoke", pgca="double").config)


@pytest.mark.parametrize("arguments", [("restomer", "smoke"), ("restormer", "pockets")])
def test_unknown_names_are_told(arguments):
    with pytest.raises(UsageError, match="did you mean"):
        subject(*arguments)
