"""In which order a study is asked, so that a prefix is read while it lives, and what leads."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Self

from workbench.runner.prefixes import Prefixes, marked
from workbench.tokens import breakpoints, prefix_keys, prefix_tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from workbench.evaluation import Eval, Trial
    from workbench.wire import Request


@dataclass(frozen=True)
class Plan:
    """How one sitting goes about its trials.

    Attributes:
        order: Positions of the samples in the order in which they are asked; None is the dataset's own.
        prefixes: Sees to it that one request writes a prefix and the others read it; None where no prompt
            has a breakpoint.
        as_sent: Gives a request the breakpoints with which it will be sent; None leaves it as it is.
    """

    order: Sequence[int] | None = None
    prefixes: Prefixes | None = None
    as_sent: Callable[[Request], Request] | None = None

    @classmethod
    def of(cls, evaluation: Eval, marks: Callable[[Request], Request] | None = None) -> Self:
        """Plan a study: samples that share a prefix are asked one after the other.

        All variants and repeats of a sample stay together, so that a run cut short is fair to all variants.

        Args:
            evaluation: The study.
            marks: Gives requests the breakpoints with which they will be sent.
        """
        as_sent = marks or (lambda request: request)
        one_each = islice(evaluation.trials(), len(evaluation.variants))
        first = next((trial.variant for trial in one_each if marked(as_sent(trial.request))), None)
        if first is None:
            return cls()
        groups: dict[str, list[int]] = {}
        for position, sample in enumerate(evaluation.dataset):
            key = _prefix(as_sent(first.prompt.render(sample.values)))
            groups.setdefault(key, []).append(position)
        order = [position for group in groups.values() for position in group]
        return cls(order if order != sorted(order) else None, Prefixes(), marks)

    def trials(self, evaluation: Eval) -> Iterator[Trial]:
        """Yield the study's trials in this order."""
        return evaluation.trials(self.order)


def _prefix(request: Request) -> str:
    """Return the key of the first marked prefix that ends before the last block: what samples may share."""
    positions = prefix_tokens(request)
    marks = [mark for mark in breakpoints(positions) if mark.at < len(positions) - 1]
    return prefix_keys(request, positions)[marks[-1].at] if marks else ""
