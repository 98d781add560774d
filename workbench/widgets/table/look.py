"""Whether an answer may hold some words, told from its record in the journal without parsing it."""

from __future__ import annotations

import re
from typing import Final

_ESCAPED: Final = re.compile(r'[\s\x00-\x1f"\\/]+')
"""What JSON may write in another way than by itself, and what white space in an answer may be."""


def folded(words: str) -> str:
    """Return words as they are searched: in lower case and with single spaces.

    >>> folded("  Weiß  wie SCHNEE ")
    'weiss wie schnee'
    """
    return " ".join(words.split()).casefold()


class Look:
    """Tells which records need not be parsed to know that they do not hold some words.

    Upper and lower case are folded letter by letter, so that what is in a text is in its JSON too, folded the
    same way; save what is escaped there, or put together of several blocks.

    Args:
        words: As `folded` makes them.
    """

    def __init__(self, words: str) -> None:
        self._parts = tuple(part for part in _ESCAPED.split(words) if part)

    def may_be_in(self, body: bytes) -> bool:
        """Return False only where the texts of an answer's record do not hold the words."""
        text = body.decode(errors="replace").casefold()
        for part in self._parts:
            if part not in text:
                # The texts of several blocks are one answer: what begins in one of them may end in the next.
                return b"\\u" in body or body.count(b'"text"') > _OF_ONE_BLOCK
        return True


_OF_ONE_BLOCK: Final = 3
"""A text block has it twice, as its type and as its key; its text may be this very word."""
