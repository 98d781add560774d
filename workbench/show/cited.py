r"""Markdown with references: a number above the line where a passage is cited.

A model splits a sentence over several text blocks where it cites, so the blocks are one Markdown text and
each reference is a place in it. The place is marked by characters for private use round a number drawn by
lot, so that no text can forge one, and becomes an element only after everything else was cleaned.

>>> cited_markdown(["The sky is *blue*", 1, ", and deep.\n"])[30:]
'<p>The sky is <em>blue</em><sup class="wb-ref">[1]</sup>, and deep.</p>\n</div>'
"""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, Final

from workbench.show.h import join, tag
from workbench.show.safe import MAX_BYTES, MAX_MARKDOWN, Html, cut, escape, markdown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_DIGITS: Final = {ord(digit): 0xE110 + n for n, digit in enumerate("0123456789abcdef")}
_LOTS: Final = 12
"""Hexadecimal digits drawn by lot, in front of the number."""

# What the last line must not be for a reference to stand at its end: the line would lose its meaning.
_WHOLE_LINE: Final = re.compile(r"[ \t]*(?:(?:`{3,}|~{3,})[^`]*|(?:[-*_=][ \t]*){2,})")
_DELIMITER_ROW: Final = re.compile(r"[ \t]*\|?[-|: \t]*-[-|: \t]*")


def reference(n: int) -> Html:
    """Return the number of a reference as it stands in a text.

    >>> reference(2)
    '<sup class="wb-ref">[2]</sup>'
    """
    return tag("sup", f"[{n}]", cls="wb-ref")


def cited_markdown(parts: Iterable[str | int]) -> Html:
    """Return texts and the numbers between them as one Markdown text.

    Args:
        parts: Texts are joined as they are; a number stands for the reference `[n]` at that place. Where
            Markdown has no room for it (in the address of a link, say) it stands at the end.
    """
    lots = secrets.token_hex(_LOTS // 2)
    head, tail = _divided(list(parts))
    source = ""
    for part in head:
        source = source + part if isinstance(part, str) else _placed(source, _mark(lots, part))
    made = markdown(source)
    found = re.compile(f"\u2e28{lots.translate(_DIGITS)}([\ue110-\ue119]+)\u2e29")
    seen: set[int] = set()

    def swap(place: re.Match[str]) -> str:
        n = int("".join(str(ord(char) - 0xE110) for char in place.group(1)))
        seen.add(n)
        return reference(n)

    swapped = Html(found.sub(swap, made))
    lost = [n for n in dict.fromkeys(part for part in head if isinstance(part, int)) if n not in seen]
    return join([swapped, tag("p", *map(reference, lost)) if lost else None, _plain(tail)])


def _mark(lots: str, n: int) -> str:
    # Brackets are punctuation, so that emphasis beside them opens and closes as it would at a full stop.
    return f"\u2e28{(lots + str(n)).translate(_DIGITS)}\u2e29"


def _placed(source: str, mark: str) -> str:
    """Put *mark* behind the last word of *source*, before the blanks that end it."""
    body = source.rstrip()
    blank = source[len(body) :]
    line = body.rpartition("\n")[2]
    if _WHOLE_LINE.fullmatch(line):
        return f"{body}\n\n{mark}{blank}"
    if line.lstrip().startswith("|") and line.endswith("|"):
        return source if _DELIMITER_ROW.fullmatch(line) else f"{body[:-1]}{mark}|{blank}"
    return f"{body}{mark}{blank}"


def _divided(parts: Sequence[str | int]) -> tuple[list[str | int], list[str | int]]:
    """Divide *parts* where Markdown ends, which is slow to parse; no reference is cut."""
    head: list[str | int] = []
    room = MAX_MARKDOWN
    for n, part in enumerate(parts):
        size = len(part) if isinstance(part, str) else _LOTS + 12
        if size <= room:
            head.append(part)
            room -= size
            continue
        rest = list(parts[n:])
        if isinstance(part, str):
            head.append(part[:room])
            rest[0] = part[room:]
        return head, rest
    return head, []


def _plain(parts: Sequence[str | int]) -> Html | None:
    """Return what is past the room for Markdown as text, up to what a page may carry."""
    if not parts:
        return None
    made: list[Html] = []
    room = MAX_BYTES
    for part in parts:
        if isinstance(part, int):
            made.append(reference(part))
        elif room > 0:
            kept, more = cut(part, room)
            room -= len(kept.encode("utf-8", "surrogatepass"))
            made.append(escape(f"{kept} {more}" if more else kept))
    return tag("pre", *made, cls="wb-text", dir="auto")
