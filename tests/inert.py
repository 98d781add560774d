"""Whether HTML holds nothing but what this package builds: read it, and check every element and attribute."""

from __future__ import annotations

from html.parser import HTMLParser

from workbench.show.parts import NO_MATH
from workbench.show.safe import link

VOID = {"br", "hr", "col", "meta", "link", "img", "input"}
ELEMENTS = set(
    """
    a b bdi blockquote br caption code del details div em h3 h4 hr ins li mark ol p pre section small span
    strong summary sup table tbody td tfoot th thead tr ul
    """.split()  # noqa: SIM905 - a list of words reads best as words
)
ATTRIBUTES = {"class", "dir", "scope", "colspan", "open", "href", "rel", "target", "start", "tabindex"}
"""What an answer is made of, its sources and its differences."""

NOUN_ELEMENTS = set(
    """
    a b bdi blockquote br caption circle code details div em h1 h2 h3 h4 hr li line mark ol p pre small span
    strong style sub summary sup svg table tbody td tfoot th thead tr ul
    """.split()  # noqa: SIM905 - a list of words reads best as words
)
NOUN_ATTRIBUTES = set(
    """
    class scope tabindex colspan dir open role href rel target aria-hidden viewbox width height
    x1 x2 y1 y2 cx cy r start
    """.split()  # noqa: SIM905
)
"""What the nouns are made of, their charts among them."""


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
    """Only elements, attributes and classes of an answer; return what was read."""
    return _assert_only(html, ELEMENTS, ATTRIBUTES, ("wb", "language-"))


def assert_noun_is_inert(html: str) -> Reader:
    """Only elements, attributes and classes of nouns; return what was read."""
    return _assert_only(html, NOUN_ELEMENTS, NOUN_ATTRIBUTES, ("wb",))


def _assert_only(html: str, elements: set[str], attributes: set[str], classes: tuple[str, ...]) -> Reader:
    """Nothing else, and links only to the web or a mailbox."""
    seen = Reader(html)
    assert set(seen.elements) <= elements
    assert {name for name, _ in seen.attributes} <= attributes
    assert all(link(value or "") for name, value in seen.attributes if name == "href")
    words = {word for name, value in seen.attributes if name == "class" for word in (value or "").split()}
    assert all(word.startswith(classes) for word in words - set(NO_MATH.split()))
    return seen
