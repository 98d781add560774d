"""What a score is, what a scorer is, and how one is applied."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeGuard, overload

from workbench.errors import UsageError
from workbench.score.views import UnreadableError, View, known_view, look
from workbench.wire.codec import canonical

if TYPE_CHECKING:
    from workbench.dataset import Dataset, Sample
    from workbench.wire import Message, Request

Kind = Literal["binary", "score", "measure"]
"""``binary``: 1 passed, 0 failed. ``score``: better when higher. ``measure``: a number to look at."""


@dataclass(frozen=True, slots=True)
class Score:
    """What a scorer says of one reply.

    Attributes:
        value: The number; None where there is nothing to say (unscored is not zero).
        explanation: Why, in a sentence; may be empty where it passed.
        answer: What was taken from the reply to be judged.
    """

    value: float | None
    explanation: str = ""
    answer: str = ""


class Answered(Protocol):
    """What scorers read of a reply."""

    @property
    def request(self) -> Request:
        """What was asked."""

    @property
    def message(self) -> Message:
        """What came back."""

    @property
    def timing(self) -> Any:
        """How long it took: ``total_s``."""

    @property
    def cost(self) -> Any:
        """What it cost: ``total``."""


class Scorer(Protocol):
    """A named judge of replies. `as_scorer` makes one of a plain function."""

    @property
    def name(self) -> str:
        """The column it fills."""

    @property
    def kind(self) -> Kind:
        """What its numbers mean."""

    def __call__(self, sample: Sample, reply: Any, /) -> Score:
        """Judge *reply*."""


@dataclass(frozen=True, kw_only=True)
class Grader:
    """Base of the scorers that compare a view of the reply.

    Attributes:
        name: The column it fills.
        view: What is graded.
        kind: What its numbers mean.
        needs_target: Whether a sample without target cannot be scored.
    """

    name: str
    view: View = "answer"
    kind: Kind = "binary"
    needs_target: bool = True

    def __post_init__(self) -> None:
        """Refuse a view that does not exist while the study is written, not while it runs."""
        known_view(self.view)

    def __call__(self, sample: Sample, reply: Answered, /) -> Score:
        """Judge *reply*."""
        if self.needs_target and sample.target is None:
            return Score(None, "the sample has no target")
        try:
            text = look(reply.message, self.view)
        except UnreadableError as error:
            return Score(0.0, f"the answer is {error}", clip(reply.message.text))
        return self.grade(text, sample)

    def grade(self, text: str, sample: Sample) -> Score:
        """Judge the viewed text."""
        raise NotImplementedError


@dataclass(frozen=True)
class Function:
    """A plain function ``(sample, message) -> Score | float | bool | None`` as a scorer."""

    name: str
    kind: Kind
    function: Callable[[Any, Any], Any]

    def __call__(self, sample: Sample, reply: Answered, /) -> Score:
        """Judge *reply*."""
        return _score(self.function(sample, reply.message))


PlainScorer = Callable[[Any, Any], Any]


@overload
def scorer(function: PlainScorer, /) -> Function: ...
@overload
def scorer(*, name: str | None = None, kind: Kind = "score") -> Callable[[PlainScorer], Function]: ...
def scorer(
    function: PlainScorer | None = None, /, *, name: str | None = None, kind: Kind | None = None
) -> Function | Callable[[PlainScorer], Function]:
    """Make a scorer of a function ``(sample, message) -> Score | float | bool | None``; also a decorator.

    Args:
        function: The function. What it returns is the score; None means unscored.
        name: The column it fills; the function's name by default.
        kind: What its numbers mean; ``binary`` where the function says ``-> bool``, else ``score``.

    >>> @scorer(kind="binary")
    ... def polite(sample, message):
    ...     return "please" in message.text
    >>> polite.name, polite.kind
    ('polite', 'binary')
    """

    def wrap(judge: PlainScorer) -> Function:
        return Function(name or str(getattr(judge, "__name__", "scorer")), kind or _kind(judge), judge)

    return wrap if function is None else wrap(function)


def as_scorer(judge: Scorer | PlainScorer) -> Scorer:
    """Return *judge* as a scorer: as it is, or wrapped where it is a plain function.

    Raises:
        UsageError: It cannot be called.
    """
    if _is_scorer(judge):
        return judge
    if not callable(judge):
        raise UsageError(f"a scorer is a function (sample, message) -> score, not {judge!r}")
    return scorer(judge)


def _is_scorer(judge: object) -> TypeGuard[Scorer]:
    # isinstance with a protocol costs 8 microseconds, half of what a whole score may.
    return hasattr(judge, "kind") and hasattr(judge, "name") and callable(judge)


def _kind(judge: PlainScorer) -> Kind:
    return "binary" if getattr(judge, "__annotations__", {}).get("return") in {bool, "bool"} else "score"


def prepare(judges: Iterable[Scorer | PlainScorer], dataset: Dataset) -> tuple[Scorer, ...]:
    """Make *judges* ready for *dataset*: what needs to know all samples (`choice`) learns it here.

    Raises:
        DatasetError: A scorer needs targets and a sample has none.
    """
    ready = []
    for judge in map(as_scorer, judges):
        if getattr(judge, "needs_target", False):
            dataset.require_targets()
        learn = getattr(judge, "prepared", None)
        ready.append(judge if learn is None else learn(dataset))
    return tuple(ready)


def apply(judge: Scorer | PlainScorer, sample: Sample, reply: Answered) -> Score:
    """Score one reply; a scorer that fails leaves it unscored and says why.

    >>> from workbench.dataset import Sample
    >>> apply(lambda sample, reply: 1 / 0, Sample("1", "?"), None).explanation
    "scorer error: AttributeError: 'NoneType' object has no attribute 'message'"
    """
    try:
        return _score(as_scorer(judge)(sample, reply))
    except Exception as error:  # noqa: BLE001 - any mistake in a caller's function must cost one score, not the run
        return Score(None, f"scorer error: {type(error).__name__}: {error}")


def _score(value: Any) -> Score:
    if isinstance(value, Score):
        if value.value is None or math.isfinite(value.value):
            return value
        return Score(None, f"{value.value} is no score. {value.explanation}".rstrip(), value.answer)
    if value is None:
        return Score(None, "the scorer said nothing")
    if hasattr(value, "item"):
        value = value.item()
    if not isinstance(value, bool | int | float):
        raise TypeError(
            f"returned {type(value).__name__}; a scorer returns a Score, a number, a bool or None"
        )
    return Score(float(value)) if math.isfinite(value) else Score(None, f"{value} is no score")


def targets(sample: Sample) -> tuple[str, ...]:
    """Return the right answers as text; a list holds several, what is not text is JSON."""
    target = sample.target
    if type(target) is str:
        return (target,)
    return tuple(map(as_text, target)) if isinstance(target, list | tuple) else (as_text(target),)


def as_text(value: Any) -> str:
    """Return text as it is, anything else as JSON in its one form."""
    return value if isinstance(value, str) else canonical(value).decode()


def clip(text: str, width: int = 120) -> str:
    """Return *text* on one line, cut to *width*."""
    flat = " ".join(text[: 4 * width].split())
    return flat if len(flat) <= width and len(text) <= 4 * width else f"{flat[: width - 1]}…"


def wanted(options: Iterable[str]) -> str:
    """Return the expected answers for an explanation."""
    return " or ".join(f'"{clip(option, 60)}"' for option in options)
