"""Rules for cache breakpoints that are accepted and do little, nothing, or harm."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from workbench.lint.limits import limit
from workbench.lint.money import dollars, rates, total
from workbench.lint.place import path_of
from workbench.lint.rule import Fault, rule
from workbench.tokens import text_tokens
from workbench.wire.blocks import TextBlock, ToolResultBlock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.lint.subject import Subject
    from workbench.lint.variation import Cluster, Member
    from workbench.tokens import Position

_PAGE = "build-with-claude/prompt-caching"
_WORTH = 1024
"""Stable tokens behind a breakpoint that are worth another one."""
_STABLE = frozenset({"document", "image", "search_result"})


def minimum(subject: Subject) -> int | None:
    """Return the fewest tokens the model caches, where known."""
    return subject.model.min_cacheable_tokens if subject.model else None


def clusters(subject: Subject) -> list[Cluster]:
    """Return the requests linted together that can share a prefix."""
    return subject.varies.clusters if subject.varies else []


def single(subject: Subject) -> bool:
    """Tell whether one request is linted, as a template of more to come."""
    return subject.varies is not None and subject.varies.single


@rule("W030", "below the cache minimum", cure="mark more, or drop the breakpoint", source=_PAGE, group=True)
def below_minimum(subject: Subject) -> Iterator[Fault]:
    """A prefix below the model's minimum is silently not cached."""
    least = minimum(subject)
    if least is None or subject.varies is None:
        return
    short = [member for member in subject.varies.members if member.marks and _longest(member).tokens < least]
    if short:
        last = _longest(short[0])
        also = f", in {len(short)} requests" if len(short) > 1 else ""
        what = f"about {last.tokens:,} tokens before it{also}; {subject.name} caches from {least:,}"
        yield Fault(last.path, what)


def _longest(member: Member) -> Position:
    return member.positions[member.marks[-1]]


@rule("I039", "cache minimum unknown", cure="watch cache_creation_input_tokens", source=_PAGE, group=True)
def minimum_unknown(subject: Subject) -> Iterator[Fault]:
    """Where the minimum is not on record, a breakpoint may do nothing."""
    if subject.model is not None and minimum(subject) is None and subject.varies is not None:
        marked = next((member for member in subject.varies.members if member.marks), None)
        if marked is not None:
            yield Fault(_longest(marked).path, f"the shortest prompt {subject.name} caches is not on record")


# --- stable, and not marked ------------------------------------------------------------------------


def _stable(member: Member) -> int:
    """Return how many positions of a single request look like a template: all before the last question."""
    last = len(member.positions) - 1
    while last >= 0:
        position = member.positions[last]
        if position.section != "messages" or getattr(position.block, "type", "") in _STABLE:
            return last + 1
        if position.role == "assistant" or isinstance(position.block, ToolResultBlock):
            return last + 1
        last -= 1
    return 0


@rule("W031", "stable tokens without a breakpoint", cure="add breakpoint", source=_PAGE, group=True)
def unmarked_prefix(subject: Subject) -> Iterator[Fault]:
    """What is the same in every request is paid in full every time, unless it ends in a breakpoint."""
    least = minimum(subject)
    same: dict[str, list[tuple[Cluster, int, int]]] = {}
    for cluster in clusters(subject) if least is not None else ():
        end = _stable(cluster.first) if single(subject) else cluster.shared
        if not end or (len(cluster.members) == 1 and not single(subject)):
            continue
        marks = cluster.first.marks
        if single(subject) and marks and marks[-1] >= end - 1:
            continue
        tokens = cluster.first.positions[end - 1].tokens
        covered = max((cluster.first.positions[at].tokens for at in marks if at < end), default=0)
        if tokens >= (least or 0) and tokens - covered >= min(_WORTH, least or _WORTH):
            same.setdefault(cluster.first.keys[end - 1], []).append((cluster, end, covered))
    for found in same.values():
        yield _unmarked(subject, found)


def _unmarked(subject: Subject, found: list[tuple[Cluster, int, int]]) -> Fault:
    """Say what one prefix costs, in all the clusters that have it."""
    first, end, covered = found[0]
    last = first.first.positions[end - 1]
    what = f"{last.tokens - covered:,} stable tokens carry no cache breakpoint"
    price = rates(subject, first.first.tokens)
    if price is None:
        return Fault(last.path, what)
    if single(subject):
        now, then = price.plain(last.tokens), last.tokens * price.read
        uses = f"; each further use within 5 minutes would cost {dollars(then)} instead of {dollars(now)}"
        return Fault(last.path, what + uses, dollars=now - then)
    now, then, count = Decimal(0), Decimal(0), 0
    for cluster, _, done in found:
        uses_here = len(cluster.members)
        rest = total(price.plain(member.tokens - last.tokens) for member in cluster.members)
        cached = price.cached(done, uses_here) if done else Decimal(0)
        now += rest + uses_here * price.plain(last.tokens - done) + cached
        then += rest + price.cached(last.tokens, uses_here)
        count += uses_here
    uses = f"; {count:,} requests to {subject.name} would cost {dollars(now)} instead of {dollars(then)}"
    return Fault(last.path, what + uses, dollars=now - then)


@rule(
    "W132",
    "stable text inside a varying block",
    cure="split the block: stable text first, marked; then what varies",
    source=_PAGE,
    group=True,
)
def stable_inside_varying(subject: Subject) -> Iterator[Fault]:
    """The cache ends at block boundaries: a long common beginning of one block cannot be reused."""
    least = minimum(subject)
    for cluster in clusters(subject) if least is not None else ():
        texts = _varying_texts(cluster)
        common = _beginning(texts) if len(texts) > 1 else ""
        if len(common) < _WORTH:
            continue
        position = cluster.first.positions[cluster.shared]
        tokens = text_tokens(common, subject.model.tokenizer if subject.model else None)
        before = cluster.first.positions[cluster.shared - 1].tokens if cluster.shared else 0
        if tokens < _WORTH // 2 or before + tokens < (least or 0):
            continue
        price = rates(subject, cluster.first.tokens)
        saved = len(texts) * price.plain(tokens) - price.cached(tokens, len(texts)) if price else None
        yield Fault(
            position.path,
            f"begins with {tokens:,} tokens that are the same in {len(texts)} requests",
            dollars=saved,
        )


def _beginning(texts: list[str]) -> str:
    """Return what all texts begin with: what the first and the last in order have in common."""
    first, last = min(texts), max(texts)
    differ = (at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b)
    return first[: next(differ, min(len(first), len(last)))]


def _varying_texts(cluster: Cluster) -> list[str]:
    at = cluster.shared
    blocks = [member.positions[at].block for member in cluster.members if len(member.positions) > at]
    texts = [block.text for block in blocks if isinstance(block, TextBlock)]
    return texts if len(texts) == len(cluster.members) else []


# --- marked, and never read ------------------------------------------------------------------------


@rule(
    "W032",
    "breakpoint after varying content",
    cure="move it to the last block that is always the same",
    source=_PAGE,
    group=True,
)
def after_varying(subject: Subject) -> Iterator[Fault]:
    """A breakpoint behind what differs in every request is written every time and never read."""
    if subject.varies is None or subject.varies.single:
        return
    for cluster in clusters(subject):
        wasted = [member for member in cluster.members if _unread(subject, cluster, member)]
        if len(wasted) == len(cluster.members) > 1:
            yield _wasted(subject, cluster)


def _unread(subject: Subject, cluster: Cluster, member: Member) -> bool:
    assert subject.varies is not None
    marks = member.marks
    return bool(marks) and marks[-1] >= cluster.shared and subject.varies.uses[member.keys[marks[-1]]] == 1


def _wasted(subject: Subject, cluster: Cluster) -> Fault:
    first, shared = cluster.first, cluster.shared
    last = _longest(first)
    kept = first.positions[cluster.mark].tokens if cluster.mark is not None else 0
    cure = f"move it to {first.positions[shared - 1].path}" if shared else "leave it out"
    if cluster.mark == shared - 1:
        cure = "leave it out"
    what = (
        f"what is before it differs in all {len(cluster.members):,} requests: written each time, never read"
    )
    price, least = rates(subject, first.tokens), minimum(subject) or 0
    if price is None or last.tokens < least:
        return Fault(last.path, what, cure)
    extra = price.write(last.ttl or "5m") - price.input
    lost = total(extra * (_longest(member).tokens - kept) for member in cluster.members)
    return Fault(last.path, what, cure, dollars=lost)


@rule("W033", "out of the lookback", cure="set another breakpoint about every 15 blocks", source=_PAGE)
def out_of_lookback(subject: Subject) -> Iterator[Fault]:
    """A breakpoint finds earlier writes among the 20 positions that end with it, no further."""
    reach = limit("cache_lookback_blocks")
    if len(subject.positions) <= reach or not (subject.marks or subject.request.cache_control):
        return
    marks = {mark.position for mark in subject.marks}
    last = len(subject.positions) - 1 if subject.request.cache_control is not None else max(marks)
    turn = _previous_turn_end(subject)
    if turn is not None and last - turn >= reach and not any(turn < at < last for at in marks):
        what = (
            f"{last - turn} blocks since the last turn: its cache entry is out of reach ({reach} positions)"
        )
        yield Fault(path_of(subject.positions[last][0]), what)


def _previous_turn_end(subject: Subject) -> int | None:
    """Return the position where the request before this one ended: before the last assistant turn."""
    at = len(subject.turns) - 1
    while at >= 0 and subject.turns[at].role != "assistant":
        at -= 1
    if at < 1 or not subject.turns[at].blocks:
        return None
    begin = subject.turns[at].blocks[0][0]
    return next(index for index, (loc, _) in enumerate(subject.positions) if loc == begin) - 1


@rule("W038", "pre-warm of the wrong block", cure="mark the shared prefix instead", source=_PAGE)
def warms_the_placeholder(subject: Subject) -> Iterator[Fault]:
    """A pre-warming request marks the prefix that real traffic shares, not its own placeholder text."""
    request = subject.request
    if request.max_tokens != 0 or not subject.positions or not (request.tools or request.system):
        return
    last = len(subject.positions) - 1
    marks = [mark.position for mark in subject.marks]
    if request.cache_control is not None or marks == [last]:
        yield Fault(path_of(subject.positions[last][0]), "the cache is written behind the placeholder text")


RULES = (
    below_minimum,
    unmarked_prefix,
    stable_inside_varying,
    after_varying,
    out_of_lookback,
    warms_the_placeholder,
    minimum_unknown,
)
