"""Rules for what caching costs and saves, and for variants that cannot read each other's cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.lint.breakpoints import clusters, minimum, single
from workbench.lint.money import dollars, rates
from workbench.lint.rule import Fault, rule
from workbench.lint.variation import settings_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.lint.money import Rates
    from workbench.lint.subject import Subject
    from workbench.lint.variation import Cluster, Member
    from workbench.tokens import Position

_PAGE = "build-with-claude/prompt-caching"


def _marked(subject: Subject) -> Iterator[tuple[Cluster, Position, Rates]]:
    """Yield the shared prefixes that are cached, each with its last breakpoint."""
    least = minimum(subject)
    for cluster in clusters(subject):
        at = cluster.mark
        if at is None or least is None or cluster.first.positions[at].tokens < least:
            continue
        price = rates(subject, cluster.first.tokens)
        if price is not None:
            yield cluster, cluster.first.positions[at], price


@rule("W035", "cache that does not pay", cure="drop the breakpoint, or use 5m", source=_PAGE, group=True)
def does_not_pay(subject: Subject) -> Iterator[Fault]:
    """Writing costs more than plain input: too few uses never earn it back."""
    if single(subject):
        return
    for cluster, mark, price in _marked(subject):
        uses, ttl = len(cluster.members), mark.ttl or "5m"
        now, plain = price.cached(mark.tokens, uses, ttl), uses * price.plain(mark.tokens)
        if now > plain:
            times = "one request" if uses == 1 else f"{uses} requests"
            what = (
                f"{times} would cost {dollars(now)} instead of {dollars(plain)}:"
                f" {ttl} pays from {price.pays_from(ttl)} uses"
            )
            yield Fault(mark.path, what, dollars=now - plain)


@rule("W036", "1h where 5m would do", cure="use 5m: every read renews it for free", source=_PAGE, group=True)
def hour_for_minutes(subject: Subject) -> Iterator[Fault]:
    """Requests sent in one run keep a 5m entry alive; 1h costs more to write."""
    if single(subject) or subject.endpoint == "batch":
        return
    for cluster, mark, price in _marked(subject):
        uses = len(cluster.members)
        if mark.ttl == "1h" and uses > 1:
            now, then = price.cached(mark.tokens, uses, "1h"), price.cached(mark.tokens, uses)
            what = f"{uses} requests in one run would cost ${now:,.4f} with 1h, ${then:,.4f} with 5m"
            yield Fault(mark.path, what, dollars=now - then)


@rule("W037", "5m in a batch", cure='use ttl "1h"', source="build-with-claude/batch-processing", group=True)
def minutes_in_a_batch(subject: Subject) -> Iterator[Fault]:
    """A batch may take longer than five minutes: its items find a 1h entry more often."""
    if subject.endpoint != "batch":
        return
    for cluster, mark, _ in _marked(subject):
        if mark.ttl == "5m" and len(cluster.members) > 1:
            yield Fault(
                mark.path, f"{len(cluster.members)} items of a batch share a prefix that lives 5 minutes"
            )


@rule(
    "I037",
    "break-even of the cache",
    cure="nothing to do, if it is used that often",
    source=_PAGE,
    group=True,
)
def break_even(subject: Subject) -> Iterator[Fault]:
    """A 5m write is earned back by one read, a 1h write by two."""
    if not single(subject):
        return
    for cluster, mark, price in _marked(subject):
        ttl = mark.ttl or "5m"
        write, read = mark.tokens * price.write(ttl), mark.tokens * price.read
        what = (
            f"{mark.tokens:,} tokens: {dollars(write)} to write for {ttl}, {dollars(read)} to read,"
            f" {dollars(price.plain(mark.tokens))} uncached; pays from use {price.pays_from(ttl)}"
        )
        yield Fault(cluster.first.positions[cluster.mark or 0].path, what)


# --- variants --------------------------------------------------------------------------------------

_LOSES = {
    "speed": ("system", "messages"),
    "tool_choice": ("messages",),
    "thinking": ("messages",),
    "effort": ("messages",),
}
"""Sections whose cache a changed setting cannot read; with thinking and effort others too, on some models."""


@rule(
    "W034",
    "variants that cannot share the cache",
    cure="expect one write for each value, or run them apart",
    source=_PAGE,
    group=True,
)
def cannot_share(subject: Subject) -> Iterator[Fault]:
    """What one variant wrote another cannot read when speed, tool_choice, thinking or effort differ."""
    for prefix, members in _same_prefix(subject).items():
        for name, sections in _LOSES.items():
            values = {_value(subject, member, name) for member in members}
            mark = members[0].positions[members[0].keys.index(prefix)]
            sure = mark.section in sections
            if len(values) < 2 or (not sure and name in {"speed", "tool_choice"}):
                continue
            price = rates(subject, members[0].tokens)
            each = mark.tokens * (price.write(mark.ttl or "5m") - price.read) if price else None
            are = "are" if sure else "may have to be"
            what = f"{len(values)} values of {name}: these {mark.tokens:,} tokens {are} written once for each"
            yield Fault(mark.path, what, dollars=each * (len(values) - 1) if each is not None else None)


def _same_prefix(subject: Subject) -> dict[str, list[Member]]:
    """Group requests of different settings by the content up to their last shared breakpoint."""
    least = minimum(subject)
    marked: dict[str, dict[str, Member]] = {}
    for cluster in clusters(subject):
        at = cluster.mark
        if at is not None and cluster.first.positions[at].tokens >= (least or 0):
            key = cluster.first.keys[at]
            marked.setdefault(key, {})[settings_key(cluster.first.request)] = cluster.first
    return {key: list(members.values()) for key, members in marked.items() if len(members) > 1}


def _value(subject: Subject, member: Member, name: str) -> str:
    request = member.request
    if name == "effort":
        return request.effort or (subject.model.effort_default if subject.model else None) or "default"
    value = getattr(request, name)
    if name == "speed":
        return value or "standard"
    return repr(value.wire()) if value is not None else "default"


RULES = (does_not_pay, hour_for_minutes, minutes_in_a_batch, cannot_share, break_even)
