"""How much of a rate limit is used, and how often it is run into: one process, and two that share a key.

    python tests/benchmarks/pace.py              # about five minutes; prints a Markdown table
    python tests/benchmarks/pace.py --seconds 20 --only otpm

The endpoint is `limited.py`, which enforces the limit and counts. Goals: at least 0.97 of what the bucket
allowed, at most 0.05 refusals a success. `share` counts from the first request to the last answer, the
bucket's first filling included.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
from pathlib import Path
from time import monotonic
from typing import Any

from bench import endpoint, stats  # type: ignore[import-not-found]  # a script of this folder

AMPLE = {"rpm": 60_000, "itpm": 9_000_000, "otpm": 9_000_000}
BINDING = {"rpm": 3_000, "itpm": 300_000, "otpm": 300_000}


async def draw(url: str, seconds: float, start: int, folder: str, concurrency: str) -> int:
    """Ask for so long, as fast as pace and slots allow; return the calls that failed."""
    from workbench.errors import APIError
    from workbench.platforms import resolve
    from workbench.runner.slots import Slots
    from workbench.transport import Transport
    from workbench.wire import Request

    transport = Transport(resolve(base_url=url, api_key="k", environ={}), shared=Path(folder))
    slots = Slots("auto" if concurrency == "auto" else int(concurrency), pacing=lambda: transport.pace)
    until, failed = monotonic() + seconds, 0

    async def worker(place: int) -> None:
        nonlocal failed
        number = 0
        while monotonic() < until:
            number += 1
            text = f"{start} {place} {number}: is this review positive? " + "It was wonderful. " * (
                number % 40
            )
            request = Request.model_validate(
                {"model": "claude-haiku-4-5", "max_tokens": 400, "messages": [text]}
            )
            await slots.take()
            reply = error = None
            try:
                reply = await transport.send(request)
            except APIError as caught:
                error, failed = caught, failed + 1
            finally:
                slots.give(reply, error)

    workers = [asyncio.create_task(worker(place)) for place in range(slots.most)]
    await asyncio.wait(workers, timeout=seconds)
    for one in workers:  # what is still in the queue is of no interest
        one.cancel()
    await asyncio.gather(*workers, return_exceptions=True)
    await transport.aclose()
    return failed


def measure(kind: str, processes: int, options: argparse.Namespace) -> dict[str, Any]:
    limits = {**AMPLE, kind: BINDING[kind]}
    flags = [part for name, value in limits.items() for part in (f"--{name}", str(value))]
    flags += ["--burst-s", str(options.burst_s), "--latency", str(options.latency)]
    flags += ["--late"] * options.late
    with endpoint(*flags, script="limited.py") as url, tempfile.TemporaryDirectory() as folder:
        inner = ["--drive", url, "--seconds", str(options.seconds), "--concurrency", options.concurrency]
        command = [sys.executable, __file__, *inner, "--folder", f"{folder}/pace"]
        running = [
            subprocess.Popen([*command, "--start", str(number)], stdout=subprocess.PIPE, text=True)
            for number in range(processes)
        ]
        failed = sum(int(one.communicate()[0].split()[-1]) for one in running)
        found = stats(url)
    names = {"rpm": "requests", "itpm": "input-tokens", "otpm": "output-tokens"}
    return {**found, "share": found["shares"][names[kind]], "failed": failed}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=45)
    parser.add_argument("--only", choices=list(BINDING))
    parser.add_argument("--processes", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--concurrency", default="auto")
    parser.add_argument("--burst-s", type=float, default=15)
    parser.add_argument("--latency", type=float, default=0.3)
    parser.add_argument("--late", action="store_true")
    for hidden in ("--drive", "--folder", "--start"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.drive:
        print(
            asyncio.run(
                draw(options.drive, options.seconds, int(options.start), options.folder, options.concurrency)
            )
        )
        return
    print("| binding limit | processes | share used | 429s a success | answers | failed | most in flight |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for processes in options.processes:
        for kind in [options.only] if options.only else BINDING:
            found = measure(kind, processes, options)
            refused = found["refused"] / max(1, found["granted"])
            print(
                f"| {BINDING[kind]:,} {kind} | {processes} | {found['share']:.3f} | {refused:.4f} "
                f"| {found['granted']:,} | {found['failed']} | {found['most_in_flight']} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
