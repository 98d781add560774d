"""Whether HTML holds nothing but what this package builds: read it, and check every element and attribute."""

from __future__ import annotations

from html.parser import HTMLParser

from workbench.show.parts import NO_MATH
from workbench.show.safe import link

VOID = {"br", "hr", "col"}
ELEMENTS = set(
    """
    a b bdi blockquote br caption code del details div em h3 h4 hr ins li mark ol p pre section small span
    strong summary sup table tbody td tfoot th thead tr ul
    """.split()  # noqa: SIM905 - a list of words reads best as words
)
ATTRIBUTES = {"class", "dir", "scope", "colspan", "open", "href", "rel", "target", "start", "tabindex"}


class Reader(HTMLParser):
    """Collects elements, attributes and the text, and holds that every element is closed in its turn."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.open: list[str] = []
        self.shown = ""
        self.inside: dict[str, str] = {}
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        """Open an element."""
        self.elements.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        """Close the element that was opened last."""
        assert self.open.pop() == tag

    def handle_data(self, data):
        """Keep the text, and what stands inside of each element."""
        self.shown += data
        for tag in set(self.open):
            self.inside[tag] = self.inside.get(tag, "") + data


def assert_inert(html: str) -> Reader:
    """Only our elements, attributes and classes, links only to the web or a mailbox; return what was read."""
    seen = Reader(html)
    assert set(seen.elements) <= ELEMENTS
    assert {name for name, _ in seen.attributes} <= ATTRIBUTES
    assert all(link(value or "") for name, value in seen.attributes if name == "href")
    classes = {word for name, value in seen.attributes if name == "class" for word in (value or "").split()}
    assert all(word.startswith(("wb", "language-")) for word in classes - set(NO_MATH.split()))
    return seen
