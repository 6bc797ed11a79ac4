"""Ctrl-C that ends a run between two steps instead of in the middle of one."""

import signal
import threading
from types import FrameType

import torch


def begin_worker(number: int) -> None:
    """Prepares a data-loading process: one thread, and deaf to Ctrl-C.

    A full thread pool in each would only slow the others down. And a terminal or SLURM sends its
    signal to the workers too, whose samples the training still needs for the step under way.
    """
    torch.set_num_threads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


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
