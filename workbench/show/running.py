"""A run in the background: how far it was when it was shown, and, once it is over, its table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.errors import WorkbenchError
from workbench.show import run, tally
from workbench.show.h import join, tag
from workbench.show.progress import state_html
from workbench.show.safe import Html, text

if TYPE_CHECKING:
    from typing import Protocol

    from workbench.run import Run
    from workbench.show.tally import State

    class Going(Protocol):
        """What is shown; `client.running.Running` is one."""

        @property
        def done(self) -> bool: ...  # noqa: D102
        @property
        def state(self) -> str: ...  # noqa: D102
        @property
        def progress(self) -> State: ...  # noqa: D102
        @property
        def sentence(self) -> str: ...  # noqa: D102
        @property
        def run(self) -> Run: ...  # noqa: D102


def running(noun: Going) -> Html:
    """Return the state when it was shown and how to go on; the run's table where it is over."""
    if noun.done:
        return join([ended(noun), tag("p", text(noun.sentence), cls="wb-dim")])
    return join([state_html(noun.progress), tag("p", text(f"When this was shown: {noun.sentence}."))])


def ended(noun: Going) -> Html:
    """Return the table of a run that is over, whole or not; how far it came where there is none."""
    try:
        return run.run(noun.run)
    except WorkbenchError:  # it ended before anything was in its folder, or that was moved
        return state_html(noun.progress, live=False)


def figures(noun: Going) -> dict[str, Any]:
    """Return what a live view shows: numbers, and words in which everything can be seen."""
    state, live = noun.progress, not noun.done
    return {
        "state": noun.state,
        "name": tally.shown(state.name),
        "size": tally.shown(state.size),
        "done": state.done,
        "total": max(state.total, 1),
        "counts": f"{state.done:,} of {state.total:,}",
        "money": tally.shown(tally.money(state, live=live)),
        "eta": tally.eta(state) if live else "",
        "note": tally.shown(state.note) if live else "",
        "detail": tally.shown(tally.detail(state, live=live)),
        "faults": tally.faults(state, live=live),
        "sentence": tally.shown(noun.sentence),
    }
