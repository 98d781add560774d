"""A choice among labels that the prompt lists, by overlap of words.

The evidence, in this order of weight: examples in the prompt (the label of the nearest one), words of
the label or of its description in the text, and for labels of feeling a small general word list. The list is
ordinary English and knows nothing of any dataset.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.emulator.answer.text import likeness, terms, words
from workbench.emulator.answer.words import BAD, GOOD, NEGATION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.emulator.answer.reading import Reading

_QUOTED = r"[\"'`\u201c\u2018][^\"'`\u201c\u201d\u2018\u2019\n]{1,40}[\"'`\u201d\u2019]"
_ONE = rf"(?:{_QUOTED}|[A-Za-z][\w-]*)"
_NAME = rf"(?:{_QUOTED}|[A-Za-z][\w &-]{{0,38}}?)"
_NEXT = r"\s*(?:,\s*(?:or\s+|and\s+)?|\bor\s+|/|\|)\s*"
_LIST = rf"{_NAME}(?:{_NEXT}{_NAME})+"
_SHORT = rf"{_ONE}(?:{_NEXT}{_ONE})+"
_END = r"\s*(?:[).;:!?\n]|$|\bonly\b|\band nothing\b|\bbased\b|\bdepending\b)"
_JUDGE = r"\b(?:classify|categori[sz]e|label|rate|tag|mark|judge|decide|determine|say)\b[^.\n]{0,80}?"
_KINDS = (
    r"\b(?:one of|labels?|categor(?:y|ies)|class(?:es)?|options|choices|tags|answers|sentiments?|words)\b"
)
_LISTED = (
    re.compile(rf"{_KINDS}[^:\n(=]{{0,40}}[:(=]\s*({_LIST})\s*(?:[).;!?\n]|$)", re.IGNORECASE),
    re.compile(rf"{_JUDGE}\(\s*({_LIST})\s*\)", re.IGNORECASE),
)
"""Lists announced by a colon or in brackets: names of several words, commas enough."""
_OFFERED = (
    re.compile(
        rf"{_JUDGE}\b(?:either|whether|between|among|if)\b(?:\s+\w+){{0,5}}?\s+({_SHORT}){_END}",
        re.IGNORECASE,
    ),
    re.compile(rf"\b(?:with|as|is|exactly|choose|pick|select)\s+one of\s+({_SHORT}){_END}", re.IGNORECASE),
    re.compile(rf"{_JUDGE}\bas\s+(?:either\s+)?({_SHORT}){_END}", re.IGNORECASE),
    re.compile(
        rf"\b(?:answer|reply|respond|say|return|output|write)(?:\s+(?:only|just|exactly|one|word|either|of|with|as|"
        rf"a|the|single|strictly))*\s*[:,]?\s*({_SHORT}){_END}",
        re.IGNORECASE,
    ),
    re.compile(
        rf"\b(?:labels?|tag|mark|answer|reply|write|say)\b[^.\n]{{0,60}}?({_QUOTED}(?:{_NEXT}{_QUOTED})+)",
        re.IGNORECASE,
    ),
    re.compile(rf"\bis\s+(?:it|this|that|the)(?:\s+\w+){{0,4}}?\s+({_SHORT}){_END}", re.IGNORECASE),
)
"""Lists in running text: single words or quotes, and an "or" or a slash among them."""
_BULLETS = re.compile(
    r"(?:labels?|categor(?:y|ies)|classes|options|choices|tags|one of|following)[^\n]{0,60}:[ \t]*\n"
    r"((?:[ \t]*(?:[-*\u2022]|\d+[.)])[ \t]+[^\n]+\n?){2,})",
    re.IGNORECASE,
)
_BULLET = re.compile(r"[ \t]*(?:[-*\u2022]|\d+[.)])[ \t]+([^\n]+)")
_LETTERED = re.compile(r"^[ \t]*(\(?[A-H][).:])[ \t]+(.+)$", re.MULTILINE)
_SPLIT = re.compile(_NEXT)
_FIELD = re.compile(r"^[ \t]*([A-Za-z][\w ]{0,30}):[ \t]*(.*)$")
_QUOTES = "\"'`\u201c\u201d\u2018\u2019 *"

_FEELING = {"positive": 1, "pos": 1, "good": 1, "favorable": 1, "favourable": 1, "happy": 1} | {
    "negative": -1,
    "neg": -1,
    "bad": -1,
    "unfavorable": -1,
    "unfavourable": -1,
    "unhappy": -1,
}
_BETWEEN = frozenset({"neutral", "mixed", "ok", "average", "none", "unclear"})


@dataclass(frozen=True, slots=True)
class Label:
    """A label as it is to be answered, and the words that describe it."""

    name: str
    words: str


def chosen(reading: Reading) -> str | None:
    """Return the label that fits the text best, or None where the prompt lists none."""
    labels = listed(reading.asked) or listed(reading.system)
    examples = reading.examples + _written_examples(reading, labels)
    if not labels:
        labels = _labels_of(examples)
    if not labels:
        return None
    return choose(labels, item(reading.asked, labels), examples)


def listed(prompt: str) -> list[Label]:
    r"""Return the labels that *prompt* lists; empty where it lists none.

    >>> [label.name for label in listed("Classify as one of: billing, account, or other.")]
    ['billing', 'account', 'other']
    >>> [label.name for label in listed("Answer with positive or negative.")]
    ['positive', 'negative']
    >>> [label.name for label in listed("Who won?\n(A) Ann\n(B) Bob")]
    ['(A)', '(B)']
    >>> listed("Why is the sky blue?")
    []
    """
    lettered = _LETTERED.findall(prompt)
    if len(lettered) >= 2:
        return [Label(letter.rstrip(".:"), text) for letter, text in lettered]
    if (bullets := _BULLETS.search(prompt)) is not None:
        return _distinct([_bullet(line) for line in _BULLET.findall(bullets[1])])
    for pattern in (*_LISTED, *_OFFERED):
        for found in pattern.finditer(prompt):
            if pattern in _OFFERED and not re.search(r"\bor\b|/|\|", found[1]):
                continue
            names = [name.strip(_QUOTES) for name in _SPLIT.split(found[1])]
            if all(name and len(name.split()) <= 5 for name in names) and len(set(names)) > 1:
                return _distinct([Label(name, name) for name in names])
    return []


def choose(labels: Sequence[Label], text: str, examples: Sequence[tuple[str, str]] = ()) -> str:
    """Return the name of the label nearest to *text*; the first of equals.

    >>> choose([Label("positive", ""), Label("negative", "")], "It broke and the staff were rude.")
    'negative'
    >>> choose([Label("fruit", "fruit"), Label("tool", "tool")], "hammer", [("saw and hammer", "tool")])
    'tool'
    """
    present = set(terms(text))
    feeling = polarity(text)
    scores = []
    for label in labels:
        described = set(terms(label.words)) | set(terms(label.name))
        score = 1.0 * len(present & described) + _felt(label.name, feeling)
        score += 3.0 * max(
            (likeness(text, past) for past, said in examples if _same(said, label.name)), default=0
        )
        scores.append(score)
    return labels[max(range(len(labels)), key=lambda index: (scores[index], -index))].name


def polarity(text: str) -> int:
    """Return good words minus bad words, a negation turning the next two around.

    >>> polarity("A lovely, warm room"), polarity("not good"), polarity("The room is blue.")
    (2, -1, 0)
    """
    total, turned = 0, 0
    for word in words(text):
        low = word.lower()
        if low in NEGATION or low.endswith(("n't", "n\u2019t")):
            turned = 3
        value = (low in GOOD) - (low in BAD and low not in NEGATION)
        total += -value if turned and value > 0 else value
        turned = max(0, turned - 1)
    return total


def item(asked: str, labels: Sequence[Label]) -> str:
    r"""Return the text to be judged: what follows the last worked example, without the list of labels.

    >>> item("Text: good\nLabel: pos\nText: awful\nLabel:", [Label("pos", ""), Label("neg", "")])
    'Text: awful'
    """
    lines = asked.splitlines()
    done = [at for at, line in enumerate(lines) if _labelled(line, labels)]
    rest = lines[done[-1] + 1 :] if done else lines
    kept = [line for line in rest if not re.fullmatch(r"[A-Za-z][\w ]{0,30}:\s*", line)]
    text = "\n".join(kept).strip()
    names = [label.name.lower() for label in labels]
    parts = re.findall(r".+?(?:[.!?:]\s+|\n|\Z)", text, re.DOTALL)
    return "".join(part for part in parts if not _lists(part, names)).strip() or text or asked


def _lists(part: str, names: list[str]) -> bool:
    low = part.lower()
    return sum(name in low for name in names) >= 2


def _labelled(line: str, labels: Sequence[Label]) -> str | None:
    found = _FIELD.match(line) or re.match(r"(.*?)(?:->|=>|\u2192|\t)\s*(\S.*)$", line)
    said = found[2].strip(_QUOTES + ".") if found else ""
    return next((label.name for label in labels if _same(said, label.name)), None) if said else None


def _written_examples(reading: Reading, labels: Sequence[Label]) -> list[tuple[str, str]]:
    """Return examples written out in the prompt: the lines before each labelled line."""
    if not labels:
        return []
    examples, before = [], list[str]()
    for line in f"{reading.system}\n{reading.asked}".splitlines():
        name = _labelled(line, labels)
        if name is None:
            before.append(line)
            continue
        arrow = re.split(r"->|=>|\u2192|\t", line, maxsplit=1)
        examples.append((arrow[0] if len(arrow) == 2 else "\n".join(before[-4:]), name))
        before = []
    return examples


def _labels_of(examples: Sequence[tuple[str, str]]) -> list[Label]:
    said = [answer for _, answer in examples]
    short = [name for name in said if name and len(name.split()) <= 3 and not re.search(r"\d", name)]
    names = list(dict.fromkeys(short))
    enough = len(said) >= 2 and len(short) == len(said) and 2 <= len(names) < max(3, len(said))
    return [Label(name, name) for name in names] if enough else []


def _bullet(line: str) -> Label:
    name, _, about = re.sub(r"[*_`]{1,2}", "", line).partition(":")
    if not about:
        name, _, about = re.sub(r"[*_`]{1,2}", "", line).partition(" - ")
    return Label(name.strip(_QUOTES + "."), about)


def _distinct(labels: list[Label]) -> list[Label]:
    kept = {label.name.lower(): label for label in labels if label.name}
    return list(kept.values()) if len(kept) >= 2 else []


def _same(said: str, name: str) -> bool:
    return said.strip(_QUOTES + ".").lower() == name.lower()


def _felt(name: str, feeling: int) -> float:
    low = name.lower()
    if low in _BETWEEN:
        return 0.5 if feeling == 0 else 0.0
    return max(-2.0, min(2.0, float(feeling * _FEELING.get(low, 0))))
