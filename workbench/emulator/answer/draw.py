"""What a text offers for the fields of a form: numbers, quotes, names, dates, each used once."""

from __future__ import annotations

import re
from functools import cached_property

from workbench.emulator.answer.text import stem, words
from workbench.emulator.answer.words import STOP_WORDS, WHOLE

_NUMBER = re.compile(r"(?<![\w.])-?\d[\d,]*(?:\.\d+)?(?![\w]*\d)")
_QUOTED = re.compile(
    r"\"([^\"\n]{1,200})\"|\u201c([^\u201d\n]{1,200})\u201d|(?<!\w)'([^'\n]{1,200})'(?!\w)|`([^`\n]{1,200})`"
)
_NAME = re.compile(r"\b[A-Z][\w'\u2019-]*(?:\s+(?:of|the|de|van|von)?\s*[A-Z][\w'\u2019-]*)*")
_SHAPES = {
    "date": re.compile(r"\b\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d)\b"),
    "date-time": re.compile(r"\b\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d)T\d\d:\d\d:\d\dZ"),
    "email": re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}\b"),
    "uri": re.compile(r"\bhttps?://[\w.-]+(?:/[\w./?=&%-]*)?"),
    "ipv4": re.compile(r"\b(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)\b"),
    "uuid": re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE),
    "hostname": re.compile(r"\b(?:[a-z0-9-]+\.)+[a-z]{2,}\b"),
}
_FALSE = re.compile(r"\b(?:no|not|without|false|never|don't|disable[ds]?|isn't|exclud\w+)\b", re.IGNORECASE)


class Words:
    """One text and what was already taken from it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._taken: set[tuple[int, int]] = set()

    @cached_property
    def _low(self) -> str:
        return self.text.lower()

    @cached_property
    def _stems(self) -> set[str]:
        return {stem(word) for word in words(self.text)}

    @cached_property
    def _numbers(self) -> list[tuple[int, int, str]]:
        return [(m.start(), m.end(), m.group().replace(",", "")) for m in _NUMBER.finditer(self.text)]

    @cached_property
    def _strings(self) -> list[tuple[int, int, str]]:
        return [(m.start(), m.end(), next(g for g in m.groups() if g)) for m in _QUOTED.finditer(self.text)]

    @cached_property
    def _names(self) -> list[tuple[int, int, str]]:
        found = [(m.start(), m.end(), m.group()) for m in _NAME.finditer(self.text)]
        opening = {0} | {m.end() for m in re.finditer(r"[.!?:\n]\s*", self.text)}
        kept = []
        for start, end, name in found:
            first, _, rest = name.partition(" ")
            if start in opening and (first.lower() in STOP_WORDS or not rest):
                # Every sentence opens with a capital: that alone makes no name.
                start, name = start + len(first) + 1, rest  # noqa: PLW2901
            quoted = any(begin <= start < stop for begin, stop, _ in self._strings)
            if name and not quoted and name not in {"I", "I'm", "I'd"}:
                kept.append((start, end, name))
        return kept

    @property
    def numbers_left(self) -> int:
        """How many numbers were not drawn yet."""
        return len(self._left(self._numbers))

    @property
    def listed_left(self) -> int:
        """How many quoted strings, or else names, were not drawn yet."""
        return len(self._left(self._strings) or self._left(self._names))

    def mentions(self, phrase: str) -> bool:
        """Return whether *phrase* stands in the text, as a word."""
        low = phrase.lower().replace("_", " ")
        return re.search(rf"(?<!\w){re.escape(low)}(?!\w)", self._low) is not None

    def names(self, field: str) -> bool:
        """Return whether the text uses a word of the field's name."""
        return bool(_name_words(field) & self._stems)

    def agrees(self, field: str) -> bool:
        """Return the truth of a yes-or-no field: no where a negation stands near it, or anywhere."""
        at = self._where(field)
        near = self.text if at is None else self.text[max(0, at - 30) : at + 40]
        return _FALSE.search(near) is None

    def number(self, field: str) -> int | float | None:
        """Draw the number nearest to the field's name, else the next one; None where none is left."""
        left = self._left(self._numbers)
        if not left:
            return None
        at = self._where(field)
        found = left[0] if at is None else min(left, key=lambda one: _distance(one[0], at))
        self._taken.add(found[:2])
        value = float(found[2])
        return int(value) if value.is_integer() and abs(value) < 2**53 else value

    def string(self, field: str, description: object) -> str | None:
        """Draw a string for *field*: what the text gives it by name, a quote, a name, or the whole text."""
        name = re.escape(field.replace("_", " "))
        told = re.search(rf"\b{name}\b\s*(?:is|=|:|to|named|called)\s*[\"']?([^\"'\n,.;?!]+)", self._low)
        if field and told:
            return self.text[told.start(1) : told.end(1)].strip()
        whole = bool(set(field.lower().split("_")) & WHOLE)
        for pool in (self._strings, () if whole else self._names):
            left = self._left(list(pool))
            if left:
                at = self._where(field, description)
                found = left[0] if at is None else min(left, key=lambda one: _distance(one[0], at))
                self._taken.add(found[:2])
                return found[2]
        return self.text.strip()[:500] if whole and self.text.strip() else None

    def shaped(self, form: str) -> str | None:
        """Return the first piece of text of a format, such as a date."""
        found = _SHAPES[form].search(self.text) if form in _SHAPES else None
        return found.group() if found else None

    def candidates(self) -> list[str]:
        """Return every piece of the text a pattern might accept, the likeliest first."""
        quoted = [text for *_, text in self._strings]
        words_of_it = re.findall(r"[^\s,;:!?\"']+", self.text[:5000])[:200]
        return [one for one in (*quoted, *words_of_it, *(text for *_, text in self._names)) if len(one) <= 64]

    def _left(self, pool: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
        return [one for one in pool if one[:2] not in self._taken]

    def _where(self, field: str, description: object = None) -> int | None:
        """Return where the text speaks of *field*: the end of the first word that its name shares."""
        wanted = _name_words(field)
        if isinstance(description, str) and not wanted & self._stems:
            wanted = {stem(word) for word in words(description) if word.lower() not in STOP_WORDS}
        for found in re.finditer(r"[^\W_]+", self.text):
            if stem(found.group()) in wanted:
                return found.end()
        return None


def _name_words(field: str) -> set[str]:
    apart = re.sub(r"([a-z])([A-Z])", r"\1 \2", field).replace("_", " ")
    return {stem(word) for word in words(apart) if word.lower() not in STOP_WORDS}


def _distance(place: int, name_end: int) -> int:
    """Prefer what follows the name over what stands before it."""
    return place - name_end if place >= name_end else 2 * (name_end - place) + 10
