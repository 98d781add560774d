"""The row of each kind of block: which fields it has."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import ipywidgets as w

from workbench.widgets.builder import field as f
from workbench.widgets.builder import intake
from workbench.widgets.builder.parts import button, guarded, line, show_if, stack
from workbench.widgets.builder.rows import Row, Rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.widgets.builder.desk import Desk

Block = dict[str, Any]

MAX_PREVIEW = 2_000_000
"""Characters of base64 that are shown as a picture; a larger image is named only."""


def kind_of(block: Any) -> str:
    """Return the kind of row that shows *block*."""
    if not isinstance(block, dict):
        return "json"
    kind = block.get("type")
    source = block.get("source")
    if kind in {"document", "image"}:
        return f"{kind}:{source.get('type') if isinstance(source, dict) else '?'}"
    return str(kind) if kind in _EDITORS else "json"


def block_row(desk: Desk, path: str, block: Any) -> Row:
    """Return a new row for *block*."""
    return _EDITORS.get(kind_of(block).partition(":")[0], JsonRow)(desk, path, block)


class TextRow(Row):
    """Text."""

    def __init__(self, desk: Desk, path: str, _: Block, *, label: str = "text") -> None:
        super().__init__(desk, "text", path)
        self.fill([f.Writing(desk, self.at("text"), label, rows=3)])
        self.fields[0].widget.add_class("wb-bare")


class JsonRow(Row):
    """A block without an editor of its own: its JSON."""

    def __init__(self, desk: Desk, path: str, block: Any) -> None:
        kind = str(block.get("type", "block")) if isinstance(block, dict) else "block"
        super().__init__(desk, "json", path, title=kind[:60])
        self.fill(
            [f.Json(desk, self.at(), "JSON", required="a block is a JSON object; delete the row instead")]
        )


class ToolUseRow(Row):
    """A call of one of the tools, as the model made it."""

    def __init__(self, desk: Desk, path: str, _: Block) -> None:
        super().__init__(desk, "tool_use", path)
        call, name = f.line_text(desk, self.at("id"), "id"), f.line_text(desk, self.at("name"), "tool")
        given = f.Json(
            desk, self.at("input"), "input", check=_is_object, required="a call needs its input: {}"
        )
        self.fill([call, name, given])


class ToolResultRow(Row):
    """What a tool answered."""

    def __init__(self, desk: Desk, path: str, block: Block) -> None:
        super().__init__(desk, "tool_result", path)
        call = f.line_text(desk, self.at("tool_use_id"), "answers call")
        content: f.Field
        if isinstance(block.get("content"), list):
            content = f.Json(desk, self.at("content"), "content")
        else:
            content = f.Writing(desk, self.at("content"), "result")
        self.fill(
            [
                call,
                content,
                f.tick(desk, self.at("is_error"), "the tool failed"),
            ]
        )


class Pieces:
    """Texts of a custom document or a search result: each can be cited as a whole."""

    def __init__(self, row: Row, where: str) -> None:
        self._row, self._where = row, where
        self.rows = Rows(self._made, kind_of)
        add = button("add a passage", guarded(row.note, self._add))
        self.widget = stack(self.rows.widget, line(add), cls="wb-pieces")

    def show(self, held: Any) -> None:
        """Show the passages."""
        path = f"{self._row.path}.{self._where}"
        items = [{"type": "text", "text": held}] if isinstance(held, str) else held or []
        self.rows.show([(f"{path}[{at}]", item) for at, item in enumerate(items)])

    def recount(self) -> None:
        """Let the passages learn how many breakpoints there are."""
        for row in self.rows.rows:
            row.recount()

    def close(self) -> None:
        """Leave the form."""
        self.rows.close()

    def _add(self) -> None:
        self._row.desk.draft.add_block(self._row.path, "text")

    def _made(self, path: str, item: Any) -> Row:
        return (TextRow if kind_of(item) == "text" else JsonRow)(self._row.desk, path, item)


class SearchResultRow(Row):
    """A search result of the caller's own."""

    def __init__(self, desk: Desk, path: str, _: Block) -> None:
        super().__init__(desk, "search_result", path)
        self.pieces = Pieces(self, "content")
        title = f.line_text(desk, self.at("title"), "title", keep_empty=True)
        source = f.line_text(desk, self.at("source"), "source", keep_empty=True, placeholder="https://…")
        cited = f.tick(desk, self.at("citations.enabled"), "citations", off=False)
        self.fill([title, source, cited], self.pieces.widget)

    def show(self, path: str, item: Any) -> None:
        """Show a search result."""
        super().show(path, item)
        self.pieces.show(item.get("content"))

    def recount(self) -> None:
        """Let the passages learn how many breakpoints there are."""
        super().recount()
        self.pieces.recount()

    def close(self) -> None:
        """Leave the form."""
        super().close()
        self.pieces.close()


class DocumentRow(Row):
    """A document: text, passages of the caller's own, a PDF, a URL or an uploaded file."""

    def __init__(self, desk: Desk, path: str, block: Block) -> None:
        kind = kind_of(block)
        super().__init__(desk, kind, path, title=_TITLES.get(kind, "document"))
        self.pieces = Pieces(self, "source.content") if kind == "document:content" else None
        content = _SOURCES.get(kind.partition(":")[2])
        title = f.line_text(desk, self.at("title"), "title")
        context = f.line_text(desk, self.at("context"), "context", placeholder="what it is; not cited")
        cited = f.tick(desk, self.at("citations.enabled"), "citations", off=False)
        fields = [title, context, cited]
        if content is not None:
            fields.insert(0, content(desk, self.at))
        more = [self.pieces.widget] if self.pieces else []
        self.fill(fields, *more)

    def show(self, path: str, item: Any) -> None:
        """Show a document."""
        before = self.item
        super().show(path, item)
        source = item.get("source") or {}
        if source.get("type") == "base64" and (before is None or before.get("source") != source):
            self.about.say(looked(source, intake.document, self.desk.model_asked).words)
        if self.pieces is not None:
            self.pieces.show(source.get("content"))

    def recount(self) -> None:
        """Let the passages learn how many breakpoints there are."""
        super().recount()
        if self.pieces is not None:
            self.pieces.recount()

    def close(self) -> None:
        """Leave the form."""
        super().close()
        if self.pieces is not None:
            self.pieces.close()


class ImageRow(Row):
    """An image: bytes, a URL or an uploaded file; with a small picture of bytes that are one."""

    def __init__(self, desk: Desk, path: str, block: Block) -> None:
        super().__init__(desk, kind_of(block), path, title="image")
        content = _SOURCES.get(self.kind.partition(":")[2]) if self.kind != "image:text" else None
        self.picture = w.Image(format="url", value=b"")  # with a tooltip of its own it breaks in the page
        self.picture.add_class("wb-preview")
        self.fill([content(desk, self.at)] if content else [], self.picture)

    def show(self, path: str, item: Any) -> None:
        """Show an image."""
        before = self.item
        super().show(path, item)
        if before is None or before.get("source") != item.get("source"):
            self._show_picture(item.get("source") or {})

    def _show_picture(self, source: Block) -> None:
        uri, said = preview(source, self.desk.model_asked)
        self.picture.value = uri
        show_if(self.picture, uri)
        self.about.say(said)


def preview(source: Block, model: str | None = None) -> tuple[bytes, str]:
    """Return the data: URI of an image whose bytes are what they say, and what to say of it.

    >>> preview({"type": "base64", "media_type": "image/svg+xml", "data": "PHN2Zz4="})
    (b'', 'it is no image that is taken (text); save it as PNG, JPEG, GIF or WebP')
    """
    if source.get("type") != "base64":
        return b"", ""
    made = looked(source, intake.image, model)
    if made.block is None:
        return b"", made.problem or made.words
    media, data = made.block["source"]["media_type"], made.block["source"]["data"]
    if media != source.get("media_type"):
        return b"", f"{made.words}; it says {str(source.get('media_type'))[:60]}"
    return (f"data:{media};base64,{data}".encode() if len(data) <= MAX_PREVIEW else b""), made.words


def looked(source: Block, look: Callable[..., intake.Intake], model: str | None) -> intake.Intake:
    """Look at the bytes of a source: what they are, tokens and dollars."""
    try:
        data = base64.b64decode(str(source.get("data") or ""), validate=True)
    except ValueError:
        return intake.Intake(None, "", "the data is no base64; add the file again")
    return look(data, "", model=model)


def _is_object(value: Any) -> str:
    return "" if isinstance(value, dict) else "this is a JSON object: {…}"


def _text_source(desk: Desk, at: Callable[[str], Callable[[], str]]) -> f.Field:
    return f.Writing(desk, at("source.data"), "text", rows=4)


def _url_source(desk: Desk, at: Callable[[str], Callable[[], str]]) -> f.Field:
    return f.line_text(desk, at("source.url"), "URL", placeholder="https://…", keep_empty=True)


def _file_source(desk: Desk, at: Callable[[str], Callable[[], str]]) -> f.Field:
    return f.line_text(desk, at("source.file_id"), "file id", placeholder="file_…", keep_empty=True)


_SOURCES: dict[str, Callable[[Desk, Callable[[str], Callable[[], str]]], f.Field]] = {
    "text": _text_source,
    "url": _url_source,
    "file": _file_source,
}
_TITLES = {
    "document:text": "text document",
    "document:base64": "PDF",
    "document:content": "custom document",
    "document:url": "document by URL",
    "document:file": "document by file id",
}
_EDITORS: dict[str, Callable[[Desk, str, Any], Row]] = {
    "text": TextRow,
    "document": DocumentRow,
    "image": ImageRow,
    "search_result": SearchResultRow,
    "tool_use": ToolUseRow,
    "tool_result": ToolResultRow,
}


class Stub(Row):
    """A document or image in its turn: its place among the other blocks; it is edited under Documents."""

    def __init__(self, desk: Desk, path: str, block: Block, *, edit: Callable[[str], None]) -> None:
        super().__init__(desk, f"stub:{kind_of(block)}", path, title=_stub_title(block), marked=False)
        head = self.widget.children[0]
        go = button("Edit", lambda: edit(self.path), hint="edit it under Documents")
        head.children = (*head.children[:2], go, *head.children[2:])

    def show(self, path: str, item: Any) -> None:
        """Show a block that is edited elsewhere."""
        super().show(path, item)
        self.about.say(_named(item))


def _stub_title(block: Block) -> str:
    kind = kind_of(block)
    return _TITLES.get(kind, kind.partition(":")[0].replace("_", " "))


def _named(block: Block) -> str:
    title = block.get("title")
    said = title if isinstance(title, str) else ""
    return said if len(said) <= 80 else f"{said[:79]}…"
