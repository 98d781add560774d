"""What a whole command takes: CPU of it and its children, wall, the most memory of its processes together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Figures = dict[str, float]

PATIENCE_S = 400


def tree(pid: int) -> Iterator[int]:
    """Yield a process and all below it."""
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            yield from tree(int(child))


def resident_mb(pid: int) -> float:
    pages = 0
    try:
        for one in tree(pid):
            pages += int(Path(f"/proc/{one}/statm").read_text().split()[1])
    except (OSError, IndexError):  # one of them has just ended
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def spend(command: Sequence[str], folder: Path) -> Figures:
    """Run a command to its end; its home is *folder*."""
    kept = ("PATH", "LANG", "PYTHONPATH", "TMPDIR")
    quiet = {"PROMPTFOO_DISABLE_TELEMETRY": "1", "PROMPTFOO_DISABLE_UPDATE": "1", "NO_COLOR": "1"}
    environment = {name: os.environ[name] for name in kept if name in os.environ} | quiet
    environment |= {"HOME": str(folder), "WORKBENCH_STORE": str(folder / "store"), "ANTHROPIC_API_KEY": "k"}
    peak, over = [0.0], threading.Event()
    began = time.perf_counter()
    with (folder / "said.txt").open("ab") as said:
        process = subprocess.Popen(
            command, stdout=said, stderr=said, cwd=folder, env=environment, start_new_session=True
        )

        def watch() -> None:
            while not over.wait(0.1):
                peak[0] = max(peak[0], resident_mb(process.pid))
                if time.perf_counter() - began > PATIENCE_S:
                    os.killpg(process.pid, signal.SIGKILL)

        watcher = threading.Thread(target=watch)
        watcher.start()
        _, status, used = os.wait4(process.pid, 0)
        over.set()
        watcher.join()
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - began
    cpu = used.ru_utime + used.ru_stime
    own = used.ru_maxrss / (1024 if sys.platform == "linux" else 2**20)
    return {"cpu": cpu, "wall": wall, "peak_mb": max(peak[0], own), "exit": process.returncode}
