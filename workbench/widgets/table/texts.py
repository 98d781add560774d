"""What the answers say: read once from the journal, bit by bit, to be searched, sorted and clustered."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

from workbench.errors import JournalError
from workbench.widgets.table.columns import said

if TYPE_CHECKING:
    from collections.abc import Sequence

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
        self._found: dict[str, tuple[int, Any]] = {}

    def fill(self, rows: Sequence[Result], stop: int) -> None:
        """Read the rows before *stop*."""
        for row in rows[self.filled : stop]:
            asked, answer = self._read(row)
            text = searchable(row, asked, answer)
            self._room -= len(text)
            if self._room < 0:
                self._unheld[len(self._searched)] = searchable(row, asked[: PREFIX * 4], answer[: PREFIX * 4])
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
        if place >= self.filled:
            return
        asked, answer = self._read(rows[place])
        if self._searched[place] is not None:
            self._searched[place] = searchable(rows[place], asked, answer)
        else:
            self._unheld[place] = searchable(rows[place], asked[: PREFIX * 4], answer[: PREFIX * 4])
        self._codes[place] = self._coded(answer)
        self._found.clear()

    def search(self, rows: Sequence[Result], words: str) -> Mask:
        """Return which rows hold *words*, upper and lower case alike; all were read before."""
        import numpy as np

        wanted = " ".join(words.split()).casefold()
        known = self._found.get(wanted)
        if known is not None and known[0] == len(self._searched):
            made: Mask = known[1]
            return made
        found = np.fromiter(
            (
                wanted in (self._again(rows[at]) if text is None else text)
                for at, text in enumerate(self._searched)
            ),
            dtype=bool,
            count=len(self._searched),
        )
        if len(self._found) >= _REMEMBERED:
            self._found.pop(next(iter(self._found)))
        self._found[wanted] = (len(self._searched), found)
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

    def _again(self, row: Result) -> str:
        return searchable(row, *self._read(row))

    def _read(self, row: Result) -> tuple[str, str]:
        try:
            return row.input, said(row)
        except JournalError as error:
            self.trouble = str(error)
            return "", ""

    def _coded(self, answer: str) -> int:
        mark = blake2b(" ".join(answer.split()).encode("utf-8", "surrogatepass"), digest_size=16).digest()
        return self._code.setdefault(mark, len(self._code))


def searchable(row: Result, asked: str, answer: str) -> str:
    """Return what a search looks at, in lower case and with single spaces."""
    parts = (row.sample_id, row.variant, asked, answer)
    return "\n".join(" ".join(part.split()) for part in parts).casefold()
