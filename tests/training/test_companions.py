"""Processes that watch one another, here threads of one: a loss is told to all who are left."""

import queue
import socket
import threading
import time

import pytest

from irlib.training.companions import Companions


class Run:
    """Some processes of a run, each in a thread, with what was said to each."""

    def __init__(self, world):
        self.world = world
        self.messages = [queue.Queue() for _ in range(world)]
        self.shared = [queue.Queue() for _ in range(world)]

    def companion(self, rank):
        def share(thing):
            if rank == 0:
                for other in range(1, self.world):
                    self.shared[other].put(thing)
                return thing
            return self.shared[rank].get(timeout=10)

        end = self.messages[rank].put
        return Companions(rank, self.world, share, "127.0.0.1", lambda: f"Advice {rank}.", end)

    def go(self, works):
        def one(rank, work):
            try:
                with self.companion(rank):
                    together.wait(10)
                    work()
            except Exception as error:
                errors[rank] = error

        errors, together = {}, threading.Barrier(self.world)
        threads = [threading.Thread(target=one, args=pair) for pair in enumerate(works)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
            assert not thread.is_alive()
        return errors

    def waiting(self, rank):
        """Work that goes on until something is said, as a sum over all devices would."""

        def work():
            until = time.monotonic() + 10
            while self.messages[rank].empty() and time.monotonic() < until:
                time.sleep(0.01)

        return work

    def said(self, rank):
        return self.messages[rank].get(timeout=10)


def nothing():
    pass


def fail():
    raise ValueError("an error of its own")


def test_a_process_alone_watches_nobody():
    with Companions(0, 1, None, "", None) as alone:
        assert not alone.writing.locked()


@pytest.mark.parametrize("world", [2, 5])
def test_all_that_end_well_end_in_silence(world):
    run = Run(world)
    assert run.go([nothing] * world) == {}
    assert all(messages.empty() for messages in run.messages)


def test_the_first_process_tells_who_is_lost_and_the_others_end_in_silence():
    run = Run(3)
    errors = run.go([run.waiting(0), run.waiting(1), fail])
    assert isinstance(errors[2], ValueError), "an error of one's own is not hidden"
    message = run.said(0)
    assert "device 2 of 0 to 2 is lost" in message
    assert message.endswith("Advice 0.")
    assert run.said(1) == ""
    assert run.messages[2].empty()


def test_when_the_first_is_lost_each_of_the_others_says_so():
    run = Run(3)
    run.go([fail, run.waiting(1), run.waiting(2)])
    for rank in (1, 2):
        assert "device 0 of 0 to 2 is lost" in run.said(rank)


def test_a_stop_by_hand_is_no_loss():
    def stop():
        raise KeyboardInterrupt

    run = Run(2)
    with pytest.raises(KeyboardInterrupt):  # of the thread that stands for the first process
        _in_main(run, stop)
    assert all(messages.empty() for messages in run.messages)


def _in_main(run, stop):
    def other():
        with run.companion(1):
            pass

    thread = threading.Thread(target=other)
    thread.start()
    try:
        with run.companion(0):
            stop()
    finally:
        thread.join(20)


def test_a_process_that_has_left_already_watches_nobody():
    alone = Run(2).companion(0)
    near, far = socket.socketpair()
    near.close(), far.close()
    alone._others[1] = near
    alone._watch()
    assert alone.end.__self__.empty(), "nobody is lost"
