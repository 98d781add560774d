"""The blessed numbers of a study, one line a sample: what a gate compares a new run with."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from workbench import files
from workbench.display import Shown
from workbench.errors import UsageError, WireError
from workbench.wire.codec import dumps, loads

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

FORMAT = 1


@dataclass(frozen=True)
class Baseline(Shown):
    """What was blessed.

    Attributes:
        name: The study.
        variant: Whose answers.
        scorer: Whose numbers.
        dataset_sha256: Of the samples; a gate refuses another set.
        reason: Why these numbers are the standard, in the words of who blessed them.
        values: One number per sample, repeats averaged.
        emulated: Whether the emulator made any of the answers.
    """

    name: str
    variant: str
    scorer: str
    dataset_sha256: str
    reason: str
    values: Mapping[str, float]
    emulated: bool = False

    def __str__(self) -> str:
        mean = math.fsum(self.values.values()) / len(self.values) if self.values else math.nan
        made = " · emulator (made-up answers)" if self.emulated else ""
        head = (
            f"{self.name} · {self.variant} · {self.scorer} {mean:.2f} on {len(self.values):,} samples{made}"
        )
        return f"{head}\n{self.reason}"

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write JSON lines: a header, then a sample a line, sorted by id.

        Raises:
            UsageError: The file cannot be written.
        """
        target = Path(path)
        head: dict[str, Any] = {
            "workbench_baseline": FORMAT,
            "name": self.name,
            "variant": self.variant,
            "scorer": self.scorer,
            "dataset_sha256": self.dataset_sha256,
            "reason": self.reason,
            "emulated": self.emulated,
        }
        rows = [{"sample": sample, "value": self.values[sample]} for sample in sorted(self.values)]
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            files.write(target, b"".join(dumps(row) + b"\n" for row in (head, *rows)))
        except OSError as error:
            raise UsageError(f"{path}: cannot be written ({error.strerror}); choose another place") from error
        return target

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read what `save` wrote.

        Raises:
            UsageError: No such file, or not a baseline; names file, line and cure.
        """
        cure = "make one with run.bless(path, reason=…)"
        try:
            lines = Path(path).read_bytes().splitlines()
        except OSError as error:
            raise UsageError(f"{path}: no baseline there ({error.strerror}); {cure}") from error
        number, values = 1, {}
        try:
            head = loads(lines[0])
            if head["workbench_baseline"] != FORMAT:
                raise UsageError(
                    f"{path}:1: baseline format {head['workbench_baseline']}, not {FORMAT}; {cure}"
                )
            for number, line in enumerate(lines[1:], start=2):  # noqa: B007 - names the line of an error
                row = loads(line)
                values[str(row["sample"])] = float(row["value"])
            fields = ("name", "variant", "scorer", "dataset_sha256", "reason", "emulated")
            return cls(values=values, **{field: head[field] for field in fields})
        except (WireError, IndexError, KeyError, TypeError, ValueError) as error:
            raise UsageError(f"{path}:{number}: not a baseline ({error!r}); {cure}") from error


def only(names: tuple[str, ...], what: str) -> str:
    """Return the one name there is.

    Raises:
        UsageError: There are several, or none.
    """
    if len(names) != 1:
        raise UsageError(f"say which {what}: {', '.join(names) or 'none there'}")
    return names[0]
