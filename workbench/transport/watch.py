"""Who sends learns what becomes of a call while it is on its way."""

from __future__ import annotations

from typing import Protocol


class Watch(Protocol):
    """Told, in the loop, how a call goes on; its methods must return quickly and not raise."""

    def sends(self) -> None:
        """An attempt goes out: from now on the service may charge for it."""

    def waits(self) -> None:
        """An attempt failed, and the next one waits for its moment: nothing is on its way."""

    def began(self) -> None:
        """The answer has begun: the first event of a stream, or the good head of a plain answer.

        Told at most once a call, however many attempts it takes.
        """

    def lost(self) -> bool:
        """An attempt ended that may have been charged without an answer.

        Told once for each such attempt: also for the last one, and for one that was cancelled.

        Returns:
            Whether another attempt can be borne at once; when not, `again` is awaited before one.
        """
        ...

    async def again(self) -> None:
        """Wait until another attempt can be borne; raises where it never can."""
