"""Two runs, row by row: what was fixed, what broke, what only one of them has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from workbench.widgets.table.columns import judged

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt

    from workbench.run import Result, Run
    from workbench.widgets.table.rows import Rows

    Key = tuple[str, str, int]
    Codes = npt.NDArray[np.int8]

KINDS: Final = ("same", "fixed", "broken", "unclear", "here", "there")
"""Code of a change → its key."""

_WORDS: Final = {
    "same": "= same",
    "fixed": "↑ fixed",
    "broken": "↓ broken",
    "unclear": "? no verdict",
    "here": "+ only here",
    "there": "− only there",
}
_GRADUAL: Final = {"fixed": "↑ better", "broken": "↓ worse"}

HINTS: Final = {
    "same": "the scorers say the same of both",
    "fixed": "better here than in the other run",
    "broken": "worse here than in the other run",
    "unclear": "one of the two is an error or was not scored",
    "here": "the other run has no such trial",
    "there": "this run has no such trial",
}


class Changes:
    """What a run's rows are against those of another.

    Trials are matched by variant, sample and epoch; where both runs have one variant, by sample and epoch,
    whatever the variants are called.

    Attributes:
        run: The other run.
        name: What it is called: its folder, else its study.
    """

    def __init__(self, rows: Rows, run: Run) -> None:
        self.run = run
        self.name = run.folder.name if run.folder is not None else run.name
        self._single = len(rows.info.variants) == 1 and len(run.info.variants) == 1
        self._there = {self.key(row): row for row in run.rows}
        gradual = any(s["name"] in rows.info.judges and s["kind"] != "binary" for s in rows.info.scorers)
        self.words: dict[str, str] = {**_WORDS, **(_GRADUAL if gradual else {})}

    def key(self, row: Result) -> Key:
        """Return what a trial is matched by."""
        return ("" if self._single else row.variant, row.sample_id, row.epoch)

    def variant(self, name: str) -> str | None:
        """Return what the other run calls a variant of this one, None where it has none such."""
        names = self.run.info.variant_names
        return names[0] if self._single else name if name in names else None

    def other(self, row: Result) -> Result | None:
        """Return the other run's result of the same trial."""
        return self._there.get(self.key(row))

    def only_there(self, rows: Sequence[Result]) -> list[Result]:
        """Return the other run's results that have no match in *rows*."""
        here = {self.key(row) for row in rows}
        return [row for key, row in self._there.items() if key not in here]

    def codes(self, rows: Rows) -> Codes:
        """Return what each row is, as a place in `KINDS`."""
        import numpy as np

        found = np.empty(len(rows), dtype=np.int8)
        found[rows.own :] = KINDS.index("there")
        now = rows.numbers("judged")
        for at, row in enumerate(rows.all[: rows.own]):
            found[at] = KINDS.index(self._kind(row, float(now[at])))
        return found

    def kind(self, row: Result, *, own: bool) -> str:
        """Return what one row is."""
        return self._kind(row, judged(row)) if own else "there"

    def _kind(self, row: Result, now: float) -> str:
        other = self.other(row)
        if other is None:
            return "here"
        before = judged(other)
        if now == before or (now != now and before != before):  # noqa: PLR0124 - NaN is not itself
            return "same"
        if now != now or before != before:  # noqa: PLR0124
            return "unclear"
        return "fixed" if now > before else "broken"
