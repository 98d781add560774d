"""A text that a simple regular expression accepts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


_NESTED = re.compile(r"\([^()]*[*+}][^()]*\)[*+{]|\\\d|\(\?P=")


def risky(pattern: str) -> bool:
    r"""Return whether trying *pattern* on a text may take for ever: a repeat in a repeat, a back reference.

    >>> risky(r"^(a+)+$"), risky(r"^[a-z]+\.\d{2}$")
    (True, False)
    """
    return _NESTED.search(pattern.replace("\\d", "")) is not None


def example(pattern: str) -> str:
    r"""Return a short text that *pattern* matches; "text" where the pattern is beyond this.

    >>> example(r"^[A-Z]{2}-\d{3}$"), example(r"^(red|blue)s?$"), example(r"[^a]x+")
    ('AA-000', 'red', 'bx')
    """
    parser: Any = vars(re)["_parser"]
    try:
        made = "".join(_each(parser.parse(pattern)))
        return made if risky(pattern) or re.search(pattern, made) else "text"
    except (re.error, RecursionError, KeyError, ValueError):
        return "text"


def _each(tree: Any) -> list[str]:
    return [_one(str(code), argument) for code, argument in tree]


def _one(code: str, argument: Any) -> str:
    return _MADE[code](argument)


def _repeated(argument: Any) -> str:
    least, _, inner = argument
    return "".join(_each(inner)) * min(int(least), 200)


def _nothing(_: Any) -> str:
    return ""


def _member(choices: Any) -> str:
    """Return a character of a class; of a negated one, the first common character outside it."""
    negated = bool(choices) and str(choices[0][0]) == "NEGATE"
    rest = choices[1:] if negated else choices
    if not negated:
        code, argument = rest[0]
        return _CATEGORIES.get(str(argument), "a") if str(code) == "CATEGORY" else chr(_first(argument))
    for char in "ab0 -_.AZ9z":
        if not any(_holds(str(code), argument, char) for code, argument in rest):
            return char
    raise ValueError(choices)


def _first(argument: Any) -> int:
    return int(argument[0]) if isinstance(argument, tuple) else int(argument)


def _holds(code: str, argument: Any, char: str) -> bool:
    if code == "RANGE":
        return bool(argument[0] <= ord(char) <= argument[1])
    if code == "LITERAL":
        return bool(argument == ord(char))
    return re.match(_CLASSES.get(str(argument), "."), char) is not None


_MADE: dict[str, Callable[[Any], str]] = {
    "LITERAL": chr,
    "NOT_LITERAL": lambda argument: "a" if argument != ord("a") else "b",
    "ANY": lambda _: "a",
    "IN": _member,
    "MAX_REPEAT": _repeated,
    "MIN_REPEAT": _repeated,
    "POSSESSIVE_REPEAT": _repeated,
    "SUBPATTERN": lambda argument: "".join(_each(argument[-1])),
    "ATOMIC_GROUP": lambda argument: "".join(_each(argument)),
    "BRANCH": lambda argument: "".join(_each(argument[1][0])),
    "AT": _nothing,
    "ASSERT": _nothing,
    "ASSERT_NOT": _nothing,
}
_CATEGORIES = {
    "CATEGORY_DIGIT": "0",
    "CATEGORY_SPACE": " ",
    "CATEGORY_WORD": "a",
    "CATEGORY_NOT_DIGIT": "a",
    "CATEGORY_NOT_SPACE": "a",
    "CATEGORY_NOT_WORD": "-",
}
_CLASSES = {
    "CATEGORY_DIGIT": r"\d",
    "CATEGORY_SPACE": r"\s",
    "CATEGORY_WORD": r"\w",
    "CATEGORY_NOT_DIGIT": r"\D",
    "CATEGORY_NOT_SPACE": r"\S",
    "CATEGORY_NOT_WORD": r"\W",
}
