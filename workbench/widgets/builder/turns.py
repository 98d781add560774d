"""System and Messages: blocks in their order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets as w

from workbench.widgets.builder.desk import Spot, same
from workbench.widgets.builder.editors import Stub, block_row, kind_of
from workbench.widgets.builder.parts import Words, button, guarded, line, options, show_if
from workbench.widgets.builder.rows import Row, Rows
from workbench.widgets.builder.section import Section

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.widgets.builder.desk import Desk

ELSEWHERE = frozenset({"document", "image", "search_result"})
"""Blocks of user turns that are edited under Documents."""
KINDS = {
    "user": ("text", "tool_result", "document", "image", "search_result"),
    "assistant": ("text", "tool_use", "thinking"),
    "system": ("text",),
}
"""Blocks a turn of each role may begin with."""
OPEN = 12
"""Turns a conversation may have before the form opens with only its last ones unfolded."""
LAST = 2
TURNS = {"user": "user turn", "assistant": "assistant turn", "system": "system turn"}


class System(Section):
    """The system prompt."""

    title = "System"
    keys = frozenset({"system", "cache_control", "tools", "messages"})

    def build(self) -> None:
        """Make the rows, and the button for one more."""
        self.rows = Rows(self._made, kind_of)
        self.empty = Words("no system prompt", cls="wb-dim")
        add = button("Add text", self._add, hint="add a text block to the system prompt")
        self.fill(self.empty.widget, self.rows.widget, line(add))

    def show(self) -> None:
        """Show the system prompt."""
        blocks = self.desk.draft.blocks("system")
        self.rows.show([(f"system[{at}]", block) for at, block in enumerate(blocks)])
        self.empty.say("" if blocks else "no system prompt")
        self.said.say(_counted(len(blocks), "block") if blocks else "none")

    def _add(self) -> None:
        path = self.desk.draft.add_block("system", "text")
        self.desk.go(f"{path}.text")

    def _made(self, path: str, block: Any) -> Row:
        return block_row(self.desk, path, block)


class Messages(Section):
    """The conversation, turn by turn."""

    title = "Messages"
    keys = frozenset({"messages", "model", "system", "tools", "cache_control"})

    def __init__(self, desk: Desk, *, is_open: bool = False, edit: Callable[[str], None]) -> None:
        self._edit = edit
        super().__init__(desk, is_open=is_open)

    def build(self) -> None:
        """Make the turns, and a button for each role."""
        self.rows = Rows(self._made, lambda _: "turn")
        Spot(self.desk, self.heading, lambda: "messages")
        self._many = 0
        self.desk.unfold = self.unfold
        self.add = {role: button(f"Add {word}", self._adder(role)) for role, word in TURNS.items()}
        self.why = Words(cls="wb-dim")
        self.fill(self.rows.widget, line(*self.add.values()), self.why.widget)

    def show(self) -> None:
        """Show the turns."""
        turns = self.desk.draft.get("messages") or []
        # Those that come together, opened or pasted, are folded; a turn that is added is to be written in.
        self._many = len(turns) if len(turns) > max(OPEN, len(self.rows.rows) + 1) else 0
        self.rows.show([(f"messages[{at}]", turn) for at, turn in enumerate(turns)])
        self.said.say(_counted(len(turns), "turn"))
        model = self.desk.model
        refused = model is not None and model.mid_conversation_system is False
        self.add["system"].disabled = refused
        self.why.say(
            f"{self.desk.model_name} takes no system turn in a conversation; use System" if refused else ""
        )

    def _adder(self, role: str) -> Callable[[], None]:
        def add() -> None:
            self.desk.go(f"{self.desk.draft.add_turn(role)}.content[0].text")

        return add

    def unfold(self, path: str) -> None:
        """Unfold the turn that *path* leads into."""
        for turn in self.rows.rows:
            if path == turn.path or path.startswith(f"{turn.path}."):
                turn.unfold()

    def _made(self, path: str, _: Any) -> Turn:
        at = int(path.removeprefix("messages[").removesuffix("]"))
        return Turn(self.desk, path, edit=self._edit, folded=at < self._many - LAST)


class Turn(Row):
    """One turn: its role, its blocks, and a menu for one more. While it is folded it has no rows."""

    def __init__(self, desk: Desk, path: str, *, edit: Callable[[str], None], folded: bool = False) -> None:
        super().__init__(desk, "turn", path, marked=False)
        self._edit, self._quiet, self.folded = edit, False, folded
        self.role = w.Dropdown(description="role", options=[(word, role) for role, word in TURNS.items()])
        self.role.add_class("wb-bare")
        self.role.observe(guarded(self.note, self._set_role), "value")
        self._role = Spot(desk, self.role, self.at("role"))
        self.rows = Rows(self._made, lambda block: f"{'stub:' * _elsewhere(block)}{kind_of(block)}")
        self.menu: Any = None
        self.fold = button("fold this turn", self._toggle, icon="chevron-down", cls="wb-fold")
        head = self.widget.children[0]
        head.children = (self.fold, self.role, *head.children[1:])
        self.widget.add_class("wb-turn")

    def unfold(self) -> None:
        """Show the blocks of the turn."""
        if self.folded:
            self._toggle()

    def _toggle(self) -> None:
        with self.desk.draft.lock:
            self.folded = not self.folded
            self.desk.opener = self._role.open  # for the fields made now
            self._show_blocks()

    def show(self, path: str, item: Any) -> None:
        """Show a turn."""
        if path == self.path and same(item, self.item):
            self.recount()
            return
        super().show(path, item)
        turn = item if isinstance(item, dict) else {}
        role = turn.get("role")
        roles = [(word, role) for role, word in TURNS.items()]
        self._quiet = True
        try:
            options(self.role, roles if role in TURNS else [*roles, (str(role), role)], role)
        finally:
            self._quiet = False
        self._show_blocks()

    def _show_blocks(self) -> None:
        """Show the blocks; of a folded turn how it begins."""
        content = self.item.get("content") if isinstance(self.item, dict) else None
        blocks = self.desk.draft.blocks(self.path) if isinstance(content, str | list) else []
        self.about.say(_summary(blocks) if self.folded else "")
        self.fold.icon = "chevron-right" if self.folded else "chevron-down"
        self.fold.tooltip = "unfold this turn" if self.folded else "fold this turn"
        show_if(self.body, not self.folded)
        if self.folded:
            self.rows.show([])
            return
        if self.menu is None:
            self._make_menu()
        self.rows.show([(f"{self.path}.content[{at}]", block) for at, block in enumerate(blocks)])
        kinds = KINDS.get(str(self.role.value), ("text",))
        options(self.menu, [(kind.replace("_", " "), kind) for kind in kinds], _kept(self.menu, kinds))
        show_if(self.menu, len(kinds) > 1)

    def _make_menu(self) -> None:
        self.menu = w.Dropdown(description="block", options=KINDS["user"])
        self.menu.add_class("wb-bare")
        add = button("Add block", guarded(self.note, self._add), hint="add a block to this turn")
        self.body.children = (self.rows.widget, line(self.menu, add, cls="wb-adding"))

    def close(self) -> None:
        """Leave the form."""
        super().close()
        self._role.close()
        self.rows.close()

    def recount(self) -> None:
        """Let every block of the turn learn how many breakpoints there are."""
        for row in self.rows.rows:
            row.recount()

    def _set_role(self, change: Any) -> None:
        if not self._quiet:
            self.desk.draft.set(f"{self.path}.role", change["new"])

    def _add(self) -> None:
        self.desk.go(self.desk.draft.add_block(self.path, self.menu.value))

    def _made(self, path: str, block: Any) -> Row:
        return (
            Stub(self.desk, path, block, edit=self._edit)
            if _elsewhere(block)
            else block_row(self.desk, path, block)
        )


def _elsewhere(block: Any) -> bool:
    return isinstance(block, dict) and block.get("type") in ELSEWHERE


def _kept(menu: Any, kinds: tuple[str, ...]) -> str:
    return menu.value if menu.value in kinds else kinds[0]


def _summary(blocks: list[dict[str, Any]]) -> str:
    """Say what a folded turn holds.

    >>> _summary([{"type": "image"}, {"type": "text", "text": "What is  this?"}])
    '2 blocks: What is this?'
    """
    texts = (" ".join(one["text"].split()) for one in blocks if isinstance(one.get("text"), str))
    said = next(filter(None, texts), "")
    return f"{_counted(len(blocks), 'block')}{': ' * bool(said)}{said[:80]}{'…' * (len(said) > 80)}"


def _counted(n: int, what: str) -> str:
    return f"{n} {what}{'s' * (n != 1)}"
