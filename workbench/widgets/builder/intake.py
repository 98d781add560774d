"""Files on their way into a prompt: what they are, what they cost, and whether the service takes them.

What a file is, its first bytes say, whatever its name; what cannot be taken never reaches the prompt.
Names and contents are untrusted: everything said here is plain text.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from workbench.catalog import Model, catalog
from workbench.cost import list_prices
from workbench.report.words import dollars
from workbench.tokens import block_tokens, image_size, pdf_pages
from workbench.wire.blocks import DocumentBlock, ImageBlock

if TYPE_CHECKING:
    from collections.abc import Callable

Block = dict[str, Any]

MIB = 1024 * 1024
MOST_IMAGE_BYTES = 10 * MIB
MOST_SIDE = 8000
"""Pixels a side. Source of both: https://platform.claude.com/docs/en/build-with-claude/vision"""
MOST_TITLE = 500
"""Characters of a document's title."""
_ENCRYPTED = re.compile(rb"/Encrypt\s*(?:\d+\s+\d+\s+R|<<)")
_FILE_ID = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Intake:
    """A file, looked at.

    Attributes:
        block: The content block; None where there is a problem.
        words: What it is: ``chart.png: PNG, 1,200 × 800 px, 1,247 tokens, $0.0012 as input``.
        problem: Why it cannot be taken, and the cure; None where it can.
    """

    block: Block | None
    words: str
    problem: str | None = None


# --- what it is ------------------------------------------------------------------------------------

_IMAGES = {"PNG": "image/png", "JPEG": "image/jpeg", "GIF": "image/gif", "WebP": "image/webp"}
_BEGINNINGS = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"BM", "BMP"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"PK\x03\x04", "ZIP"),
    (b"\xd0\xcf\x11\xe0", "old Office"),
    (b"\x1f\x8b", "gzip"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
_CURES = {
    "ZIP": "Word, Excel and other archives are not taken; save it as PDF or as plain text",
    "old Office": "old Office files are not taken; save it as PDF or as plain text",
    "gzip": "it is compressed; unpack it first",
    "UTF-16": "it is UTF-16 text; save it as UTF-8",
}


def kind_of(data: bytes) -> str:
    r"""Return what bytes are by their beginning: ``PNG``, ``PDF``, ``ZIP``, ``text`` …, or ``binary``.

    >>> kind_of(b"%PDF-1.7"), kind_of(b"GIF89a"), kind_of("é".encode()), kind_of(b"\x00\x01")
    ('PDF', 'GIF', 'text', 'binary')
    """
    if b"%PDF-" in data[:1024]:
        return "PDF"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP"
    if data[4:8] == b"ftyp" and data[8:11] in {b"hei", b"mif", b"avi", b"hev"}:
        return "HEIC or AVIF"
    known = next((kind for begin, kind in _BEGINNINGS if data.startswith(begin)), None)
    if known == "BMP" and b"\0" not in data[:64]:
        known = None
    return known or ("binary" if b"\0" in data else "text")


class _NotTakenError(Exception):
    """Why a file cannot be taken, and the cure."""


def _looked(name: str, look: Callable[[], tuple[Block, str]]) -> Intake:
    try:
        block, what = look()
    except _NotTakenError as error:
        return Intake(None, name, f"{name}: {error}" if name else str(error))
    return Intake(block, f"{name}: {what}" if name else what)


def document(data: bytes, name: str, *, model: str | None = None) -> Intake:
    """Look at the bytes of a document: a PDF or UTF-8 text.

    Args:
        data: The whole file.
        name: Its name; becomes the title.
        model: Which model's tokens and dollars to name.
    """
    name = _name(name)
    return _looked(name, lambda: _document(data, name, model))


def _document(data: bytes, name: str, model: str | None) -> tuple[Block, str]:
    kind = kind_of(data)
    _fits(len(data) * (4 / 3 if kind == "PDF" else 1))
    if not data.strip():
        raise _NotTakenError("the file is empty; choose another one")
    if kind in _IMAGES:
        raise _NotTakenError(f"it is a {kind} image; add it as an image")
    if kind not in {"PDF", "text"}:
        raise _NotTakenError(_CURES.get(kind, "it is neither a PDF nor text; save it as one of them"))
    source, what = _pdf(data, model) if kind == "PDF" else _text(data)
    block: Block = {"type": "document", "source": source}
    tokens = block_tokens(DocumentBlock.model_validate(block), model)
    if name:
        block["title"] = name[:MOST_TITLE]
    return block, f"{what}, about {tokens:,} tokens{_dollars(tokens, model)}"


def _text(data: bytes) -> tuple[Block, str]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _NotTakenError(f"it is not UTF-8 (line {line}); save it as UTF-8") from None
    if not text.strip():
        raise _NotTakenError("the file is empty; choose another one")
    source = {"type": "text", "media_type": "text/plain", "data": text}
    return source, f"text, {len(text):,} character{'s' * (len(text) != 1)}"


def _pdf(data: bytes, model: str | None) -> tuple[Block, str]:
    _takes("document", model)
    if _ENCRYPTED.search(data):
        raise _NotTakenError("the PDF is encrypted; save it without a password")
    if b"startxref" not in data or b"%%EOF" not in data:
        raise _NotTakenError("the PDF is broken or cut off; save or download it again")
    encoded = base64.b64encode(data).decode()
    pages, most = pdf_pages(encoded), _most_pages(model)
    if pages > most:
        raise _NotTakenError(f"it has {pages:,} pages, and a request takes {most}; split it")
    source = {"type": "base64", "media_type": "application/pdf", "data": encoded}
    return source, f"PDF, {pages:,} page{'s' * (pages != 1)}"


def _most_pages(model: str | None) -> int:
    row = catalog().limits["pdf_pages_per_request"]["value"]
    window = known.context_window if (known := _model(model)) else None
    return int(row["context_under_1m" if window is not None and window < 1_000_000 else "default"])


def image(data: bytes, name: str, *, model: str | None = None) -> Intake:
    """Look at the bytes of an image: PNG, JPEG, GIF or WebP.

    Args:
        data: The whole file.
        name: Its name.
        model: Which model's tokens and dollars to name.
    """
    return _looked(_name(name), lambda: _image(data, model))


def _image(data: bytes, model: str | None) -> tuple[Block, str]:
    kind = kind_of(data)
    if not data:
        raise _NotTakenError("the file is empty; choose another one")
    if kind == "PDF":
        raise _NotTakenError("it is a PDF; add it as a document")
    if kind not in _IMAGES:
        raise _NotTakenError(f"it is no image that is taken ({kind}); save it as PNG, JPEG, GIF or WebP")
    if len(data) > MOST_IMAGE_BYTES:
        has = f"it has {len(data) / MIB:.1f} MB"
        raise _NotTakenError(f"{has}, and an image at most {MOST_IMAGE_BYTES // MIB}; scale it down")
    _takes("image", model)
    encoded = base64.b64encode(data).decode()
    width, height = image_size(encoded) or (0, 0)
    if min(width, height) < 1 or _cut_off(kind, data):
        raise _NotTakenError(f"the {kind} is broken or cut off; save or download it again")
    if max(width, height) > MOST_SIDE:
        has = f"it has {width:,} × {height:,} pixels"
        raise _NotTakenError(f"{has}; scale it to {MOST_SIDE:,} pixels a side at most")
    source = {"type": "base64", "media_type": _IMAGES[kind], "data": encoded}
    block: Block = {"type": "image", "source": source}
    tokens = block_tokens(ImageBlock.model_validate(block), model)
    return block, f"{kind}, {width:,} × {height:,} px, {tokens:,} tokens{_dollars(tokens, model)}"


def _cut_off(kind: str, data: bytes) -> bool:
    match kind:
        case "PNG":
            return b"IEND" not in data
        case "JPEG":
            return b"\xff\xd9" not in data
        case "WebP":
            return int.from_bytes(data[4:8], "little") + 8 > len(data)
    return False


# --- where it comes from ---------------------------------------------------------------------------


def from_path(path: str | Path, *, model: str | None = None) -> Intake:
    """Look at a file: an image, a PDF or text. A file that is too large is not read.

    Args:
        path: The file; ``~`` is the home folder.
        model: Which model's tokens and dollars to name.
    """
    name = _name(str(path))
    return _looked(name, lambda: _from_path(Path(path), name, model))


def _from_path(path: Path, name: str, model: str | None) -> tuple[Block, str]:
    try:
        file = path.expanduser()
        if not file.is_file():
            is_folder = file.is_dir()
            raise _NotTakenError(
                "it is a folder; name a file" if is_folder else "there is no such file; check the path"
            )
        _fits(file.stat().st_size)
        data = file.read_bytes()
    except (OSError, ValueError, RuntimeError) as error:
        why = getattr(error, "strerror", None) or error
        raise _NotTakenError(f"it cannot be read ({why}); check the path and its permissions") from None
    return _image(data, model) if kind_of(data) in _IMAGES else _document(data, name, model)


_SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".webp")
_LATER = "tokens and dollars are known after its first use"


def from_url(url: str, *, kind: str | None = None, model: str | None = None) -> Intake:
    """Take a file that the service fetches itself; nothing is fetched here, so its size is not known.

    Args:
        url: Where it is.
        kind: ``image`` or ``document`` (a PDF); by the end of the address without it.
        model: Which model would read it.
    """
    url = url.strip()
    return _looked(url, lambda: _from_url(url, kind, model))


def _from_url(url: str, kind: str | None, model: str | None) -> tuple[Block, str]:
    try:
        parts = urlsplit(url)
        whole = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        whole = False
    if not whole or not url.isprintable() or " " in url:
        raise _NotTakenError("it is no address; write it as https://…")
    kind = kind or ("image" if parts.path.lower().endswith(_SUFFIXES) else "document")
    _takes(kind, model)
    block = {"type": kind, "source": {"type": "url", "url": url}}
    return block, f"{'image' if kind == 'image' else 'PDF'} that the service fetches; {_LATER}"


def from_file_id(file_id: str, *, kind: str = "document", model: str | None = None) -> Intake:
    """Take a file uploaded before.

    Args:
        file_id: Its id, ``file_…``.
        kind: ``image`` or ``document``.
        model: Which model would read it.
    """
    file_id = file_id.strip()
    return _looked(file_id, lambda: _from_file_id(file_id, kind, model))


def _from_file_id(file_id: str, kind: str, model: str | None) -> tuple[Block, str]:
    if not _FILE_ID.fullmatch(file_id):
        raise _NotTakenError("it is no file id; write it as file_…, as the Files API gave it")
    _takes(kind, model)
    block = {"type": kind, "source": {"type": "file", "file_id": file_id}}
    return block, f"{kind} uploaded before; {_LATER}"


# --- what is taken ---------------------------------------------------------------------------------


def _model(name: str | None) -> Model | None:
    return catalog().get(name) if name else None


def _takes(kind: str, model: str | None) -> None:
    """Refuse what a model is known not to read."""
    known = _model(model)
    if kind not in {"image", "document"}:
        raise _NotTakenError(f"there is no kind {kind!r}; use image or document")
    if known is not None and kind == "image" and known.vision is False:
        raise _NotTakenError(f"{model} takes no images; choose another model")
    if known is not None and kind == "document" and known.pdf is False:
        raise _NotTakenError(f"{model} takes no PDFs; choose another model, or add the text itself")


def _fits(size: float) -> None:
    """Refuse what no request can hold: base64 counts, four characters for three bytes."""
    most = int(catalog().limits["messages_mb"]["value"])
    if size > most * MIB:
        takes = f"it would take {size / MIB:.1f} MB, and a whole request has at most {most} MB"
        raise _NotTakenError(f"{takes}; upload it once and give its file id, or split it")


# --- words -----------------------------------------------------------------------------------------


def _name(name: str) -> str:
    return re.split(r"[/\\]", name)[-1]


def _dollars(tokens: int, model: str | None) -> str:
    if not model:
        return ""
    price = list_prices(model, _today()).get("input")
    return f", {dollars(price.at(tokens) * tokens / 1_000_000)} as input" if price else ", unpriced"


def _today() -> date:
    return datetime.now(UTC).date()
