"""The batches of a run, as its journal knows them: which trials each holds, and how far it has come.

Three records make one: ``asked`` before it is made, ``made`` with the service's id, and ``over`` when all of
its results are in the journal, or ``void`` when it was never made. A run that is killed between the first two
looks for its batch at the service, so that none is ever made twice.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, Self

from workbench.errors import JournalError
from workbench.journal import Records
from workbench.runner.prefixes import marked
from workbench.tokens import breakpoints, prefix_keys, prefix_tokens
from workbench.wire.batch import MOST_BYTES, MOST_REQUESTS, moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from workbench.evaluation import Eval, Trial
    from workbench.runner.purse import Hold
    from workbench.wire import Request
    from workbench.wire.batch import Batch

_FRAME = 120
"""Bytes of a request beside its params, and more than enough for its name."""
_SKEW = timedelta(hours=1)
"""So far may the clocks of service and user be apart."""


@dataclass
class Piece:
    """Trials that go out as one batch.

    Attributes:
        nonce: Ends the names of its requests, so that no other batch's results are taken for its own.
        api_version: The version it is asked under.
        indexes: Its trials.
        asked_at: When it was about to be made.
        id: The service's, once known.
        size: Bytes of its requests.
        holds: Dollars put aside, by index.
    """

    nonce: str
    api_version: str
    indexes: list[int] = field(default_factory=list)
    asked_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    id: str | None = None
    size: int = 0
    holds: dict[int, Hold] = field(default_factory=dict)

    @classmethod
    def new(cls, api_version: str) -> Self:
        """Begin a piece."""
        return cls(secrets.token_hex(6), api_version)

    def has_room(self, size: int) -> bool:
        """Return whether a request of so many bytes still fits."""
        room = self.size + size + _FRAME <= MOST_BYTES - _FRAME
        return not self.indexes or (room and len(self.indexes) < MOST_REQUESTS)

    def add(self, index: int, size: int, hold: Hold) -> None:
        """Take in a trial, the bytes of its request, and the money that is put aside for it."""
        self.indexes.append(index)
        self.size += size + _FRAME
        if hold.amount:
            self.holds[index] = hold

    def name(self, index: int, key: str) -> str:
        """Return the ``custom_id`` of a trial: its index, its request, and whose batch it is.

        >>> Piece("c0ffee", "2026-10-21").name(7, "0123456789abcdef")
        '7-0123456789ab-c0ffee'
        """
        return f"{index}-{key[:12]}-{self.nonce}"

    def index(self, name: str) -> int | None:
        """Return the index of the trial that is named so; None where it is not of this piece.

        >>> piece = Piece("c0ffee", "2026-10-21")
        >>> piece.index("7-0123456789ab-c0ffee"), piece.index("7-0123456789ab-decade"), piece.index("x")
        (7, None, None)
        """
        number, _, rest = name.partition("-")
        own = rest.endswith(f"-{self.nonce}") and number.isascii() and number.isdigit()
        return int(number) if own else None

    def may_be(self, batch: Batch) -> bool:
        """Return whether a batch of the service may be this one, by its size."""
        return batch.request_counts.total == len(self.indexes)

    def is_younger_than(self, batch: Batch) -> bool:
        """Return whether a batch was made before this one was asked for."""
        made = moment(batch.created_at)
        return made is not None and made < self.asked_at - _SKEW

    def record(self, state: str) -> dict[str, Any]:
        """Return the journal's record of a step: ``asked``, ``made``, ``over`` or ``void``."""
        step: dict[str, Any] = {"type": "batch", "nonce": self.nonce, "state": state}
        if state == "asked":
            step |= {
                "api_version": self.api_version,
                "indexes": list(_ranges(self.indexes)),
                "at": self.asked_at.isoformat(timespec="seconds"),
            }
        return step if self.id is None else {**step, "id": self.id}

    def release(self) -> None:
        """Give back all money that is still put aside."""
        for hold in self.holds.values():
            hold.release()
        self.holds.clear()


@dataclass
class Known:
    """What a journal says of batches.

    Attributes:
        pending: Those asked for whose results are not all in the journal.
        ids: Of every batch that was made.
    """

    pending: list[Piece] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, path: Path) -> Self:
        """Read it.

        Raises:
            JournalError: A record of a batch is not one of this program.
        """
        pieces: dict[str, Piece] = {}
        ids: set[str] = set()
        if not _holds_batches(path):
            return cls()
        for _, record in Records(path):
            if record.get("type") == "batch":
                try:
                    _step(pieces, ids, record)
                except (KeyError, TypeError, ValueError) as error:
                    raise JournalError(
                        f"{path}: the record of a batch is not one of this program ({error!r})"
                    ) from error
        return cls(list(pieces.values()), ids)


def _holds_batches(path: Path) -> bool:
    """Return whether a journal holds records of batches: most hold none, and are long."""
    mark, rest = b'{"type":"batch"', b""
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            if mark in rest + piece:
                return True
            rest = piece[-len(mark) :]
    return False


def _step(pieces: dict[str, Piece], ids: set[str], record: Mapping[str, Any]) -> None:
    nonce, state = str(record["nonce"]), record["state"]
    if state == "asked":
        pieces[nonce] = Piece(
            nonce,
            str(record["api_version"]),
            [index for first, last in record["indexes"] for index in range(first, last + 1)],
            datetime.fromisoformat(record["at"]),
        )
    elif state == "made":
        pieces[nonce].id = str(record["id"])
        ids.add(str(record["id"]))
    else:
        pieces.pop(nonce, None)


def _ranges(indexes: Iterable[int]) -> Iterator[list[int]]:
    """Yield first and last of every stretch.

    >>> list(_ranges([3, 1, 2, 7]))
    [[1, 3], [7, 7]]
    """
    first = last = None
    for index in sorted(indexes):
        if first is None or last is None or index != last + 1:
            if first is not None and last is not None:
                yield [first, last]
            first = index
        last = index
    if first is not None and last is not None:
        yield [first, last]


def trial_at(evaluation: Eval, index: int) -> Trial:
    """Return the trial of that index."""
    position, rest = divmod(index, evaluation.epochs * len(evaluation.variants))
    return next(islice(evaluation.trials([position]), rest, None))


def lasting_prefix(request: Request) -> str | None:
    """Return the key of the longest prefix marked to live an hour; None where there is none."""
    if not marked(request):
        return None
    positions = prefix_tokens(request)
    marks = [mark for mark in breakpoints(positions) if mark.ttl == "1h" and mark.at < len(positions) - 1]
    return prefix_keys(request, positions)[marks[-1].at] if marks else None
