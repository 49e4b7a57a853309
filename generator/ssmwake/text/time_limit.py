"""A bound on what somebody else's text may cost, where the program that reads it has none of its own."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class TooSlow(BaseException):
    """The time is over; not an Exception, because a library may go on after any of those."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise TooSlow after this many seconds; without effect in other threads than the first, and on Windows.

    Regular expressions of Python look for signals while they match, so that one which never ends is ended, too.
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise TooSlow

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
