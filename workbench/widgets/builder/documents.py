"""Documents: texts, PDFs, passages and images of the user turns, by upload, path, URL or file id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets as w

from workbench.errors import WorkbenchError
from workbench.widgets.builder import intake
from workbench.widgets.builder.editors import block_row, kind_of
from workbench.widgets.builder.parts import Words, button, guarded, line, message
from workbench.widgets.builder.rows import Row, Rows
from workbench.widgets.builder.section import Section
from workbench.widgets.builder.turns import ELSEWHERE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.widgets.builder.intake import Intake

NO_PAGES = (
    "The API has no page range: a PDF is sent whole. Name the pages in the question, or cut the file before."
)
SOURCES = "https://… · file_… · datasets/policy.pdf"


class Documents(Section):
    """Documents, search results and images, wherever they stand in the conversation."""

    title = "Documents"
    keys = frozenset({"messages", "system", "tools", "cache_control", "model"})

    def build(self) -> None:
        """Make the rows, and the ways in."""
        self.rows = Rows(self._made, kind_of)
        # The page opens the dialog and sends the files in parts: see `Aside`.
        self.upload = button(
            "Upload …", lambda: None, hint="documents or images from this computer", cls="wb-upload"
        )
        self.source = w.Text(description="path, URL or file id", placeholder=SOURCES)
        self.source.add_class("wb-wide")
        self.source.add_class("wb-enter")
        self.desk.typed_into(self.source)
        self.kind = w.Dropdown(
            description="as", options=["document", "image"], tooltip="what a URL or file id is"
        )
        self.taken = Words(cls="wb-dim", role="status")
        self.problem = message()
        put = button(
            "Add", guarded(self.problem, self._from_source), hint="add what the path, URL or file id names"
        )
        fresh = {
            "Add text": "document",
            "Add custom content": "custom_document",
            "Add search result": "search_result",
        }
        adders = [button(label, self._adder(kind)) for label, kind in fresh.items()]
        self.fill(
            self.rows.widget,
            line(self.upload, *adders),
            line(self.source, self.kind, put),
            self.taken.widget,
            self.problem.widget,
            Words(NO_PAGES, cls="wb-dim").widget,
        )

    def show(self) -> None:
        """Show the documents."""
        found = list(self._found())
        self.rows.show(found)
        self.said.say(_said([block["type"] for _, block in found]))

    def begin(self) -> None:
        """Forget what was said of the files before."""
        self.problem.say("")
        self.taken.say("")

    def take(self, made: Intake) -> None:
        """Put a looked-at file before the question, or say why not."""
        if made.problem:
            self.refuse(made.problem)
        if made.block is not None:
            self._insert(made.block)
            self.taken.say("\n".join(filter(None, [self.taken.said, made.words])))

    def refuse(self, said: str) -> None:
        """Say why a file is not taken, below what was said of others that came with it."""
        self.problem.say("\n".join(filter(None, [self.problem.said, said])))

    def _found(self) -> Iterator[tuple[str, Any]]:
        for turn, message_ in enumerate(self.desk.draft.get("messages") or []):
            content = message_.get("content") if isinstance(message_, dict) else None
            for at, block in enumerate(content if isinstance(content, list) else ()):
                if isinstance(block, dict) and block.get("type") in ELSEWHERE:
                    yield f"messages[{turn}].content[{at}]", block

    def _insert(self, block: str | dict[str, Any]) -> str:
        """Put a block behind the other documents of the first user turn, before its question."""
        draft = self.desk.draft
        turns = draft.get("messages") or []
        turn = next(
            (at for at, one in enumerate(turns) if isinstance(one, dict) and one.get("role") == "user"), None
        )
        where = draft.add_turn("user") if turn is None else f"messages[{turn}]"
        blocks = draft.blocks(where)
        behind = [at for at, one in enumerate(blocks) if one.get("type") in ELSEWHERE]
        return draft.add_block(where, block, behind[-1] + 1 if behind else 0)

    def _adder(self, kind: str) -> Any:
        def add() -> None:
            self.desk.go(self._insert(kind))

        return guarded(self.problem, add)

    def take_file(self, name: str, kind: str, data: bytes) -> None:
        """Take an uploaded file; *kind* is the media type its sender gave it."""
        look = intake.image if kind.startswith("image/") else intake.document
        try:
            self.take(look(data, name, model=self.desk.model_asked))
        except WorkbenchError as error:
            self.refuse(str(error))

    def _from_source(self) -> None:
        self.begin()
        given, model = self.source.value.strip(), self.desk.model_asked
        if not given:
            self.problem.say("name a path, a URL or a file id first")
            return
        if given.lower().startswith(("http://", "https://")):
            made = intake.from_url(
                given, kind=self.kind.value if self.kind.value == "image" else None, model=model
            )
        elif given.startswith("file_"):
            made = intake.from_file_id(given, kind=self.kind.value, model=model)
        else:
            made = intake.from_path(given, model=model)
        self.take(made)
        if made.problem is None:
            self.source.value = ""

    def _made(self, path: str, block: Any) -> Row:
        return block_row(self.desk, path, block)


def _said(kinds: list[str]) -> str:
    names = {"document": "document", "image": "image", "search_result": "search result"}
    counts = [(kinds.count(kind), name) for kind, name in names.items()]
    return " · ".join(f"{n} {name}{'s' * (n != 1)}" for n, name in counts if n) or "none"
