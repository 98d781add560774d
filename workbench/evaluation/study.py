"""`Eval` and `Trial`: the study, and one question of it."""

from __future__ import annotations

import copy
import warnings
from collections import Counter
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.dataset import Dataset
from workbench.display import Shown
from workbench.errors import UsageError, warn
from workbench.evaluation import stored
from workbench.prompt import Prompt, Variant
from workbench.score import prepare
from workbench.wire.codec import digest

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from workbench.dataset import Sample
    from workbench.score import Scorer
    from workbench.wire import Request

    AnyScorer = Scorer | Callable[[Any, Any], Any]
    AnyVariants = Prompt | Variant | Iterable[Prompt | Variant] | Mapping[str, Prompt]


@dataclass(frozen=True, slots=True)
class Trial:
    """One question to be asked: a variant, a sample, and which repeat of the two.

    Attributes:
        epoch: The repeat, from 0; the draw index of the store.
        index: Place in the evaluation's order, from 0.
    """

    variant: Variant
    sample: Sample
    epoch: int
    index: int

    @property
    def id(self) -> str:
        """``variant/sample/epoch``."""
        return f"{self.variant.name}/{self.sample.id}/{self.epoch}"

    @property
    def request(self) -> Request:
        """The request, rendered now."""
        return self.variant.prompt.render(self.sample.values)


@dataclass(frozen=True, eq=False)
class Eval(Shown):
    """A dataset, variants, scorers and epochs: everything about a study but its answers.

    Args:
        name: A short name; folders and tables carry it.
        dataset: The samples, or anything `Dataset.load` reads.
        variants: One prompt, several prompts or variants, prompts by name, or what `grid` returns. The
            first is what the others are compared with.
        scorers: What judges the answers; objects of `workbench.score` or functions of sample and message.
        epochs: How often each question is asked, at least 1.

    Raises:
        UsageError: Something of it cannot work; said before anything is sent.
        PromptError: A placeholder that a sample has no value for.
        DatasetError: The dataset cannot be read, or a scorer needs targets and a sample has none.
    """

    name: str
    _: KW_ONLY
    dataset: Dataset
    variants: tuple[Variant, ...]
    scorers: tuple[Scorer, ...]
    epochs: int = 1

    def __init__(
        self,
        name: str,
        *,
        dataset: Dataset | Iterable[Any] | str | Path,
        variants: AnyVariants,
        scorers: AnyScorer | Iterable[AnyScorer],
        epochs: int = 1,
    ) -> None:
        put = object.__setattr__  # the one way into a frozen dataclass
        put(self, "name", name)
        put(self, "dataset", dataset if isinstance(dataset, Dataset) else Dataset.load(dataset))
        put(self, "variants", _variants(variants))
        put(self, "scorers", prepare([scorers] if callable(scorers) else scorers, self.dataset))
        put(self, "epochs", epochs)
        _check(self)
        if unused := _unused(self):
            warn(f"no prompt of {name!r} uses: {', '.join(unused)}")

    def __len__(self) -> int:
        return len(self.variants) * len(self.dataset) * self.epochs

    def trials(self, order: Sequence[int] | None = None) -> Iterator[Trial]:
        """Yield what is to be asked, sample by sample, so that a run cut short is fair to all variants.

        Args:
            order: Positions of the samples, each once; default the dataset's own order.
        """
        samples = self.dataset.samples
        each = self.epochs * len(self.variants)
        for position in range(len(samples)) if order is None else order:
            index = position * each
            for epoch in range(self.epochs):
                for variant in self.variants:
                    yield Trial(variant, samples[position], epoch, index)
                    index += 1

    def requests(self) -> list[Request]:
        """Every request that a run would send, for `lint` and `estimate`."""
        return [trial.request for trial in self.trials()]

    def limit(self, n: int) -> Eval:
        """Return the same study on the first *n* samples."""
        if n < 1:
            raise UsageError(f"a limit of {n} leaves no sample; give 1 or more")
        part = copy.copy(self)
        part.__dict__.pop("fingerprint", None)  # that of the whole
        object.__setattr__(part, "dataset", self.dataset.head(n))
        return part

    def save(self, folder: str | os.PathLike[str]) -> Path:
        """Write ``study.json`` and ``samples.jsonl`` into *folder*, from which `load` makes the study again.

        A run does so by itself. Scorers of `workbench.score` are kept as their settings; functions are not.

        Raises:
            DiskFullError, UsageError: They cannot be written.
        """
        stored.save(self, folder)
        return Path(folder)

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> Eval:
        """Read a study from a folder, such as a run's; code that may lie there is not run.

        Raises:
            UsageError: No study there, it was changed since, or a scorer of it is a function.
        """
        parts = stored.load(folder)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # said when the study was written
            study = cls(
                parts.name,
                dataset=parts.dataset,
                variants=parts.variants,
                scorers=parts.scorers,
                epochs=parts.epochs,
            )
        if study.fingerprint != parts.fingerprint:
            raise UsageError(
                f"{folder}: its {stored.STUDY} was changed, or written by another version of the workbench; "
                f"{stored.CURE}"
            )
        return study

    @property
    def scorer_names(self) -> tuple[str, ...]:
        """The scorers' names, the columns of the table."""
        return tuple(scorer.name for scorer in self.scorers)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over prompts, samples, scorers and epochs: studies of one print ask and judge the same.

        Of scorers it knows the settings, not the code: a function that was edited is not noticed.
        """
        prompts = [[variant.name, variant.prompt.wire()] for variant in self.variants]
        return digest([self.dataset.sha256, prompts, [_settings(one) for one in self.scorers], self.epochs])

    def __str__(self) -> str:
        head = f"{self.name} · {self.size} = {len(self):,} requests"
        lines = [f"  {variant.name}" for variant in self.variants]
        return "\n".join([head, *lines, f"  scored by {', '.join(self.scorer_names) or 'nothing'}"])

    @property
    def size(self) -> str:
        """How many variants by samples by epochs, in words."""
        return " \N{MULTIPLICATION SIGN} ".join(
            f"{n:,} {noun}{'s' * (n != 1)}"
            for n, noun in (
                (len(self.variants), "variant"),
                (len(self.dataset), "sample"),
                (self.epochs, "epoch"),
            )
        )


def _settings(scorer: Scorer) -> list[Any]:
    """Return what makes a scorer judge as it does: its plain fields, the same in every process."""
    values = {name: getattr(scorer, name) for name in getattr(scorer, "__dataclass_fields__", ())}
    plain = {name: repr(value) for name, value in values.items() if _is_plain(value)}
    return [type(scorer).__name__, scorer.name, scorer.kind, plain]


def _is_plain(value: Any) -> bool:
    if isinstance(value, tuple | list):
        return all(map(_is_plain, value))
    return isinstance(value, str | int | float | Decimal | None)


def _variants(given: AnyVariants) -> tuple[Variant, ...]:
    if isinstance(given, Mapping):
        given = [Variant(str(name), one) if isinstance(one, Prompt) else one for name, one in given.items()]
    each: Sequence[Any] = (given,) if isinstance(given, Prompt | Variant) else tuple(given)
    for one in each:
        if not isinstance(one, Prompt | Variant):
            kind = type(one).__name__
            raise UsageError(f"variants must be prompts, prompts by name, or what grid() returns, not {kind}")
    alone = len(each) == 1
    return tuple(
        one if isinstance(one, Variant) else Variant(one.name or ("prompt" if alone else f"prompt {i}"), one)
        for i, one in enumerate(each, 1)
    )


def _check(study: Eval) -> None:
    if not study.name:
        raise UsageError("an evaluation needs a name; folders and tables carry it")
    if not isinstance(study.epochs, int) or study.epochs < 1:
        raise UsageError(f"epochs must be a whole number of 1 or more, not {study.epochs!r}")
    if not study.variants:
        raise UsageError(f"evaluation {study.name!r} has no variants; give a Prompt or grid(...)")
    if not len(study.dataset):
        raise UsageError(f"evaluation {study.name!r} has no samples; its dataset is empty")
    _unique("variant", (variant.name for variant in study.variants), "give each Prompt its own name")
    _unique("scorer", study.scorer_names, "give one of them another name")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what one prompt leaves unused another may use: said once, for all
        for variant in study.variants:
            variant.prompt.check(study.dataset)


def _unique(noun: str, names: Iterable[str], cure: str) -> None:
    twice = [name for name, n in Counter(names).items() if n > 1]
    if twice:
        raise UsageError(f"{noun} {twice[0]!r} occurs more than once; {cure}")


def _unused(study: Eval) -> list[str]:
    """Return columns that no prompt uses and that have no part of their own."""
    used = {name for variant in study.variants for name in variant.prompt.variables}
    known = {"id", "input", "target", "metadata", *study.dataset.roles.values()}
    return [name for name in study.dataset.columns if name not in used | known]
