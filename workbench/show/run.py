"""A run: the verdict and the table, then what failed and why."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from workbench.report import failed
from workbench.report.words import dollars, plural, seconds
from workbench.run import ask_again
from workbench.show.h import join, tag
from workbench.show.parts import MAX_ROWS, Column, badge, fold, more, one_line, pre, table
from workbench.show.safe import Html, text
from workbench.show.tables import origin, result_table
from workbench.show.transcript import answer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.run import Result, Run

ANSWER: Final = 1_500
"""Characters of one answer in a list of many."""

ROOM: Final = 120_000
"""Characters of HTML that the failures of one run may take."""


def run(noun: Run) -> Html:
    """Return table and verdict; errors by kind, failures folded."""
    return join([ending(noun), result_table(noun.summary()), _errors_of(noun), failures(noun.failures)])


def ending(noun: Run) -> Html | None:
    """Say that a run is not complete, and why; of one that somebody goes on with, how far it was."""
    state = noun.state
    if state == "complete":
        return None
    reason = f": {noun.info.reason}" if noun.info.reason else ""
    then = "" if state == "running" else "; it can be resumed"
    return origin(f"{state}{reason} — {len(noun):,} of {noun.info.planned:,} done{then}")


def _errors_of(noun: Run) -> Html | None:
    found = noun.errors
    return errors(found, ask_again(found, noun.folder))


def errors(found: Sequence[Result], cure: str = "") -> Html | None:
    """Return errors grouped by what they say, each with the ids of its requests; first what to do."""
    if not found:
        return None
    groups: dict[tuple[str, str], list[Result]] = defaultdict(list)
    for item in found:
        said = item.error or {}
        groups[failed.kind(said), one_line(failed.said(said), 300)].append(item)
    ordered = sorted(groups.items(), key=lambda group: -len(group[1]))
    parts = [_group(kind, said, group) for (kind, said), group in ordered[:20]]
    title = f"{plural(len(found), 'error')}: neither right nor wrong, counted apart"
    told = tag("p", text(cure)) if cure else None
    return fold(badge(title, "bad"), told, *parts, more(len(ordered) - 20, "kinds of errors"))


def _group(kind: str, said: str, group: Sequence[Result]) -> Html:
    rows = [[tag("code", item.trial_id), tag("code", _request_id(item))] for item in group[:5]]
    head = tag("p", tag("strong", plural(len(group), "trial")), ": ", tag("code", kind), " ", text(said))
    return join([head, table([Column("trial"), Column("request id")], rows), more(len(group) - 5, "trials")])


def _request_id(item: Result) -> str:
    return str(item.request_id or (item.error or {}).get("request_id") or "none given")


def failures(found: Sequence[Result], *, limit: int = MAX_ROWS) -> Html | None:
    """Return the answers that did not pass, each folded, with what the scorers said."""
    if not found:
        return None
    parts, room = [], ROOM
    for item in found[:limit]:
        parts.append(fold(_headline(item), _opened(item)))
        room -= len(parts[-1])
        if room < 0:
            break
    return fold(plural(len(found), "failure"), *parts, more(len(found) - len(parts), "failures"))


def _headline(item: Result) -> Html:
    got = next((s.answer for s in item.scores.values() if s.answer), "") or item.text
    return join([tag("code", item.trial_id), " · ", text(one_line(got, 80))])


def _opened(item: Result) -> Html:
    return join(
        [
            *_asked(item),
            pre(item.text, limit=ANSWER),
            *_scored(item, 400),
            tag("p", text(_foot(item)), cls="wb-dim"),
        ]
    )


def _asked(item: Result) -> list[Html]:
    """Return what the sample asked, before what was answered."""
    return [tag("blockquote", pre(item.input, limit=ANSWER))] if item.input else []


def _scored(item: Result, limit: int) -> list[Html]:
    """Return a line per scorer: its name, its number, and why."""
    lines = []
    for name, score in item.scores.items():
        value = "unscored" if score.value is None else f"{score.value:g}"
        why = join([" · ", text(one_line(score.explanation, limit))]) if score.explanation else None
        lines.append(tag("p", tag("code", name), f" {value}", why))
    return lines


def _foot(item: Result) -> str:
    usage = item.usage
    tokens = f"in {usage.total_input:,} · out {usage.output_tokens or 0:,}" if usage else "tokens unknown"
    rest = (dollars(item.cost.total, 6), seconds(item.timing.total_s), item.request_id or "no request id")
    return " · ".join((item.model, tokens, *rest))


def result(noun: Result) -> Html:
    """Return one result: the whole answer, or the error."""
    head = tag("h3", tag("code", noun.trial_id))
    if noun.message is None:
        return join([head, errors([noun])])
    return join(
        [
            head,
            *_asked(noun),
            answer(noun.message),
            *_scored(noun, 4000),
            tag("div", text(_foot(noun)), cls="wb-foot"),
        ]
    )
