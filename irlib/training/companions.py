"""The processes of one run watch one another: when one is lost, all end, with one clear message.

A training step ends with a sum over all devices. If a process dies, the others wait in that sum,
with some back ends for half an hour. Here each process keeps a socket to the first. The operating
system closes the sockets of whatever ends, for any reason, so the others know within a moment, say
what to do and end. Taught in chapter 19.
"""

import contextlib
import os
import secrets
import selectors
import socket
import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any

# A machine that lost its power closes nothing: after this many seconds of silence it is asked.
_SILENCE, _ASK_EVERY, _ASK_TIMES = 30, 10, 3
_PATIENCE = 120.0
# What a process says before its socket closes; the second only the first process says.
_DONE, _END_QUIETLY = b".", b"!"


class Companions:
    """Watches the other processes of a run while its block is active; alone it does nothing.

    Args:
        rank: This process, from 0.
        world: Number of processes.
        share: Gives every process what the first one holds, as ``fabric.broadcast`` does.
        address: Where the first process can be reached.
        advice: Words for the message: what is saved, and how to go on. Asked when needed.
        end: What to do when another process is lost; by default prints and ends this process.
    """

    def __init__(
        self,
        rank: int,
        world: int,
        share: Callable[[Any], Any],
        address: str,
        advice: Callable[[], str],
        end: Callable[[str], None] | None = None,
    ) -> None:
        self.rank, self.world, self.share = rank, world, share
        self.address, self.advice = address, advice
        self.end = end or self._end
        #: Held while a file is written that a sudden end must not cut short.
        self.writing = threading.Lock()
        self._lost, self._leaving = threading.Event(), threading.Event()
        self._others: dict[int, socket.socket] = {}
        self._names: dict[int, str] = {}

    def __enter__(self) -> "Companions":
        if self.world > 1:
            self._connect()
            self._watcher = threading.Thread(target=self._watch, daemon=True)
            self._watcher.start()
        return self

    def __exit__(
        self, kind: type | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.world == 1:
            return
        if isinstance(error, RuntimeError) and self._lost.wait(timeout=2):
            # The sum over the devices failed because one is gone: the watcher says so, and ends.
            self._watcher.join()
        if error is None or isinstance(error, KeyboardInterrupt):
            self._tell(_DONE)
        if error is None:
            self._watcher.join(timeout=_PATIENCE)  # until all others are done too
        self._leaving.set()
        for other in self._others.values():
            other.close()

    def _connect(self) -> None:
        name = f"{socket.gethostname()}, process {os.getpid()}"
        if self.rank == 0:
            with socket.create_server(("", 0), backlog=self.world) as server:
                server.settimeout(_PATIENCE)
                token = secrets.token_hex(16)
                self.share((server.getsockname()[1], token))
                while len(self._others) < self.world - 1:
                    other, _ = server.accept()
                    other.settimeout(_PATIENCE)
                    words = _line(other).split(" ", 2)
                    if len(words) == 3 and secrets.compare_digest(words[0], token):
                        self._others[int(words[1])] = other
                        self._names[int(words[1])] = words[2]
                    else:
                        other.close()
            self._tell(f"{name}\n".encode())
        else:
            port, token = self.share(None)
            other = socket.create_connection((self.address, port), timeout=_PATIENCE)
            _send(other, f"{token} {self.rank} {name}\n".encode())
            self._others[0], self._names[0] = other, _line(other)
        for other in self._others.values():
            other.settimeout(None)
            _ask_when_silent(other)

    def _watch(self) -> None:
        """Waits until all others are done, or one is lost."""
        with selectors.DefaultSelector() as open_ones:
            for rank, other in self._others.items():
                try:
                    open_ones.register(other, selectors.EVENT_READ, rank)
                except ValueError:  # closed: this process left before the watch began
                    return
            while open_ones.get_map() and not self._leaving.is_set():
                for key, _ in open_ones.select(timeout=1):
                    try:
                        said = key.fileobj.recv(1)
                    except OSError:
                        said = b""
                    if self._leaving.is_set():
                        return
                    if said == _DONE:
                        open_ones.unregister(key.fileobj)
                        continue
                    self._lost.set()
                    # One voice is enough, and only the first process hears of all others.
                    self._tell(_END_QUIETLY)
                    self.end("" if said == _END_QUIETLY else self._message(key.data))
                    return

    def _tell(self, words: bytes) -> None:
        for other in self._others.values():
            _send(other, words)

    def _message(self, rank: int) -> str:
        return (
            f"device {rank} of 0 to {self.world - 1} is lost ({self._names[rank]}): it was killed, "
            "ran out of memory, or met an error of its own, which then stands above. The others "
            f"end too. {self.advice()}"
        )

    def _end(self, message: str) -> None:
        with self.writing:
            if message:
                print(f"irlib: error: {message}", file=sys.stderr, flush=True)
            # The main thread may wait in a sum that never ends, where no exception reaches it.
            os._exit(1)


def _send(other: socket.socket, words: bytes) -> None:
    with contextlib.suppress(OSError):  # it is gone, which the watcher finds by itself
        other.sendall(words)


def _line(other: socket.socket) -> str:
    words = b""
    while not words.endswith(b"\n"):
        piece = other.recv(1)
        if not piece or len(words) > 1000:
            break
        words += piece
    return words.decode(errors="replace").strip()


def _ask_when_silent(other: socket.socket) -> None:
    """Lets the operating system find out when the machine at the other end is gone."""
    other.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    settings = {"TCP_KEEPIDLE": _SILENCE, "TCP_KEEPINTVL": _ASK_EVERY, "TCP_KEEPCNT": _ASK_TIMES}
    for name, value in settings.items():
        if hasattr(socket, name):  # the names differ between systems; the first alone is a help
            other.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
