"""Which request gets which fault: by name, rate and seed."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from workbench.emulator.faults import answers, connections, streams
from workbench.errors import UsageError, did_you_mean
from workbench.wire.codec import digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from workbench.emulator.faults.fault import Fault

JSON = dict[str, Any]

FAULTS: dict[str, Fault] = {
    fault.name: fault for fault in (*connections.FAULTS, *answers.FAULTS, *streams.FAULTS)
}
"""Every fault by name; ``http_NNN`` stands for any error status beside those listed."""


class Drawn(NamedTuple):
    """A fault that a request gets, and how often its body was asked before."""

    fault: Fault
    turn: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """A fault that is asked for.

    Attributes:
        rate: Share of requests it hits, 0 to 1.
        times: Only the first so many requests of a body are hit; None for all.
    """

    fault: Fault
    rate: float = 1.0
    times: int | None = None


@dataclass(frozen=True, slots=True)
class Storm:
    """A time in which every request is refused; seconds count from the first request."""

    start_s: float
    seconds: float
    fault: Fault


class Faults:
    """Draws faults: the same for a body and its how-manieth request, whatever order requests come in.

    Args:
        faults: ``NAME``, ``NAME:RATE`` or ``NAME:RATE:TIMES`` each; or rates by name.
        seed: Another seed hits other requests.
        storm: ``START:SECONDS:STATUS``, or None.
        clock: Seconds, monotonic.

    Raises:
        UsageError: An unknown name, or numbers that make no sense.

    >>> faults = Faults(["http_529:0.5"], seed=1)
    >>> [drawn.fault.name if (drawn := faults.draw({"n": n})) else None for n in range(4)]
    [None, None, 'http_529', None]
    """

    def __init__(
        self,
        faults: str | Iterable[str] | Mapping[str, float] = (),
        *,
        seed: int = 0,
        storm: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.wanted = _read(faults)
        self.storm = _storm(storm) if storm else None
        self._seed = seed
        self._clock = clock
        self._began: float | None = None
        self._turns: Counter[bytes] = Counter()

    def __bool__(self) -> bool:
        return bool(self.wanted or self.storm)

    def draw(self, body: JSON) -> Drawn | None:
        """Return the fault this request gets, or None."""
        streams = body.get("stream") is True
        key = digest({name: value for name, value in body.items() if name != "stream"})
        turn = self._turns[short := bytes.fromhex(key[:32])]
        self._turns[short] += 1
        if (fault := self._stormy()) is not None:
            return Drawn(fault, turn)
        for wanted in self.wanted:
            early = wanted.times is None or turn < wanted.times
            if early and wanted.fault.suits(streams=streams) and self._hits(wanted, key, turn):
                return Drawn(wanted.fault, turn)
        return None

    def _stormy(self) -> Fault | None:
        if self.storm is None:
            return None
        now = self._clock()
        if self._began is None:
            self._began = now
        since = now - self._began - self.storm.start_s
        return self.storm.fault if 0 <= since < self.storm.seconds else None

    def _hits(self, wanted: Wanted, key: str, turn: int) -> bool:
        thrown = hashlib.sha256(f"{self._seed} {wanted.fault.name} {key} {turn}".encode()).digest()
        return int.from_bytes(thrown[:7]) / 2**56 < wanted.rate


def known(name: str) -> Fault:
    """Return the fault of that name.

    Raises:
        UsageError: There is none.

    >>> known("http_418").says
    'The service answers 418.'
    >>> known("stream_fin_middle")
    Traceback (most recent call last):
    ...
    workbench.errors.UsageError: no fault 'stream_fin_middle'; did you mean 'stream_fin_mid'? \
`workbench serve --fault list` names them all
    """
    fault = FAULTS.get(name) or connections.of_status(name)
    if fault is None:
        hint = did_you_mean(name, FAULTS) or "."
        raise UsageError(f"no fault {name!r}{hint} `workbench serve --fault list` names them all")
    return fault


def listing() -> str:
    """Return every fault with what it does, a line each."""
    width = max(map(len, FAULTS))
    lines = [f"{fault.name:<{width}}  {fault.says}" for fault in FAULTS.values()]
    return "\n".join([*lines, f"{'http_NNN':<{width}}  The service answers NNN, 400 to 599."])


def _read(faults: str | Iterable[str] | Mapping[str, float]) -> tuple[Wanted, ...]:
    if isinstance(faults, str):
        faults = [faults]
    given = getattr(faults, "items", None)
    texts = [f"{name}:{rate}" for name, rate in given()] if given else list(faults)
    return tuple(map(_wanted, texts))


def _wanted(text: str) -> Wanted:
    name, *numbers = text.split(":")
    fault = known(name.strip())
    try:
        rate = float(numbers[0]) if numbers else 1.0
        times = int(numbers[1]) if len(numbers) > 1 else None
    except ValueError:
        rate, times = -1.0, None
    if not 0 <= rate <= 1 or (times is not None and times < 1) or len(numbers) > 2:
        raise UsageError(
            f"fault {text!r} is not NAME:RATE or NAME:RATE:TIMES (RATE from 0 to 1, TIMES from 1: only the "
            "first so many requests of a body)"
        )
    return Wanted(fault, rate, times)


def _storm(text: str) -> Storm:
    try:
        start, seconds, status = text.split(":")
        fault = connections.of_status(f"http_{int(status)}")
        times = float(start), float(seconds)
    except ValueError:
        fault, times = None, (0.0, 0.0)
    if fault is None or not all(0 <= number <= 86_400 for number in times):
        raise UsageError(
            f"storm {text!r} is not START:SECONDS:STATUS, such as 0:10:529 (seconds from the first request, "
            "an error status)"
        )
    return Storm(*times, fault)
