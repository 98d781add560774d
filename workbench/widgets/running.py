"""`RunningView`: a run that goes on, with a Stop button; its table once it is over."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from traitlets import Dict

from workbench.client.running import Running
from workbench.show.running import ended, figures, running
from workbench.widgets.view import View

if TYPE_CHECKING:
    from workbench.show.safe import Html


class RunningView(View, front=("running",)):
    """Shows how far a run is, lets it be stopped, and shows its table in the end.

    A notebook shows it for what `Client.start` returns. After a kernel restart, or for a run of another
    process, give the folder.

    Args:
        shown: The run, or its folder.

    Raises:
        UsageError: No run in that folder.
    """

    seen = Dict().tag(sync=True)
    """The figures at first and in the end: a page has them though the kernel is busy with a cell."""

    def __init__(self, shown: Running | str | os.PathLike[str]) -> None:
        super().__init__()
        self.running = Running.attach(shown) if isinstance(shown, str | os.PathLike) else shown
        self.seen = self._figures()
        self._forget = self.running.listen(self._changed)

    def _static(self) -> tuple[Html, str]:
        return running(self.running), str(self.running)

    def _hear_ready(self) -> None:
        """A page shows the view, perhaps anew: it gets everything."""
        self._changed()

    def _hear_stop(self) -> None:
        """The Stop button: first finish what is in flight, then give that up too."""
        self.running.stop()
        self._changed()

    def _changed(self) -> None:
        """Say how far it is; `Running` asks for it four times a second at most."""
        if not self.running.done:
            self.tell("state", **self._figures())
            return
        self._forget()
        self.seen = self._figures()
        self.tell("state", **self.seen, html=ended(self.running))

    def _figures(self) -> dict[str, Any]:
        return {**figures(self.running), "stop": self.running.stoppable}
