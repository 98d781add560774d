"""A prompt as Python, JSON and curl, and back; what is read is never run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from workbench.prompt.prompt import Prompt
from workbench.wire.base import plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from workbench.wire import Request

BASE_URL = "https://api.anthropic.com"
API_VERSION = "2026-10-21"


def json_text(prompt: Prompt | Request) -> str:
    """Return the request body as indented JSON."""
    return json.dumps(plain(prompt.wire()), indent=2, ensure_ascii=False)


def python(prompt: Prompt, *, values: Mapping[str, Any] | None = None) -> str:
    """Return Python that makes the same prompt."""
    fields = "".join(f"    {name}={value!r},\n" for name, value in prompt.wire().items())
    code = f"import workbench as wb\n\nprompt = wb.Prompt(\n{fields})\n"
    return f"{code}request = prompt.render({dict(values)!r})\n" if values else code


def curl(
    prompt: Prompt | Request,
    *,
    base_url: str = BASE_URL,
    api_version: str = API_VERSION,
    betas: Sequence[str] = (),
) -> str:
    """Return a shell command that sends the request; the key is read from ``$ANTHROPIC_API_KEY``."""
    quoted = json_text(prompt).replace("'", "'\\''")
    lines = [
        f"curl {base_url}/v1/messages",
        '--header "x-api-key: $ANTHROPIC_API_KEY"',
        f'--header "anthropic-version: {api_version}"',
        *([f'--header "anthropic-beta: {",".join(betas)}"'] if betas else []),
        '--header "content-type: application/json"',
        f"--data-raw '{quoted}'",
    ]
    return " \\\n  ".join(lines) + "\n"


def read(source: str) -> Prompt:
    """Return the prompt that Python, JSON or curl describes.

    Raises:
        PromptError: None of the three, or something that cannot be read; says line, what and cure.
    """
    return Prompt.from_wire(json.loads(source))
