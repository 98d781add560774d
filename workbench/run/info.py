"""What ``run.json`` says of a run: what was asked, and how it ended."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Self

from workbench import files
from workbench.errors import DiskFullError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

INFO = "run.json"

Status = Literal["running", "complete", "interrupted", "stopped"]


@dataclass(frozen=True)
class RunInfo:
    """What ``run.json`` says of a run.

    Attributes:
        fingerprint: Of the evaluation; only the same study can be resumed.
        variants: ``name`` and ``prompt`` (its JSON) of each, in order.
        dataset: ``name``, ``rows``, ``sha256``.
        scorers: ``name`` and ``kind`` of each, in order.
        status: ``running`` until it ends; a run found in that state was killed.
        reason: Why it stopped early, for people.
        started: ISO 8601, UTC.
        finished: ISO 8601, UTC; None while running.
        perhaps_paid: Calls whose answer was never recorded: the service may have charged for them.
        added: What `auto_cache` added to the requests, a sentence for each variant.
        version: Of this package.
        asked: How: who answers, with which version and betas, the options that going on starts from.
    """

    name: str
    fingerprint: str = ""
    variants: tuple[Mapping[str, Any], ...] = ()
    dataset: Mapping[str, Any] = field(default_factory=dict)
    scorers: tuple[Mapping[str, Any], ...] = ()
    epochs: int = 1
    status: Status = "running"
    reason: str | None = None
    started: str | None = None
    finished: str | None = None
    perhaps_paid: int = 0
    added: tuple[str, ...] = ()
    version: str = ""
    asked: Mapping[str, Any] = field(default_factory=dict)

    @property
    def variant_names(self) -> tuple[str, ...]:
        """Names of the variants, in order."""
        return tuple(variant["name"] for variant in self.variants)

    @property
    def samples(self) -> int:
        """How many samples the study asks about."""
        return int(self.dataset.get("rows", 0))

    @property
    def planned(self) -> int:
        """How many answers a complete run has."""
        return len(self.variants) * self.samples * self.epochs

    @property
    def judges(self) -> frozenset[str]:
        """Scorers that decide whether a result passed: the yes/no ones, else those that give a score."""
        return judges((s["name"], s["kind"]) for s in self.scorers)

    def save(self, folder: Path) -> None:
        """Write ``run.json``."""
        text = json.dumps(asdict(self), indent=1, ensure_ascii=True)
        write(folder / INFO, text + "\n")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read ``run.json``.

        Raises:
            UsageError: No such file, or not what `save` wrote.
        """
        path = folder / INFO
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            for name in ("variants", "scorers"):
                data[name] = tuple(data[name])
            data["added"] = tuple(data.get("added", ()))
            known = cls.__dataclass_fields__
            return cls(**{name: value for name, value in data.items() if name in known})
        except FileNotFoundError as error:
            raise UsageError(f"{folder}: no run here ({INFO} is missing)") from error
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise UsageError(
                f"{path}: cannot be read ({error}); the answers are in the journal beside it"
            ) from error


def state_of(info: RunInfo, *, held: bool) -> str:
    """Return how a run is: what it says of itself, but ``killed`` where nobody holds its journal any more.

    >>> state_of(RunInfo("labels"), held=False), state_of(RunInfo("labels", status="complete"), held=False)
    ('killed', 'complete')
    """
    return info.status if info.status != "running" or held else "killed"


def judges(scorers: Iterable[tuple[str, str]]) -> frozenset[str]:
    """Return the scorers that decide whether a result passed, of pairs of name and kind.

    >>> sorted(judges([("exact", "binary"), ("length", "measure"), ("fluent", "score")]))
    ['exact']
    """
    kinds = dict(scorers)
    binary = frozenset(name for name, kind in kinds.items() if kind == "binary")
    return binary or frozenset(name for name, kind in kinds.items() if kind == "score")


def write(path: Path, text: str) -> None:
    """Write a text file of a run in one step.

    Raises:
        DiskFullError: No space.
        UsageError: It cannot be written.
    """
    data = text.encode("utf-8", "backslashreplace")
    try:
        files.write(path, data)
    except OSError as error:
        if files.no_space(error):
            raise DiskFullError(
                f"{path}: no space left for {len(data):,} bytes; free some and resume, no answer is lost"
            ) from error
        raise UsageError(f"{path}: cannot be written ({error.strerror or error})") from error
