"""What is the same in many requests of one model, and what is not."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from workbench.tokens import Position, prefix_keys, prefix_tokens
from workbench.wire.codec import digest

if TYPE_CHECKING:
    from workbench.wire.request import Request

SETTINGS = ("speed", "tool_choice", "thinking", "output_config")
"""What is no part of the prompt, and yet decides which cached prompts can be read."""


class Member(NamedTuple):
    """One request, block by block.

    Attributes:
        positions: Its blocks with the tokens up to each, in the order of the cache.
        keys: One per position: equal keys, equal content up to there, whatever the settings.
    """

    request: Request
    positions: list[Position]
    keys: list[str]

    @property
    def marks(self) -> list[int]:
        """Indices of the marked positions."""
        return [index for index, position in enumerate(self.positions) if position.marked]

    @property
    def tokens(self) -> int:
        """Tokens of the whole prompt."""
        return self.positions[-1].tokens if self.positions else 0


class Cluster(NamedTuple):
    """Requests that can share a cached prefix: same settings, same beginning.

    Attributes:
        shared: How many positions are the same in all of them.
    """

    members: list[Member]
    shared: int

    @property
    def first(self) -> Member:
        """Any member stands for all up to `shared`."""
        return self.members[0]

    @property
    def mark(self) -> int | None:
        """Index of the last breakpoint on what is the same in all."""
        return next((index for index in reversed(self.first.marks) if index < self.shared), None)


@dataclass(frozen=True)
class Variation:
    """Requests of one model that are linted together; a single one varies in nothing."""

    requests: tuple[Request, ...]
    single: bool = False

    @cached_property
    def members(self) -> list[Member]:
        """The requests, read block by block."""
        return [_member(request) for request in self.requests]

    @cached_property
    def clusters(self) -> list[Cluster]:
        """Requests that can share a prefix, apart from those that cannot."""
        groups: dict[tuple[str, str], list[Member]] = {}
        for member in self.members:
            if member.positions:
                groups.setdefault((settings_key(member.request), member.keys[0]), []).append(member)
        alone: dict[str, list[Member]] = {}
        found = []
        for (settings, _), members in groups.items():
            if len(members) > 1 or self.single:
                found.append(Cluster(members, _shared(members)))
            else:
                alone.setdefault(settings, []).extend(members)
        return [*found, *(Cluster(members, _shared(members)) for members in alone.values())]

    @cached_property
    def uses(self) -> Counter[str]:
        """In how many requests each prefix occurs."""
        return Counter(key for member in self.members for key in member.keys)


def settings_key(request: Request) -> str:
    """Return a key of the settings that decide which cached prompts can be read."""
    return digest([_setting(request, name) for name in SETTINGS])


def _setting(request: Request, name: str) -> object:
    value = getattr(request, name)
    if name == "output_config":
        return request.effort
    return value.wire() if hasattr(value, "wire") else value


def _member(request: Request) -> Member:
    plain = request.model_copy(update=dict.fromkeys(SETTINGS))
    positions = prefix_tokens(request)
    return Member(request, positions, prefix_keys(plain, positions))


def _shared(members: list[Member]) -> int:
    distinct = {tuple(member.keys) for member in members}
    count = 0
    for keys in zip(*distinct, strict=False):
        if len(set(keys)) > 1:
            break
        count += 1
    return count
