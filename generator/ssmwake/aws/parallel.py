"""Do the same in many places side by side, with a result for each; Ctrl-C ends the run and keeps what is done."""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

SIDE_BY_SIDE = 20

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")


class Stop:
    """Whether no further step may begin: set after Ctrl-C, or by whoever has seen enough."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self.interrupted = False

    def __bool__(self) -> bool:
        return self._event.is_set()

    def set(self) -> None:
        """Let what runs end with its present step, and nothing else begin."""
        self._event.set()


def side_by_side(
    work: Callable[[Item], Outcome],
    items: Sequence[Item],
    *,
    at_once: int = SIDE_BY_SIDE,
    stop: Stop | None = None,
    on_progress: Callable[[Item], None] = lambda item: None,
    grace: float = 40,
) -> list[Outcome | None]:
    """Return what `work` returns for each item, in their order; None for what did not end.

    After Ctrl-C, `stop` is set and what runs has `grace` seconds to end with its present step; a second Ctrl-C does not
    wait. What `work` raises is raised here, when all have ended.
    """
    stop = Stop() if stop is None else stop
    outcomes: list[Outcome | None] = [None] * len(items)
    raised: list[BaseException] = []
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    ended: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in range(len(items)):
        waiting.put(number)

    def run() -> None:
        while True:
            try:
                number = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                outcomes[number] = work(items[number])
            except BaseException as error:  # noqa: BLE001 - raised again in the calling thread
                raised.append(error)
            ended.put(number)

    # Daemons: one that hangs in a call must not keep the program from ending.
    for _ in range(max(1, min(at_once, len(items)))):
        threading.Thread(target=run, daemon=True).start()
    left = len(items)
    try:
        while left:
            number = ended.get()
            left -= 1
            on_progress(items[number])
    except KeyboardInterrupt:
        stop.interrupted = True
        stop.set()
        _drain(waiting, ended)
        _wait(ended, left, grace)
    if raised:
        raise raised[0]
    return outcomes


def _drain(waiting: "queue.SimpleQueue[int]", ended: "queue.SimpleQueue[int]") -> None:
    """Take out what has not begun."""
    while True:
        try:
            ended.put(waiting.get_nowait())
        except queue.Empty:
            return


def _wait(ended: "queue.SimpleQueue[int]", left: int, grace: float) -> None:
    """Wait until that many have ended, for `grace` seconds, or until a second Ctrl-C."""
    until = time.monotonic() + grace
    try:
        while left and (remaining := until - time.monotonic()) > 0:
            ended.get(timeout=remaining)
            left -= 1
    except (queue.Empty, KeyboardInterrupt):
        return
