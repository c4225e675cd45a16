"""Another client at the door, who only wants to know whether anybody is there: how long the event loop is busy."""

import smtplib
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.system.desk import Desk


class Prober:
    """Says NOOP again and again, and notes how long each answer takes: how long the event loop lets others wait."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._end, self.seconds = desk, threading.Event(), list[float]()

    @contextmanager
    def at_work(self) -> Iterator["Prober"]:
        thread = threading.Thread(target=self._probe)
        thread.start()
        try:
            yield self
        finally:
            self._end.set()
            thread.join()

    def _probe(self) -> None:
        while not self._end.wait(0.05):
            with suppress(OSError, smtplib.SMTPException), smtplib.SMTP("127.0.0.1", self._desk.smtp_port) as client:
                for _ in range(80):  # less than one session may
                    begun = time.perf_counter()
                    client.noop()
                    self.seconds.append(time.perf_counter() - begun)
                    if self._end.wait(0.05):
                        return

    def __str__(self) -> str:
        if len(self.seconds) < 2:
            return "nobody else asked for anything"
        usual, *_, p99 = (
            1000 * cut for cut in (statistics.median(self.seconds), *statistics.quantiles(self.seconds, n=100))
        )
        worst = 1000 * max(self.seconds)
        return f"another client's NOOP took {usual:.0f} ms, p99 {p99:.0f} ms, at worst {worst:.0f} ms"
