"""Rules for tool definitions, tool_choice, Anthropic's own tools and MCP servers."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from workbench.lint.rule import Fault, rule
from workbench.lint.toolfields import newer_tool
from workbench.wire.tools import family

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.lint.subject import Subject
    from workbench.wire.tools import AnyTool

_TOOL_USE = "agents-and-tools/tool-use/overview"
_IMPLEMENT = "agents-and-tools/tool-use/define-tools"
_SEARCH = "agents-and-tools/tool-use/tool-search-tool"
_COMPUTER = "agents-and-tools/tool-use/computer-use-tool"
_MCP = "agents-and-tools/mcp-connector"
_TOOLSETS = {"computer_toolset", "browser_toolset"}


def _name(tool: AnyTool) -> str | None:
    return getattr(tool, "name", None)


@rule(
    "E040",
    "tool names not unique",
    cure="give each tool a name of its own",
    source=_IMPLEMENT,
    error_code="tool_name_conflict",
)
def duplicate_names(subject: Subject) -> Iterator[Fault]:
    """No two tools have the same name."""
    if len(subject.tools) < 2:
        return
    seen: set[str] = set()
    for index, tool in enumerate(subject.tools):
        name = _name(tool)
        if name is not None and name in seen:
            yield Fault(f"tools[{index}].name", message="tools: Tool names must be unique.")
        seen.add(name or "")


@rule(
    "E041",
    "forced tools while thinking",
    cure="use tool_choice auto, or switch thinking off",
    source=_TOOL_USE,
)
def forced_while_thinking(subject: Subject) -> Iterator[Fault]:
    """A tool cannot be forced while thinking has a manual budget."""
    if subject.thinking == "enabled" and subject.forced:
        yield Fault("tool_choice", message="Thinking may not be enabled when tool_choice forces tool use.")


@rule(
    "E042",
    "forced tools",
    cure="use tool_choice auto with strict tools, and ask for the tool",
    source=_TOOL_USE,
)
def no_forced_tools(subject: Subject) -> Iterator[Fault]:
    """Some models cannot be forced to call a tool."""
    if subject.forced and subject.model is not None and subject.model.forced_tool_choice is False:
        says = 'tool_choice: type "tool" and "any" are not supported for this model.'
        yield Fault("tool_choice", message=says)


@rule("I043", "forced tools perhaps refused", cure="use tool_choice auto with strict tools", source=_TOOL_USE)
def perhaps_forced(subject: Subject) -> Iterator[Fault]:
    """Where the catalog does not know whether tools can be forced, nothing is refused."""
    if subject.forced and subject.model is not None and subject.model.forced_tool_choice is None:
        yield Fault("tool_choice", f"whether {subject.name} can be forced is not on record")


@rule("E044", "tool_choice names no tool", cure="name a tool of the request", source=_TOOL_USE)
def missing_choice(subject: Subject) -> Iterator[Fault]:
    """tool_choice needs tools, and its name must be one of theirs; a toolset's members cannot be named."""
    choice = subject.request.tool_choice
    if choice is None or not subject.forced:
        return
    if not subject.tools and not subject.request.mcp_servers:
        yield Fault("tool_choice", message="tool_choice may only be specified while providing tools")
    elif choice.type == "tool" and choice.name not in {None, *map(_name, subject.tools)}:
        yield Fault("tool_choice.name", message=f"Tool '{choice.name}' not found in provided tools")


@rule("E045", "computer tool of another generation", cure="use computer_toolset_20260801", source=_COMPUTER)
def refused_computer_tool(subject: Subject) -> Iterator[Fault]:
    """The newest models take the computer toolset only, except on Bedrock."""
    taken = subject.model.computer_use_tools if subject.model else None
    if not taken or subject.platform.startswith("bedrock"):
        return
    for index, tool in enumerate(subject.tools):
        if tool.type == "computer_20251124" and taken == ("computer_toolset_20260801",):
            says = (
                f"'{subject.name}' does not support tool types: {tool.type}."
                f" Did you mean one of {', '.join(taken)}?"
            )
            yield Fault(f"tools[{index}].type", message=says)


@rule("W046", "another computer tool is documented", cure="use the tool made for the model", source=_COMPUTER)
def other_computer_tool(subject: Subject) -> Iterator[Fault]:
    """Each model was trained with certain versions of the computer tool."""
    taken = subject.model.computer_use_tools if subject.model else None
    for index, tool in enumerate(subject.tools):
        computer = family(tool.type) in {"computer", "computer_toolset"}
        if computer and taken and tool.type not in taken and tool.type != "computer_20251124":
            what = f"{subject.name} is documented with {' or '.join(taken)}, not {tool.type}"
            yield Fault(f"tools[{index}].type", what)


@rule("I047", "tool newer than the catalog", cure="update the package", source=_TOOL_USE)
def unknown_newer_tool(subject: Subject) -> Iterator[Fault]:
    """A tool version younger than the catalog may be known to the service."""
    for index, tool in enumerate(subject.tools):
        if tool.type and newer_tool(tool.type):
            yield Fault(f"tools[{index}].type", f"{tool.type} is newer than this catalog")


@rule(
    "E048",
    "allowed and blocked domains",
    cure="keep one of the two lists",
    source="agents-and-tools/tool-use/web-search-tool",
)
def both_domain_lists(subject: Subject) -> Iterator[Fault]:
    """A search or fetch tool has allowed_domains or blocked_domains, not both."""
    for index, tool in enumerate(subject.tools):
        if getattr(tool, "allowed_domains", None) and getattr(tool, "blocked_domains", None):
            says = f"tools.{index}: only one of `allowed_domains` and `blocked_domains` may be specified"
            yield Fault(f"tools[{index}]", message=says)


@rule("E049", "two toolsets of one family", cure="keep one entry", source=_COMPUTER)
def duplicate_toolsets(subject: Subject) -> Iterator[Fault]:
    """A request has one entry of each toolset family."""
    families = Counter(family(tool.type) for tool in subject.tools)
    for name in sorted(_TOOLSETS):
        if families[name] > 1:
            yield Fault("tools", message=f"tools: only one `{name}` entry may be specified")


@rule("E140", "all tools deferred", cure="leave at least one tool loaded", source=_SEARCH)
def all_deferred(subject: Subject) -> Iterator[Fault]:
    """At least one tool is not deferred: the one that finds the others."""
    if subject.tools and all(tool.defer_loading for tool in subject.tools):
        says = "All tools have defer_loading set. At least one tool must be non-deferred."
        yield Fault("tools", message=says)


@rule(
    "E141",
    "tool reference unresolved",
    cure="define the tool it names",
    source=_SEARCH,
    error_code="tool_reference_unresolved",
)
def unresolved_reference(subject: Subject) -> Iterator[Fault]:
    """A tool reference names a tool of the request."""
    names: set[str | None] | None = None
    for placed in subject.blocks:
        if placed.block.type != "tool_reference" or subject.request.mcp_servers:
            continue
        names = names if names is not None else {_name(tool) for tool in subject.tools}
        name = getattr(placed.block, "tool_name", None)
        if name not in names:
            says = f"Tool reference '{name}' has no corresponding tool definition"
            yield Fault(placed.path, message=says)


# --- MCP -------------------------------------------------------------------------------------------

_OLD_MCP = "mcp-client-2025-04-04"


def _toolsets(subject: Subject) -> list[tuple[int, Any]]:
    return [(at, tool) for at, tool in enumerate(subject.tools) if tool.type == "mcp_toolset"]


@rule("E142", "MCP server without toolset", cure="add one mcp_toolset entry for it", source=_MCP)
def server_without_toolset(subject: Subject) -> Iterator[Fault]:
    """Each MCP server is referenced by exactly one toolset."""
    servers = subject.request.mcp_servers
    if not servers or _OLD_MCP in subject.betas:
        return
    used = Counter(tool.mcp_server_name for _, tool in _toolsets(subject))
    for index, server in enumerate(servers):
        if used[server.name] != 1:
            says = (
                f"mcp_servers.{index}: MCP server '{server.name}' must be referenced by exactly one"
                f" mcp_toolset in tools, found {used[server.name]}"
            )
            yield Fault(f"mcp_servers[{index}]", message=says)


@rule("E143", "toolset without MCP server", cure="add the server to mcp_servers", source=_MCP)
def toolset_without_server(subject: Subject) -> Iterator[Fault]:
    """Each MCP toolset names a server of the request."""
    names = {server.name for server in subject.request.mcp_servers or ()}
    for index, tool in _toolsets(subject):
        if tool.mcp_server_name not in names:
            says = f"tools.{index}: MCP server '{tool.mcp_server_name}' not found in mcp_servers"
            yield Fault(f"tools[{index}].mcp_server_name", message=says)


@rule("E144", "MCP server not https", cure="use an https URL", source=_MCP)
def insecure_server(subject: Subject) -> Iterator[Fault]:
    """MCP servers are reached over https."""
    for index, server in enumerate(subject.request.mcp_servers or ()):
        if not server.url.lower().startswith("https://"):
            says = f"mcp_servers.{index}.url: URL must start with https://"
            yield Fault(f"mcp_servers[{index}].url", message=says)


# --- containers and context editing ----------------------------------------------------------------


@rule(
    "E145",
    "skills without code execution",
    cure="add a code_execution tool",
    source="build-with-claude/skills-guide",
)
def skills_without_code(subject: Subject) -> Iterator[Fault]:
    """Skills run in the code execution container."""
    container = subject.request.container
    skills = container.get("skills") if isinstance(container, dict) else None
    if skills and not any(family(tool.type) == "code_execution" for tool in subject.tools):
        says = "container.skills: skills require the code execution tool to be enabled"
        yield Fault("container.skills", message=says)


@rule(
    "E146",
    "context edits out of order",
    cure="put clear_thinking first",
    source="build-with-claude/context-editing",
)
def edits_out_of_order(subject: Subject) -> Iterator[Fault]:
    """clear_thinking comes first when edits are combined."""
    kinds = [edit.get("type") for _, edit in subject.edits]
    if "clear_thinking_20251015" in kinds[1:]:
        says = "context_management.edits: `clear_thinking_20251015` must be the first edit"
        yield Fault("context_management.edits", message=says)


@rule(
    "E147", "compaction trigger too low", cure="at least 50,000 tokens", source="build-with-claude/compaction"
)
def low_trigger(subject: Subject) -> Iterator[Fault]:
    """Compaction begins at 50,000 input tokens or later."""
    for index, edit in subject.edits:
        trigger = edit.get("trigger")
        value = trigger.get("value") if isinstance(trigger, dict) else None
        if isinstance(value, int) and edit.get("type") == "compact_20260112" and value < 50_000:
            where = f"context_management.edits.{index}.compact_20260112.trigger.input_tokens.value"
            says = f"{where}: Input should be greater than or equal to 50000"
            yield Fault(f"context_management.edits[{index}].trigger", message=says)


@rule(
    "W148",
    "tool without description",
    cure="say what it does, when to use it and what it returns",
    source=_IMPLEMENT,
)
def undescribed(subject: Subject) -> Iterator[Fault]:
    """The description decides most about how well a tool is used."""
    for index, tool in enumerate(subject.tools):
        if family(tool.type) == "custom" and not getattr(tool, "description", None):
            yield Fault(f"tools[{index}].description", f"{_name(tool)} has no description")


RULES = (
    duplicate_names,
    forced_while_thinking,
    no_forced_tools,
    missing_choice,
    refused_computer_tool,
    both_domain_lists,
    duplicate_toolsets,
    all_deferred,
    unresolved_reference,
    server_without_toolset,
    toolset_without_server,
    insecure_server,
    skills_without_code,
    edits_out_of_order,
    low_trigger,
    perhaps_forced,
    other_computer_tool,
    unknown_newer_tool,
    undescribed,
)
