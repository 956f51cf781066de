"""Who waits comes before who comes again."""

from __future__ import annotations

import threading

from runstream_server.materialize.fair_lock import FairLock


def test_a_waiter_gets_its_turn() -> None:
    lock, order = FairLock(), list[str]()
    inside = threading.Event()

    def wait() -> None:
        inside.set()
        with lock:
            order.append("waiter")

    with lock:
        waiter = threading.Thread(target=wait)
        waiter.start()
        inside.wait()
        while not lock.has_waiter():
            pass
    for _ in range(3):
        with lock:
            order.append("again")
    waiter.join()
    assert order[0] == "waiter"
