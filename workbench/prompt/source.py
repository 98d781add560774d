"""Python that makes a prompt, read without running it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from workbench.errors import PromptError, WorkbenchError
from workbench.prompt.prompt import Prompt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_NOT_SENT = frozenset({"betas", "extra_headers", "extra_query", "timeout", "max_retries"})
"""Arguments of the official SDK that are no part of the body."""
_UNSET = frozenset({"NOT_GIVEN", "NotGiven", "omit", "Omit"})
_SENDS = frozenset({"create", "stream", "count_tokens", "parse"})
_MISSING = object()


def makes_prompt(source: str) -> bool:
    """Tell whether *source* is Python that makes a prompt or a request."""
    tree = _parsed(source)
    return isinstance(tree, ast.Module) and any(map(_Reader(tree).kind, _calls(tree)))


def read_python(source: str) -> Prompt:
    """Return the prompt of the last ``Prompt(…)``, ``Request(…)`` or ``messages.create(…)``.

    Its arguments are literals, names set to literals before, and sums of them.

    Raises:
        PromptError: No such call, or an argument that only running the code could tell.
        WireError: A field of the wrong shape.
    """
    tree = _parsed(source)
    if isinstance(tree, PromptError):
        raise tree
    reader = _Reader(tree)
    calls = [node for node in _calls(tree) if reader.kind(node)]
    if calls:
        return reader.prompt(calls[-1])
    last = tree.body[-1] if tree.body else None
    value = getattr(last, "value", None)
    if isinstance(value, ast.Dict):
        return reader.of_body(value, reader.value(value))
    raise PromptError(
        f"line {getattr(last, 'lineno', 1)}: no prompt here; paste wb.Prompt(…), client.messages.create(…),"
        " the JSON of a request, or a curl command"
    )


def _parsed(source: str) -> ast.Module | PromptError:
    begin = source.lstrip("\n")
    indented = begin[:1].isspace()  # pasted out of a function: its texts must stay as they are
    try:
        tree = ast.parse(f"if 1:\n{source}" if indented else source)
    except SyntaxError as error:
        line = max(1, (error.lineno or 1) - indented)
        what = f"not Python, JSON or curl: {error.msg}"
        return PromptError(f"line {line}: {what}; paste the whole of it")
    except (ValueError, RecursionError, MemoryError):
        what = "NUL characters, or nested too deep"
        return PromptError(f"line 1: this cannot be read as Python: {what}; paste JSON")
    if indented:
        ast.increment_lineno(tree, -1)
        tree.body = tree.body[0].body  # type: ignore[attr-defined]
    return tree


def _calls(tree: ast.Module) -> Iterator[ast.Call]:
    """Yield the calls in the order in which they end: the outer one of two comes last."""
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return iter(sorted(found, key=lambda node: (node.end_lineno or 0, node.end_col_offset or 0)))


class _Reader:
    """Reads expressions; names mean what they were set to last, above the line they are used on."""

    def __init__(self, tree: ast.Module) -> None:
        self._set: dict[str, list[tuple[int, ast.expr]]] = {}
        self._reading: set[int] = set()
        for node in ast.walk(tree):
            targets = node.targets if isinstance(node, ast.Assign) else []
            targets = [node.target] if isinstance(node, ast.AnnAssign) else targets
            for target in targets:
                value = getattr(node, "value", None)
                if isinstance(target, ast.Name) and value is not None:
                    self._set.setdefault(target.id, []).append((value.lineno, value))

    # --- calls -----------------------------------------------------------------------------------

    def kind(self, node: ast.AST) -> str:
        """Return what a call makes: ``prompt``, ``body``, ``wire``, ``with``; empty where nothing of ours."""
        match node:
            case ast.Call(func=ast.Name(id="Prompt") | ast.Attribute(attr="Prompt")):
                return "prompt"
            case ast.Call(func=ast.Name(id="Request") | ast.Attribute(attr="Request")):
                return "body"
            case ast.Call(func=ast.Attribute(attr="from_wire" | "model_validate")):
                return "wire"
            case ast.Call(func=ast.Attribute(value=ast.Attribute(attr="messages"), attr=attr)) if (
                attr in _SENDS
            ):
                return "body"
            case ast.Call(func=ast.Attribute(value=inner, attr="with_")) if self.kind(self._looked_up(inner)):
                return "with"
        return ""

    def _looked_up(self, node: ast.expr) -> ast.expr:
        """Return what a name was set to; any other expression as it is."""
        if isinstance(node, ast.Name):
            before = [value for line, value in self._set.get(node.id, ()) if line <= node.lineno]
            return before[-1] if before else node
        return node

    def prompt(self, node: ast.Call) -> Prompt:
        """Return the prompt that a call makes."""
        kind = self.kind(node)
        args, fields = self._arguments(node, sdk=kind == "body")
        if kind == "body":
            return self.of_body(node, fields)
        if kind == "wire":
            return self.of_body(node, args[0] if args else None, name=fields.get("name"))
        if kind == "with":
            return self._made(node, lambda: self._inner(node).with_(**fields))
        return self._made(node, lambda: Prompt(*args, **fields))

    def _inner(self, node: ast.Call) -> Prompt:
        """Return the prompt that ``.with_(…)`` is called on."""
        inner = self._looked_up(node.func.value) if isinstance(node.func, ast.Attribute) else node
        assert isinstance(inner, ast.Call)
        return self.prompt(inner)

    def of_body(self, node: ast.expr, body: Any, *, name: str | None = None) -> Prompt:
        """Return the prompt of a request body."""
        if not isinstance(body, dict) or "messages" not in body:
            raise PromptError(f'line {node.lineno}: no messages; give it messages=[{{"role": …}}]')
        return self._made(node, lambda: Prompt.from_wire(body, name=name))

    def _made(self, node: ast.expr, make: Callable[[], Prompt]) -> Prompt:
        try:
            return make()
        except TypeError as error:
            raise _problem(node, f"these arguments make no prompt ({error})", "see help(wb.Prompt)") from None
        except WorkbenchError as error:
            raise type(error)(f"line {node.lineno}: {error}") from None

    def _arguments(self, node: ast.Call, *, sdk: bool) -> tuple[list[Any], dict[str, Any]]:
        args: list[Any] = []
        for arg in node.args:
            value = self.value(arg.value if isinstance(arg, ast.Starred) else arg)
            args += value if isinstance(arg, ast.Starred) else [value]
        fields: dict[str, Any] = {}
        for keyword in node.keywords:
            if (sdk and keyword.arg in _NOT_SENT) or _is_unset(keyword.value):
                continue
            value = self.value(keyword.value)
            if keyword.arg is None or (sdk and keyword.arg == "extra_body"):
                fields.update(value)
            else:
                fields[keyword.arg] = value
        return args, fields

    # --- values ----------------------------------------------------------------------------------

    def value(self, node: ast.expr) -> Any:  # noqa: PLR0911 - one way for each kind of expression
        """Return the value of an expression.

        Raises:
            PromptError: Only running it could tell.
        """
        match node:
            case ast.Constant(value=str() | int() | float() | None as constant):
                return constant
            case ast.List(elts=items) | ast.Tuple(elts=items):
                return self._items(items)
            case ast.Dict(keys=keys, values=values):
                return self._pairs(node, keys, values)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=inner):
                return self._signed(node, sign, inner)
            case ast.BinOp(op=ast.Add(), left=left, right=right):
                return self._sum(node, left, right)
            case ast.JoinedStr():
                raise _problem(node, "an f-string", "write {{name}} where a value goes")
            case ast.Call(func=ast.Name(id="float"), args=[ast.Constant(value=str(text))], keywords=[]):
                return self._float(node, text)
            case ast.Call(func=ast.Name(id="dict"), args=[], keywords=keywords):
                return self._pairs(
                    node, [k.arg and ast.Constant(k.arg) for k in keywords], [k.value for k in keywords]
                )
            case ast.Name():
                return self._name(node)
        raise _problem(node, f"`{_shown(node)}`", "write the value itself")

    def _items(self, items: list[ast.expr]) -> list[Any]:
        found: list[Any] = []
        for item in items:
            if isinstance(item, ast.Starred):
                found += self.value(item.value)
            else:
                found.append(self.value(item))
        return found

    def _pairs(self, node: ast.expr, keys: Any, values: list[ast.expr]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, item in zip(keys, values, strict=True):
            name, value = key and self.value(key), self.value(item)
            if key is None and isinstance(value, dict):
                found.update(value)
            elif isinstance(name, str):
                found[name] = value
            else:
                raise _problem(key or node, "a key that is no text", "JSON objects have texts as keys")
        return found

    def _signed(self, node: ast.expr, sign: ast.unaryop, inner: ast.expr) -> Any:
        value = self.value(inner)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _problem(node, f"`{_shown(node)}`", "write the value itself")
        return -value if isinstance(sign, ast.USub) else value

    def _sum(self, node: ast.expr, left: ast.expr, right: ast.expr) -> Any:
        a, b = self.value(left), self.value(right)
        if type(a) is type(b) and isinstance(a, str | list):
            return a + b
        raise _problem(node, f"`{_shown(node)}`", "write the value itself")

    def _float(self, node: ast.expr, text: str) -> float:
        try:
            return float(text)
        except ValueError:
            raise _problem(node, f"`{_shown(node)}`", "write the number itself") from None

    def _name(self, node: ast.Name) -> Any:
        value = self._looked_up(node)
        if value is node or id(value) in self._reading:
            raise _problem(
                node, f"the name {node.id!r}, which is not set to a literal above", "write its value"
            )
        self._reading.add(id(value))
        try:
            return self.value(value)
        finally:
            self._reading.discard(id(value))


def _is_unset(node: ast.expr) -> bool:
    name = getattr(node, "attr", None) or getattr(node, "id", None)
    return name in _UNSET


def _shown(node: ast.expr) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 40 else f"{text[:39]}…"


def _problem(node: ast.expr, what: str, cure: str) -> PromptError:
    return PromptError(f"line {node.lineno}: {what} cannot be read without running it; {cure}")
