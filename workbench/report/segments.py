"""Text as sentences, and a sentence as words; joined again they are the text, character for character."""

from __future__ import annotations

import re
from typing import Final

_FENCE: Final = re.compile(r"[ \t]*(`{3,}|~{3,})")
_WRAPPED: Final = 40
"""A line of prose shorter than this was not broken for its length."""

# Nothing is tried twice: a text of 200,000 full stops must not take longer than another.
_END: Final = re.compile(
    r"""
      (?<![.!?…‽।؟۔])[.!?…‽।؟۔]++["'”’»)\]*_`]*+(?=\s)   # a sign, what closes behind it, and a blank
    | [。！？｡]++["'”’」』）\]]*+                          # where no blank follows
    """,
    re.VERBOSE,
)

_SHORT: Final = frozenset(
    """
    e.g. i.e. vs. cf. viz. ca. approx. al. ed. eds. vol. pp. no. nos. fig. figs. eq. eqs. sec. ch. art. dept.
    dr. mr. mrs. ms. prof. st. jr. sr. rev. gen. capt. lt. col. sgt. hon. gov. sen. rep. mt. ft. inc. ltd. co.
    corp. jan. feb. mar. apr. jun. jul. aug. sep. sept. oct. nov. dec. a.m. p.m. u.s. u.k. u.n. e.u. ph.d.
    z.b. d.h. bzw. usw. nr. str. bspw. ggf. evtl. vgl. s.o. u.a. p.ex. env. av. mme. mlle. m. sr. sra. ej.
    """.split()  # noqa: SIM905 - a list of words reads best as words
)
"""What ends in a full stop and ends no sentence, in lower case."""

_LAST_WORD: Final = re.compile(r"[^\s(\[\"'“‘«]*\Z")
_INITIAL: Final = re.compile(r"(?:\w\.)+\Z")
_WORD: Final = re.compile(r"\d+(?:[.,:]\d+)+|\w+(?:['’]\w+)*|\s+|[^\w\s]")


def segments(value: str) -> list[str]:
    r"""Return *value* as sentences; a line of code or of a table is one by itself.

    A line end ends a sentence, but where a long line goes on in lower case. Blanks and line ends belong to
    the sentence before them, indentation to the line it opens.

    >>> segments("Dr. No paid 3.5 euros, e.g. in cash. He left!\n    x = 1. + y\n")
    ['Dr. No paid 3.5 euros, e.g. in cash. ', 'He left!\n', '    x = 1. + y\n']
    """
    found: list[str] = []
    for paragraph, prose in _paragraphs(value):
        found += _sentences(paragraph) if prose else [paragraph]
    return found


def words(value: str) -> list[str]:
    """Return *value* as words, numbers, blanks and signs.

    >>> words("It's 3.5 m")
    ["It's", ' ', '3.5', ' ', 'm']
    """
    return _WORD.findall(value)


def _paragraphs(value: str) -> list[tuple[str, bool]]:
    """Return lines, those of one sentence joined, each with whether it is prose."""
    made: list[tuple[list[str], bool]] = []
    fence = ""
    for line in value.splitlines(keepends=True):
        mark = _FENCE.match(line)
        prose = not (fence or mark or line.startswith(("\t", "  ")) or line.lstrip().startswith("|"))
        if made and (line.isspace() or (prose and made[-1][1] and _goes_on(made[-1][0][-1], line))):
            made[-1][0].append(line)
        else:
            made.append(([line], prose))
        if mark:
            fence = mark.group(1) if not fence else "" if mark.group(1).startswith(fence) else fence
    return [("".join(lines), prose) for lines, prose in made]


def _goes_on(before: str, line: str) -> bool:
    """Return whether *line* goes on with a sentence that was broken for its length."""
    return len(before) > _WRAPPED and line[0].islower()


def _sentences(paragraph: str) -> list[str]:
    made: list[str] = []
    start = 0
    for end in _END.finditer(paragraph):
        stop = end.end()
        while stop < len(paragraph) and paragraph[stop].isspace():
            stop += 1
        if stop < len(paragraph) and not _ends(paragraph, start, end, stop):
            continue
        made.append(paragraph[start:stop])
        start = stop
    if start < len(paragraph):
        made.append(paragraph[start:])
    return made


def _ends(paragraph: str, start: int, end: re.Match[str], after: int) -> bool:
    """Return whether a sentence ends here and the next begins at *after*."""
    if paragraph[after].islower():
        return False
    said = end.group()
    if not said.startswith(".") or said.startswith(".."):
        return True
    tail = paragraph[max(start, end.start() - 60) : end.start() + 1]
    last = _LAST_WORD.search(tail)[0].lower()  # type: ignore[index]  # it matches at the end of anything
    if last in _SHORT:
        return False
    if _INITIAL.match(last) and not last[:-1].isdigit():
        before = tail[: len(tail) - len(last)].split()
        # "John F. Kennedy" goes on, "The answer is B. Because" does not.
        return len(last) == 2 and bool(before) and not before[-1][0].isupper()
    # "1. First" at the start is a number in a list, "in 1999. Then" is not.
    return not (last[:-1].isdigit() and end.start() - start == len(last) - 1)
