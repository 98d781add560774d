"""What is sent to the page: no raw sink but one, nothing fetched, colours from the theme."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "workbench"
FRONT = PACKAGE / "widgets" / "front"
SCRIPTS = sorted(FRONT.glob("*.js"))
STYLES = sorted(FRONT.glob("*.css"))

SINK = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|setHTML|document\.write|createContextualFragment|DOMParser"
    r"|\beval\(|new Function|srcdoc|setAttribute\(\s*[\"']on"
)
FETCH = re.compile(r"\bfetch\(|XMLHttpRequest|WebSocket|EventSource|sendBeacon|\bimport\b|https?://|url\(")
COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}\b|\brgba?\(|\bhsla?\(")

RAW = {"HTML", "HTMLMath", "Markdown", "Javascript", "SVG"}
"""Names of IPython and ipywidgets that put what they are given into the page as it is."""

ALLOWED_RAW = {"widgets/html.py"}
"""The one place where safe HTML becomes a widget of a form."""


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda p: p.name)
def test_markup_has_one_door(path):
    """`wb.html` in the kit, and nothing else."""
    found = [line.strip() for line in path.read_text().splitlines() if SINK.search(line)]

    assert found == (["node.innerHTML = safe;"] if path.name == "kit.js" else [])


@pytest.mark.parametrize("path", [*SCRIPTS, *STYLES], ids=lambda p: p.name)
def test_nothing_is_fetched(path):
    """No network, no CDN, no import: a view works on a machine that reaches nothing."""
    words = re.sub(r"//.*|/\*.*?\*/", "", path.read_text().replace("http://www.w3.org/2000/svg", ""))

    assert FETCH.findall(words) == []


@pytest.mark.parametrize("path", STYLES, ids=lambda p: p.name)
def test_colours_are_those_of_the_theme(path):
    """A colour that no theme sets is unreadable in one of them; shadows and fallbacks are the exception."""
    lines = [line for line in path.read_text().splitlines() if "shadow" not in line]
    bare = [re.sub(r"var\((?:[^()]|\([^()]*\))*\)", "", line) for line in lines]
    plain = [re.sub(r"var\((?:[^()]|\([^()]*\))*\)", "", line) for line in bare]

    assert [line for line in plain if COLOUR.search(line)] == []


def _raw_names(path: Path) -> list[str]:
    tree = ast.parse(path.read_text())
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in {
            "IPython",
            "ipywidgets",
        }:
            found += [alias.name for alias in node.names if alias.name in RAW]
        elif isinstance(node, ast.Attribute) and node.attr in RAW:
            found.append(node.attr)
    return found


def test_raw_html_of_others_is_made_in_one_place():
    """What a model wrote would run there: only `widgets/html.py` may, and it takes safe HTML alone."""
    offenders = {
        str(path.relative_to(PACKAGE)): names
        for path in PACKAGE.rglob("*.py")
        if (names := _raw_names(path)) and str(path.relative_to(PACKAGE)) not in ALLOWED_RAW
    }

    assert offenders == {}
