"""One thread beside the kernel's own, for what takes long; it ends with the view."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_log = logging.getLogger("workbench")


class Background:
    """Calls *turn* again and again: at once while it says so, else after a while or when woken.

    Args:
        turn: Does a little; returns seconds until the next turn, 0 for at once, None to wait to be woken.
    """

    def __init__(self, turn: Callable[[], float | None]) -> None:
        self._turn = turn
        self._woken = threading.Event()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def wake(self) -> None:
        """Let it look what is to be done; the thread is made with the first call."""
        with self._lock:
            if self._thread is None and not self._ended.is_set():
                self._thread = threading.Thread(target=self._work, name="workbench-table", daemon=True)
                self._thread.start()
        self._woken.set()

    def end(self) -> None:
        """End the thread after its turn."""
        self._ended.set()
        self._woken.set()

    def join(self, timeout_s: float | None = None) -> None:
        """Wait until the thread has ended."""
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout_s)

    def _work(self) -> None:
        while not self._ended.is_set():
            self._woken.clear()
            try:
                wait = self._turn()
            except Exception:  # noqa: BLE001 - a thread that ended would leave the page waiting
                _log.exception("the table's background thread failed")
                wait = None
            if wait != 0:
                self._woken.wait(wait)
