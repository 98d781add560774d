"""The prompt being built: a request body that is changed step by step, with undo.

A draft may be wrong at any moment: what is wrong is said where somebody asks for the prompt or the request,
and nothing typed is lost. No part of this draws anything.
"""

from __future__ import annotations

import copy
import threading
import time
from typing import TYPE_CHECKING, Any

from workbench.errors import PromptError
from workbench.lint import edit
from workbench.prompt import Prompt
from workbench.widgets.builder import blank
from workbench.widgets.builder.history import History
from workbench.widgets.builder.names import names_of
from workbench.wire.base import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from workbench.wire import Request

    Watcher = Callable[[set[str]], object]

MARKS = 4
"""Cache breakpoints a request may have."""
COALESCE_S = 1.0
"""Typing in one field is one step until the keys rest for so many seconds."""
HELD = {"tool_result": "content", "search_result": "content", "document": "source.content"}
"""Blocks that hold blocks, and where."""

Body = dict[str, Any]


class Draft:
    """A prompt while it is written.

    Paths are those of lint: ``messages[0].content[1].text``, ``system``, ``thinking.type``. A text that
    stands where blocks may stand counts as one text block, so ``system[0].text`` is always a good path; it
    becomes a block of its own as soon as something needs that.

    Args:
        prompt: Where to begin; one empty user turn without it.
        clock: Seconds, ever growing; decides which keystrokes are one step.

    JupyterLab hears widgets on several threads of the kernel: changes, and those told of them, take turns.

    Attributes:
        lock: Held while something changes.
        values: Sample values by name. A name whose value is missing or empty counts as without a value.
    """

    def __init__(self, prompt: Prompt | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.values: dict[str, Any] = {}
        self.name = prompt.name if prompt else None
        self._clock = clock
        self.lock = threading.RLock()
        self._body: Body = prompt.wire() if prompt else blank.body()
        self._history = History(COALESCE_S)
        self._watchers: list[Watcher] = []
        self._names: tuple[str, ...] | None = None
        self._read: dict[str, tuple[str, ...]] = {}

    # --- reading ---------------------------------------------------------------------------------

    @property
    def body(self) -> Body:
        """A copy of the body as it stands, names in place."""
        return copy.deepcopy(self._body)

    @property
    def prompt(self) -> Prompt:
        """The prompt.

        Raises:
            PromptError: Nothing to say yet.
            WireError: A field of the wrong shape; it names the place.
        """
        return Prompt.from_wire(self._body, name=self.name)

    @property
    def variables(self) -> tuple[str, ...]:
        """The names used in any text, in the order of their first place; also where the rest is wrong."""
        if self._names is None:
            self._read = names_of(self._body, self._read)
            self._names = tuple(dict.fromkeys(name for names in self._read.values() for name in names))
        return self._names

    @property
    def missing(self) -> tuple[str, ...]:
        """The names without a value."""
        return tuple(name for name in self.variables if self.values.get(name) in (None, ""))

    def request(self) -> Request:
        """Return the request for the sample values; a name without one stands as ``«name»``, see `missing`.

        Raises:
            PromptError, WireError: As `prompt`; or a value that holds a block of the wrong shape.
        """
        filled = {name: f"«{name}»" for name in self.missing}
        return self.prompt.render({**self.values, **filled})

    def get(self, path: str, default: Any = None) -> Any:
        """Return a copy of what stands at *path*, *default* where nothing does."""
        return copy.deepcopy(edit.find(self._body, path, default))

    def blocks(self, where: str) -> list[Body]:
        """Return copies of the blocks of ``system``, ``messages[i]``, ``tools``, or of a block."""
        held = edit.find(self._body, self._list(where))
        found = [{"type": "text", "text": held}] if isinstance(held, str) else held or []
        return [copy.deepcopy(one) for one in found if isinstance(one, dict)]

    # --- changing --------------------------------------------------------------------------------

    def set(self, path: str, value: Any) -> None:
        """Set one value; None removes it. Setting texts in one field again and again is one step.

        Raises:
            PromptError: Nothing stands where the path leads.
        """
        if value is None:
            if edit.find(self._body, path) is not None:
                self.remove(path)
            return
        value = plain(value)
        self._change(
            lambda body: edit.put(body, path, value), typing=path if isinstance(value, str) else None
        )

    def remove(self, path: str) -> None:
        """Take a field out.

        Raises:
            PromptError: There is none.
        """
        self._change(lambda body: edit.take(body, path))

    def replace(self, body: Body | Prompt, values: Mapping[str, Any] | None = None) -> None:
        """Put another body in place of this one, and sample values beside those there are: one step."""
        fresh = body.wire() if isinstance(body, Prompt) else plain(body)
        with self.lock:
            merged = {**self.values, **(values or {})}
            if alike(merged, self.values):
                self._step(dict(fresh))
            else:
                self._history.step((self._body, dict(self.values)), None, self._clock())
                self._put(dict(fresh), merged)

    def add_turn(self, role: str, content: Any = "") -> str:
        """Append a turn and return its path."""
        turn = {"role": role, "content": plain(content)}
        return self._insert("messages", turn, None)

    def add_block(self, where: str, kind: str | Body, index: int | None = None) -> str:
        """Put a block among others and return its path.

        Args:
            where: ``system``, ``messages[i]``, ``tools``, or the path of a block that holds blocks.
            kind: What to begin with (see `blank`), or the block itself.
            index: Before which one; at the end without it.

        Raises:
            PromptError: No such place or kind.
        """
        path = self._list(where)
        if isinstance(kind, str):
            make = blank.tool if where == "tools" else blank.block
            kind = make(kind, self._body)
        if path == "system" and kind == {"type": "text", "text": ""} and "system" not in self._body:
            self._change(lambda body: edit.put(body, "system", ""))
            return "system[0]"
        return self._insert(path, plain(kind), index)

    def move(self, path: str, by: int) -> str:
        """Move a turn, block or tool among its like, no further than to the end; return its new path."""
        where, at = self._item(path)
        length = len(edit.find(self._body, where))
        to = max(0, min(length - 1, at + by))
        if to != at:
            self._change(lambda body: _shift(edit.blocks_at(body, where), at, to))
        return f"{where}[{to}]"

    def duplicate(self, path: str) -> str:
        """Put a copy behind a turn, block or tool and return its path; ids and names of tools stay unique."""
        where, at = self._item(path)
        twin = copy.deepcopy(edit.find(self._body, path))
        if not isinstance(twin, dict):
            raise PromptError(f"{path}: only turns, blocks and tools are copied")
        if where == "tools" and isinstance(twin.get("name"), str):
            taken = {str(one.get("name")) for one in self._body["tools"]}
            twin["name"] = blank.free(twin["name"], taken)
        if twin.get("type") == "tool_use":
            twin["id"] = blank.free(
                str(twin.get("id")), {str(one.get("id")) for one in blank.calls(self._body)}
            )
        twin.pop("cache_control", None)
        return self._insert(where, twin, at + 1)

    def delete(self, path: str) -> None:
        """Take a turn, block or tool out; the last one leaves no empty list behind.

        Raises:
            PromptError: There is none.
        """
        if not path.endswith("]"):
            self.remove(path)
            return
        where, at = self._item(path)

        def cut(body: Body) -> None:
            rest = edit.blocks_at(body, where)
            del rest[at]
            if not rest and where in {"system", "tools"}:
                del body[where]
            elif not rest and where != "messages":
                edit.put(body, where, "")

        self._change(cut)

    def mark(self, path: str, ttl: str | None) -> None:
        """Set (``5m``, ``1h``) or drop (None) a cache breakpoint; the path ``""`` is the automatic one.

        Raises:
            PromptError: Nothing there can carry one.
        """
        self._change(lambda body: edit.mark(body, path, ttl))

    @property
    def marks(self) -> list[tuple[str, str]]:
        """The cache breakpoints and their lifetimes; the automatic one is called ``cache_control``."""
        return edit.marks(self._body)

    @property
    def marks_left(self) -> int:
        """How many more a request may have."""
        return MARKS - len(self.marks)

    # --- steps -----------------------------------------------------------------------------------

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return self._history.can_undo

    @property
    def can_redo(self) -> bool:
        """Whether a step was taken back."""
        return self._history.can_redo

    def undo(self) -> None:
        """Take the last step back; nothing where there is none."""
        with self.lock:
            if self.can_undo:
                self._put(*self._history.undo(self._body, self.values))

    def redo(self) -> None:
        """Take the step again that was taken back last; nothing where there is none."""
        with self.lock:
            if self.can_redo:
                self._put(*self._history.redo(self._body, self.values))

    def watch(self, fn: Watcher) -> Callable[[], None]:
        """Call *fn* after every change, with the top-level fields that changed.

        Returns:
            What stops that.
        """
        self._watchers.append(fn)
        return lambda: self._watchers.remove(fn) if fn in self._watchers else None

    # --- inside ----------------------------------------------------------------------------------

    def _change(self, change: Callable[[Body], object], *, typing: str | None = None) -> None:
        with self.lock:
            fresh = copy.deepcopy(self._body)  # texts are shared, so this is quick for large documents too
            change(fresh)
            self._step(fresh, typing)

    def _step(self, fresh: Body, typing: str | None = None) -> None:
        with self.lock:
            if not alike(fresh, self._body):
                self._history.step((self._body, None), typing, self._clock())
                self._put(fresh)

    def _put(self, fresh: Body, values: Body | None = None) -> None:
        old, self._body, self._names = self._body, fresh, None
        if values is not None:
            self.values = values
        changed = {key for key in {*old, *fresh} if not alike(old.get(key, old), fresh.get(key, fresh))}
        for fn in list(self._watchers):
            fn(changed)

    def _insert(self, where: str, item: Body, index: int | None) -> str:
        found = edit.find(self._body, where)
        length = 1 if isinstance(found, str) else len(found or ())
        at = length if index is None else max(0, min(length, index))
        self._change(lambda body: edit.blocks_at(body, where).insert(at, item))
        return f"{where}[{at}]"

    def _list(self, where: str) -> str:
        """Return the path of the list of blocks at *where*."""
        if where in {"system", "tools", "messages"}:
            return where
        noun = edit.find(self._body, where)
        if isinstance(noun, dict) and "role" in noun:
            return f"{where}.content"
        if isinstance(noun, dict) and noun.get("type") in HELD:
            return f"{where}.{HELD[noun['type']]}"
        if isinstance(noun, list | str) and where.endswith("content"):
            return where
        raise PromptError(f"{where} holds no blocks; they stand in system, tools or messages[i]")

    def _item(self, path: str) -> tuple[str, int]:
        """Split the path of an item into its list and its index."""
        where, bracket, number = path.rpartition("[")
        if not bracket or not number.removesuffix("]").isdigit() or edit.find(self._body, path) is None:
            raise edit.nothing(path)
        return where, int(number.removesuffix("]"))


def alike(a: Any, b: Any) -> bool:
    """Compare JSON as JSON: 1, 1.0 and true are three things."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(alike(a[key], b[key]) for key in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(alike, a, b))
    return bool(a == b)


def _shift(items: list[Any], at: int, to: int) -> None:
    items.insert(to, items.pop(at))
