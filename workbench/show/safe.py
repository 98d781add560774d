r"""The one door through which untrusted text reaches HTML or a terminal.

Untrusted is every text this package did not write: model output, dataset cells, tool schemas, file names,
error texts of servers. In HTML it is escaped, in a terminal it cannot move the cursor, and in both what
would be invisible is shown: controls as their pictures (U+2400 …), bidirectional controls, zero-width and
tag characters as ``⟨U+202E⟩``.

>>> text("<b>\x1b[2J \u202e")
'<bdi>&lt;b&gt;␛[2J ⟨U+202E⟩</bdi>'
>>> terminal("safe\rfake")
'safe␍fake'
"""

from __future__ import annotations

import html
import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it import MarkdownIt
    from markdown_it.token import Token

MAX_BYTES: Final = 200_000
"""What one field may bring to a page; the rest is named, not shown."""

MAX_MARKDOWN: Final = 50_000
"""Characters that are parsed as Markdown; what follows is shown as plain text."""

SCHEMES: Final = ("http://", "https://", "mailto:")

REFERENCE: Final = re.compile("\u2e28[\ue110-\ue11f]+\u2e29")
"""A place in Markdown where a number will stand above the line (see `cited`); addresses hold none."""

_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 without tab and newline, DEL, C1
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"  # soft hyphen, joiners and fillers
    "\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"  # zero width, line separators, bidi controls
    "\u3164\ufe00-\ufe0d\ufeff\uffa0\ufff0-\uffff"
    "\ud800-\udfff"  # lone surrogates: no encoding takes them
    "\U000133fc-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
    # Joiners spell words in Arabic and Indic scripts and build emoji; elsewhere they only hide.
    "|(?<![\u0600-\u109f\u2600-\u27bf\ufe0f\U0001f000-\U0001faff])[\u200c\u200d]"
    "|[\u200c\u200d](?![\u0600-\u109f\u2600-\u27bf\U0001f000-\U0001faff])"
)
_MARKS = "[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_STACKED = re.compile(f"({_MARKS}{{8}}){_MARKS}+")

_TAGS = frozenset(
    "p br strong em s code pre blockquote ul ol li hr table thead tbody tr th td a small".split()  # noqa: SIM905
)


class Html(str):
    """HTML that is safe to show as it is; only this folder makes it."""

    __slots__ = ()

    def __add__(self, other: str) -> Html:
        """Join with other safe HTML; a plain string is refused."""
        if not isinstance(other, Html):
            raise TypeError("only Html can be added to Html; escape the text first")
        return Html(str.__add__(self, other))


def visible(value: str) -> str:
    r"""Return *value* with every invisible or moving character shown as a mark.

    >>> visible("a\u200bb\x85\U000e0041")
    'a⟨U+200B⟩b⟨U+0085⟩⟨U+E0041⟩'
    """
    return _STACKED.sub(r"\1⟨…⟩", _INVISIBLE.sub(_mark, value))


def _mark(found: re.Match[str]) -> str:
    code = ord(found.group())
    if code < 0x20:
        return chr(0x2400 + code)
    return "␡" if code == 0x7F else f"⟨U+{code:04X}⟩"


def cut(value: str, limit: int = MAX_BYTES) -> tuple[str, str]:
    """Return the first *limit* bytes of *value*, and what to say about the rest.

    >>> cut("abcdef", 4)
    ('abcd', '… 2 bytes more')
    """
    if len(value) * 4 <= limit:
        return value, ""
    raw = value.encode("utf-8", "surrogatepass")
    if len(raw) <= limit:
        return value, ""
    end = limit
    while raw[end] & 0xC0 == 0x80:  # never through the middle of a character
        end -= 1
    return raw[:end].decode("utf-8", "surrogatepass"), f"… {_size(len(raw) - end)} more"


def _size(count: int) -> str:
    if count < 1000:
        return f"{count} bytes"
    return f"{count / 1000:.0f} kB" if count < 1_000_000 else f"{count / 1_000_000:.1f} MB"


def escape(value: object) -> Html:
    """Return *value* as text for HTML, short enough to show; no element around it."""
    kept, rest = cut(str(value))
    shown, more = cut(visible(kept))
    return Html(html.escape(" ".join(part for part in (shown, rest or more) if part), quote=True))


def text(value: object) -> Html:
    """Return *value* escaped and isolated, so that right-to-left text stays inside its place."""
    return Html("<bdi>" + escape(value) + "</bdi>")


def terminal(value: object) -> str:
    """Return *value* for a terminal: no control but tab and newline, nothing that reorders."""
    return visible(str(value))


def link(url: str) -> str | None:
    """Return *url* where a link may lead there, else None.

    >>> link("https://example.com/a"), link("javascript:alert(1)"), link("/api/shutdown")
    ('https://example.com/a', None, None)
    """
    plain = url.strip()
    return plain if plain.lower().startswith(SCHEMES) and not _INVISIBLE.search(plain) else None


def host(url: str) -> str:
    """Return where *url* really leads, for the reader.

    >>> host("https://bank.example@evil.example/login"), host("mailto:a@example.com")
    ('evil.example', 'a@example.com')
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return "?"
    return (parts.path if parts.scheme == "mailto" else parts.hostname) or "?"


def markdown(value: str) -> Html:
    """Return Markdown as HTML: no raw HTML, no images, links only where their host is shown.

    Two locks: the parser knows no HTML, and what it made passes an allow-list.
    """
    import nh3

    kept, rest = cut(value)
    head, tail = kept[:MAX_MARKDOWN], kept[MAX_MARKDOWN:]
    made = _parser().render(visible(head))
    clean = nh3.clean(
        made,
        tags=set(_TAGS),
        attributes={"a": {"href", "target"}, "code": {"class"}, "ol": {"start"}},
        attribute_filter=_attribute,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
    # Once more: an entity such as &#x202e; becomes its character only in the parser.
    parts = ['<div class="wb-md" dir="auto">', visible(clean), "</div>"]
    if tail or rest:
        parts += ['<pre class="wb-text">', escape(f"{tail} {rest}".strip()), "</pre>"]
    return Html("".join(parts))


def _attribute(name: str, attribute: str, value: str) -> str | None:
    if attribute == "href":
        return link(value)
    if attribute == "class":
        value = REFERENCE.sub("", value)
        return value if name == "code" and re.fullmatch(r"language-[\w+#.-]{1,30}", value) else None
    return value


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("js-default", {"html": False, "linkify": False, "maxNesting": 20})
    parser.enable("table").disable("image")
    normalize = parser.normalizeLink
    parser.normalizeLink = lambda url: normalize(REFERENCE.sub("", url))  # type: ignore[method-assign]
    parser.validateLink = lambda url: link(url) is not None  # type: ignore[method-assign]
    # A model's heading must not pass for a heading of the page.
    parser.add_render_rule("heading_open", lambda *_: "<p><strong>")
    parser.add_render_rule("heading_close", lambda *_: "</strong></p>\n")
    parser.add_render_rule("link_open", _link_open)
    parser.add_render_rule("link_close", _link_close)
    return parser


def _link_open(_self: Any, tokens: Sequence[Token], index: int, *_: Any) -> str:
    return f'<a href="{html.escape(str(tokens[index].attrGet("href")))}" target="_blank">'


def _link_close(_self: Any, tokens: Sequence[Token], index: int, *_: Any) -> str:
    opening = next(token for token in reversed(tokens[:index]) if token.type == "link_open")
    return f"</a> <small>({escape(host(str(opening.attrGet('href'))))})</small>"
