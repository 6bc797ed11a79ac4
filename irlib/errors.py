"""The two errors that a reader meets: wrong use, and a failure while doing the right thing.

Every message says what was given, what was expected and what to do next. The command line prints
the message alone and exits with :attr:`IrlibError.exit_status`.
"""


class IrlibError(Exception):
    """A job that was asked for correctly failed (exit status 1), such as a truncated image."""

    exit_status = 1


class UsageError(IrlibError, ValueError):
    """A request that cannot be meant (exit status 2), such as an unknown model name."""

    exit_status = 2
