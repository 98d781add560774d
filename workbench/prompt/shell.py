"""As much of the POSIX shell as curl commands are written in: quoting, and reading back.

Nothing is expanded: what only a running shell could know (variables, commands, files) is an error where the
body of the request would hold it, and of no interest elsewhere.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from workbench.errors import PromptError

if TYPE_CHECKING:
    from collections.abc import Iterator

_PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./-]+")
DATA = frozenset({"-d", "--data", "--data-raw", "--data-binary", "--data-ascii", "--json"})
_READS_FILES = DATA - {"--data-raw"}
_TAKES_VALUE = frozenset("dAbcCeEFHKmoPQrtTuUwxXyYz")
"""curl's one-letter options with a value."""
_NAMED_VALUES = frozenset(
    {"--header", "--url", "--request", "--output", "--user", "--user-agent", "--max-time"}
)


def quote(text: str, *, always: bool = False) -> str:
    r"""Return *text* as one word of a shell.

    Raises:
        PromptError: It holds a NUL, which no shell can pass on.

    >>> print(quote("it's $5"), quote("https://a.example/v1"))
    'it'\''s $5' https://a.example/v1
    """
    if "\0" in text:
        raise PromptError("a NUL character cannot stand in a shell command; take it out")
    if not always and _PLAIN.fullmatch(text):
        return text
    return "'" + text.replace("'", "'\\''") + "'"


class Word(NamedTuple):
    """A word of a command.

    Attributes:
        text: What the command would get.
        line: Where it begins, from 1.
        unknown: The first thing in it that only a shell could tell, ``$MODEL``; empty where there is none.
    """

    text: str
    line: int
    unknown: str = ""


class Command(NamedTuple):
    """A command: its words, and what it reads from standard input."""

    words: list[Word]
    stdin: Word | None


def body(source: str) -> tuple[str, int]:
    """Return the body that the first curl command of *source* sends, and the line it begins on.

    Raises:
        PromptError: It sends none, or one that only a running shell could tell.
    """
    command = next((one for one in commands(source) if _is_curl(one)), None)
    if command is None:
        raise PromptError("line 1: no curl command; it begins with the word curl")
    parts = [_data(option, word, command) for option, word in _options(command.words) if option in DATA]
    if not parts:
        line = command.words[0].line
        raise PromptError(f"line {line}: this curl command sends no body; give it one with --data '{{…}}'")
    for word in parts:
        if word.unknown:
            raise PromptError(
                f"line {word.line}: {word.unknown} in the body is known to a running shell only; write its"
                " value, or put the body between single quotes"
            )
    return "&".join(word.text for word in parts), parts[0].line


def _is_curl(command: Command) -> bool:
    return any(word.text.rpartition("/")[2].lstrip("!") == "curl" for word in command.words)


def _data(option: str, word: Word, command: Command) -> Word:
    if option not in _READS_FILES or not word.text.startswith("@"):
        return word
    if word.text == "@-" and command.stdin is not None:
        return command.stdin
    where = "standard input" if word.text == "@-" else word.text[1:]
    raise PromptError(
        f"line {word.line}: the body is read from {where}, not part of the command; paste it as JSON"
    )


def _options(words: list[Word]) -> Iterator[tuple[str, Word]]:
    """Yield curl's options that have a value."""
    rest = iter(words)
    for word in rest:
        if word.text.startswith("--"):
            name, equals, value = word.text.partition("=")
            if equals and name in DATA:
                yield name, word._replace(text=value)
            elif word.text in DATA | _NAMED_VALUES and (value_word := next(rest, None)):
                yield word.text, value_word
        elif word.text.startswith("-"):
            at = next((n for n, c in enumerate(word.text) if n and c in _TAKES_VALUE), None)
            if at is not None:
                glued = word.text[at + 1 :]
                value_word = word._replace(text=glued) if glued else next(rest, None)
                if value_word:
                    yield f"-{word.text[at]}", value_word


# --- words -----------------------------------------------------------------------------------------

_BLANK = " \t"
_ENDS = "|;&\n"
_ANSI = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "v": "\v",
    "e": "\x1b",
    "E": "\x1b",
}
_ANSI_CODE = re.compile(r"x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|([0-7]{1,3})")
_EXPANDS = re.compile(r"\$(?:\{[^}]*\}|\w+|[*@#?$!-]|\((?=.))|`")
_DOUBLE = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"', re.DOTALL)
_UNTOUCHED = re.compile(r"[^\\$`]+")
_HEREDOC = re.compile(r"<<(-?)[ \t]*(?:'([^'\n]+)'|\"([^\"\n]+)\"|\\?([A-Za-z0-9_.-]+))")


def commands(source: str) -> Iterator[Command]:
    """Split a script into commands; what stands between them (pipes, comments) is left out."""
    reader = _Reader(source)
    while not reader.done:
        command = reader.command()
        if command.words:
            yield command


class _Reader:
    def __init__(self, source: str) -> None:
        self._text = source.replace("\r\n", "\n")
        self._at = 0
        self._waiting: list[tuple[bool, bool, str]] = []

    @property
    def done(self) -> bool:
        return self._at >= len(self._text)

    @property
    def _here(self) -> str:
        return self._text[self._at : self._at + 1]

    def _line(self, at: int) -> int:
        return self._text.count("\n", 0, at) + 1

    def command(self) -> Command:
        """Read up to the end of a command, its here-documents included."""
        words: list[Word] = []
        while not self.done and self._here not in _ENDS:
            if self._skip_blank():
                continue
            if found := _HEREDOC.match(self._text, self._at):
                quoted = "\\" in found[0] or found[4] is None
                word = next(part for part in found.groups()[1:] if part is not None)
                self._waiting.append((quoted, found[1] == "-", word))
                self._at = found.end()
            elif self._here in "<>":
                self._at += 1
            else:
                words.append(self._word())
        rest = self._text.find("\n", self._at) if self._waiting else self._at
        self._at = len(self._text) if rest < 0 else rest + 1
        documents = [self._document(*one) for one in self._waiting]
        self._waiting = []
        return Command(words, documents[-1] if documents else None)

    def _skip_blank(self) -> bool:
        """Skip a blank, a line that goes on, or a comment; tell whether there was one."""
        if self._here in _BLANK:
            self._at += 1
        elif self._text.startswith("\\\n", self._at):
            self._at += 2
        elif self._here == "#":
            end = self._text.find("\n", self._at)
            self._at = len(self._text) if end < 0 else end
        else:
            return False
        return True

    def _word(self) -> Word:
        begin, parts, unknown = self._at, [], ""
        while not self.done and self._here not in _BLANK + _ENDS + "<>":
            text, open_question = self._part()
            parts.append(text)
            unknown = unknown or open_question
        return Word("".join(parts), self._line(begin), unknown)

    def _part(self) -> tuple[str, str]:
        """Read a quoted or bare piece of a word, and what in it only a shell could tell."""
        match self._here:
            case "'":
                return self._until("'", self._at + 1), ""
            case '"':
                return self._double()
            case "\\":
                self._at += 2
                text = self._text[self._at - 1 : self._at]
                return ("" if text == "\n" else text), ""
        if self._text.startswith("$'", self._at):
            return self._ansi(), ""
        if found := _EXPANDS.match(self._text, self._at):
            self._at = found.end()
            return found[0], found[0]
        self._at += 1
        return self._text[self._at - 1], ""

    def _until(self, end: str, begin: int) -> str:
        at = self._text.find(end, begin)
        if at < 0:
            raise PromptError(
                f"line {self._line(self._at)}: a quote {end} is opened and never closed; close it"
            )
        self._at = at + 1
        return self._text[begin:at]

    def _double(self) -> tuple[str, str]:
        found = _DOUBLE.match(self._text, self._at)
        if found is None:
            raise PromptError(f'line {self._line(self._at)}: a quote " is opened and never closed; close it')
        self._at = found.end()
        return _expanded(found[1], '$`"\\\n')

    def _ansi(self) -> str:
        begin = self._at
        at, parts = begin + 2, []
        while at < len(self._text) and self._text[at] != "'":
            if self._text[at] != "\\":
                parts.append(self._text[at])
                at += 1
            elif code := _ANSI_CODE.match(self._text, at + 1):
                value = int(code[4], 8) if code[4] else int(next(filter(None, code.groups())), 16)
                parts.append(chr(min(value, 0x10FFFF)))
                at = code.end()
            else:
                character = self._text[at + 1 : at + 2]
                parts.append(_ANSI.get(character, character))
                at += 2
        if at >= len(self._text):
            raise PromptError(f"line {self._line(begin)}: a quote $' is opened and never closed; close it")
        self._at = at + 1
        return "".join(parts)

    def _document(self, quoted: bool, tabs: bool, end: str) -> Word:  # noqa: FBT001 - as the syntax has them
        begin = self._line(self._at)
        lines: list[str] = []
        while not self.done:
            stop = self._text.find("\n", self._at)
            stop = len(self._text) if stop < 0 else stop
            line, self._at = self._text[self._at : stop], stop + 1
            line = line.lstrip("\t") if tabs else line
            if line == end:
                text = "".join(f"{one}\n" for one in lines)
                return Word(text, begin, "") if quoted else Word(*_place(_expanded(text, "$`\\\n"), begin))
            lines.append(line)
        raise PromptError(f"line {begin}: a here-document is opened and never ends; end it with a line {end}")


def _place(read: tuple[str, str], line: int) -> tuple[str, int, str]:
    return read[0], line, read[1]


def _expanded(text: str, special: str) -> tuple[str, str]:
    """Take backslashes before *special* characters away; say what else a shell would replace."""
    parts, unknown, at = [], "", 0
    while at < len(text):
        if plain := _UNTOUCHED.match(text, at):
            parts.append(plain[0])
            at = plain.end()
        elif text[at] == "\\" and text[at + 1 : at + 2] and text[at + 1] in special:
            parts.append("" if text[at + 1] == "\n" else text[at + 1])
            at += 2
        elif found := _EXPANDS.match(text, at):
            unknown = unknown or found[0]
            parts.append(found[0])
            at = found.end()
        else:
            parts.append(text[at])
            at += 1
    return "".join(parts), unknown
