"""One item as the page shows it: what was asked, the answers, and who made them once that may be said."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from workbench.report.words import dollars, seconds
from workbench.score.base import as_text
from workbench.show.h import join, tag
from workbench.show.parts import Column, code, fold, one_line, pre, table
from workbench.show.safe import Html, text
from workbench.show.transcript import answer_view, source_view

if TYPE_CHECKING:
    from workbench.run import Result
    from workbench.widgets.grading.asked import Asked
    from workbench.widgets.grading.items import Item
    from workbench.wire import Message, Request

LONG: Final = 1200
"""Characters from which what was asked is folded."""

SIDES: Final = ("A", "B")


def question(item: Item, asked: Asked) -> Html:
    """Return the input, the other columns of the sample folded, and the expected answer."""
    row = item.rows[0]
    value, rest = asked.fields(row)
    parts = [_folded("input", value), *(_folded(name, each, opened=False) for name, each in rest.items())]
    if row.target is not None:
        parts.append(_folded("expected answer", row.target))
    return join(parts)


def _folded(name: str, value: Any, *, opened: bool = True) -> Html:
    """Return one field; a long one is folded, its beginning in sight."""
    turns = _turns(value)
    plain = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    body = turns or (pre(plain) if isinstance(value, str) else code(value))
    label = tag("span", text(name), cls="wb-grade-name")
    if opened and len(plain) <= LONG:
        return tag("div", label, body, cls="wb-grade-field")
    size = f" {len(plain):,} characters · "
    return fold(join([label, size, text(one_line(plain, 160))]), body)


def _turns(value: Any) -> Html | None:
    """Return a conversation turn by turn, None where *value* is none."""
    if (
        not isinstance(value, list)
        or not value
        or not all(isinstance(v, dict) and "role" in v for v in value)
    ):
        return None
    made = []
    for turn in value:
        said = turn.get("content")
        body = pre(said) if isinstance(said, str) else code(said)
        made.append(tag("div", tag("span", text(turn["role"]), cls="wb-role"), body, cls="wb-block"))
    return join(made)


def answers(item: Item, asked: Asked) -> list[dict[str, Any]]:
    """Return each answer for `wb.answer`, under a neutral name."""
    names = SIDES if len(item.rows) > 1 else ("Answer",)
    return [{"name": name, "view": _answer(row, asked)} for name, row in zip(names, item.rows, strict=True)]


def _answer(row: Result, asked: Asked) -> dict[str, Any]:
    message = blind(row)
    return answer_view(message, asked.request(row) if message.citations else None)


def source(item: Item, asked: Asked, side: int, n: int) -> dict[str, Any]:
    """Return the source of a reference, the cited passage marked.

    Raises:
        UsageError: The answer has no such reference.
    """
    row = item.rows[side]
    request: Request | None = asked.request(row)
    return source_view(request, blind(row), n)


def blind(row: Result) -> Message:
    """Return the answer without what names its model; what it says of itself in its text stays."""
    message = row.message
    assert message is not None, "errors are no items"
    details = {k: v for k, v in (message.stop_details or {}).items() if k != "recommended_model"}
    return message.model_copy(update={"model": "", "stop_details": details or None})


def reveal(item: Item) -> Html:
    """Return who made the answers, and what the scorers, the clock and the bill said of them."""
    pair = len(item.rows) > 1
    scorers = list(dict.fromkeys(name for row in item.rows for name in row.scores))
    columns = [
        *([Column("")] if pair else []),
        Column("variant"),
        Column("model"),
        *(Column(one_line(name, 40), number=True) for name in scorers),
        Column("cost", number=True),
        Column("seconds", number=True),
        Column("sample"),
        Column("epoch", number=True),
    ]
    rows = [
        [
            *([name] if pair else []),
            text(row.variant),
            tag("code", row.model),
            *(_value(row.value(scorer)) for scorer in scorers),
            dollars(row.cost.total),
            seconds(row.timing.total_s),
            tag("code", row.sample_id),
            str(row.epoch),
        ]
        for name, row in zip(SIDES, item.rows, strict=False)
    ]
    return table(columns, rows)


def _value(value: float | None) -> str:
    return "unscored" if value is None else f"{value:g}"


def target_text(row: Result) -> str:
    """Return the expected answer on one line; empty where there is none."""
    return "" if row.target is None else one_line(as_text(row.target))
