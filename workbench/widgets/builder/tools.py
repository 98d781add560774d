"""Tools: the caller's own with their schemas, those the service runs, and how they are chosen."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import ipywidgets as w

from workbench.catalog import catalog
from workbench.errors import PromptError, did_you_mean
from workbench.lint import lint
from workbench.widgets.builder import blank
from workbench.widgets.builder import field as f
from workbench.widgets.builder.desk import Spot
from workbench.widgets.builder.parts import Words, button, guarded, line, message, options, show_if
from workbench.widgets.builder.rows import Row, Rows
from workbench.widgets.builder.section import Section
from workbench.widgets.builder.settings import at, schema_problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from workbench.widgets.builder.desk import Desk

MENU = (
    "web_search_20260318",
    "web_search_20250305",
    "web_fetch_20260318",
    "web_fetch_20250910",
    "code_execution_20260521",
    "code_execution_20250825",
    "tool_search_tool_regex_20251119",
    "tool_search_tool_bm25_20251119",
    "advisor_20260301",
    "memory_20250818",
    "bash_20250124",
    "text_editor_20250728",
    "computer_toolset_20260801",
    "computer_20251124",
    "computer_20250124",
    "browser_toolset_20260801",
)
"""Tools that Anthropic defines; which of them a model takes, lint knows."""


class Tools(Section):
    """What the model may call."""

    title = "Tools"
    keys = frozenset({"tools", "tool_choice", "model", "thinking", "cache_control", "system", "messages"})

    def build(self) -> None:
        """Make the rows, the ways in, and the choice."""
        self.namespace: Callable[[], Mapping[str, Any]] = notebook
        self.rows = Rows(self._made, _kind)
        Spot(self.desk, self.heading, lambda: "tools")
        self.problem = message()
        self.function = w.Text(description="function", placeholder="name of a function in this notebook")
        self.menu = w.Dropdown(description="Anthropic tool", options=MENU)
        self.menu.add_class("wb-wide")
        self.why = Words(cls="wb-dim")
        self.choice = f.Choice(self.desk, at("tool_choice"), "tool_choice")
        self.single = f.tick(
            self.desk, at("tool_choice.disable_parallel_tool_use"), "one call at a time", off=None
        )
        self.fill(
            self.rows.widget,
            line(
                button("Add tool", guarded(self.problem, lambda: self._add("tool"))),
                self.function,
                button(
                    "From function",
                    guarded(self.problem, self._from_name),
                    hint="make a tool of a Python function",
                ),
            ),
            line(self.menu, button("Add Anthropic tool", guarded(self.problem, self._from_menu))),
            self.problem.widget,
            self.why.widget,
            line(self.choice.box, self.single.box),
        )

    def show(self) -> None:
        """Show the tools, and what the model takes."""
        tools = self.desk.draft.blocks("tools")
        self.rows.show([(f"tools[{place}]", tool) for place, tool in enumerate(tools)])
        self.said.say(f"{len(tools)} tool{'s' * (len(tools) != 1)}" if tools else "none")
        taken, refused = offered(self.desk.model_asked or "", self.desk.betas)
        names = [kind for kind, _ in taken]
        chosen = self.menu.value if self.menu.value in names else next(iter(names), None)
        options(self.menu, [(label, kind) for kind, label in taken], chosen)
        self._show_choice(tools)
        self.why.say(_why(self.desk, refused))

    def add_function(self, function: Callable[..., Any]) -> str:
        """Add a tool made of a Python function; return its path.

        Raises:
            PromptError: A parameter that no schema can describe.
        """
        from workbench.prompt.function import tool

        return self.desk.draft.add_block("tools", tool(function).wire())

    def _add(self, kind: str) -> None:
        self.desk.go(self.desk.draft.add_block("tools", kind))

    def _from_name(self) -> None:
        name = self.function.value.strip()
        space = self.namespace()
        found = space.get(name)
        if not callable(found):
            names = [one for one, value in space.items() if callable(value) and not one.startswith("_")]
            raise PromptError(
                f"the notebook has no function {name!r}{did_you_mean(name, names)}; define it in a cell first"
            )
        self.add_function(found)
        self.function.value = ""

    def _from_menu(self) -> None:
        if self.menu.value is None:
            raise PromptError(f"{self.desk.model_name} takes none of them")
        beta = needs_beta(self.menu.value)
        if beta and beta not in self.desk.betas:
            self.desk.set_betas([*self.desk.betas, beta])
        self._add(self.menu.value)

    def _show_choice(self, tools: list[dict[str, Any]]) -> None:
        model, draft = self.desk.model, self.desk.draft
        forced = model is None or model.forced_tool_choice is not False
        names = [str(tool["name"]) for tool in tools if tool.get("name")]
        choices: list[tuple[str, Any]] = [("auto", None), ("none", {"type": "none"})]
        if forced:
            choices.append(("any: some tool must be called", {"type": "any"}))
            choices += [(f"tool: {name[:60]}", {"type": "tool", "name": name}) for name in names]
        now = draft.get("tool_choice")
        if isinstance(now, dict) and now.get("disable_parallel_tool_use") is not None:
            flag = {"disable_parallel_tool_use": now["disable_parallel_tool_use"]}
            choices = [
                (label, {**(value or {"type": "auto"}), **flag})
                for label, value in choices
                if value is None or value["type"] != "none"
            ]
        self.choice.offer(choices)
        show_if(self.choice.box, tools or now)
        show_if(self.single.box, isinstance(now, dict) and now.get("type") != "none")
        self.single.show()

    def _made(self, path: str, tool: Any) -> Row:
        return (ToolRow if _kind(tool) == "tool" else ServerToolRow)(self.desk, path, tool)


class ToolRow(Row):
    """A tool of the caller's own."""

    def __init__(self, desk: Desk, path: str, _: Any) -> None:
        super().__init__(desk, "tool", path)
        schema = f.Json(
            desk,
            self.at("input_schema"),
            "input schema",
            check=schema_problem,
            required='a tool needs a schema; without parameters: {"type": "object", "properties": {}}',
            rows=6,
        )
        describe = f.Writing(
            desk,
            self.at("description"),
            "description",
            placeholder="what it does, when to use it, what it returns",
        )
        name = f.line_text(desk, self.at("name"), "name", keep_empty=True)
        self.fill(
            [name, describe, schema, f.tick(desk, self.at("strict"), "strict: inputs always fit the schema")]
        )


class ServerToolRow(Row):
    """A tool that Anthropic defines."""

    def __init__(self, desk: Desk, path: str, tool: Any) -> None:
        super().__init__(desk, _kind(tool), path, title=_kind(tool)[:60])
        whole = f.Json(desk, self.at(), "settings", check=_is_tool, required="delete the row instead")
        self.fill([whole])


@lru_cache(maxsize=64)
def offered(model: str, betas: tuple[str, ...] = ()) -> tuple[tuple[tuple[str, str], ...], dict[str, str]]:
    """Return which of `MENU` a model takes, with labels, and why not the others."""
    taken, refused = [], {}
    for kind in MENU:
        beta = needs_beta(kind)
        if why := _refusal(kind, model, (*betas, beta) if beta else betas):
            refused[kind] = why
        else:
            taken.append((kind, f"{kind} (sends beta {beta})" if beta else kind))
    return tuple(taken), refused


def _refusal(kind: str, model: str, betas: tuple[str, ...]) -> str:
    """Return why a model does not take a tool: what the catalog knows, or what lint says."""
    known = catalog().get(model)
    made_for = known.computer_use_tools if known else None
    if made_for is not None and kind.startswith("computer") and kind not in made_for:
        return f"it takes {', '.join(made_for)}"
    body = {"model": model, "max_tokens": 1024, "messages": [{"role": "user", "content": "Hi"}]}
    found = lint({**body, "tools": [blank.tool(kind, body)]}, betas=betas).errors
    return next((one.what for one in found if one.path.startswith("tools")), "")


def needs_beta(kind: str) -> str | None:
    """Return the beta a tool needs, where it needs one."""
    beta = catalog().server_tools.get(kind.rpartition("_")[0], {}).get("beta")
    computer = {
        "computer_20251124": "computer-use-2025-11-24",
        "computer_20250124": "computer-use-2025-01-24",
    }
    return beta if isinstance(beta, str) else computer.get(kind)


def notebook() -> Mapping[str, Any]:
    """Return the names of the notebook this runs in; none where it runs in none."""
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    return shell.user_ns if shell is not None else {}


def _kind(tool: Any) -> str:
    kind = tool.get("type") if isinstance(tool, dict) else None
    return "tool" if kind in {None, "custom"} else str(kind)


def _is_tool(value: Any) -> str:
    named = isinstance(value, dict) and isinstance(value.get("type"), str)
    return "" if named else 'an Anthropic tool is a JSON object with a "type"'


def _why(desk: Desk, refused: dict[str, str]) -> str:
    said = []
    if refused:
        # Those refused for one reason share it.
        reasons = dict.fromkeys(refused.values())
        kinds = [", ".join(kind for kind in refused if refused[kind] == why) + f" ({why})" for why in reasons]
        said.append(f"not on {desk.model_name}: {'; '.join(kinds)}")
    if desk.model is not None and desk.model.forced_tool_choice is False:
        said.append(f"{desk.model_name} cannot be forced to call a tool")
    return " · ".join(said)
