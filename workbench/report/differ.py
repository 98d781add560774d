"""What differs between two texts, sentence by sentence, and between two JSON values, field by field."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Final, Literal

from workbench.report.fields import ABSENT, Absent, FieldChange, structure
from workbench.report.segments import segments, words

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

__all__ = ["ABSENT", "MAX_TEXT", "Absent", "Change", "FieldChange", "sentences", "spans", "structure"]

MAX_TEXT: Final = 200_000
"""Characters of a text that are compared by sentences; what follows is compared as one piece."""

MAX_WORDS: Final = 1_500
"""Words of a changed sentence that are compared one by one."""

_WORK: Final = 2_000_000
"""Pairs of equal pieces that a comparison may look at; where there are more, frequent ones are no anchors."""

_ALIKE: Final = 0.4
"""Share of words that two sentences have in common, from which on one is the other, changed."""

_REGION: Final = 900
"""Pairs of sentences of one changed region that are compared to find who belongs to whom."""

Kind = Literal["same", "changed", "gone", "new"]


@dataclass(frozen=True, slots=True)
class Change:
    """A stretch of two texts.

    Attributes:
        kind: ``same`` in both, ``changed`` from *a* to *b*, ``gone`` (only in *a*), ``new`` (only in *b*).
        a: The stretch of the first text, empty where it is new.
        b: The stretch of the second text, empty where it is gone.
    """

    kind: Kind
    a: str
    b: str


def sentences(a: str, b: str) -> tuple[Change, ...]:
    """Return two texts as aligned sentences; all `a` joined are the first text, all `b` the second.

    Blanks at the end of a sentence do not make it differ. What is past `MAX_TEXT` characters is one stretch.

    >>> [change.kind for change in sentences("It is. He left at 9.", "It is. He left at 10. Bye.")]
    ['same', 'changed', 'new']
    """
    left, right = segments(a[:MAX_TEXT]), segments(b[:MAX_TEXT])
    made: list[Change] = []
    for tag, i1, i2, j1, j2 in _opcodes([s.rstrip() for s in left], [s.rstrip() for s in right]):
        if tag == "equal":
            pairs = zip(left[i1:i2], right[j1:j2], strict=True)
            made += [Change("same", *pair) for pair in pairs]
        else:
            made += _paired(left[i1:i2], right[j1:j2])
    rest = a[MAX_TEXT:], b[MAX_TEXT:]
    return (*made, *([_one(*rest)] if any(rest) else []))


def spans(a: str, b: str) -> tuple[Change, ...]:
    """Return two sentences as stretches of words.

    >>> [(c.kind, c.a, c.b) for c in spans("He left at 9.", "He left at 10.")]
    [('same', 'He left at ', 'He left at '), ('changed', '9', '10'), ('same', '.', '.')]
    """
    left, right = words(a), words(b)
    if max(len(left), len(right)) > MAX_WORDS:
        return (_one(a, b),)
    made: list[Change] = []
    for tag, i1, i2, j1, j2 in _opcodes(left, right):
        found = Change("same" if tag == "equal" else "changed", "".join(left[i1:i2]), "".join(right[j1:j2]))
        last = made[-1] if made else None
        # A blank between two changed words is no island worth a colour of its own.
        if len(made) > 1 and found.kind != "same" and last and last.kind == "same" and not last.a.strip():
            before = made[-2]
            made[-2:] = [Change("changed", before.a + last.a + found.a, before.b + last.b + found.b)]
        else:
            made.append(found)
    return tuple(Change(_kind(c), c.a, c.b) for c in made)


def _kind(change: Change) -> Kind:
    if change.kind == "same":
        return "same"
    return "changed" if change.a and change.b else "gone" if change.a else "new"


def _one(a: str, b: str) -> Change:
    """Return two stretches as one change."""
    return Change("same" if a == b else "changed" if a and b else "gone" if a else "new", a, b)


def _opcodes(a: Sequence[Hashable], b: Sequence[Hashable]) -> Iterator[tuple[str, int, int, int, int]]:
    """Yield `difflib` opcodes; common ends are cut off first, and what is everywhere is no anchor."""
    start, shorter = 0, min(len(a), len(b))
    while start < shorter and a[start] == b[start]:
        start += 1
    end = 0
    while end < shorter - start and a[len(a) - 1 - end] == b[len(b) - 1 - end]:
        end += 1
    inner_a, inner_b = a[start : len(a) - end], b[start : len(b) - end]
    if start:
        yield "equal", 0, start, 0, start
    if inner_a or inner_b:
        matcher = SequenceMatcher(None, inner_a, inner_b, autojunk=_work(inner_a, inner_b) > _WORK)
        for tag, i1, i2, j1, j2 in matcher.get_opcodes():
            yield tag, i1 + start, i2 + start, j1 + start, j2 + start
    if end:
        yield "equal", len(a) - end, len(a), len(b) - end, len(b)


def _work(a: Sequence[Hashable], b: Sequence[Hashable]) -> int:
    there = Counter(b)
    return sum(count * there[each] for each, count in Counter(a).items())


def _paired(left: Sequence[str], right: Sequence[str]) -> list[Change]:
    """Return the changes of a region: sentences that are alike are one, changed; the others gone or new."""
    made: list[Change] = []
    i = j = 0
    for p, q in _matches(left, right):
        made += [Change("gone", s, "") for s in left[i:p]] + [Change("new", "", s) for s in right[j:q]]
        made.append(Change("changed", left[p], right[q]))
        i, j = p + 1, q + 1
    return made + [Change("gone", s, "") for s in left[i:]] + [Change("new", "", s) for s in right[j:]]


def _matches(left: Sequence[str], right: Sequence[str]) -> list[tuple[int, int]]:
    """Return which sentences belong together, in order, so that the words in common are most."""
    if len(left) * len(right) > _REGION:
        return [
            (n, n)
            for n in range(min(len(left), len(right)))
            if _alike(_bag(left[n]), _bag(right[n])) >= _ALIKE
        ]
    bags_a, bags_b = [_bag(s) for s in left], [_bag(s) for s in right]
    best = [[0.0] * (len(right) + 1) for _ in range(len(left) + 1)]
    alike = [[_alike(x, y) for y in bags_b] for x in bags_a]
    for i in reversed(range(len(left))):
        for j in reversed(range(len(right))):
            with_it = alike[i][j] + best[i + 1][j + 1] if alike[i][j] >= _ALIKE else 0.0
            best[i][j] = max(with_it, best[i + 1][j], best[i][j + 1])
    found, i, j = [], 0, 0
    while i < len(left) and j < len(right):
        if alike[i][j] >= _ALIKE and best[i][j] == alike[i][j] + best[i + 1][j + 1]:
            found.append((i, j))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return found


def _bag(sentence: str) -> Counter[str]:
    return Counter(word.lower() for word in words(sentence) if word[0].isalnum())


def _alike(a: Counter[str], b: Counter[str]) -> float:
    """Return the share of words in common, between 0 and 1 (Dice's coefficient of bags)."""
    total = a.total() + b.total()
    return 2 * (a & b).total() / total if total else 0.0
