"""matplotlib's SVG made small and safe: no ids, links, stylesheet or date; real text, a title, a description.

What is written is built anew from the few things that were drawn: paths and texts. Nothing else of the file
can get through.
"""

from __future__ import annotations

import re
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

from workbench.show.charts.look import FONTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SVG: Final = "{http://www.w3.org/2000/svg}"
_LINK: Final = "{http://www.w3.org/1999/xlink}href"
_NUMBER: Final = re.compile(r"-?\d+\.\d+")
_STEP: Final = re.compile(r"[A-Za-z][^A-Za-z]*")
_KEPT: Final = frozenset(
    """
    fill fill-opacity font-size font-weight opacity stroke stroke-dasharray stroke-linecap stroke-opacity
    stroke-width text-anchor
    """.split()  # noqa: SIM905 - a list of words reads best as words
)
"""Properties of a style; what is left out is the font, which is the page's, and what is the default."""


def clean(svg: bytes, texts: Mapping[str, str], *, title: str, alt: str) -> str:
    """Return what matplotlib drew as a picture of our own.

    Args:
        svg: As matplotlib wrote it, every text a stand-in inside an element with its id.
        texts: The real text by that id.
        title: Its name.
        alt: What one sees.
    """
    drawn = ET.fromstring(svg)  # noqa: S314 - written by matplotlib a moment ago, from numbers and stand-ins
    _, _, width, height = (drawn.get("viewBox") or "0 0 0 0").split()
    made = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "width": _round(width),
            "height": _round(height),
            "viewBox": f"0 0 {_round(width)} {_round(height)}",
            "role": "img",
            "style": f"max-width:100%;height:auto;font-family:{FONTS}",
        },
    )
    ET.SubElement(made, "title").text = title
    ET.SubElement(made, "desc").text = alt
    body = ET.SubElement(made, "g", {"stroke-linejoin": "round"})
    shapes = {path.get("id"): path for path in drawn.iter(f"{_SVG}path") if path.get("id")}
    found = list(_elements(drawn, shapes, texts, None))
    words = sorted((each for each in found if each[1].tag == "text"), key=lambda each: each[0])
    for style, group in groupby([*(each for each in found if each[1].tag != "text"), *words], itemgetter(0)):
        ET.SubElement(body, "g", {"style": style}).extend(element for _, element in group)
    return ET.tostring(made, encoding="unicode").replace("\n", " ")


def _elements(
    parent: ET.Element, shapes: Mapping[str | None, ET.Element], texts: Mapping[str, str], key: str | None
) -> Iterator[tuple[str, ET.Element]]:
    """Yield the style and the element of what was drawn, in order; shapes are put where they are used."""
    for child in parent:
        kind = child.tag.removeprefix(_SVG)
        if kind == "g":
            yield from _elements(child, shapes, texts, child.get("id") if child.get("id") in texts else key)
        elif kind == "path" and _seen(child):
            yield _written(_style(child)), ET.Element("path", {"d": _path(child.get("d") or "")})
        elif kind == "use":
            shape = shapes[(child.get(_LINK) or "").removeprefix("#")]
            at = f"translate({_round(child.get('x') or '0')} {_round(child.get('y') or '0')})"
            path = {"d": _path(shape.get("d") or ""), "transform": at}
            yield _written({**_style(child), **_style(shape)}), ET.Element("path", path)
        elif kind == "text" and key is not None:
            made = ET.Element("text", {name: _round(child.get(name) or "0") for name in ("x", "y")})
            made.text = texts[key]
            yield _written(_style(child)), made


def _seen(path: ET.Element) -> bool:
    style = _style(path)
    return style.get("fill") != "none" or "stroke" in style


def _path(d: str) -> str:
    r"""Return the course of a path in fewer letters.

    >>> _path("M 1.234 2.0 \nL 5.0 2.0 \nL 5.0 7.51 \nL 6 8")
    'M1.2 2H5V7.5L6 8'
    """
    made, x, y = [], "", ""
    for step in _STEP.findall(_round(d)):
        letter, *numbers = step.split()
        if letter == "L" and numbers == [x, y]:
            continue
        if letter == "L" and numbers[1] == y:
            made.append(f"H{numbers[0]}")
        elif letter == "L" and numbers[0] == x:
            made.append(f"V{numbers[1]}")
        else:
            made.append(f"{letter}{' '.join(numbers)}")
        x, y = numbers[-2:] if len(numbers) > 1 else ("", "")
    return "".join(made)


def _style(element: ET.Element) -> dict[str, str]:
    pairs = (part.partition(":") for part in (element.get("style") or "").split(";"))
    return {name.strip(): value.strip() for name, _, value in pairs if name.strip() in _KEPT}


def _written(style: Mapping[str, str]) -> str:
    return ";".join(f"{name}:{_round(value)}" for name, value in style.items())


def _round(numbers: str) -> str:
    """Return numbers with one digit at most: a tenth of a pixel is hardly seen.

    >>> _round("M 1.234567 20.0")
    'M 1.2 20'
    """
    return _NUMBER.sub(_short, numbers)


def _short(number: re.Match[str]) -> str:
    text = f"{float(number.group()):.1f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
