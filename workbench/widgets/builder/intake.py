"""Files on their way into a prompt: what they are, what they cost, and whether the service takes them."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Block = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Intake:
    """A file, looked at.

    Attributes:
        block: The content block; None where there is a problem.
        words: What it is: ``report.pdf: PDF, 12 pages, about 85,000 tokens, $0.085 as input``.
        problem: Why it cannot be taken, and the cure.
    """

    block: Block | None
    words: str
    problem: str | None = None


def document(data: bytes, name: str, *, model: str | None = None) -> Intake:
    """Look at the bytes of a document: text or PDF, by content and not by name."""
    if data.startswith(b"%PDF-"):
        source = {"type": "base64", "media_type": "application/pdf", "data": base64.b64encode(data).decode()}
    else:
        source = {"type": "text", "media_type": "text/plain", "data": data.decode()}
    return Intake({"type": "document", "source": source, "title": name}, name)


def image(data: bytes, name: str, *, model: str | None = None) -> Intake:
    """Look at the bytes of an image: PNG, JPEG, GIF or WebP, by content and not by name."""
    source = {"type": "base64", "media_type": "image/png", "data": base64.b64encode(data).decode()}
    return Intake({"type": "image", "source": source}, name)


def from_path(path: str | Path, *, model: str | None = None) -> Intake:
    """Look at a file: an image or a document."""
    data = Path(path).read_bytes()
    look = document if data.startswith(b"%PDF-") else image
    return look(data, Path(path).name, model=model)


def from_url(url: str, *, kind: str | None = None, model: str | None = None) -> Intake:
    """Take a file that the service fetches itself; *kind* is ``image`` or ``document``."""
    return Intake({"type": kind or "document", "source": {"type": "url", "url": url}}, url)


def from_file_id(file_id: str, *, kind: str = "document", model: str | None = None) -> Intake:
    """Take a file uploaded before; *kind* is ``image`` or ``document``."""
    return Intake({"type": kind, "source": {"type": "file", "file_id": file_id}}, file_id)
