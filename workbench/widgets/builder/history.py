"""Steps that can be taken back, and taken again."""

from __future__ import annotations

from typing import Any

KEPT = 200
"""Steps kept; their texts are shared, so each costs little."""

Body = dict[str, Any]
State = tuple[Body, Body | None]
"""A body, and the sample values beside it where a step changed those too."""


class History:
    """The states before and after the one in hand.

    Args:
        coalesce_s: Texts typed into one field with no longer a rest between them are one step.
    """

    def __init__(self, coalesce_s: float) -> None:
        self._coalesce_s = coalesce_s
        self._before: list[State] = []
        self._after: list[State] = []
        self._typing: tuple[str, float] | None = None

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return bool(self._before)

    @property
    def can_redo(self) -> bool:
        """Whether a step was taken back."""
        return bool(self._after)

    def step(self, old: State, typing: str | None, now: float) -> None:
        """Note that *old* is about to change.

        Args:
            old: The state before the step.
            typing: The field being typed in, where it is that.
            now: Seconds.
        """
        last, self._typing = self._typing, (typing, now) if typing is not None else None
        self._after.clear()
        if last is not None and last[0] == typing and now - last[1] <= self._coalesce_s and self._before:
            return
        self._before.append(old)
        del self._before[:-KEPT]

    def undo(self, now: Body, values: Body) -> State:
        """Return the state before the last step."""
        return self._go(self._before, self._after, now, values)

    def redo(self, now: Body, values: Body) -> State:
        """Return the state after the step taken back last."""
        return self._go(self._after, self._before, now, values)

    def _go(self, here: list[State], there: list[State], now: Body, values: Body) -> State:
        self._typing = None
        body, held = here.pop()
        there.append((now, None if held is None else dict(values)))
        return body, held
