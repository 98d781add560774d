"""HTML, element by element: every child that is not already `Html` is escaped.

>>> tag("p", "1 < 2", cls="wb-note")
'<p class="wb-note">1 &lt; 2</p>'
>>> tag("p", tag("b", "bold"), None, " & plain")
'<p><b>bold</b> &amp; plain</p>'
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Final

from workbench.show.safe import Html, escape, link

if TYPE_CHECKING:
    from collections.abc import Iterable

_VOID: Final = frozenset({"br", "hr", "col", "line", "circle", "rect"})
_ELEMENTS: Final = frozenset(
    """
    a article aside b bdi blockquote br caption code col colgroup dd del details div em footer h1 h2 h3 h4
    header hr ins li mark ol p pre s section small span strong summary sup table tbody td tfoot th thead tr
    ul svg line circle rect title
    """.split()  # noqa: SIM905 - a list of words reads best as words
)
_ATTRIBUTES: Final = frozenset(
    """
    class colspan rowspan scope href rel target title open dir lang role start tabindex
    aria-label aria-hidden aria-live aria-valuemin aria-valuemax aria-valuenow aria-valuetext
    viewBox width height x y x1 y1 x2 y2 cx cy r rx
    """.split()  # noqa: SIM905
)

Child = Html | str | int | None


def tag(
    name: str, /, *children: Child, cls: str | None = None, **attributes: str | float | bool | None
) -> Html:
    """Return one element.

    Args:
        name: One of the elements this package uses; none of them can run or load anything.
        children: Shown in order; None is left out, text is escaped.
        cls: The ``class`` attribute, always our own word.
        attributes: ``aria_label`` is written ``aria-label``; None and False are left out, True stands alone.

    Raises:
        ValueError: An element, attribute or link that is not on the list.
    """
    if name not in _ELEMENTS:
        raise ValueError(f"element {name!r} is not one that show/ builds")
    written = "".join(_attribute(key, value) for key, value in {"class": cls, **attributes}.items())
    if name in _VOID:
        return Html(f"<{name}{written}>" if name in {"br", "hr", "col"} else f"<{name}{written}/>")
    return Html(f"<{name}{written}>{join(children)}</{name}>")


def join(children: Iterable[Child], between: str = "") -> Html:
    """Return *children* one after another, text escaped."""
    parts = [child if isinstance(child, Html) else escape(child) for child in children if child is not None]
    return Html(escape(between).join(parts))


def picture(svg: str, alt: str) -> Html:
    """Return an SVG as an image of its own: nothing in it can run, load or reach the page.

    >>> picture("<svg/>", "a <dot>")
    '<img src="data:image/svg+xml;base64,PHN2Zy8+" alt="a &lt;dot&gt;">'
    """
    data = base64.b64encode(svg.encode("utf-8", "backslashreplace")).decode()
    return Html(f'<img src="data:image/svg+xml;base64,{data}" alt="{escape(alt)}">')


def _attribute(key: str, value: str | float | bool | None) -> str:  # noqa: FBT001 - True means present
    if value is None or value is False:
        return ""
    name = key.replace("_", "-")
    if name not in _ATTRIBUTES:
        raise ValueError(f"attribute {name!r} is not one that show/ builds")
    if name == "href" and link(str(value)) is None:
        raise ValueError("a link leads to http, https or mailto")
    return f" {name}" if value is True else f' {name}="{escape(value)}"'
