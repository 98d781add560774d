"""Rules for the headers: API version and betas, and the fields that need one."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from workbench.catalog import catalog
from workbench.lint.place import Loc, Tag, dotted, path_of
from workbench.lint.rule import Fault, rule
from workbench.lint.subject import CURRENT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.lint.subject import Subject

VERSIONS = ("2023-01-01", "2023-06-01", CURRENT)
_DEPRECATED = {
    "mcp-client-2025-04-04": "mcp-client-2025-11-20",
    "server-side-fallback-2026-06-01": "server-side-fallback-2026-07-01",
    "fallback-credit-2026-06-01": "fallback-credit-2026-07-01",
}
MCP = ("mcp-client-2025-11-20", "mcp-client-2026-09-15", "mcp-client-2025-04-04")
OTHERS = (
    "admin-user-sign-out-2026-10-08",
    "advanced-tool-use-2025-11-20",
    "analytics-usage-cost-2026-08-24",
    "ce-claude-code-managed-settings-2026-10-06",
    "ce-plugins-2026-09-01",
    "ce-user-management-2026-07-13",
    "claude-code-20250219",
    "computer-use-2024-10-22",
    "dev-full-thinking-2025-05-14",
    "effort-2025-11-24",
    "experimental-claude-tag-2026-10-21",
    "fine-grained-tool-streaming-2025-05-14",
    "max-tokens-3-5-sonnet-2024-07-15",
    "model-context-window-exceeded-2025-08-26",
    "output-128k-2025-02-19",
    "spend-limit-reads-2026-09-26",
    "telemetry-destinations-2026-08-11",
    "thinking-token-count-2026-05-13",
    "tool-examples-2025-10-29",
    "tool-search-tool-2025-10-19",
    "tools-2024-04-04",
    "tools-2024-05-16",
    "user-profiles-2026-03-24",
    "user-profiles-2026-08-18",
    "user-profiles-2026-09-04",
    "user-profiles-billing-2026-10-01",
    "web-fetch-2025-09-10",
    "webhooks-2026-10-07",
)
"""Betas that the catalog does not list and no field needs (official SDK 2.12.0, earlier documents)."""

_DATE = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})$")


@cache
def known_betas() -> frozenset[str]:
    """Return every beta name on record."""
    table = catalog().betas
    return frozenset(
        (*table["required_today"].values(), *table["no_longer_needed"], *_DEPRECATED, *MCP, *OTHERS)
    )


def _newer(name: str) -> bool:
    """Whether a beta's date is later than the catalog: the service may know it, and this package cannot."""
    found = _DATE.search(name)
    return found is not None and "-".join(found.groups()) > catalog().as_of


def version_problem(version: str | None) -> str | None:
    """Return what the service says of an ``anthropic-version`` header; None where it is one."""
    if not version:
        return "anthropic-version: header is required"
    return None if version in VERSIONS else f'anthropic-version: "{version[:40]}" is not a valid version'


@rule("E090", "API version", cure=f"send {CURRENT} or 2023-06-01", source="api/versioning")
def unknown_version(subject: Subject) -> Iterator[Fault]:
    """The anthropic-version header names a version there is."""
    says = version_problem(subject.api_version)
    if says is not None:
        yield Fault("", message=says)


@rule("E091", "unknown beta", cure="remove it from the anthropic-beta header", source="api/beta-headers")
def unknown_beta(subject: Subject) -> Iterator[Fault]:
    """An unknown name in the anthropic-beta header is refused."""
    unknown = sorted(name for name in subject.betas - known_betas() if not _newer(name))
    if unknown:
        names = ", ".join(f"`{name}`" for name in unknown)
        says = (
            f"Unexpected value(s) {names} for the `anthropic-beta` header. Please consult our documentation"
            " or try again without the header."
        )
        yield Fault("", message=says)


class Need(NamedTuple):
    """A part of a request that needs one of some betas."""

    loc: Loc
    betas: tuple[str, ...]
    says: str = "Extra inputs are not permitted"


_FIELDS = {
    "context_management": ("context-management-2025-06-27", "compact-2026-01-12"),
    "compaction": ("compact-2026-09-04",),
    "mcp_servers": MCP,
    "fallbacks": ("server-side-fallback-2026-07-01", "server-side-fallback-2026-06-01"),
    "fallback_credit_token": ("fallback-credit-2026-07-01", "fallback-credit-2026-06-01"),
    "thread": ("message-threads-2026-08-12",),
    "billing_policy": ("user-profiles-billing-2026-10-01",),
}
_TOOLS = {
    "advisor_20260301": ("advisor-tool-2026-03-01",),
    "computer_20251124": ("computer-use-2025-11-24",),
    "computer_20250124": ("computer-use-2025-01-24",),
    "computer_20241022": ("computer-use-2024-10-22",),
    "text_editor_20241022": ("computer-use-2024-10-22",),
    "bash_20241022": ("computer-use-2024-10-22",),
    "mcp_toolset": MCP[:2],
}
_TURN = {
    "clear_at": ("mid-conversation-system-clear-at-2026-08-21",),
    "output_config": ("mid-conversation-output-config-2026-07-01",),
}
_CHANGES = ("mid-conversation-tool-changes-2026-07-01", "inline-tools-2026-09-15")
_INLINE = ("inline-tools-2026-09-15",)


def needs(subject: Subject) -> Iterator[Need]:
    """List the parts of a request that need a beta, and which."""
    request = subject.request
    for name in _FIELDS.keys() & subject.body.keys():
        if subject.body[name] is not None:
            yield Need((name,), _FIELDS[name])
    for index, tool in enumerate(subject.tools):
        if tool.type in _TOOLS:
            says = f"Input tag '{tool.type}' found using 'type' does not match any of the expected tags"
            yield Need(("tools", index), _TOOLS[tool.type], says)
    for index, turn in enumerate(request.messages):
        if turn.role == "system":
            yield from _turn_needs(index, subject)
    if request.output_config is not None and request.output_config.task_budget is not None:
        yield Need(("output_config", "task_budget"), ("task-budgets-2026-03-13",))
    yield from _thinking_needs(subject)
    yield from _edit_needs(subject)


def _turn_needs(index: int, subject: Subject) -> Iterator[Need]:
    turn = subject.request.messages[index]
    for name, betas in _TURN.items():
        if getattr(turn, name) is not None:
            yield Need(("messages", index, name), betas)
    for at, block in enumerate(turn.blocks):
        if block.type in {"tool_addition", "tool_removal"}:
            tool = (block.model_extra or {}).get("tool")
            inline = isinstance(tool, dict) and tool.get("type") == "tool_definition"
            says = f"Input tag '{block.type}' found using 'type' does not match any of the expected tags"
            yield Need(("messages", index, "content", at), _INLINE if inline else _CHANGES, says)


def _thinking_needs(subject: Subject) -> Iterator[Need]:
    thinking = subject.body.get("thinking")
    if isinstance(thinking, dict):
        where: Loc = ("thinking", Tag(thinking.get("type", "")))
        if thinking.get("display") == "updates":
            says = "Input should be 'summarized' or 'omitted'"
            yield Need((*where, "display"), ("thinking-display-updates-2026-08-18",), says)
        if thinking.get("block_binding") is not None:
            yield Need((*where, "block_binding"), ("thinking-binding-controls-2026-08-01",))


def _edit_needs(subject: Subject) -> Iterator[Need]:
    for index, edit in subject.edits:
        compact = edit.get("type") == "compact_20260112"
        betas = ("compact-2026-01-12",) if compact else ("context-management-2025-06-27",)
        says = "Input tag found using 'type' does not match any of the expected tags"
        yield Need(("context_management", "edits", index), betas, says)


@rule("E092", "beta header missing", cure="send the beta header", source="api/beta-headers")
def missing_beta(subject: Subject) -> Iterator[Fault]:
    """A beta field without its header is a field the service does not know."""
    for need in needs(subject):
        if subject.betas.isdisjoint(need.betas):
            cure = f"send anthropic-beta: {need.betas[0]}"
            path = path_of(need.loc)
            yield Fault(path, f"needs the beta {need.betas[0]}", cure, f"{dotted(need.loc)}: {need.says}")


@rule("W093", "beta no longer needed", cure="leave the header out", source="api/beta-headers")
def needless_beta(subject: Subject) -> Iterator[Fault]:
    """The header of a feature that is generally available changes nothing, or brings back an old shape."""
    for name in sorted(subject.betas.intersection(catalog().betas["no_longer_needed"])):
        yield Fault("", f"the beta {name} is no longer needed")


@rule("W094", "deprecated beta", cure="send the newer name", source="api/beta-headers")
def deprecated_beta(subject: Subject) -> Iterator[Fault]:
    """A beta that a newer one replaced will go away."""
    for name in sorted(subject.betas & _DEPRECATED.keys()):
        yield Fault("", f"the beta {name} is deprecated", f"send {_DEPRECATED[name]}")


@rule("I095", "beta newer than the catalog", cure="update the package", source="api/beta-headers")
def newer_beta(subject: Subject) -> Iterator[Fault]:
    """A beta younger than the catalog may be known to the service."""
    for name in sorted(subject.betas - known_betas()):
        if _newer(name):
            yield Fault("", f"the beta {name} is newer than this catalog ({catalog().as_of})")


@rule("E096", "API version on Bedrock", cure="send 2023-06-01", source="api/versioning")
def version_on_bedrock(subject: Subject) -> Iterator[Fault]:
    """Amazon Bedrock knows 2026-10-21 for Claude 4.7 and later models only."""
    model = subject.model
    older = model is not None and model.tokenizer == "claude-pre-4.7"
    if older and subject.api_version == CURRENT and subject.platform.startswith("bedrock"):
        yield Fault("", message=f'anthropic-version: "{CURRENT}" is not supported for this model')


@rule("W097", "version before streaming events", cure=f"send {CURRENT}", source="api/versioning")
def first_version(subject: Subject) -> Iterator[Fault]:
    """The first API version has unnamed events and an end marker that no client here reads."""
    if subject.api_version == VERSIONS[0]:
        yield Fault("", f"{VERSIONS[0]} is the original version, long replaced")


RULES = (
    unknown_version,
    unknown_beta,
    version_on_bedrock,
    missing_beta,
    needless_beta,
    deprecated_beta,
    newer_beta,
    first_version,
)
