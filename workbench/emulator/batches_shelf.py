"""Where batches are kept: in memory, or in a folder that outlives the process.

A folder holds three files a batch: ``ID.json`` is its state, ``ID.requests.jsonl`` what was asked, and
``ID.results.jsonl`` a journal of what was answered. State and requests are written in one step, results are
on the disk before they count, so a kill at any byte loses nothing that was acknowledged.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from workbench import files, journal
from workbench.errors import UsageError, WireError
from workbench.journal import Journal
from workbench.wire.codec import dumps, loads

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

JSON = dict[str, Any]
Item = tuple[str, bytes]
"""One request: its ``custom_id`` and the JSON of its ``params``."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One batch as it was found: items are read only where there is work left to do."""

    state: JSON
    items: list[Item]
    results: list[JSON]


class Shelf(Protocol):
    """Keeps batches; what a call put there is safe when it returns."""

    def put(self, batch_id: str, state: JSON, items: Sequence[Item]) -> None:
        """Keep a new batch."""

    def update(self, batch_id: str, state: JSON) -> None:
        """Replace the state of a batch."""

    def add(self, batch_id: str, results: Iterable[JSON]) -> None:
        """Keep results, behind those before; `sync` makes them safe."""

    def sync(self, batch_id: str) -> None:
        """Make the results safe."""

    def lines(self, batch_id: str) -> Iterator[bytes]:
        """Yield the results as JSON lines."""

    def drop(self, batch_id: str, state: JSON) -> None:
        """Forget requests and results; only the state stays."""


@dataclass
class Memory:
    """Keeps batches as long as the process lives."""

    results: dict[str, list[bytes]] = field(default_factory=dict)

    def put(self, batch_id: str, state: JSON, items: Sequence[Item]) -> None:  # noqa: ARG002 - a Shelf's signature
        """Keep a new batch."""
        self.results[batch_id] = []

    def update(self, batch_id: str, state: JSON) -> None:
        """Nothing to do: whoever calls holds the state."""

    def add(self, batch_id: str, results: Iterable[JSON]) -> None:
        """Keep results."""
        self.results[batch_id] += [dumps(result) + b"\n" for result in results]

    def sync(self, batch_id: str) -> None:
        """Nothing to do."""

    def lines(self, batch_id: str) -> Iterator[bytes]:
        """Yield the results."""
        yield from self.results[batch_id]

    def drop(self, batch_id: str, state: JSON) -> None:  # noqa: ARG002 - a Shelf's signature
        """Forget the results."""
        self.results.pop(batch_id, None)


class Folder:
    """Keeps batches in a folder, which one process at a time may use.

    Raises:
        UsageError: The folder cannot be made.
        JournalError: Another process uses it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"cannot keep batches in {path}: {error.strerror or error}") from error
        self._lock = Journal.open(path / "in-use")
        self._open: dict[str, Journal] = {}

    def load(self) -> Iterator[Kept]:
        """Yield every batch, oldest first; what a create that was never acknowledged left is removed."""
        states = [self._state(path) for path in self.path.glob("msgbatch_*.json")]
        names = {state["id"] for state in states}
        for stray in self.path.glob("msgbatch_*.jsonl"):
            if stray.name.partition(".")[0] not in names:
                stray.unlink(missing_ok=True)
        for state in sorted(states, key=lambda state: (state["created_at"], state["id"])):
            ended = state["ended_at"] is not None
            yield Kept(
                state,
                [] if ended else self._items(state["id"]),
                [] if ended else self._results(state["id"]),
            )

    def put(self, batch_id: str, state: JSON, items: Sequence[Item]) -> None:
        """Keep a new batch: its state is written last, and makes it one."""
        rows = (b'{"custom_id":%b,"params":%b}\n' % (dumps(name), params) for name, params in items)
        files.write(self._file(batch_id, "requests.jsonl"), b"".join(rows))
        self.update(batch_id, state)

    def update(self, batch_id: str, state: JSON) -> None:
        """Replace the state; the files of an ended batch are closed."""
        files.write(self._file(batch_id, "json"), dumps(state))
        if state["ended_at"] is not None and batch_id in self._open:
            self._open.pop(batch_id).close()

    def add(self, batch_id: str, results: Iterable[JSON]) -> None:
        """Put results into the journal."""
        for result in results:
            self._journal(batch_id).append(result)

    def sync(self, batch_id: str) -> None:
        """Write them, and wait for the disk."""
        self._journal(batch_id).sync()

    def lines(self, batch_id: str) -> Iterator[bytes]:
        """Yield the JSON of the journal's records."""
        path = self._file(batch_id, "results.jsonl")
        if path.exists():
            with path.open("rb") as file:
                for line in file:
                    yield line.split(b" ", 2)[2]

    def drop(self, batch_id: str, state: JSON) -> None:
        """Remove all files but the state, which still says what was billed."""
        self.update(batch_id, state)
        for kind in ("requests.jsonl", "results.jsonl"):
            self._file(batch_id, kind).unlink(missing_ok=True)

    def close(self) -> None:
        """Close what is open."""
        for open_journal in (*self._open.values(), self._lock):
            open_journal.close()
        self._open.clear()

    def _file(self, batch_id: str, kind: str) -> Path:
        return self.path / f"{batch_id}.{kind}"

    def _journal(self, batch_id: str) -> Journal:
        if batch_id not in self._open:
            self._open[batch_id] = Journal.open(self._file(batch_id, "results.jsonl"))
        return self._open[batch_id]

    def _state(self, path: Path) -> JSON:
        try:
            state = loads(path.read_bytes())
        except (OSError, WireError) as error:
            raise UsageError(f"{path} is not the state of a batch ({error}); remove it to go on") from error
        if not isinstance(state, dict) or f"{state.get('id')}.json" != path.name:
            raise UsageError(f"{path} is not the state of a batch; remove it to go on")
        return state

    def _items(self, batch_id: str) -> list[Item]:
        with self._file(batch_id, "requests.jsonl").open("rb") as file:
            rows = [loads(line) for line in file]
        return [(row["custom_id"], dumps(row["params"])) for row in rows]

    def _results(self, batch_id: str) -> list[JSON]:
        path = self._file(batch_id, "results.jsonl")
        return journal.read(path)[0] if path.exists() else []
