"""What a fault is, and what goes out because of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from workbench.emulator.guard import error_body
from workbench.errors import status_error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from workbench.emulator.limits import Headers
    from workbench.emulator.pace import Frame

JSON = dict[str, Any]
JSON_KIND = b"application/json"
SSE_KIND = b"text/event-stream; charset=utf-8"

Applies = Literal["any", "plain", "stream"]
Ending = Literal["whole", "close", "reset", "hang"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a fault is made of.

    Attributes:
        message: The answer the emulator would have given; empty for faults that come before the model works.
        body: The request's.
        turn: How often this body was asked before.
        request_id: Of the request.
        port: Where the emulator listens.
    """

    message: JSON
    body: JSON
    turn: int = 0
    request_id: str = ""
    port: int = 0

    @property
    def streams(self) -> bool:
        """Whether a stream was asked for."""
        return self.body.get("stream") is True


@dataclass(frozen=True, slots=True)
class Sent:
    """What goes out.

    Attributes:
        frames: The parts of the body, which may never end.
        head: Whether there is a status line at all.
        length: ``content-length``; None sends chunks.
        before: Raw bytes in front of the answer.
        tail: Raw bytes behind the frames, past all HTTP framing.
        end: Whether the body ends as it should, or the connection is closed, reset, or left open in silence.
    """

    frames: Iterable[Frame] = ()
    status: int = 200
    kind: bytes = JSON_KIND
    headers: Headers = field(default_factory=list)
    head: bool = True
    length: int | None = None
    before: bytes = b""
    tail: bytes = b""
    end: Ending = "whole"


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to go wrong.

    Attributes:
        name: What it is called.
        says: What happens, in a sentence.
        make: Makes what goes out.
        applies: To which requests.
        bills: Whether the model has worked by then, so that its tokens are charged.
        answers: Whether a usable answer goes out all the same.
    """

    name: str
    says: str
    make: Callable[[Asked], Sent]
    applies: Applies = "any"
    bills: bool = True
    answers: bool = False

    def suits(self, *, streams: bool) -> bool:
        """Return whether it can be injected into such a request."""
        return self.applies == "any" or (self.applies == "stream") == streams


def refused(asked: Asked, status: int, headers: Headers | None = None) -> Sent:
    """Return an error answer in the API's shape."""
    from workbench.emulator.pace import Frame

    error = status_error(status)(f"injected: {status}", status=status)
    raw = error_body(error, asked.request_id)
    return Sent([Frame(raw)], status=status, headers=headers or [], length=len(raw))
