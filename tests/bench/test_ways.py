"""Which ways are measured, and that each runs as its name says."""

import pytest
import torch

from irlib.bench import ways
from irlib.bench.subjects import subject
from irlib.bench.ways import WAYS, computing, laid_out, prepared, variants
from irlib.errors import UsageError


def test_nothing_more_than_was_asked_for_and_both_at_once():
    assert variants() == ()
    assert variants("bf16") == ("bf16",)
    assert variants(compile=True) == ("compiled",)
    assert variants("bf16", compile=True) == ("bf16", "compiled", "bf16-compiled")
    assert variants(channels_last=True) == ("plain-channels-last",)
    assert set(variants("bf16", True, True)) < set(WAYS)
    with pytest.raises(UsageError, match="did you mean 'bf16'"):
        variants("bf61")


def test_layout_and_precision_are_what_they_say():
    found = subject("perceive-ir", "smoke")
    for name, way in WAYS.items():
        images, tokens = laid_out(found.inputs(1, 16), name)
        assert images.is_contiguous(memory_format=torch.channels_last) == way.channels_last
        assert len(tokens) == 4
        with computing(name):
            product = torch.ones(2, 2) @ torch.ones(2, 2)
        assert product.dtype == (torch.bfloat16 if way.bf16 else torch.float32)


def test_each_way_has_weights_of_its_own(monkeypatch):
    monkeypatch.setattr(ways, "BACKEND", "eager")
    found = subject("nafnet", "smoke")
    for name, way in WAYS.items():
        network, source = prepared(found, name), getattr(found, way.network)
        assert (network._compiled_call_impl is not None) == way.compiled
        assert source._compiled_call_impl is None
        weight, same = network.intro.weight, source.intro.weight
        assert torch.equal(weight, same)
        assert weight.data_ptr() != same.data_ptr()
