"""What is to be graded, and in which order: fixed by the seed, whatever was graded before."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from workbench.errors import UsageError, did_you_mean
from workbench.report.words import plural, visible
from workbench.wire.codec import canonical

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from workbench.grades import Kind
    from workbench.run import Result, Run


@dataclass(frozen=True, slots=True)
class Item:
    """What is graded at once: one answer, or two to the same sample.

    Attributes:
        rows: The results, in the order in which they are shown.
        trials: Their ids, in the order in which a grade counts them.
    """

    rows: tuple[Result, ...]
    trials: tuple[str, ...]

    @property
    def sample(self) -> str:
        """The sample they answer."""
        return self.rows[0].sample_id

    @property
    def shown(self) -> tuple[str, ...]:
        """Of a pair, the ids in the order in which they are shown."""
        return tuple(row.trial_id for row in self.rows) if len(self.rows) > 1 else ()


@dataclass(frozen=True, slots=True)
class Items:
    """The items of a queue, and what is in none.

    Attributes:
        each: The items, in order.
        candidates: How many there would be without ``sample``.
        errors: Trials that ended in an error: there is nothing to grade.
        alone: Of pairs: answers whose other one is missing or an error.
        identical: Of pairs: those of two equal answers, which nobody needs to be asked about.
    """

    each: tuple[Item, ...]
    candidates: int
    errors: int = 0
    alone: int = 0
    identical: tuple[Item, ...] = ()

    @property
    def left_out(self) -> tuple[str, ...]:
        """Sentences on what is in no item."""
        return self.beside(0)

    def beside(self, others: int) -> tuple[str, ...]:
        """Return sentences on what is in no item, for figures that count *others* graded in other queues."""
        found = []
        if self.errors:
            found.append(f"{plural(self.errors, 'trial')} ended in an error: nothing to grade.")
        if self.alone:
            found.append(f"{plural(self.alone, 'answer')} without the other variant's to compare with.")
        if self.candidates > len(self.each) + len(self.identical):
            asks = f"This queue asks a random {len(self.each):,} of {self.candidates:,}, fixed by the seed"
            counted = f"; {others:,} of those counted here were graded in another queue" if others else ""
            found.append(f"{asks}{counted}.")
        return tuple(found)


def singles(run: Run, *, sample: int | None, seed: int) -> Items:
    """Return one item per answer, shuffled.

    The order is that of a hash of seed and trial: a run that has grown since keeps the order of what it had.
    """
    rows = [row for row in run.rows if row.error is None]
    each = [Item((row,), (row.trial_id,)) for row in rows]
    each.sort(key=lambda item: _draw(seed, "order", *item.trials))
    return Items(tuple(each[:sample]), len(each), errors=len(run.rows) - len(rows))


def pairs(run: Run, pair: tuple[str, str], *, sample: int | None, seed: int) -> Items:
    """Return one item per sample and epoch that both variants answered, shuffled, each on a random side.

    Pairs of identical answers are no items: nobody could tell them apart. They are counted. A grade counts
    its trials in the order of *pair*: `ordered` makes that the same whoever names the variants.
    """
    a, b = pair
    groups: dict[tuple[str, int], dict[str, Result]] = {}
    errors = 0
    for row in run.rows:
        if row.variant in {a, b}:
            errors += row.error is not None
            if row.error is None:
                groups.setdefault((row.sample_id, row.epoch), {})[row.variant] = row
    both = [(group[a], group[b]) for group in groups.values() if len(group) == 2]
    both.sort(key=lambda rows: _draw(seed, "order", rows[0].sample_id, str(rows[0].epoch)))
    each: list[Item] = []
    same: list[Item] = []
    for rows in both:
        if sample is not None and len(each) == sample:
            break
        item = Item(_sided(rows, seed), tuple(row.trial_id for row in rows))
        (same if _said(rows[0]) == _said(rows[1]) else each).append(item)
    return Items(tuple(each), len(both), errors, len(groups) - len(both), tuple(same))


def _sided(rows: tuple[Result, Result], seed: int) -> tuple[Result, Result]:
    first, second = rows
    heads = _draw(seed, "side", first.sample_id, str(first.epoch), first.variant, second.variant)[0] & 1
    return (second, first) if heads else rows


def _draw(seed: int, *parts: str) -> bytes:
    return sha256("\0".join((str(seed), *parts)).encode("utf-8", "surrogatepass")).digest()


def _said(row: Result) -> Any:
    """Return what a reader sees of an answer: not its thinking, and not the ids of its calls."""
    message = row.message
    blocks = [] if message is None else [block.wire() for block in message.content]
    kept = [_plain(block) for block in blocks if block.get("type") not in {"thinking", "redacted_thinking"}]
    return canonical([row.stop_reason, kept])


def _plain(block: Mapping[str, Any]) -> dict[str, Any]:
    text = block.get("text")
    kept = {name: value for name, value in block.items() if name not in {"id", "tool_use_id"}}
    return {**kept, "text": text.strip()} if isinstance(text, str) else kept


def ordered(run: Run, pair: tuple[str, str]) -> tuple[str, str]:
    """Return a pair of variants in the run's order, in which grades count them."""
    names = run.info.variant_names
    return pair if names.index(pair[0]) < names.index(pair[1]) else (pair[1], pair[0])


def pair_of(run: Run, kind: Kind, pair: Iterable[str] | None) -> tuple[str, str] | None:
    """Return the two variants to compare; None where single answers are graded.

    Raises:
        UsageError: A pair of another number than two, of unknown variants, or for another kind of grade.
    """
    names = run.info.variant_names
    if kind != "pair":
        if pair is not None:
            raise UsageError(f"pair= is for grades of kind 'pair', not {kind!r}; leave one of the two out")
        return None
    if pair is None:
        if len(names) != 2:
            raise UsageError(f"give pair=(a, b): two of the variants {_listed(names)}")
        pair = names
    chosen = (pair,) if isinstance(pair, str) else tuple(pair)
    if len(chosen) != 2 or chosen[0] == chosen[1]:
        raise UsageError(f"a pair is two different variants, not {chosen!r}")
    for name in chosen:
        if name not in names:
            cure = did_you_mean(str(name), names) or f"; there are {_listed(names)}"
            raise UsageError(f"no variant {visible(str(name))!r} in this run{cure}")
    return chosen[0], chosen[1]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(repr(name) for name in names)
