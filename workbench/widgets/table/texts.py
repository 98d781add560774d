"""What the answers say: read once from the journal, bit by bit, to be searched, sorted and clustered.

A search does not wait for that: rows that are not read yet are looked at where they lie in the journal, and
only those that may hold the words are read.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from workbench.errors import JournalError
from workbench.run import Kept, bodies
from workbench.widgets.table.columns import said, text_of
from workbench.widgets.table.look import Look, folded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from workbench.run import Result
    from workbench.widgets.table.rows import Mask, Places

INDEX: Final = 200_000_000
"""Characters that are held to be searched; answers past that are read again for every search."""

PREFIX: Final = 80
"""Characters that an answer or input is sorted by."""

_PARTS: Final = ("sample", "variant", "input", "answer")
"""The lines of what is searched."""

_REMEMBERED: Final = 32


class Texts:
    """Answers and inputs of rows, read from the front.

    Attributes:
        filled: How many rows were read.
        trouble: Why a row could not be read, "" where all could.
    """

    def __init__(self, limit: int = INDEX) -> None:
        self.filled = 0
        self.trouble = ""
        self._room = limit
        self._searched: list[str | None] = []
        self._unheld: dict[int, str] = {}  # the beginnings of those that are not held whole
        self._code: dict[bytes, int] = {}
        self._codes: list[int] = []
        self._found: dict[str, bytearray] = {}  # one byte per row that was looked at

    def fill(self, rows: Sequence[Result], stop: int) -> None:
        """Read the rows before *stop*."""
        new = range(self.filled, stop)
        read = dict(self._read(rows, new))
        for at in new:
            asked, answer = read.pop(at)
            text = searchable(rows[at], asked, answer)
            self._room -= len(text)
            if self._room < 0:
                self._unheld[at] = searchable(rows[at], asked[: PREFIX * 4], answer[: PREFIX * 4])
            self._searched.append(text if self._room >= 0 else None)
            self._codes.append(self._coded(answer))
        self.filled = max(self.filled, stop)

    def cut(self, count: int) -> None:
        """Forget the rows from *count* on."""
        self._room += sum(len(text) for text in self._searched[count:] if text is not None)
        del self._searched[count:], self._codes[count:]
        self._unheld = {at: text for at, text in self._unheld.items() if at < count}
        self.filled = min(self.filled, count)
        self._found.clear()

    def renew(self, rows: Sequence[Result], place: int) -> None:
        """Read a row that was replaced."""
        self._found.clear()
        if place >= self.filled:
            return
        ((_, (asked, answer)),) = self._read(rows, (place,))
        if self._searched[place] is not None:
            self._searched[place] = searchable(rows[place], asked, answer)
        else:
            self._unheld[place] = searchable(rows[place], asked[: PREFIX * 4], answer[: PREFIX * 4])
        self._codes[place] = self._coded(answer)

    def looked(self, words: str) -> int:
        """Return of how many rows it is known, or known without reading, whether they hold *words*."""
        done = len(self._found.get(folded(words), b""))
        return done if self._unheld else max(done, self.filled)

    def look(self, rows: Sequence[Result], words: str, stop: int) -> None:
        """Look for *words* in the rows before *stop* that were not looked at for them yet."""
        wanted = folded(words)
        known = self._remembered(wanted)
        at = len(known)
        # Where fewer words are not, more of them are not: one who types on waits for little.
        less = [seen for fewer, seen in self._found.items() if fewer != wanted and fewer in wanted]
        found = bytearray(max(0, stop - at))
        unheld = list(range(max(at, len(self._searched)), stop))
        for place, text in enumerate(self._searched[at:stop], at):
            if text is None:
                unheld.append(place)
            else:
                found[place - at] = wanted in text
        if less:
            unheld = [place for place in unheld if all(place >= len(seen) or seen[place] for seen in less)]
        for place, (asked, answer) in self._read(rows, unheld, Look(wanted).may_be_in):
            found[place - at] = wanted in searchable(rows[place], asked, answer)
        known.extend(found)

    def search(self, rows: Sequence[Result], words: str) -> Mask:
        """Return which rows hold *words*, upper and lower case alike; those not looked at are now."""
        import numpy as np

        self.look(rows, words, len(rows))
        return np.frombuffer(bytes(self._found[folded(words)]), dtype=bool)

    def _remembered(self, wanted: str) -> bytearray:
        found = self._found.get(wanted)
        if found is None:
            if len(self._found) >= _REMEMBERED:
                self._found.pop(next(iter(self._found)))
            found = self._found[wanted] = bytearray()
        return found

    def starts(self, key: str) -> list[str]:
        """Return the beginnings that rows are sorted by: of ``answer`` or ``input``."""
        part = _PARTS.index(key)
        texts = (self._unheld[at] if text is None else text for at, text in enumerate(self._searched))
        return [text.split("\n", 3)[part][:PREFIX] for text in texts]

    def codes(self) -> Places:
        """Return a code per row: equal answers have one, white space apart."""
        import numpy as np

        return np.array(self._codes, dtype=np.intp)

    def _read(
        self,
        rows: Sequence[Result],
        places: Iterable[int],
        may_be_in: Callable[[bytes], bool] = lambda _: True,
    ) -> Iterator[tuple[int, tuple[str, str]]]:
        """Yield input and answer of the rows at *places*, but of answers that *may_be_in* rules out unparsed.

        What cannot be read is empty, and `trouble` says why.
        """
        chosen = list(places)
        for at, row, body in bodies([rows[place] for place in chosen]):
            # What an error says is put together of several parts.
            if body is None or row.error is not None or may_be_in(body):
                yield chosen[at], self._parsed(row, body)
        for place in chosen:
            if not isinstance(rows[place], Kept):
                yield place, (rows[place].input, said(rows[place]))

    def _parsed(self, row: Kept, body: bytes | None) -> tuple[str, str]:
        try:
            record = row.parse(body)
        except JournalError as error:
            self.trouble = str(error)
            return "", ""
        answer = text_of(record.get("message")) if row.error is None else said(row)
        return str(record.get("input", "")), answer

    def _coded(self, answer: str) -> int:
        mark = blake2b(" ".join(answer.split()).encode("utf-8", "surrogatepass"), digest_size=16).digest()
        return self._code.setdefault(mark, len(self._code))


def searchable(row: Result, asked: str, answer: str) -> str:
    """Return what a search looks at, in lower case and with single spaces."""
    parts = (row.sample_id, row.variant, asked, answer)
    return "\n".join(" ".join(part.split()) for part in parts).casefold()
