"""show/h.py: elements, and nothing unescaped in them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.hostile import NAMES, TEXTS
from workbench.show.h import join, tag
from workbench.show.safe import Html

PACKAGE = Path(__file__).parent.parent / "workbench"

ELEMENT_IN_STRING = re.compile(r"""f["'][^"']*(?<!\?P)<[a-z]+[ >/]""")


@pytest.mark.parametrize("hostile", TEXTS, ids=NAMES)
def test_children_and_attributes_are_escaped(hostile):
    """The element is what was asked for, and the text adds no other."""
    made = tag("p", hostile, title=hostile)

    assert made.count("<") == 2
    assert made.count('"') == 2


def test_html_children_stay_as_they_are():
    """What was built here is not escaped again."""
    assert tag("p", tag("b", "x"), Html("&amp;")) == "<p><b>x</b>&amp;</p>"


@pytest.mark.parametrize(
    "name", ["script", "img", "iframe", "form", "input", "button", "style", "object", "a onclick"]
)
def test_elements_that_run_or_load_cannot_be_built(name):
    """Not even by mistake."""
    with pytest.raises(ValueError, match="element"):
        tag(name, "x")


@pytest.mark.parametrize("name", ["onclick", "style", "id", "data-x", "src", "srcdoc", "action"])
def test_attributes_that_run_or_load_cannot_be_built(name):
    """Nor can names that notebook front ends act on."""
    with pytest.raises(ValueError, match="attribute"):
        tag("p", "x", **{name: "y"})


def test_links_lead_to_the_web_or_to_a_mailbox():
    """A link into the page's own server is refused."""
    with pytest.raises(ValueError, match="http"):
        tag("a", "x", href="/api/shutdown")


def test_join_escapes_what_stands_between():
    """The separator is text too."""
    assert join(["a", "b"], " < ") == "a &lt; b"


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: p.name)
def test_html_is_made_in_one_place(path):
    """No elements in f-strings outside the safe module and the frame."""
    if path.name not in {"safe.py", "h.py", "parts.py"}:
        assert not ELEMENT_IN_STRING.search(path.read_text(encoding="utf-8"))
