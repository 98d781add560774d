"""Writing a cassette: JSON lines, sorted, in one step, and never with a key inside."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from workbench import files
from workbench.errors import CassetteError
from workbench.record.form import Record, to_json
from workbench.secret import Secret, find
from workbench.wire.codec import dumps

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from workbench.reply import Reply

FORMAT = "claude-workbench cassette"
VERSION = 1


def write(
    replies: Iterable[Reply | Record],
    path: str | os.PathLike[str],
    *,
    stable: bool = False,
    secrets: Iterable[Secret | str | None] = (),
) -> int:
    """Write replies to a cassette.

    Args:
        replies: What to write, in any order; of two with one key the later is kept.
        path: The file; an existing one is replaced in one step.
        stable: Leave out times and ids, so that recording the same answers again gives the same bytes.
        secrets: Values that must not be inside, besides the keys of the environment and any ``sk-ant-…``.

    Returns:
        How many replies were written.

    Raises:
        CassetteError: A secret is inside; the message names the reply, never the secret.
    """
    known = [*_environment_secrets(), *(s.reveal() if isinstance(s, Secret) else s for s in secrets if s)]
    lines: dict[str, bytes] = {}
    for item in replies:
        entry = item if isinstance(item, Record) else Record(item)
        line = dumps(to_json(entry, stable=stable))
        _refuse_secrets(line, known, entry)
        lines[entry.key] = line
    head = dumps({"format": FORMAT, "version": VERSION, "records": len(lines)})
    _write(Path(path), b"\n".join([head, *(lines[key] for key in sorted(lines)), b""]))
    return len(lines)


def _environment_secrets() -> Iterator[str]:
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "AWS_BEARER_TOKEN_BEDROCK"):
        if value := os.environ.get(name):
            yield value


def _refuse_secrets(line: bytes, known: list[str], entry: Record) -> None:
    form = find(line, known)
    if form is not None:
        which = entry.reply.request_id or entry.reply.request.key[:12]
        raise CassetteError(
            f"not written: the reply {which} of {entry.reply.request.model} holds a key ({form}); "
            "take the key out of the prompt or the dataset, and out of use"
        )


def _write(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write(path, data)
    except OSError as error:
        raise CassetteError(f"{path}: cannot be written ({error.strerror}); choose another place") from error
