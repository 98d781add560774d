"""Try it: run the request below the form, on one model or several, and keep every version that ran."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

import ipywidgets as w

from workbench.errors import UsageError, WorkbenchError
from workbench.widgets.builder.answers import Answers
from workbench.widgets.builder.judging import NO_MODEL
from workbench.widgets.builder.kept import History
from workbench.widgets.builder.parts import Words, button, guarded, line, message, show_if, stack
from workbench.widgets.builder.settings import model_choices

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from workbench.client import Client
    from workbench.reply import Reply
    from workbench.widgets.builder.desk import Desk
    from workbench.widgets.builder.versions import Versions

_log = logging.getLogger("workbench")


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
        self.start = button(
            "Run", guarded(self.problem, self._pressed), hint="send the request", cls="wb-main"
        )
        self.halt = button("Stop", self.stop, hint="stop what is streaming; what came stays")
        self.halt.disabled = True
        self.others = w.SelectMultiple(description="compare on", options=model_choices(), rows=4)
        self.others.add_class("wb-wide")
        self.others.add_class("wb-others")
        self.compare = button("Compare on …", self._toggle, hint="run on further models too")
        show_if(self.others, wanted=False)
        self.others.observe(lambda _: self._count(), "value")
        self.answers = stack(cls="wb-answers")
        self._seen = desk.tagged(self.answers)
        self.history = History(desk, versions)
        self.place: Callable[[], Path | None] = lambda: None
        self.saved: Callable[[Path], None] = lambda _: None
        self.ended: Callable[[], None] = lambda: None
        buttons = line(self.start, self.halt, self.compare, self.said.widget)
        self.bar = stack(buttons, self.others, self.problem.widget, cls="wb-run")
        self.widget = stack(self.answers, self.history.widget)

    @property
    def reply(self) -> Reply | None:
        """The newest answer of the first column."""
        return next((one for one in self.replies if one is not None), None)

    def run(self) -> None:
        """Send the request; returns at once, the answer streams.

        Raises:
            WorkbenchError: There is no request yet.
        """
        draft = self._desk.draft
        if self._desk.model_asked is None:
            raise UsageError(NO_MODEL)
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
            self.view, self._used = Answers(sender, requests), sender
            self.answers.children = (self.view,)
        else:
            self.view.start(requests)
        self.view.values, self.view.place, self.view.saved = values, self.place(), self.saved
        self.halt.disabled = False
        self.said.say("running")
        self._desk.look(self._seen)
        bodies = [{**body, "model": one.model} for one in requests]
        self._keeping = threading.Thread(target=self._keep, args=(self.view, bodies, values), daemon=True)
        self._keeping.start()

    def _pressed(self) -> None:
        # That no model is chosen stands below the button already: what is left is to go there.
        if self._desk.model_asked is not None or not self._desk.go("model"):
            self.run()

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
                note = "stopped" * (reply is None) if error is None else str(error)
                self._versions.add(body, values=values, reply=_recorded(reply), note=note)
            self.history.show()
            n = sum(one is not None for one in self.replies)
            self.said.say(f"{n} of {len(bodies)} answered" if len(bodies) > 1 or not n else "done")
        except (WorkbenchError, OSError) as error:
            self.problem.say(f"this run could not be kept: {error}")
        finally:
            self.halt.disabled = True
            self.ended()

    def _count(self) -> None:
        n = len(self.others.value)
        self.compare.description = f"Compare on {n} …" if n else "Compare on …"

    def _toggle(self) -> None:
        show_if(self.others, self.others.layout.display == "none")


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
