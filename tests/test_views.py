"""What the views leave in a notebook that has no kernel: complete, inert, small, nobody's secret."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import pytest

from tests.inert import NOUN_ATTRIBUTES, NOUN_ELEMENTS, Reader
from tests.views import VIEWS

PERSONAL = re.compile(r"sk-ant-|/(home|root|tmp)/|x-api-key: sk")


@pytest.fixture(scope="module")
def bundles(tmp_path_factory):
    """Every view's MIME bundle, made once, in a folder of its own as a notebook would."""
    with contextlib.chdir(tmp_path_factory.mktemp("views")):
        return {name: _bundle(make) for name, make in VIEWS.items()}


def _bundle(make):
    view = make(Path("runs"))
    made = view._repr_mimebundle_()
    view.close()
    return made


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_has_html_and_text_beside_the_widget(bundles, name):
    """Without a kernel the HTML is shown, without HTML the text."""
    bundle = bundles[name]

    assert set(bundle) == {"text/plain", "text/html", "application/vnd.jupyter.widget-view+json"}
    assert len(bundle["text/plain"]) > 40


@pytest.mark.parametrize("name", VIEWS)
def test_hostile_texts_are_inert_in_what_is_saved(bundles, name):
    """Only elements and attributes that this package writes, all closed in their turn."""
    seen = Reader(bundles[name]["text/html"])

    more = {"del", "ins", "col", "footer", "section", "header", "aside"}
    assert set(seen.elements) <= NOUN_ELEMENTS | more
    assert {key for key, _ in seen.attributes} <= NOUN_ATTRIBUTES | {"aria-label", "style", "title"}


@pytest.mark.parametrize("name", VIEWS)
def test_the_text_moves_no_cursor(bundles, name):
    """A terminal shows it as it is: no escape, no control but tab and newline, nothing that reorders."""
    text = bundles[name]["text/plain"]

    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)


@pytest.mark.parametrize("name", VIEWS)
def test_nothing_personal_is_saved(bundles, name):
    """No key, no place of a machine."""
    bundle = bundles[name]

    assert not PERSONAL.search(str(bundle["text/html"]))
    assert not PERSONAL.search(bundle["text/plain"])


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_is_small_in_the_file(bundles, name):
    """However much it holds: some hundred kB of hostile texts become less than 150."""
    assert len(bundles[name]["text/html"]) + len(bundles[name]["text/plain"]) < 150_000
