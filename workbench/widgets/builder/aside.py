"""The right side of the builder: findings, tokens and cost, and the three texts."""

from __future__ import annotations

import base64
import threading
from typing import TYPE_CHECKING, Any, Protocol

from workbench.errors import UsageError, WorkbenchError
from workbench.show.h import join, tag
from workbench.show.safe import Html, cut, visible
from workbench.widgets.view import View

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.widgets.builder.judging import Judgement

TEXTS = ("python", "json", "curl")
KEYS = ("run", "undo", "redo")
"""What keys ask for anywhere in the form."""
MOST_UPLOAD = 32 * 1024 * 1024
"""Bytes of an uploaded file: a request has no more."""
SHOWN = 60_000
"""Bytes of a text that are shown; the copy button takes all of it."""


class Owner(Protocol):
    """What the right side asks of the builder."""

    def has_field(self, path: str) -> bool:
        """Tell whether there is a field to go to."""

    def go_to(self, path: str) -> None:
        """Put the cursor into the field at *path*."""

    def go_to_value(self, name: str) -> None:
        """Put the cursor into the sample value of a name."""

    def apply(self, index: int) -> None:
        """Apply the fix of a finding."""

    def take_files(self) -> None:
        """Make ready for files."""

    def take_file(self, name: str, kind: str, data: bytes) -> None:
        """Take an uploaded file, or say beside the upload why not."""

    def not_taken(self, said: str) -> None:
        """Say beside the upload why a file was not sent."""

    def take_typed(self, cls: str, typed: str) -> None:
        """Take what stands in an input of the page."""

    def press(self, what: str) -> None:
        """Do one of `KEYS`."""

    def first_field(self) -> str:
        """Return the class of the field to begin in, once; empty: none."""

    def rebuild(self, text: str) -> str:
        """Make the prompt anew from Python, JSON or curl; return what was read."""

    def count(self) -> int:
        """Let the service count the input tokens."""

    def text(self, which: str) -> str:
        """Return one of `TEXTS`."""


class Aside(View, front=("builder", "aside")):
    """Findings, tokens, cost, and the prompt as Python, JSON and curl."""

    def __init__(self, owner: Owner, **traits: Any) -> None:
        super().__init__(**traits)
        self._owner = owner
        self._judged: Judgement | None = None
        self._version = 0
        self._counting: threading.Thread | None = None
        self._coming = bytearray()

    def show(self, judged: Judgement) -> None:
        """Show what is known now."""
        self._judged = judged
        self._version += 1
        self._tell_state()

    def focus_on(self, cls: str) -> None:
        """Let the page put the cursor into the widget of a class, once it is there."""
        self.tell("focus", cls=cls)

    def look_at(self, cls: str) -> None:
        """Let the page bring the widget of a class into sight."""
        self.tell("look", cls=cls)

    def _tell_state(self) -> None:
        if self._judged is not None:
            self.tell("state", version=self._version, **_state(self._judged, self._owner.has_field))

    def _hear_ready(self) -> None:
        self._tell_state()
        if cls := self._owner.first_field():
            self.tell("focus", cls=cls, first=True)

    def _hear_typed(self, n: Any = None, fields: Any = None) -> None:
        """Take what stands in inputs of the page that may not have been sent: pairs of class and text."""
        for pair in fields if isinstance(fields, list) else ():
            if isinstance(pair, list) and len(pair) == 2 and all(isinstance(part, str) for part in pair):
                self._owner.take_typed(*pair)
        if n is not None:
            self.tell("typed", n=n)

    def _hear_key(self, what: Any = "") -> None:
        if what in KEYS:
            self._owner.press(what)

    def _hear_files(self) -> None:
        self._owner.take_files()

    def _hear_jump(self, index: Any = None) -> None:
        self._finding(index)
        self._owner.go_to(self._judged.homes[index] if self._judged else "")

    def _hear_go(self) -> None:
        """Go to where the problem is cured."""
        if self._judged is not None:
            self._owner.go_to(self._judged.place)

    def _hear_value(self, index: Any = None) -> None:
        names = self._judged.missing if self._judged else ()
        if type(index) is not int or not 0 <= index < len(names):
            raise UsageError("this name has a value by now, or is gone")
        self._owner.go_to_value(names[index])

    def _hear_fix(self, index: Any = None) -> None:
        self._finding(index)
        self._owner.apply(index)

    def _hear_count(self, n: Any = None) -> None:
        # The service takes its time: meanwhile the form goes on.
        self._counting = threading.Thread(target=self._count, args=(n,), daemon=True)
        self._counting.start()

    def _count(self, n: Any) -> None:
        try:
            self.tell("counted", n=n, tokens=self._owner.count())
        except WorkbenchError as error:
            self.tell("problem", n=n, text=str(error))

    def quiet(self) -> None:
        """Wait until nothing is being counted."""
        if self._counting is not None:
            self._counting.join()

    def _hear_large(self, name: Any = "", size: Any = 0) -> None:
        if isinstance(name, str) and isinstance(size, int):
            cure = "upload it once and give its file id, or split it"
            self._owner.not_taken(
                f"{name[:200]}: {size / 1e6:,.1f} MB, and a request has 32 MB at most; {cure}"
            )

    def _hear_unread(self, name: Any = "", why: Any = "") -> None:
        self._owner.not_taken(
            f"{str(name)[:200]}: it could not be sent ({str(why)[:200]}); give its path below"
        )

    def _hear_part(
        self, n: Any = None, name: Any = "", size: Any = 0, at: Any = 0, data: Any = "", **rest: Any
    ) -> None:
        """Take a part of a file; the last one completes it."""
        if not (isinstance(name, str) and isinstance(data, str) and type(size) is int and type(at) is int):
            raise UsageError("this is no part of a file")
        if at == 0:
            self._coming = bytearray()
        if at != len(self._coming) or not 0 <= size <= MOST_UPLOAD:
            raise UsageError("parts of a file came out of order; upload it again")
        try:
            self._coming += base64.b64decode(data, validate=True)
        except ValueError:
            raise UsageError("a part of the file is damaged; upload it again") from None
        if len(self._coming) > size:
            raise UsageError("more came than the file has; upload it again")
        if len(self._coming) == size:
            whole, self._coming = bytes(self._coming), bytearray()
            self._owner.take_file(name[:500], str(rest.get("type", "")), whole)
        self.tell("part", n=n)

    def _hear_paste(self, n: Any = None, text: Any = "") -> None:
        if not isinstance(text, str):
            raise UsageError("only text can be pasted")
        self.tell("pasted", n=n, said=self._owner.rebuild(text))

    def _hear_code(self, n: Any = None, which: Any = "", whole: Any = False) -> None:  # noqa: FBT002 - as sent
        if which not in TEXTS:
            raise UsageError(f"there is no text {which!r}")
        text = self._owner.text(which)
        if whole:
            self.tell("code", n=n, exact=text)
            return
        head, rest = cut(text, SHOWN)
        self.tell("code", n=n, which=which, text=visible(head), rest=rest)

    def _finding(self, index: Any) -> Any:
        found = self._judged.findings if self._judged else ()
        if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < len(found):
            raise UsageError("this finding is gone; the list has changed")
        return found[index]

    def _static(self) -> tuple[Html, str]:
        judged = self._judged
        return (Html(), "") if judged is None else (static_html(judged), plain(judged))


def _state(judged: Judgement, has_field: Callable[[str], bool]) -> dict[str, Any]:
    figures = judged.figures
    return {
        "problem": visible(judged.problem),
        "place": judged.place if judged.place and has_field(judged.place) else "",
        "missing": [visible(name) for name in judged.missing],
        "findings": [
            {
                "code": one.code,
                "severity": one.severity,
                "path": visible(one.path),
                "field": has_field(where),
                "what": visible(one.what),
                "cure": visible(one.cure),
                "dollars": None if one.dollars is None else f"${one.dollars:,.4f} at stake",
                "fix": visible(cure.label) if cure else None,
            }
            for one, cure, where in zip(judged.findings, judged.fixes, judged.homes, strict=True)
        ],
        "sections": [section._asdict() for section in figures.sections] if figures else [],
        "words": [visible(one) for one in figures.words] if figures else [],
        "exact": bool(figures and figures.exact),
    }


def static_html(judged: Judgement) -> Html:
    """Return findings and figures for a page without a kernel."""
    from workbench.show import fragment

    said = [tag("p", judged.problem, cls="wb-bad")] if judged.problem else []
    said += [tag("p", one, cls="wb-warn") for one in _without(judged)]
    words = [tag("p", one) for one in (judged.figures.words if judged.figures else ())]
    return join([*said, tag("div", *words), fragment(judged.findings) if _judges(judged) else Html()])


def plain(judged: Judgement) -> str:
    """Return findings and figures as text."""
    words = judged.figures.words if judged.figures else ()
    found = str(judged.findings) if _judges(judged) else ""
    return "\n".join(filter(None, [judged.problem, *_without(judged), *words, found]))


def _without(judged: Judgement) -> list[str]:
    """Say which names have no value: what is sent is not known before they do."""
    names = ", ".join(f"{{{{{visible(name)}}}}}" for name in judged.missing)
    return [f"no value for {names}: give it one under Values"] if names else []


def _judges(judged: Judgement) -> bool:
    """Whether the findings say something: that there are none says nothing of what cannot be sent yet."""
    return bool(judged.findings) or not (judged.problem or judged.missing)
