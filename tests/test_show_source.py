"""show/source.py: the cited passage marked in its source, or why there is no text to show."""

from __future__ import annotations

import pytest

from tests.answers import (
    BLOCK,
    EVERY,
    FEE,
    FLOOD,
    FOUND,
    FREE,
    HANDBOOK,
    PAGE,
    PDF,
    POLICY,
    answer,
    asked,
    char,
    said,
)
from tests.inert import assert_inert
from workbench.errors import UsageError
from workbench.show.transcript import answer_view, source_view


def test_the_source_shows_exactly_the_cited_passage_marked():
    """The rest of the text stands round it, character for character."""
    shown = source_view(asked(), answer(), 2)

    seen = assert_inert(shown["html"])
    assert shown["title"] == "Policy"
    assert seen.inside["mark"] == FEE["cited_text"]
    assert seen.inside["pre"] == POLICY


def test_of_a_long_source_the_passage_and_its_surroundings_are_shown():
    """And how much is left out, before and after."""
    seen = assert_inert(source_view(asked(), answer(), 3)["html"])

    assert seen.inside["mark"] == FLOOD["cited_text"]
    assert len(seen.inside["pre"]) == 4000 + 35 + 4000
    start = FLOOD["start_char_index"]
    assert f"… {start - 4000:,} characters before this are left out" in seen.shown
    assert f"… {len(HANDBOOK) - start - 35 - 4000:,} characters after this are left out" in seen.shown


@pytest.mark.parametrize(
    ("n", "marked"), [(3, "Two.Three."), (5, "Second.")], ids=["blocks", "search result"]
)
def test_cited_blocks_are_marked_whole(n, marked):
    """Custom content and search results are cited by block."""
    assert assert_inert(source_view(asked(), EVERY, n)["html"]).inside["mark"] == marked


@pytest.mark.parametrize(
    ("n", "words"),
    [
        (
            4,
            [
                "page 5",
                "not compared",
                "The term is two years.",
                "this is a PDF: its text is not in the request",
            ],
        ),
        (
            6,
            [
                "https://shop.example/help?q=<b>",
                "(shop.example)",
                "Free returns for 30 days",
                "a web page is not in the request",
            ],
        ),
        (7, ["not compared", "not a text that the request holds"]),
    ],
    ids=["PDF", "web", "newer"],
)
def test_a_source_without_text_says_why(n, words):
    """Its place, the quote and the reason stand where the text would."""
    seen = assert_inert(source_view(asked(), EVERY, n)["html"])

    assert all(word in seen.shown for word in words)
    assert "mark" not in seen.elements


def test_a_wrong_quote_is_shown_beside_what_stands_there():
    """The reader sees both and the difference in words."""
    seen = assert_inert(source_view(asked(), EVERY, 2)["html"])

    assert seen.inside["mark"] == POLICY[4:34]
    assert seen.inside["em"] == "“Returns are free for 30 days. ”"
    assert "not verified" in seen.shown


@pytest.mark.parametrize(
    "citation",
    [
        char("x", start_char_index=-1, end_char_index=0),
        char("x", start_char_index=5, end_char_index=5),
        char("x", start_char_index=0, end_char_index=10**9),
        {**BLOCK, "start_block_index": 2, "end_block_index": 9},
        {**FOUND, "start_block_index": -2, "end_block_index": 1},
        {**FREE, "document_index": 99},
        {**FREE, "document_index": 2},
        {**FREE, "document_index": 3},
        {**PAGE, "document_index": 0},
    ],
)
def test_a_citation_of_nothing_marks_nothing(citation):
    """Ranges and documents that do not exist are named as such; nothing is invented."""
    view = answer_view(said(("a", citation)), asked())
    seen = assert_inert(source_view(asked(), said(("a", citation)), 1)["html"])

    assert view["cites"][0]["verified"] is False
    assert "mark" not in seen.elements
    assert "not verified" in seen.shown


@pytest.mark.parametrize("n", [0, 4, -1, "1", None])
def test_a_reference_that_does_not_exist_is_refused(n):
    """The page is not trusted to ask for what there is."""
    with pytest.raises(UsageError, match="there is no reference"):
        source_view(asked(), answer(), n)


def test_a_source_not_at_hand_leaves_the_quote():
    """Without the request there is no text to mark."""
    seen = assert_inert(source_view(None, answer(), 1)["html"])

    assert FREE["cited_text"] in seen.shown
    assert "the request with its sources is not at hand" in seen.shown


@pytest.mark.parametrize("kind", ["url", "file"])
def test_a_document_kept_elsewhere_says_where(kind):
    """A file or an address is not a text."""
    source = (
        {"type": "url", "url": "https://a.example/x.pdf"}
        if kind == "url"
        else {"type": "file", "file_id": "file_1"}
    )
    given_request = asked({**PDF, "source": source})
    seen = assert_inert(source_view(given_request, said(("a", {**PAGE, "document_index": 0})), 1)["html"])

    assert {"url": "fetched this document itself", "file": "uploaded file"}[kind] in seen.shown
