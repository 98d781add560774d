"""A prompt as Python, JSON and curl, and back; what is read is never run."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from workbench.catalog import catalog
from workbench.errors import PromptError, WorkbenchError
from workbench.prompt import shell
from workbench.prompt.literal import call, literal
from workbench.prompt.prompt import Prompt
from workbench.prompt.source import makes_prompt, read_python
from workbench.prompt.template import show
from workbench.wire.base import plain
from workbench.wire.codec import loads

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from workbench.wire import Request

BASE_URL = "https://api.anthropic.com"
ARGUMENT_BYTES = 100_000
"""Longer bodies go through standard input: Linux takes at most 128 KiB in one argument."""


# --- writing ---------------------------------------------------------------------------------------


def json_text(prompt: Prompt | Request) -> str:
    r"""Return the request body as indented JSON.

    Characters that cannot be seen, or that turn the text around, are written as ``\u`` escapes.

    >>> print(json_text(Prompt("Hi", model="claude-haiku-4-5", system="a\u202eb")).splitlines()[2])
      "system": "a\u202eb",
    """
    return _seen(json.dumps(plain(prompt.wire()), indent=2, ensure_ascii=False))


def _seen(text: str) -> str:
    """Escape what cannot be seen in JSON; outside of its strings there is none of it."""
    if text.replace("\n", "").isprintable():
        return text
    return re.sub(r"[^\n -~]", _unseen, text)


def _unseen(found: re.Match[str]) -> str:
    character = found.group()
    return character if character.isprintable() else json.dumps(character)[1:-1]


def python(prompt: Prompt, *, values: Mapping[str, Any] | None = None) -> str:
    """Return Python that makes the same prompt, and with *values* its request.

    >>> print(python(Prompt("Solve: {{x}}", model="claude-haiku-4-5", max_tokens=9), values={"x": "1 + 1"}))
    import workbench as wb
    <BLANKLINE>
    prompt = wb.Prompt(
        "Solve: {{x}}",
        model="claude-haiku-4-5",
        max_tokens=9,
    )
    request = prompt.render({"x": "1 + 1"})
    <BLANKLINE>
    """
    made = next(filter(None, (_as_call(prompt, cut) for cut in (True, False))), None) or _from_wire(prompt)
    lines = ["import workbench as wb", "", f"prompt = {made}"]
    if values:
        given = {name: _jsonable(value) for name, value in values.items()}
        flat = f"request = prompt.render({literal(given, taken=len('request = prompt.render()'))})"
        lines.append(flat if "\n" not in flat else call("request = prompt.render", [("", given)]))
    return "\n".join(lines) + "\n"


def _as_call(prompt: Prompt, cut: bool) -> str | None:  # noqa: FBT001 - one of two ways to try
    """Write ``wb.Prompt(…)``, the last user turn first where *cut*; None where that is not the same."""
    fields = prompt.wire()
    user = _cut_user_turn(fields) if cut else None
    if cut and user is None:
        return None
    config = fields.get("output_config")
    if isinstance(config, dict) and list(config) == ["effort"]:
        effort = {"effort": config["effort"]}
        fields = {**{k: v for k, v in fields.items() if k != "output_config"}, **effort}
    if prompt.name is not None:
        fields = {"name": prompt.name, **fields}
    try:
        same = Prompt(user, **fields) == prompt
    except (WorkbenchError, TypeError):
        return None
    first = [("", user)] if cut else []
    return call("wb.Prompt", [*first, *fields.items()]) if same else None


def _cut_user_turn(fields: dict[str, Any]) -> Any:
    """Take the last user turn out of *fields* and return its content; None where it is none."""
    turns = fields.get("messages")
    if not isinstance(turns, list) or not turns:
        return None
    last = turns[-1]
    if not isinstance(last, dict) or last.keys() != {"role", "content"} or last["role"] != "user":
        return None
    fields["messages"] = turns[:-1]
    if not fields["messages"]:
        del fields["messages"]
    return last["content"]


def _from_wire(prompt: Prompt) -> str:
    name = [("name", prompt.name)] if prompt.name is not None else []
    return call("wb.Prompt.from_wire", [("", prompt.wire()), *name])


def _jsonable(value: Any) -> Any:
    value = plain(value)
    try:
        return json.loads(json.dumps(value))
    except (TypeError, ValueError):
        return show(value)


def curl(
    prompt: Prompt | Request,
    *,
    base_url: str = BASE_URL,
    api_version: str | None = None,
    betas: Sequence[str] = (),
) -> str:
    """Return a shell command that sends the request; the key is read from ``$ANTHROPIC_API_KEY``.

    Args:
        prompt: What is sent; a prompt with its names in place.
        base_url: Where to.
        api_version: Value of the ``anthropic-version`` header; the current one by default.
        betas: Names of the ``anthropic-beta`` header.

    Raises:
        PromptError: Something that no shell can pass on.
    """
    headers = [f"anthropic-version: {api_version or _current()}", "content-type: application/json"]
    headers[1:1] = [f"anthropic-beta: {','.join(betas)}"] if betas else []
    body = json_text(prompt)
    inline = len(body.encode()) <= ARGUMENT_BYTES
    lines = [
        f"curl {shell.quote(base_url.rstrip('/') + '/v1/messages')}",
        '--header "x-api-key: $ANTHROPIC_API_KEY"',
        *(f"--header {shell.quote(header, always=True)}" for header in headers),
        f"--data-raw {shell.quote(body, always=True)}" if inline else "--data-binary @- <<'JSON'",
    ]
    return " \\\n  ".join(lines) + ("\n" if inline else f"\n{body}\nJSON\n")


def _current() -> str:
    return next(str(row["version"]) for row in catalog().data["api_versions"] if row["status"] == "current")


# --- reading ---------------------------------------------------------------------------------------

_FENCE = re.compile(r"\A\s*```[^\n]*\n(.*?)\n?```\s*\Z", re.DOTALL)
_CURL = re.compile(r"^[ \t]*(?:[!$%>][ \t]*)?(?:\w+=\S*[ \t]+)*(?:\S*/)?curl(?=\s)", re.MULTILINE)


def read(source: str) -> Prompt:
    """Return the prompt that a piece of Python, JSON or curl describes; nothing of it is run.

    Args:
        source: ``wb.Prompt(…)`` or ``client.messages.create(…)`` with literal values, the body of a request
            as JSON, or a curl command as the API's documents write it.

    Raises:
        PromptError: None of the three, or something that only running it could tell: line, what and cure.
        WireError: A field of the wrong shape; it names the place.

    >>> read('{"model": "claude-haiku-4-5", "messages": [{"role": "user", "content": "{{x}}"}]}').variables
    ('x',)
    """
    fenced = _FENCE.match(source)
    text = "\n" * source[: fenced.start(1)].count("\n") + fenced[1] if fenced else source
    if text.lstrip().startswith(("{", "[")):
        return _read_json(text)
    if _CURL.search(text) and not makes_prompt(text):
        return _read_curl(text)
    return read_python(text)


def _read_json(text: str) -> Prompt:
    try:
        return _of_body(loads(text.strip()))
    except WorkbenchError as error:
        if not str(error).startswith(("not JSON", "JSON nested")):
            raise
        wrong = _json_problem(text)
    try:
        return read_python(text)
    except PromptError:
        raise wrong from None


def _json_problem(text: str, first: int = 1, what: str = "not JSON") -> PromptError:
    """Return where JSON breaks its rules; *first* is the line it begins on."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        place = f"line {first + error.lineno - 1}, column {error.colno}"
        return PromptError(f"{place}: {what}: {error.msg}{_near(error)}")
    except (ValueError, RecursionError):
        pass
    return PromptError(f"line {first}: JSON that cannot be read: too deep, or a number too long; shorten it")


_CURES: Iterable[tuple[str, str]] = (
    ("Expecting property name", "names stand in double quotes, and no comma before }"),
    ("Expecting ',' delimiter", "a comma or a closing bracket is missing before it"),
    ("Expecting value", "no comma before ], true/false/null in small letters, texts in double quotes"),
    ("Invalid control character", "a line break inside a text is written \\n"),
    ("Invalid \\escape", "a backslash is written \\\\"),
    ("Unterminated string", "the closing quote is missing"),
    ("Extra data", "paste one request body and nothing behind it"),
)


def _near(error: json.JSONDecodeError) -> str:
    return next((f"; {cure}" for begin, cure in _CURES if error.msg.startswith(begin)), "")


def _of_body(body: Any, line: int = 1) -> Prompt:
    if isinstance(body, dict) and "messages" not in body and isinstance(body.get("params"), dict):
        body = body["params"]  # an item of a batch
    if not isinstance(body, dict):
        raise PromptError(f"line {line}: JSON, but no request body; it begins with {{ and has messages")
    if "messages" not in body:
        raise PromptError(
            f'line {line}: a request body has "messages"; this has {", ".join(body) or "nothing"}'
        )
    return Prompt.from_wire(body)


def _read_curl(text: str) -> Prompt:
    body, line = shell.body(text)
    try:
        value = loads(body)
    except WorkbenchError:
        raise _json_problem(body, line, "the body of this curl command is not JSON") from None
    return _of_body(value, line)
