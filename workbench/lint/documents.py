"""Rules for documents, images and citations."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any

from workbench.lint.limits import limit_row
from workbench.lint.rule import Fault, rule
from workbench.lint.subject import CURRENT
from workbench.tokens import image_size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.lint.subject import Placed, Subject

_CITATIONS = "build-with-claude/citations"
_VISION = "build-with-claude/vision"
_PDF = "build-with-claude/pdf-support"
_VERSIONS = "api/versioning"
_SIDE = 8000
_MANY, _MANY_SIDE = 20, 2000
_SMALL_WINDOW = 200_000
_MIB = 1024 * 1024
_PAGE = re.compile(rb"/Type\s*/Page(?![a-zA-Z])")


def _of(subject: Subject, kind: str) -> list[Placed]:
    return [placed for placed in subject.blocks if placed.block.type == kind]


def _base64(placed: Placed) -> Any:
    source = getattr(placed.block, "source", None)
    return source if getattr(source, "type", None) == "base64" else None


@rule("E050", "document in an assistant turn", cure="move it into a user turn", source=_VERSIONS)
def assistant_document(subject: Subject) -> Iterator[Fault]:
    """Under 2026-10-21 an assistant message has no documents."""
    if subject.api_version != CURRENT:
        return
    for placed in _of(subject, "document"):
        if placed.role == "assistant":
            says = f"{placed.dotted}: `document` blocks can only be in `user` messages"
            yield Fault(placed.path, message=says)


@rule("E051", "citations in user text", cure="strip them when replaying history", source=_VERSIONS)
def user_citations(subject: Subject) -> Iterator[Fault]:
    """Under 2026-10-21 text of a user message carries no citations, nor text inside search results."""
    if subject.api_version != CURRENT:
        return
    for placed in subject.blocks:
        if placed.role in {"user", "tool_result"}:
            texts = [(placed.loc, placed.block)]
            if placed.block.type == "search_result":
                inner = getattr(placed.block, "content", ())
                texts = [((*placed.loc, "content", at), block) for at, block in enumerate(inner)]
            for loc, block in texts:
                if block.type == "text" and getattr(block, "citations", None):
                    where = ".".join(map(str, loc))
                    says = f"{where}.citations: citations are not permitted in `user` messages"
                    yield Fault(placed.path, message=says)


def _cited(placed: Placed) -> bool:
    citations = getattr(placed.block, "citations", None)
    return bool(getattr(citations, "enabled", None))


@rule(
    "E052",
    "citations on some documents",
    cure="enable citations on all of them, or on none",
    source=_CITATIONS,
)
def some_cited(subject: Subject) -> Iterator[Fault]:
    """Citations are enabled on all documents or on none, and so for search results."""
    for kind in ("document", "search_result"):
        cited = [_cited(placed) for placed in _of(subject, kind)]
        if any(cited) and not all(cited):
            first = _of(subject, kind)[cited.index(False)]
            says = f"Citations must be enabled on all or none of the `{kind}` blocks in a request"
            yield Fault(f"{first.path}.citations", message=says)


@rule("E053", "citations not supported", cure="use a newer model", source=_CITATIONS)
def no_citations(subject: Subject) -> Iterator[Fault]:
    """Claude Haiku 3 has no citations."""
    if subject.model is not None and subject.model.citations is False:
        for placed in subject.blocks:
            if placed.block.type in {"document", "search_result"} and _cited(placed):
                says = f"{placed.dotted}.citations: citations are not supported for this model"
                yield Fault(f"{placed.path}.citations", message=says)


@rule(
    "E060",
    "citations with structured output",
    cure="drop output_config.format, or citations",
    source=_CITATIONS,
)
def cited_and_structured(subject: Subject) -> Iterator[Fault]:
    """Citations need free text, structured output forbids it."""
    config = subject.request.output_config
    if config is None or config.format is None:
        return
    for placed in subject.blocks:
        if placed.block.type in {"document", "search_result"} and _cited(placed):
            says = "output_config.format: citations cannot be used together with structured outputs"
            yield Fault(f"{placed.path}.citations", message=says)


@rule("E054", "image too large", cure="scale it down", source=_VISION)
def heavy_image(subject: Subject) -> Iterator[Fault]:
    """A base64 image has at most 10 MB, 5 on Bedrock and Google Cloud."""
    most = 5 if subject.partner else 10
    for placed in _of(subject, "image"):
        source = _base64(placed)
        size = len(source.data) * 3 // 4 if source else 0
        if size > most * _MIB:
            says = (
                f"{placed.dotted}.image.source.base64: image exceeds {most} MB maximum:"
                f" {size} bytes > {most * _MIB} bytes"
            )
            yield Fault(placed.path, message=says)


def _media_type(data: str) -> str | None:
    """Return the type that the first bytes of an image show."""
    try:
        raw = base64.b64decode(data[:32])
    except ValueError:
        return None
    if raw.startswith(b"\x89PNG"):
        return "image/png"
    if raw.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if raw.startswith(b"GIF8"):
        return "image/gif"
    return "image/webp" if raw[:4] == b"RIFF" and raw[8:12] == b"WEBP" else None


@rule("E055", "image of another type", cure="name the type it has", source=_VISION)
def wrong_media_type(subject: Subject) -> Iterator[Fault]:
    """media_type names what the bytes are."""
    for placed in _of(subject, "image"):
        source = _base64(placed)
        real = _media_type(source.data) if source else None
        if real and real != source.media_type:
            says = (
                f"{placed.dotted}.image.source.base64.data: The image was specified using the"
                f" {source.media_type} media type, but the image appears to be a {real} image"
            )
            yield Fault(f"{placed.path}.source.media_type", message=says)


def _sides(subject: Subject) -> Iterator[tuple[Placed, int]]:
    for placed in _of(subject, "image"):
        source = _base64(placed)
        size = image_size(source.data) if source else None
        if size:
            yield placed, max(size)


@rule(
    "E056",
    "image dimensions",
    cure=f"scale it to {_SIDE} pixels a side",
    source=_VISION,
    error_code="image_dimensions_too_large",
)
def large_image(subject: Subject) -> Iterator[Fault]:
    """An image has at most 8000 pixels a side."""
    for placed, side in _sides(subject):
        if side > _SIDE:
            says = (
                f"{placed.dotted}.image.source.base64.data: At least one of the image dimensions exceed max"
                f" allowed size: {_SIDE} pixels"
            )
            yield Fault(placed.path, message=says)


@rule("W056", "large images in number", cure=f"scale them to {_MANY_SIDE} pixels a side", source=_VISION)
def many_large_images(subject: Subject) -> Iterator[Fault]:
    """With more than 20 images a stricter limit of pixels holds for each."""
    if len(_of(subject, "image")) > _MANY:
        large = [placed for placed, side in _sides(subject) if side > _MANY_SIDE]
        if large:
            yield Fault(large[0].path, f"{len(large)} of more than {_MANY} images exceed {_MANY_SIDE} pixels")


def _most(subject: Subject, name: str, small: str) -> int:
    row = limit_row(name)
    window = subject.model.context_window if subject.model else None
    return int(row[small] if window is not None and window <= _SMALL_WINDOW else row["default"])


@rule("E057", "too many images", cure="send fewer", source=_VISION)
def many_images(subject: Subject) -> Iterator[Fault]:
    """A request has at most 600 images, 100 on models with a 200k window."""
    most, images = _most(subject, "images_per_request", "context_200k"), len(_of(subject, "image"))
    if images > most:
        yield Fault("messages", message=f"messages: too many images: {images} > {most} maximum")


@rule("E058", "too many PDF pages", cure="split the document", source=_PDF)
def many_pages(subject: Subject) -> Iterator[Fault]:
    """A request has at most 600 PDF pages, 100 where the window is below a million tokens."""
    sources = [source for placed in _of(subject, "document") if (source := _base64(placed))]
    if not sources:
        return
    most = _most(subject, "pdf_pages_per_request", "context_under_1m")
    pages = sum(_pages(source.data) for source in sources)
    if pages > most:
        yield Fault("messages", message=f"A maximum of {most} PDF pages may be provided. Found {pages}.")


def _pages(data: str) -> int:
    """Count pages that can be seen; none where they are compressed away: a guess refuses nothing."""
    try:
        return len(_PAGE.findall(base64.b64decode(data)))
    except ValueError:
        return 0


@rule("E059", "not a PDF", cure="send a PDF, or the text itself as a text source", source=_PDF)
def not_a_pdf(subject: Subject) -> Iterator[Fault]:
    """A base64 document is a PDF."""
    for placed in _of(subject, "document"):
        source = _base64(placed)
        # A PDF may have a few bytes before its header; whatever is readable text has none at all.
        if source and source.data[:2000] and b"%PDF" not in _start(source.data):
            says = f"{placed.dotted}.document.source.base64.data: The PDF specified was not valid."
            yield Fault(f"{placed.path}.source", message=says)


def _start(data: str) -> bytes:
    try:
        return base64.b64decode(data[:2000] + "=" * (-len(data[:2000]) % 4))
    except ValueError:
        return b""


RULES = (
    assistant_document,
    user_citations,
    some_cited,
    no_citations,
    cited_and_structured,
    heavy_image,
    wrong_media_type,
    large_image,
    many_images,
    many_pages,
    not_a_pdf,
    many_large_images,
)
