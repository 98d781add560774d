"""One row, opened: what was sent, what came back, how it was judged, and what else is known of its sample."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from workbench.errors import WorkbenchError
from workbench.prompt import Prompt
from workbench.report.words import NOTHING, dollars, seconds
from workbench.show import fragment
from workbench.show.difference import text_difference
from workbench.show.h import join, tag
from workbench.show.parts import Column, badge, code, fold, pre, table
from workbench.show.safe import MAX_BYTES, cut, text, visible
from workbench.show.transcript import answer_view, turn_view
from workbench.widgets.table.columns import brief, plain, said, verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from workbench.grades import Grade
    from workbench.run import Result, RunInfo
    from workbench.show.h import Child
    from workbench.show.safe import Html
    from workbench.widgets.table.samples import Samples
    from workbench.wire import Request

COMPARED: Final = 4
"""Other variants of the same sample whose answers are set against the one opened."""


def asked(row: Result, info: RunInfo, samples: Samples) -> tuple[Request | None, str]:
    """Return the request of a row as it was sent, and a sentence that says how sure that is.

    It is made again of the prompt in ``run.json`` and the sample beside the journal; its key tells whether
    it is the one that was sent.
    """
    body = next((v["prompt"] for v in info.variants if v["name"] == row.variant), None)
    values = samples.values(row.sample_id)
    if body is None or values is None:
        return None, "This run has no folder with its samples: only the input that was kept is shown."
    try:
        request = Prompt.from_wire(body).render(values)
    except WorkbenchError as error:
        return None, f"The request cannot be made again ({error}); the input that was kept is shown."
    if request.key != row.key:
        return (
            request,
            "Made again of prompt and sample; what was sent differed (the study was changed since).",
        )
    return request, "As it was sent."


def detail(row: Result, info: RunInfo, samples: Samples) -> dict[str, Any]:
    """Return what the tabs of one row show, apart from its history.

    Raises:
        JournalError: Its record cannot be read.
    """
    request, words = asked(row, info, samples)
    message = row.message
    answer = answer_view(message, request) if message is not None else {"html": _failed(row)}
    return {
        "title": visible(row.trial_id),
        "verdict": verdict(row),
        "asked_words": words,
        "asked_html": turn_view(request) if request is not None else pre(row.input or "(nothing was kept)"),
        "target_html": fold("target", code(row.target)) if row.target is not None else join([]),
        "answer": answer,
        "scores_html": scores(row),
        "cites": len(answer.get("cites", ())),
        "citations_html": citations(answer),
        "usage_html": usage(row),
        "raw": raw(row),
    }


def _failed(row: Result) -> Html:
    error = row.error or {}
    said_so = join([badge(str(error.get("type") or "error"), "bad"), " ", text(error.get("message") or "")])
    asked = row.request_id or error.get("request_id")
    named = tag("p", "request id ", tag("code", text(asked)), cls="wb-dim") if asked else None
    return join([tag("p", said_so), named])


def scores(row: Result) -> Html:
    """Return what each scorer said: number, what it took from the answer, and why."""
    if not row.scores:
        return tag("p", "nothing was scored", cls="wb-dim")
    rows: list[list[Child]] = []
    for name, score in row.scores.items():
        value = "unscored" if score.value is None else plain(score.value)
        judges = " · judges" if name in row.judges else ""
        rows.append(
            [text(f"{name}{judges}"), value, pre(score.answer, limit=600), pre(score.explanation, limit=4000)]
        )
    return table([Column("scorer"), Column("value", number=True), Column("taken"), Column("why")], rows)


def citations(answer: Mapping[str, Any]) -> Html:
    """Return the quotes of an answer with their places, and whether each was found there."""
    cites = answer.get("cites") or ()
    if not cites:
        return tag("p", "the answer cites nothing", cls="wb-dim")
    rows = [[f"[{c['n']}]", text(c["quote"]), text(c["where"]), _verified(c)] for c in cites]
    columns = [Column(""), Column("quote"), Column("where"), Column("in the source")]
    return join([tag("p", str(answer.get("words") or "")), table(columns, rows, limit=200)])


def _verified(cite: Mapping[str, Any]) -> Html:
    if cite["verified"] is None:
        return tag("span", "not compared", cls="wb-dim")
    if cite["verified"]:
        return badge("✓ verified", "good")
    return join([badge("not there", "bad"), text(f" {cite.get('problem') or ''}")])


def usage(row: Result) -> Html:
    """Return tokens, the receipt, times, attempts, and who answered when."""
    timing = row.timing
    facts = {
        "model": row.model,
        "stop reason": row.stop_reason or NOTHING,
        "source": f"{row.source}, by {row.origin}" + (", in a batch" if row.batch else ""),
        "first token": seconds(timing.ttft_s),
        "total": seconds(timing.total_s),
        "waited for a turn": seconds(timing.queue_s),
        "attempts": f"{timing.attempts}" + (f", {timing.lost} lost" if timing.lost else ""),
        "recorded": timing.recorded_at or NOTHING,
        "request id": row.request_id or (row.error or {}).get("request_id") or "none given",
        "API version": row.api_version,
        "list price": dollars(row.cost.total, 6) if row.error is None else NOTHING,
    }
    used = row.usage
    tokens = fold("usage, as the service counted", code(used.wire()), opened=True) if used else None
    receipt = fragment(row.cost) if row.error is None else None
    return join(
        [table([Column(""), Column("")], [[k, text(str(v))] for k, v in facts.items()]), receipt, tokens]
    )


def raw(row: Result) -> str:
    """Return the journal's record as JSON, cut where it is longer than a page should hold."""
    shown, rest = cut(json.dumps(row.record(), indent=2, ensure_ascii=False, default=str), MAX_BYTES)
    return visible(f"{shown}\n{rest}" if rest else shown)


# --- what else is known ------------------------------------------------------------------------------


def twin(title: str, row: Result, position: int | None) -> dict[str, Any]:
    """Return a line of the history: another row of the same sample; *position* where it can be opened."""
    return {"p": position, "title": visible(title), "verdict": verdict(row), "answer": brief(said(row))}


def grade_lines(grades: tuple[Grade, ...]) -> list[str]:
    """Return what people said of a row, newest first."""
    return [
        visible(f"{g.words} by {g.who}, {g.at}" + (f": {g.note}" if g.note else "")) for g in reversed(grades)
    ]


def differences(row: Result, others: list[tuple[str, Result]]) -> Html:
    """Return a row's answer set against others, sentence by sentence."""
    parts = list(_differences(row, others[:COMPARED]))
    more = len(others) - COMPARED
    if more > 0:
        parts.append(tag("p", f"… and {more:,} more variants: open them from the history", cls="wb-dim"))
    return join(parts) if parts else tag("p", "there is nothing to compare with", cls="wb-dim")


def _differences(row: Result, others: list[tuple[str, Result]]) -> Iterator[Html]:
    mine = said(row)
    for name, other in others:
        theirs = said(other)
        head = tag("h4", text(f"{name}: {verdict(other)} → this row: {verdict(row)}"))
        yield join([head, text_difference(theirs, mine, names=(name, "this row"))])
