"""The versions that ran: when, what changed, and back to any of them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from workbench.report.words import dollars, plural
from workbench.show.h import tag
from workbench.show.parts import one_line
from workbench.widgets.builder.parts import Words, button, discard, guarded, line, message, show_if, stack
from workbench.widgets.builder.versions import moment
from workbench.widgets.html import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from workbench.show.safe import Html
    from workbench.widgets.builder.desk import Desk
    from workbench.widgets.builder.unrun import Unrun
    from workbench.widgets.builder.versions import Version, Versions

SHOWN = 20
"""Versions listed, the newest first."""


class History:
    """The versions that ran: when, what changed, and back to any of them."""

    def __init__(self, desk: Desk, versions: Versions) -> None:
        self._desk, self._versions = desk, versions
        self.heading = Words(cls="wb-kind")
        self.problem = message()
        self.list = stack(cls="wb-rows")
        self.detail = stack(cls="wb-detail")
        self._seen = desk.tagged(self.detail)
        self._open = 0
        self.widget = stack(self.heading.widget, self.problem.widget, self.list, cls="wb-history")
        self.rows: dict[int, Any] = {}
        self.show()

    def show(self) -> None:
        """Show the newest versions; rows of those listed before stay."""
        every = self._versions.list()
        listed = every[-SHOWN:][::-1]
        more = f", the newest {SHOWN} listed" if len(every) > SHOWN else ""
        self.heading.say(f"Versions: {len(every)}{more}" if every else "")
        self.rows = {one.n: self.rows.get(one.n) or self._row(one) for one in listed}
        self._put()

    def _put(self) -> None:
        """Show the rows, and below one of them what changed."""
        parts = [(row, *([self.detail] if n == self._open else [])) for n, row in self.rows.items()]
        self.list.children = tuple(part for pair in parts for part in pair)

    def restore(self, version: Version) -> None:
        """Put a version back into the form: one step, which can be undone."""
        self._desk.draft.replace(version.body, version.values)
        self._desk.heard()

    def back(self) -> None:
        """Take back a version that the form could not show."""
        self._desk.draft.undo()

    def diff(self, version: Version) -> None:
        """Show what changed in prompt and answer since the version before, or against the form."""
        before = _before(version, self._versions.list())
        parts: list[Html] = [tag("p", f"version {version.n} is the first", cls="wb-dim")]
        if before is not None:
            parts = [
                tag("h4", f"From version {before.n} (A) to version {version.n} (B)"),
                *_prompt(before.body, version.body),
                *_values(before, version),
                *_answer(before, version),
            ]
        parts += [
            tag("h4", f"From version {version.n} (A) to the form as it is (B)"),
            *_prompt(version.body, self._desk.draft.body),
        ]
        close = line(button("Close", self._close, hint="close the diff"))
        old = self.detail.children
        self.detail.children = (shown(tag("div", *parts, cls="wb wb-diffs")), close)
        for one in old:
            discard(one)
        self._open = version.n
        self._put()
        self._desk.look(self._seen)

    def _close(self) -> None:
        self._open = 0
        self._put()

    def _row(self, version: Version) -> Any:
        said = Words(_said(version), cls="wb-version")
        careful = [
            button(
                "Diff",
                guarded(self.problem, lambda: self.diff(version)),
                hint=f"what changed in version {version.n}",
            ),
            button(
                "Restore",
                guarded(self.problem, lambda: self.restore(version)),
                hint=f"put version {version.n} back",
            ),
        ]
        return line(said.widget, *careful, cls="wb-version-row")


class Offer:
    """The last version, offered to a new form: after a kernel's restart nothing that ran is lost."""

    def __init__(self, history: History, last: Version | None) -> None:
        self._history, self._last = history, last
        self.words = Words(f"version {last.n} of {local(last.at)} is kept" if last else "", cls="wb-dim")
        self.button = button("Restore", self._take, hint="put the last version that ran into the form")
        self.widget = line(self.words.widget, self.button)
        show_if(self.widget, last)

    def _take(self) -> None:
        if self._last is not None:
            self._history.restore(self._last)
        show_if(self.widget, wanted=False)


class Lost:
    """A draft that was never run, offered to a new form: nothing typed is lost."""

    def __init__(self, history: History, unrun: Unrun, *, then: Callable[[], object]) -> None:
        self._history, self._unrun, self._then = history, unrun, then
        self.words = Words(cls="wb-dim")
        self.words.widget.add_class("wb-live")  # its box stays while the words change: those are read out
        self.problem = message()
        restore = button(
            "Restore", self._restore, hint="Restore the draft that was never run", cls="wb-named"
        )
        drop = button("Discard", self._discard, hint="Discard the draft that was never run", cls="wb-named")
        self.buttons = line(restore, drop)
        self.widget = stack(line(self.words.widget, self.buttons), self.problem.widget, cls="wb-lost")
        self.show()

    def show(self) -> None:
        """Say what is offered, what was restored, and what the disk refuses."""
        unrun, offered = self._unrun, self._unrun.offered
        said = ""
        if offered is not None:
            more = f", nor {plural(unrun.others, 'older one')}" if unrun.others else ""
            said = f"A draft from {clock(offered.at)} was never run{more}"
        elif unrun.restored and unrun.taken is not None:
            said = f"The draft from {clock(unrun.taken.at)} is back; Undo takes it out again"
        self._say(said, offered=offered is not None)
        self.problem.say("\n".join(filter(None, [*unrun.problems, unrun.failed])))

    def _say(self, said: str, *, offered: bool) -> None:
        self.words.say(said)
        show_if(self.buttons, offered)
        show_if(self.widget, said or self._unrun.problems or self._unrun.failed)

    def _restore(self) -> None:
        try:
            self._unrun.take(self._history.restore)
        except Exception as error:  # noqa: BLE001 - a file that others wrote may hold anything
            self._history.back()
            self.problem.say(f"this draft cannot be shown ({type(error).__name__}); its file stays")
            return
        self.show()
        self._then()

    def _discard(self) -> None:
        self._unrun.discard()
        self.show()
        if self._unrun.offered is None:
            self._say("The draft is deleted", offered=False)
        self._then()


def _before(version: Version, every: Sequence[Version]) -> Version | None:
    """Return the version to compare one with: the last one of its model, so that columns do not mix."""
    earlier = [one for one in every if one.n < version.n][::-1]
    model = version.body.get("model")
    return next((one for one in earlier if one.body.get("model") == model), next(iter(earlier), None))


def _said(version: Version) -> str:
    reply = version.reply or {}
    cost = reply.get("cost")
    parts = [
        f"{version.n}",
        local(version.at),
        str(version.body.get("model", ""))[:60],
        dollars(Decimal(cost)) if cost is not None else "",
        "emulator" if reply.get("origin") == "emulator" else "",
        one_line(version.note) if version.note else "" if reply else "no answer",
        one_line(" ".join(str(reply.get("text") or "").split()), 80) if reply else "",
    ]
    return " · ".join(filter(None, parts))


def local(at: str) -> str:
    """Return a time of a version as the clock on the wall shows it."""
    when = moment(at)
    return f"{when:%Y-%m-%d %H:%M}" if when else at[:40]


def clock(at: str) -> str:
    """Return a time as `local` does, without the date where that is today."""
    when = moment(at)
    return f"{when:%H:%M}" if when and when.date() == datetime.now().astimezone().date() else local(at)


def _prompt(a: dict[str, Any], b: dict[str, Any]) -> list[Html]:
    from workbench.show.difference import prompt_difference

    return [tag("p", "the same prompt", cls="wb-dim")] if a == b else [prompt_difference(a, b)]


def _values(a: Version, b: Version) -> list[Html]:
    from workbench.show.difference import json_difference

    if a.values == b.values:
        return []
    return [tag("h4", "Values"), json_difference(a.values, b.values)]


def _answer(a: Version, b: Version) -> list[Html]:
    from workbench.show.difference import text_difference

    texts = [str((one.reply or {}).get("text") or "") for one in (a, b)]
    return [tag("h4", "Answer"), text_difference(*texts)]
