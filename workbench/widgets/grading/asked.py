"""What an answer was an answer to, from the files of its run; nothing in it tells which variant it was."""

from __future__ import annotations

from array import array
from functools import cached_property
from typing import TYPE_CHECKING, Any

from workbench.errors import WorkbenchError
from workbench.evaluation import Eval
from workbench.evaluation.stored import SAMPLES
from workbench.wire.codec import loads

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.run import Result, Run
    from workbench.wire import Request


class Asked:
    """Reads samples and requests of a run, one when it is shown.

    A run in memory, or a folder without its study, has the input that the result keeps and nothing else.
    """

    def __init__(self, run: Run) -> None:
        self._folder = run.folder
        self._each = max(1, run.info.epochs) * max(1, len(run.info.variants))

    def fields(self, row: Result) -> tuple[Any, dict[str, Any]]:
        """Return the sample's input, and its other columns by name."""
        record = self._sample(row)
        if record is None:
            return row.input, {}
        values: Mapping[str, Any] = record["values"]
        asked = record["input"] if "input" in record else values.get("input", row.input)
        known = (row.sample_id, asked, record.get("target"))
        rest = {
            str(name): value
            for name, value in values.items()
            if name != "input" and value is not None and value not in known
        }
        return asked, rest

    def request(self, row: Result) -> Request | None:
        """Return the request of a result, None where the folder does not hold the study's code."""
        study = self._study
        if study is None:
            return None
        order = row.index // self._each
        try:
            variant = next(v for v in study.variants if v.name == row.variant)
            sample = study.dataset.samples[order]
            return variant.prompt.render(sample.values) if sample.id == row.sample_id else None
        except (StopIteration, IndexError, WorkbenchError):
            return None

    @cached_property
    def _study(self) -> Eval | None:
        try:
            return None if self._folder is None else Eval.load(self._folder)
        except WorkbenchError:  # a scorer of the user's own, another version: what the result keeps must do
            return None

    def _sample(self, row: Result) -> Mapping[str, Any] | None:
        """Return the record of a sample: it lies at the place that the result's index says."""
        order = row.index // self._each
        if self._folder is None or order >= len(self._lines):
            return None
        try:
            with (self._folder / SAMPLES).open("rb") as file:
                file.seek(self._lines[order])
                record = loads(file.readline())
        except (OSError, ValueError, WorkbenchError):
            return None
        held = isinstance(record, dict) and record.get("id") == row.sample_id
        return record if held and isinstance(record.get("values"), dict) else None

    @cached_property
    def _lines(self) -> array[int]:
        """Where each line of the samples' file begins."""
        places: array[int] = array("Q")
        if self._folder is None:
            return places
        try:
            with (self._folder / SAMPLES).open("rb") as file:
                at = 0
                for line in file:
                    places.append(at)
                    at += len(line)
        except OSError:
            return array("Q")
        return places
