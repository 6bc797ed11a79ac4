"""Ctrl-C that ends a run between two steps instead of in the middle of one."""

import signal
import threading
from types import FrameType


class Interrupt:
    """While active, the first Ctrl-C only sets :attr:`asked`; a second one stops at once.

    Used as a context manager around a loop that looks at ``asked`` after each step. Outside the
    main thread, where signals cannot be caught, it does nothing.
    """

    def __init__(self) -> None:
        self.asked = False

    def __enter__(self) -> "Interrupt":
        self._active = threading.current_thread() is threading.main_thread()
        if self._active:
            self._previous = signal.signal(signal.SIGINT, self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        if self._active:
            signal.signal(signal.SIGINT, self._previous)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
