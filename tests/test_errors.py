"""The two errors, and the exit status each stands for."""

from irlib.errors import IrlibError, UsageError


def test_exit_statuses():
    assert IrlibError.exit_status == 1
    assert UsageError.exit_status == 2


def test_wrong_use_is_caught_as_an_irlib_error_and_as_a_value_error():
    assert issubclass(UsageError, IrlibError)
    assert issubclass(UsageError, ValueError)
    assert not issubclass(IrlibError, ValueError)
