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


class Onlooker:
    """A `Watch` that bears every charge, and is told besides why nothing comes: for whoever shows it.

    To be derived from; by itself it takes no notice of anything.
    """

    def sends(self) -> None:
        """Take that an attempt goes out."""

    def waits(self) -> None:
        """Take that nothing is on its way."""

    def began(self) -> None:
        """Take that the answer has begun."""

    def lost(self) -> bool:
        """Take that an attempt may have been charged for nothing; the next one can be borne."""
        return True

    async def again(self) -> None:
        """Hold nothing up."""

    def held(self, why: str) -> None:
        """Take that the call waits for its turn.

        Told when the wait begins, and whenever its reason changes.

        Args:
            why: What holds the calls of its own model back, in a few words; empty while that is not known.
        """

    def missed(self, said: str, wait_s: float) -> None:
        """Take that an attempt failed and another one follows.

        Args:
            said: Why it failed: status and words.
            wait_s: Seconds until the next one, its turn in the queue apart.
        """
