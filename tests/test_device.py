import pytest
import torch

from irlib.device import choose_device, in_float64
from irlib.errors import UsageError


@pytest.mark.parametrize(
    ("cuda", "mps", "found"),
    [(True, False, "cuda"), (True, True, "cuda"), (False, True, "mps"), (False, False, "cpu")],
)
def test_auto_is_a_gpu_where_there_is_one(monkeypatch, cuda, mps, found):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert choose_device() == choose_device("auto") == torch.device(found)


def test_a_name_is_that_device():
    assert choose_device("cpu") == torch.device("cpu")


@pytest.mark.parametrize("name", ["toaster", "meta", "cuda:99"])
def test_a_device_that_is_not_there_is_an_error_with_the_names_that_can_be(name):
    with pytest.raises(UsageError, match=rf"'{name}' cannot be used here. Choose auto, cpu, cuda"):
        choose_device(name)


def test_float64_holds_every_digit_of_a_float32():
    value = torch.tensor([0.1])
    assert in_float64(value).dtype == torch.float64
    assert torch.equal(in_float64(value).float(), value)


def test_without_float64_on_the_device_the_cpu_computes_it():
    class There(torch.Tensor):
        def double(self):
            raise TypeError("Cannot convert a MPS Tensor to float64 dtype")

        def cpu(self):
            return self.as_subclass(torch.Tensor)

    found = in_float64(torch.tensor([0.1]).as_subclass(There))
    assert type(found) is torch.Tensor
    assert found.dtype == torch.float64
