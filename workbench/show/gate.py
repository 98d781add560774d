"""The verdict of a gate: the word first, then the numbers it stands on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from workbench.report.gate import points
from workbench.report.words import EMULATED, number, plural
from workbench.show.h import join, tag
from workbench.show.parts import Column, badge, table
from workbench.show.safe import Html, text
from workbench.show.tables import estimate_parts, ids, notes, square

if TYPE_CHECKING:
    from workbench.report.gate import Verdict

_COLOUR: Final = {"PASS": "good", "REGRESSION": "bad", "INCONCLUSIVE": "warn"}


def gate(noun: Verdict) -> Html:
    """Return word, reason, means, the 2x2 table, and which samples changed."""
    said = join([badge(noun.word, _COLOUR[noun.word]), " ", text(noun.meaning)])
    return join(
        [
            tag("h3", text(noun.name), tag("small", text(f" · {_size(noun)}"))),
            tag("div", tag("p", said), cls="wb-verdict"),
            _means(noun),
            square(noun.square, "baseline", "new"),
            ids("lost", noun.lost),
            ids("gained", noun.gained),
            notes([*([EMULATED] if noun.emulated else []), _method(noun), noun.power]),
        ]
    )


def _size(noun: Verdict) -> str:
    counted = f"{plural(noun.difference.n, 'sample')}, {plural(noun.replies, 'reply')}"
    return f"gate of {noun.scorer} · {counted} · flip rate {noun.flip_rate:.2f}"


def _means(noun: Verdict) -> Html:
    found = noun.difference
    columns = [Column(""), Column("mean", parts=estimate_parts(2))]
    rows: list[list[Html | str]] = [["baseline", number(noun.old), ""], ["new", number(noun.new), ""]]
    bounds = f"{points(found.low)} … {points(found.high)}"
    return table(columns, rows, total=["difference", f"{points(found.estimate)} points", bounds])


def _method(noun: Verdict) -> str:
    level, margin = round(100 * (1 - noun.alpha)), points(noun.margin).lstrip("+")
    return f"Each bound of the difference is {level} % one-sided; the margin is {margin} points."
