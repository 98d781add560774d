"""Try it: run the request below the form, on one model or several, and keep every version that ran."""

from __future__ import annotations

import logging
import threading
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import ipywidgets as w

from workbench.errors import UsageError, WorkbenchError
from workbench.report.words import dollars
from workbench.show.h import tag
from workbench.widgets.builder.parts import Words, button, guarded, line, message, show_if, stack
from workbench.widgets.builder.settings import model_choices
from workbench.widgets.html import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from workbench.client import Client
    from workbench.reply import Reply
    from workbench.show.safe import Html
    from workbench.widgets.builder.desk import Desk
    from workbench.widgets.builder.versions import Version, Versions

_log = logging.getLogger("workbench")

SHOWN = 20
"""Versions listed, the newest first."""


class Trying:
    """Run, stop, the answers, and the versions.

    Args:
        desk: What the form shares.
        sender: Returns the client that sends, made at the first run.
        versions: Where runs are kept.
    """

    def __init__(self, desk: Desk, sender: Callable[[], Client], versions: Versions) -> None:
        self._desk, self._sender, self._versions = desk, sender, versions
        self.replies: list[Reply | None] = []
        self.view: Any = None
        self._used: Client | None = None
        self._keeping: threading.Thread | None = None
        self.problem = message()
        self.said = Words(cls="wb-dim", role="status")
        self.start = button("Run", guarded(self.problem, self.run), hint="send the request", cls="wb-main")
        self.halt = button("Stop", self.stop, hint="stop what is streaming; what came stays")
        self.halt.disabled = True
        self.others = w.SelectMultiple(description="compare on", options=model_choices(), rows=4)
        self.others.add_class("wb-wide")
        self.compare = button("Compare on …", self._toggle, hint="run on further models too")
        show_if(self.others, wanted=False)
        self.answers = stack(cls="wb-answers")
        self.history = History(desk, versions)
        self.bar = line(self.start, self.halt, self.compare, self.said.widget)
        self.widget = stack(self.bar, self.others, self.problem.widget, self.answers, self.history.widget)

    @property
    def reply(self) -> Reply | None:
        """The newest answer of the first column."""
        return next((one for one in self.replies if one is not None), None)

    def run(self) -> None:
        """Send the request; returns at once, the answer streams.

        Raises:
            WorkbenchError: There is no request yet.
        """
        from workbench.widgets.panes import RunView

        draft = self._desk.draft
        request = draft.request()
        if draft.missing:
            names = ", ".join(f"{{{{{name}}}}}" for name in draft.missing)
            raise UsageError(f"no value for {names}; type one under Values, or take a row of a dataset")
        models = [name for name in self.others.value if name != request.model]
        requests = [request, *(request.with_(model=name) for name in models)]
        body, values = draft.body, {name: draft.values.get(name) for name in draft.variables}
        self.stop()
        sender = self._sender()
        if self.view is None or self._used is not sender:
            self.close()
            self.view, self._used = RunView(sender, requests), sender
            self.answers.children = (self.view,)
        else:
            self.view.start(requests)
        self.halt.disabled = False
        self.said.say("running")
        bodies = [{**body, "model": one.model} for one in requests]
        self._keeping = threading.Thread(target=self._keep, args=(self.view, bodies, values), daemon=True)
        self._keeping.start()

    def stop(self) -> None:
        """Stop what runs; what came stays, and is kept."""
        if self.view is not None and self.view.running:
            self.view.stop()
        self.wait()

    def wait(self, timeout_s: float | None = None) -> list[Reply | None]:
        """Wait until the run has ended and is kept; return its answers by column."""
        if self._keeping is not None:
            self._keeping.join(timeout_s)
        return self.replies

    def close(self) -> None:
        """Stop, and take the answers away."""
        if self.view is not None:
            self.view.close()

    def _keep(self, view: Any, bodies: Sequence[dict[str, Any]], values: dict[str, Any]) -> None:
        """Wait for the end of a run, and keep what it ran with what came."""
        try:
            self.replies = list(view.wait())
            for body, reply, error in zip(bodies, self.replies, view.errors, strict=True):
                note = "" if error is None else str(error)
                self._versions.add(body, values=values, reply=_recorded(reply), note=note)
            self.history.show()
            n = sum(one is not None for one in self.replies)
            self.said.say(f"{n} of {len(bodies)} answered" if len(bodies) > 1 or not n else "done")
        except (WorkbenchError, OSError) as error:
            self.problem.say(f"this run could not be kept: {error}")
        finally:
            self.halt.disabled = True

    def _toggle(self) -> None:
        show_if(self.others, self.others.layout.display == "none")


class History:
    """The versions that ran: when, what changed, and back to any of them."""

    def __init__(self, desk: Desk, versions: Versions) -> None:
        self._desk, self._versions = desk, versions
        self.heading = Words(cls="wb-kind")
        self.problem = message()
        self.list = stack(cls="wb-rows")
        self.detail = stack(cls="wb-detail")
        self.widget = stack(
            self.heading.widget, self.problem.widget, self.list, self.detail, cls="wb-history"
        )
        self.rows: dict[int, Any] = {}
        self.show()

    def show(self) -> None:
        """Show the newest versions; rows of those listed before stay."""
        every = self._versions.list()
        listed = every[-SHOWN:][::-1]
        more = f", the newest {SHOWN} listed" if len(every) > SHOWN else ""
        self.heading.say(f"Versions: {len(every)}{more}" if every else "")
        self.rows = {one.n: self.rows.get(one.n) or self._row(one) for one in listed}
        self.list.children = tuple(self.rows.values())

    def restore(self, version: Version) -> None:
        """Put a version back into the form: one step, which can be undone."""
        self._desk.draft.values.update(version.values)
        self._desk.draft.replace(version.body)
        self._desk.heard()

    def diff(self, version: Version) -> None:
        """Show what changed in prompt and answer since the version before, or against the form."""
        before = next((one for one in self._versions.list() if one.n == version.n - 1), None)
        parts: list[Html] = [
            tag("h4", f"Version {version.n} against {version.n - 1 if before else 'nothing'}")
        ]
        if before is not None:
            parts += [*_prompt(before.body, version.body), *_answer(before, version)]
        parts += [
            tag("h4", f"The form against version {version.n}"),
            *_prompt(version.body, self._desk.draft.body),
        ]
        close = button("Close", self._close)
        self.detail.children = (shown(tag("div", *parts, cls="wb wb-diffs")), close)

    def _close(self) -> None:
        self.detail.children = ()

    def _row(self, version: Version) -> Any:
        said = Words(_said(version))
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
        return line(said.widget, *careful)


def _recorded(reply: Reply | None) -> dict[str, Any] | None:
    if reply is None:
        return None
    total = reply.cost.total
    return {
        "text": reply.text,
        "usage": reply.usage.wire() if reply.usage else None,
        "cost": None if total is None else str(total),
        "origin": reply.origin,
    }


def _said(version: Version) -> str:
    when = datetime.fromisoformat(version.at).astimezone()
    reply = version.reply or {}
    cost = reply.get("cost")
    parts = [
        f"{version.n}",
        f"{when:%Y-%m-%d %H:%M:%S}",
        str(version.body.get("model", ""))[:60],
        dollars(Decimal(cost)) if cost is not None else "",
        "emulator" if reply.get("origin") == "emulator" else "",
        version.note[:120] if version.note else "",
        " ".join(str(reply.get("text", "")).split())[:80] if reply else "no answer",
    ]
    return " · ".join(filter(None, parts))


def _prompt(a: dict[str, Any], b: dict[str, Any]) -> list[Html]:
    from workbench.show.difference import prompt_difference

    return [tag("p", "the same prompt", cls="wb-dim")] if a == b else [prompt_difference(a, b)]


def _answer(a: Version, b: Version) -> list[Html]:
    from workbench.show.difference import text_difference

    texts = [str((one.reply or {}).get("text") or "") for one in (a, b)]
    return [tag("h4", "Answer"), text_difference(*texts)]
