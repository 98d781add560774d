"""The template of a request."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from workbench.dataset import Dataset
from workbench.display import Shown
from workbench.errors import PromptError, did_you_mean, warn
from workbench.prompt.template import Template, Values, undefined
from workbench.wire import MessageParam, Request, parse
from workbench.wire.base import plain
from workbench.wire.codec import digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_SETTINGS = frozenset(Request.model_fields)
_NEVER_UNUSED = frozenset({"id", "input", "target", "metadata"})


class Prompt(Shown):
    r"""A request with ``{{name}}`` where each sample's values go.

    Names may stand in any text: system, messages, the text, title and context of documents, search results,
    tool results, tool descriptions. Values are data: put in once, never read again; what is not text is put
    in as JSON. ``\{{`` is a literal ``{{``. Where the whole content of a message, or a whole text block, is
    one name and the value is a list of blocks (documents, images), the blocks take its place.

    Args:
        user: The last user turn: text, a content block, or a list of blocks. A list of turns (objects with
            ``role``) is appended as it is. None where ``messages`` says everything.
        name: What variants made of it are called.
        fields: Any field of the request (``model``, ``max_tokens``, ``system``, ``tools``, …);
            ``messages`` are the turns before *user*. ``effort`` is short for ``output_config.effort``.
            A Python function among ``tools`` becomes a tool by its docstring and annotations.

    Raises:
        PromptError: An unknown field, or nothing to say.
        WireError: A field of the wrong shape.

    >>> prompt = Prompt("Solve: {{input}}", model="claude-haiku-4-5", max_tokens=300)
    >>> prompt.variables
    ('input',)
    >>> prompt.render({"input": "6 * 7"}).messages[0].content
    'Solve: 6 * 7'
    """

    def __init__(self, user: Any = None, *, name: str | None = None, **fields: Any) -> None:
        body = _apply({}, fields)
        if turns := [*_listed(body.get("messages")), *_turns(user)]:
            body["messages"] = turns
        self._start(body, name)

    def _start(self, body: dict[str, Any], name: str | None) -> None:
        if not body.get("messages"):
            raise PromptError('a prompt needs a user turn: Prompt("Solve: {{input}}", model=…)')
        self._name = name
        self._body = body
        self._request = parse(Request, {"model": "", **body})

    @classmethod
    def from_wire(cls, body: Mapping[str, Any], *, name: str | None = None) -> Prompt:
        """Return the prompt of a request body; fields newer than this code are kept."""
        prompt = cls.__new__(cls)
        prompt._start(plain(body), name)  # noqa: SLF001 - a second constructor
        return prompt

    def wire(self) -> dict[str, Any]:
        """Return the request body, names in place: the inverse of `from_wire`."""
        body: dict[str, Any] = plain(self._body)
        return body

    @property
    def name(self) -> str | None:
        """What variants made of it are called."""
        return self._name

    @property
    def model(self) -> str | None:
        """The model asked, where the prompt says."""
        return self._body.get("model")

    @property
    def effort(self) -> str | None:
        """``output_config.effort``, where the prompt says."""
        return self._request.effort

    @cached_property
    def _template(self) -> Template:
        return Template(self._request)

    @cached_property
    def variables(self) -> tuple[str, ...]:
        """The names used, in the order in which they first stand."""
        return tuple(dict.fromkeys(slot.name for slot in self._template.slots))

    def render(self, values: Values | None = None, /, **named: Any) -> Request:
        """Return the request for one sample.

        Args:
            values: The sample's values by name; those not used do no harm.
            named: More of them, e.g. ``prompt.render(input="6 * 7")``.

        Raises:
            PromptError: A name has no value, or the prompt has no model.
        """
        if "model" not in self._body:
            raise PromptError('this prompt has no model; give it one: prompt.with_(model="claude-haiku-4-5")')
        return self._template.render({**(values or {}), **named} if named else (values or {}))

    def check(self, data: Dataset | Iterable[str]) -> None:
        """Compare the names with the columns of *data*.

        Warns once, in one sentence, about the columns that no name uses; ``id``, ``input``, ``target`` and
        ``metadata`` are never reported.

        Raises:
            PromptError: A name that is no column; it names the nearest one and where the name stands.
        """
        columns = frozenset(data.columns if isinstance(data, Dataset) else data)
        for slot in self._template.slots:
            if slot.name not in columns:
                raise undefined(slot, columns)
        roles = frozenset(data.roles.values()) if isinstance(data, Dataset) else frozenset()
        if unused := sorted(columns - _NEVER_UNUSED - roles - frozenset(self.variables)):
            warn(f"the prompt does not use: {', '.join(unused)}")

    def with_(self, **fields: Any) -> Prompt:
        """Return a copy with some fields replaced.

        Args:
            fields: Any request field, ``effort`` or ``name``; None takes a field out.

        Raises:
            PromptError: A field that requests do not have.
            WireError: A field of the wrong shape.
        """
        name = fields.pop("name", self._name)
        return Prompt.from_wire(_apply(self._body, fields), name=name)

    @cached_property
    def _digest(self) -> str:
        return digest(self._body)

    def __eq__(self, other: object) -> bool:
        """Two prompts are equal when they render the same requests; the name does not count."""
        return self._digest == other._digest if isinstance(other, Prompt) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._digest)

    def __repr__(self) -> str:
        return f"<Prompt {self._name or self.model or ''} ({', '.join(self.variables) or 'no variables'})>"

    def __str__(self) -> str:
        settings = [
            f"{k} {_short(v)}" for k, v in self._body.items() if k not in {"model", "system", "messages"}
        ]
        head = [
            "Prompt",
            self._name,
            self.model,
            *settings,
            f"variables: {', '.join(self.variables) or 'none'}",
        ]
        system = [f"system: {_say(self._request.system_blocks)}"] if self._request.system is not None else []
        turns = [f"{turn.role}: {_say(turn.blocks)}" for turn in self._request.messages]
        return "\n".join([" · ".join(part for part in head if part), *system, *turns])


def _apply(body: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    changed: dict[str, Any] = plain(body)
    for name, value in fields.items():
        if name == "effort":
            continue
        if name not in _SETTINGS:
            raise PromptError(f"requests have no field {name!r}{did_you_mean(name, [*_SETTINGS, 'effort'])}")
        if value is None:
            changed.pop(name, None)
        else:
            changed[name] = plain(_tools(value) if name == "tools" else value)
    return _with_effort(changed, fields["effort"]) if "effort" in fields else changed


def _tools(given: Any) -> Any:
    """Return tools as blocks: a Python function becomes one by its name, docstring and annotations."""
    from workbench.prompt.function import tool

    each = [given] if callable(given) else given
    return [tool(one) if callable(one) else one for one in each] if isinstance(each, list | tuple) else each


def _with_effort(body: dict[str, Any], effort: str | None) -> dict[str, Any]:
    config = {
        name: value for name, value in (body.pop("output_config", None) or {}).items() if name != "effort"
    }
    if effort is not None:
        config["effort"] = effort
    return {**body, "output_config": config} if config else body


def _listed(turns: Any) -> list[Any]:
    return [turns] if isinstance(turns, str) else list(turns or ())


def _turns(user: Any) -> list[Any]:
    """Return the turns that a prompt's first argument stands for."""
    if user is None:
        return []
    if isinstance(user, MessageParam):
        return [user.wire()]
    user = plain(user)
    if isinstance(user, str):
        return [{"role": "user", "content": user}]
    parts = user if isinstance(user, list) else [user]
    if any(isinstance(part, dict) and "role" in part for part in parts):
        return parts
    blocks = [{"type": "text", "text": part} if isinstance(part, str) else part for part in parts]
    return [{"role": "user", "content": blocks}] if blocks else []


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else digest(value)[:8] if isinstance(value, list) else str(value)
    return text if len(text) <= 40 else f"{text[:39]}…"


def _say(blocks: Iterable[Any]) -> str:
    return "\n".join(getattr(block, "text", None) or f"[{block.type}]" for block in blocks)
