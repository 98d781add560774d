"""`compare`: one line from a prompt, some models and some data to a run, its table and its plot."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sized
from dataclasses import dataclass
from functools import cached_property
from numbers import Number
from typing import TYPE_CHECKING, Any, Final

from workbench.client import Client
from workbench.dataset import Dataset
from workbench.display import Shown
from workbench.errors import PromptError, UsageError
from workbench.evaluation import Eval
from workbench.prompt import Prompt, grid
from workbench.report.words import visible
from workbench.score import choice, exact, latency, length, number
from workbench.score.base import targets
from workbench.score.numbers import last_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from decimal import Decimal

    from workbench.report import Table
    from workbench.report.charts import Chart
    from workbench.run import Run
    from workbench.score import Scorer

LABELS: Final = 12
"""Different targets that still read as labels; each stands for two samples at least."""
LABEL: Final = 40
"""Characters of a label."""
_FIGURE: Final = re.compile(r"[\s$€£¥]*[+\-−]?[\s$€£¥]*[\d.,/ ]*\d[\d.,/ ]*(?:[eE][+-]?\d+)?\s*%?\s*")


@dataclass(frozen=True, eq=False)
class Compared(Shown):
    """Models compared: what `compare` returns.

    Attributes:
        run: All answers.
        why: How answers were scored, and why so.
    """

    run: Run
    why: str

    @property
    def table(self) -> Table:
        """One row per model, intervals beside means, and the verdict in words."""
        return self.run.summary()

    @cached_property
    def plot(self) -> Chart:
        """Quality against dollars, with intervals and the frontier."""
        return self.run.plot.pareto()

    def __str__(self) -> str:
        return "\n\n".join([str(self.table), self.why, str(self.plot)])


def compare(
    prompt: Prompt | Sequence[Prompt] | Mapping[str, Prompt],
    models: str | Sequence[str] | None = None,
    data: Any = None,
    *,
    scorers: Scorer | Callable[[Any, Any], Any] | Iterable[Any] | None = None,
    effort: str | Sequence[str | None] | None = None,
    client: Client | None = None,
    epochs: int = 1,
    budget_usd: str | Decimal | float | None = None,
    name: str | None = None,
    **options: Any,
) -> Compared:
    """Ask several models the same and compare: a run, its table with a verdict, and a plot.

    Args:
        prompt: What to ask; several, in a list or by name, are compared too.
        models: Whom to ask; by default the prompt's own model.
        data: A path, a DataFrame, a `Dataset`, or a list such as ``[{"input": "2 + 2", "target": "4"}]``.
        scorers: How to judge; by default what fits the targets, and it is said which and why.
        effort: One or several; None in a list leaves the prompt as it is.
        client: Who asks; by default a new `Client`.
        epochs: How often each question is asked.
        budget_usd: The most that the run may pay.
        name: Of the study; by default the data's.
        **options: The others of `Client.run`, such as ``concurrency``, ``out``, ``mode``.

    Raises:
        UsageError, PromptError, DatasetError, LintError: Something of it cannot work; nothing was sent.
        APIError, ReplayMissError, DiskFullError, IncompleteError: As `Client.run`; what is done is kept.
    """
    study, why = _study(prompt, models, data, scorers=scorers, effort=effort, epochs=epochs, name=name)
    if client is not None:
        return Compared(client.run(study, budget_usd=budget_usd, **options), why)
    with Client() as own:
        return Compared(own.run(study, budget_usd=budget_usd, **options), why)


def _study(
    prompt: Any, models: Any, data: Any, *, scorers: Any, effort: Any, epochs: int, name: str | None
) -> tuple[Eval, str]:
    if data is None:
        raise UsageError('compare needs data: a path, a DataFrame, or a list such as [{"input": "2 + 2"}]')
    if isinstance(prompt, str):
        raise UsageError("compare takes a Prompt, not text: wb.Prompt(text, max_tokens=300)")
    for what, given in (("prompt", prompt), ("models", models), ("effort", effort)):
        if isinstance(given, Sized) and not len(given):
            rest = "give at least one" if what == "prompt" else "give at least one, or leave it out"
            raise PromptError(f"compare has nothing to ask: {what} is empty; {rest}")
    axes = {axis: value for axis, value in (("model", models), ("effort", effort)) if value is not None}
    variants = grid(prompt, **axes)
    dataset = Dataset.load(data)
    if scorers is None:
        chosen, why = fitting(dataset)
    else:
        chosen, why = scorers, ""
    called = name or (dataset.name if dataset.name != "dataset" else "compare")
    study = Eval(called, dataset=dataset, variants=variants, scorers=chosen, epochs=epochs)
    return study, why or f"Scored by {', '.join(study.scorer_names)}, as asked."


def fitting(dataset: Dataset) -> tuple[list[Scorer], str]:
    """Return scorers that fit the targets of a dataset, and a sentence on which and why.

    >>> data = Dataset.load([{"input": "2 + 2", "target": "4"}, {"input": "2 + 3", "target": 5}])
    >>> print(fitting(data)[1])
    Scored by number: each of the 2 targets is a number, and the last number of the answer must equal it.
    """
    measures: list[Scorer] = [length(), latency()]
    missing = sum(sample.target is None for sample in dataset)
    if missing:
        each = f"{missing:,} samples have" if missing > 1 else "1 sample has"
        some = "the data has no target" if missing == len(dataset) else f"{each} no target"
        said = f"Not scored, for {some}: length and latency are measured. Give scorers=[…] to judge answers."
        return measures, said
    n = f"{len(dataset):,} target{'s' * (len(dataset) != 1)}"
    if all(_is_number(sample.target) for sample in dataset):
        why = f"each of the {n} is a number, and the last number of the answer must equal it"
        return [number()], f"Scored by number: {why}."
    labels = Counter(label for sample in dataset for label in targets(sample))
    if _are_labels(labels, len(dataset)):
        named = visible(", ".join([label for label, _ in labels.most_common(6)]))
        named += ", …" if len(labels) > 6 else ""
        why = f"the {n} are {len(labels)} labels ({named}), and the answer must choose the right one"
        return [choice()], f"Scored by choice: {why}."
    why = f"the {n} are neither numbers nor a few labels, so the answer must be the target and nothing else"
    return [exact()], f"Scored by exact: {why}. Give scorers=[…] to judge another way."


def _is_number(target: Any) -> bool:
    """Whether a target is a number: one as such, or a text that is nothing else or ends in ``#### 18``."""
    if isinstance(target, bool):
        return False
    if isinstance(target, str):
        whole = "####" in target or _FIGURE.fullmatch(target) is not None
        return whole and last_number(target) is not None
    return isinstance(target, Number)


def _are_labels(labels: Mapping[str, int], samples: int) -> bool:
    short = all(0 < len(label) <= LABEL and "\n" not in label for label in labels)
    return short and 2 <= len(labels) <= LABELS and samples >= 2 * len(labels)
