"""show/transcript.py: one answer, its references, their sources; shown alike wherever an answer is shown."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.answers import (
    BLOCK,
    EVERY,
    FEE,
    FOUND,
    FREE,
    WEB,
    answer,
    asked,
    char,
    html_of,
    plain,
    said,
)
from tests.hostile import LONG, NAMES, TEXTS
from tests.inert import assert_inert
from tests.nouns import message, request
from workbench.reply import Reply
from workbench.show import fragment
from workbench.show.cited import cited_markdown
from workbench.show.safe import MAX_MARKDOWN
from workbench.show.transcript import answer_view, source_view, turn_view
from workbench.wire import Request

REF = '<sup class="wb-ref">[1]</sup>'


# --- text and references -----------------------------------------------------------------------------------


def test_a_sentence_split_where_it_cites_is_one_sentence():
    """Neighbouring text blocks are one Markdown text; each reference stands behind its block."""
    made = html_of("It is **free", (" for 30 days", FREE), "** here.")

    assert f"<p>It is <strong>free for 30 days{REF}</strong> here.</p>" in made
    assert made.count("<p>") == 1


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ("**bold**", f"<strong>bold</strong>{REF}"),
        ("_it_", f"<em>it</em>{REF}"),
        ("**(so)**", f"<strong>(so)</strong>{REF}"),
        ("A line.\n\n", f"<p>A line.{REF}</p>"),
        ("- one\n- two\n", f"<li>two{REF}</li>"),
        ("# Title\n", f"<strong>Title{REF}</strong>"),
        ("```\ncode\n```\n", f"<p>{REF}</p>"),
        ("|a|b|\n|-|-|\n|1|2|\n", f"<td>2{REF}</td>"),
        ("`x`", f"<code>x</code>{REF}"),
        ("---\n", f"<hr>\n<p>{REF}</p>"),
        ("[docs](https://example.com)", f"</a> <small>(example.com)</small>{REF}"),
    ],
    ids=[
        "bold",
        "italic",
        "in brackets",
        "end of line",
        "list",
        "heading",
        "fence",
        "table",
        "code",
        "rule",
        "link",
    ],
)
def test_a_reference_leaves_the_markdown_as_it_is(block, expected):
    """Whatever the cited block ends with, it means what it meant without the reference."""
    bare, made = html_of(block, "\nAfter."), html_of((block, FREE), "\nAfter.")

    assert expected in made
    assert bare in made.replace(f"<p>{REF}</p>\n", "").replace(REF, "")


@pytest.mark.parametrize(
    "before", ["[x](https://a.example/", "<https://a.example/", "[x]: https://a.example/"]
)
def test_a_reference_never_gets_into_an_address(before):
    """Where Markdown has no room for it, it stands at the end; the address is the model's own."""
    made = html_of((before, FREE), "b) > [x]")

    assert made.count(REF) == 1
    seen = assert_inert(made)
    hrefs = [value for name, value in seen.attributes if name == "href"]
    assert all(re.fullmatch(r"https://a\.example/b?\)?", value or "") for value in hrefs)


@pytest.mark.parametrize(
    "forged",
    [
        "\u2e28\ue111\u2e29",
        "\u2e28" + "\ue110" * 13 + "\u2e29",
        "&#x2e28;&#xe111;&#x2e29;",
        "<https://a.example/%E2%B8%A8%EE%84%91%E2%B8%A9>",
        '<sup class="wb-ref">[1]</sup>',
        "&lt;sup class=&quot;wb-ref&quot;&gt;[1]&lt;/sup&gt;",
    ],
)
def test_no_text_forges_a_reference(forged):
    """Only a citation makes one."""
    assert "<sup" not in html_of(forged)
    assert html_of(forged, ("cites", FREE)).count("<sup") == 1


@given(st.lists(st.text(alphabet="ab *_`|[]()#>-\n&;\\<:/.", max_size=30), max_size=8))
def test_every_reference_is_there_once_whatever_the_text(texts):
    """None is lost, none doubled, and nothing is left of what marked its place."""
    parts = [part for n, text in enumerate(texts) for part in (text, n)]
    made = cited_markdown(parts)

    assert_inert(made)
    assert sorted(re.findall(r'<sup class="wb-ref">.(\d+).</sup>', made)) == [
        str(n) for n in range(len(texts))
    ]
    assert not re.search("[\u2e28\u2e29\ue110-\ue11f]|%EE%84", made)


def test_references_past_the_room_for_markdown_are_there_too():
    """A long answer ends as plain text, its references with it."""
    made = html_of(("word " * 20_000, FREE), "more ", ("end", FEE))

    assert made.count("<sup") == 2
    assert len("word " * 20_000) > MAX_MARKDOWN


@pytest.mark.parametrize("name", list(LONG))
def test_an_answer_of_megabytes_is_cut_and_says_so(name):
    """What a page may carry is carried, the rest is counted."""
    made = html_of((LONG[name], FREE))

    assert len(made) < 1_500_000
    assert "more" in made
    assert made.count("<sup") == 1


# --- citations ---------------------------------------------------------------------------------------------


def test_a_quote_is_verified_only_where_it_was_compared():
    """True character for character, False with what is wrong, None where its text is not in the request."""
    view = answer_view(EVERY, asked())

    assert [cite["verified"] for cite in view["cites"]] == [True, False, True, None, True, None, None]
    assert "it stands at 0" in view["cites"][1]["problem"]
    assert view["cites"][3]["problem"] == "the text of these pages is not in the request"
    assert view["words"] == "3 of 7 quotes verified, 1 not verified, 3 not compared"


def test_without_the_request_nothing_is_verified():
    """And why is said."""
    view = answer_view(answer())

    assert {cite["verified"] for cite in view["cites"]} == {None}
    assert {cite["problem"] for cite in view["cites"]} == {"the request with its sources is not at hand"}


def test_each_citation_says_where_it_stands():
    """Source and place, pages and blocks as readers count them."""
    view = answer_view(EVERY, asked())

    assert [cite["where"] for cite in view["cites"]] == [
        "Policy · characters 0 to 30",
        "Policy · characters 4 to 34",
        "Minutes · blocks 1 to 2",
        "Contract · page 5",
        "Returns · block 1",
        "Help",
        "a source this version does not know",
    ]


def test_a_passage_cited_again_at_once_keeps_its_number():
    """Two sentences from one passage have one number; later it gets another."""
    view = answer_view(said(("a", FREE), ("b", FREE), ("c", FEE), ("d", FREE, FREE)), asked())

    assert re.findall(r"\[(\d)\]", view["html"]) == ["1", "1", "2", "3"]
    assert [cite["quote"] for cite in view["cites"]] == [
        FREE["cited_text"],
        FEE["cited_text"],
        FREE["cited_text"],
    ]


def test_two_documents_of_one_title_are_two_sources():
    """Citations name their source by its place among the sources, not by its title."""
    first, second = char("One.", "One.", 0, "Same"), char("Two.", "Two.", 1, "Same")
    view = answer_view(said(("a", first), ("b", second)), asked(plain("One.", "Same"), plain("Two.", "Same")))

    assert view["sources"] == ["Same", "Same"]
    assert [cite["source"] for cite in view["cites"]] == [0, 1]


def test_an_untitled_document_is_named_by_the_request_or_its_number():
    """A citation need not carry a title."""
    bare = {**char("One.", "One.", 0), "document_title": None}

    titled = answer_view(said(("a", bare)), asked(plain("One.", None)))

    assert titled["sources"] == ["document 0"]


def test_a_fetched_document_counts_as_a_source():
    """What the service fetched is in the answer, so a quote of it can be compared."""
    quote = {**char("Two.", "One. Two.", 0, "Page"), "document_title": "Page"}
    fetched = {
        "type": "web_fetch_tool_result",
        "tool_use_id": "srvtoolu_1",
        "content": {
            "type": "web_fetch_result",
            "url": "https://a.example",
            "content": plain("One. Two.", "Page"),
        },
    }
    bare = Request(model="m", max_tokens=1, messages=["Read it."])

    assert answer_view(said(fetched, ("a", quote)), bare)["cites"][0]["verified"] is True
    wrong = answer_view(said(fetched, ("a", {**quote, "cited_text": "Two!"})), bare)["cites"][0]
    assert wrong["verified"] is None
    assert answer_view(said(("a", quote)), bare)["cites"][0]["verified"] is False


def test_what_a_view_sends_is_json():
    """It travels in a message."""
    assert json.loads(json.dumps(answer_view(EVERY, asked())))["words"]


# --- everywhere the same -----------------------------------------------------------------------------------


def test_a_reply_in_a_saved_notebook_shows_the_same_answer():
    """The live view's HTML, then the passages with their place and verdict."""
    made = fragment(Reply(request=asked(), message=answer()))

    assert made is not None
    assert answer_view(answer(), asked())["html"] in made
    assert "3 of 3 quotes verified" in made
    assert 'Policy · characters 0 to 30</bdi> · <span class="wb-good">verified</span>' in made


def test_a_conversation_is_shown_turn_by_turn():
    """What was sent stands as it was sent; what a model wrote is Markdown with its references."""
    first = asked()
    turns = [
        *first.wire()["messages"],
        {"role": "assistant", "content": [block.wire() for block in answer().content]},
    ]
    whole = Request.model_validate(
        {
            **first.wire(),
            "system": "Be *brief*.",
            "messages": [*turns, {"role": "user", "content": "And *then*?"}],
        }
    )

    made = turn_view(whole)

    seen = assert_inert(made)
    assert seen.inside["h4"] == "userassistantuser"
    assert "<strong>nothing</strong>" in made
    assert "And *then*?" in seen.shown
    assert "Be *brief*." in seen.shown
    assert "3 of 3 quotes verified" in seen.shown


def test_of_a_long_conversation_the_last_turns_are_shown():
    """The earlier ones are counted."""
    turns = [{"role": "user", "content": f"Turn {n}."} for n in range(250)]
    seen = assert_inert(turn_view(Request.model_validate({"model": "m", "max_tokens": 1, "messages": turns})))

    assert seen.elements.count("section") == 100
    assert "… and 150 more turns before these" in seen.shown
    assert "Turn 249." in seen.shown


@pytest.mark.parametrize("hostile", TEXTS, ids=NAMES)
def test_hostile_texts_stay_texts_in_every_part(hostile):
    """Answer, quotes, titles, sources, turns: no element but ours, no link but to the web."""
    view = answer_view(message(hostile), request(hostile))
    assert_inert(view["html"])
    assert_inert(turn_view(request(hostile)))
    for n in range(1, len(view["cites"]) + 1):
        assert_inert(source_view(request(hostile), message(hostile), n)["html"])


@pytest.mark.parametrize("hostile", TEXTS, ids=NAMES)
def test_a_hostile_source_is_marked_and_inert(hostile):
    """The passage is the hostile text itself, in a document, in blocks, in a search result, from the web."""
    if not hostile:
        return
    content = [{"type": "text", "text": hostile}]
    document = plain(hostile, hostile)
    blocks = {**document, "source": {"type": "content", "content": content}}
    hit = {"type": "search_result", "source": hostile, "title": hostile, "content": content}
    given_request = asked(document, blocks, hit)
    one = {**char(hostile, hostile, 0, hostile)}
    two = {
        **BLOCK,
        "cited_text": hostile,
        "document_index": 1,
        "document_title": hostile,
        "start_block_index": 0,
        "end_block_index": 1,
    }
    three = {**FOUND, "cited_text": hostile, "source": hostile, "start_block_index": 0, "end_block_index": 1}
    four = {**WEB, "cited_text": hostile, "url": hostile, "title": hostile}
    cites = said((hostile, one), (hostile, two), (hostile, three), (hostile, four))

    view = answer_view(cites, given_request)

    assert [cite["verified"] for cite in view["cites"]] == [True, True, True, None]
    for n in (1, 2, 3, 4):
        assert_inert(source_view(given_request, cites, n)["html"])


@pytest.mark.parametrize("hostile", TEXTS, ids=NAMES)
def test_what_goes_to_the_page_as_text_hides_nothing(hostile):
    """Titles, quotes and places have their invisible characters shown."""
    view = answer_view(message(hostile), request(hostile))

    texts = [value for cite in view["cites"] for value in cite.values() if isinstance(value, str)]
    assert not any(
        char in text for text in [*texts, *view["sources"]] for char in "\x00\x1b\u202e\u200b\u2066\ud800"
    )
