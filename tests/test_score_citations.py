from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from workbench import score
from workbench.dataset import Sample
from workbench.prompt import Prompt
from workbench.wire import Message

TEXT = "Returns are free for 30 days. Café opens at nine. \U0001f600 Closed on Sunday."
ON = {"citations": {"enabled": True}}
SOURCE = {"type": "text", "media_type": "text/plain", "data": TEXT}
PLAIN = {"type": "document", "source": SOURCE, "title": "Policy", **ON}
BLOCKS = {
    "type": "document",
    "source": {
        "type": "content",
        "content": [{"type": "text", "text": "One."}, {"type": "text", "text": "Two."}],
    },
    **ON,
}
PDF = {
    "type": "document",
    "source": {"type": "base64", "media_type": "application/pdf", "data": "AA=="},
    **ON,
}
HIT = {
    "type": "search_result",
    "source": "https://example.com/a",
    "title": "A",
    "content": [{"type": "text", "text": "First."}, {"type": "text", "text": "Second."}],
    **ON,
}
IN_TOOL = {"type": "tool_result", "tool_use_id": "t", "content": [{**HIT, "source": "https://example.com/b"}]}


def char(start: int, end: int, text: str | None = None, **more: Any) -> dict[str, Any]:
    return {
        "type": "char_location",
        "cited_text": TEXT[start:end] if text is None else text,
        "document_index": 0,
        "document_title": "Policy",
        "start_char_index": start,
        "end_char_index": end,
        **more,
    }


def block(start: int, end: int, text: str) -> dict[str, Any]:
    return {
        "type": "content_block_location",
        "cited_text": text,
        "document_index": 1,
        "document_title": None,
        "start_block_index": start,
        "end_block_index": end,
    }


def page(start: int, end: int, index: int = 2) -> dict[str, Any]:
    return {
        "type": "page_location",
        "cited_text": "x",
        "document_index": index,
        "document_title": None,
        "start_page_number": start,
        "end_page_number": end,
    }


def hit(index: int, source: str, start: int, end: int, text: str) -> dict[str, Any]:
    return {
        "type": "search_result_location",
        "cited_text": text,
        "search_result_index": index,
        "source": source,
        "title": "A",
        "start_block_index": start,
        "end_block_index": end,
    }


def judge(
    *citations: dict[str, Any], given: tuple[Any, ...] = (PLAIN, BLOCKS, PDF, HIT, IN_TOOL)
) -> score.Score:
    content = [{"type": "text", "text": "said", "citations": list(citations)}] if citations else []
    reply = SimpleNamespace(
        request=Prompt([*given, "Q?"], model="m").render(),
        message=Message.model_validate({"model": "m", "content": content}),
    )
    return score.citations_valid()(Sample("1", "?"), reply)


@pytest.mark.parametrize(
    "citation",
    [
        char(0, 29),
        char(30, 49),
        char(50, len(TEXT)),
        block(0, 1, "One."),
        block(0, 2, "One.Two."),
        hit(0, "https://example.com/a", 0, 1, "First."),
        hit(0, "https://example.com/a", 0, 2, "First.Second."),
        hit(1, "https://example.com/b", 1, 2, "Second."),
    ],
)
def test_a_quote_that_stands_there_passes(citation):
    """Character for character, in documents, blocks and search results, those of tool results too."""
    got = judge(citation)

    assert (got.value, got.explanation, got.answer) == (1, "", "1 of 1")


@pytest.mark.parametrize(
    ("citation", "problem"),
    [
        (char(0, 28, TEXT[0:29]), "is not at 0 to 28 of document 0; it stands at 0"),
        (char(1, 30, TEXT[0:29]), "it stands at 0"),
        (char(0, 7, "returns"), "it is not in the document"),
        (char(30, 49, TEXT[30:49].replace("é", "e\u0301")), "it is not in the document"),
        (char(0, 999, "x"), "characters 0 to 999 are not in document 0"),
        (char(5, 5, ""), "characters 5 to 5 are not in document 0"),
        (char(-5, 3, "x"), "characters -5 to 3 are not in document 0"),
        (char(0, 29, document_index=7), "there is no document 7, the request has 3"),
        (char(0, 29, document_index=-1), "there is no document -1"),
        (char(0, 29, document_title="Terms"), "document 0 is not called 'Terms'"),
        (char(0, 4, document_index=1, document_title=None), "document 1 is not plain text"),
        (block(0, 1, "Two."), '"Two." is not blocks 0 to 1 of document 1'),
        (block(1, 3, "Two."), "blocks 1 to 3 are not in document 1"),
        ({**block(0, 1, "x"), "document_index": 2}, "document 2 is not made of blocks"),
        (hit(5, "https://example.com/a", 0, 1, "First."), "there is no search result 5, the request has 2"),
        (hit(1, "https://example.com/a", 0, 1, "First."), "search result 1 does not come from"),
        (hit(0, "https://example.com/a", 0, 1, "first."), "is not blocks 0 to 1 of search result 0"),
        (page(0, 1), "pages 0 to 1 are no range"),
        (page(2, 2), "pages 2 to 2 are no range"),
        (page(1, 2, index=1), "document 1 has no pages"),
    ],
)
def test_a_quote_that_does_not_stand_there_fails(citation, problem):
    """The explanation says which citation, and what is wrong."""
    got = judge(char(0, 29), citation)

    assert (got.value, got.answer) == (0, "1 of 2")
    assert got.explanation.startswith("citation 2: ")
    assert problem in got.explanation


def test_what_is_not_in_the_request_is_counted():
    """The range of a PDF is checked, its text is not, and the explanation says so."""
    web = {
        "type": "web_search_result_location",
        "cited_text": "x",
        "url": "https://e.com",
        "encrypted_index": "z",
    }

    got = judge(page(1, 2), web, char(0, 29))

    assert (got.value, got.explanation) == (1, "2 not compared: the text is not in the request")


def test_no_citation_fails_where_citations_are_on():
    """An answer without quotes is what the scorer is there to find."""
    assert judge().value == 0


def test_no_citation_is_unscored_where_they_are_off():
    """Nothing was asked for."""
    assert judge(given=({**PLAIN, "citations": {"enabled": False}},)).value is None


def test_documents_are_counted_over_all_messages():
    """The index goes on from one message to the next."""
    prompt = Prompt(
        [{**PLAIN, "source": {**SOURCE, "data": "Second text."}, "title": None}, "Q?"],
        messages=[{"role": "user", "content": [PLAIN]}, {"role": "assistant", "content": "ok"}],
        model="m",
    )
    citation = char(0, 12, "Second text.", document_index=1, document_title=None)
    message = Message.model_validate(
        {"model": "m", "content": [{"type": "text", "text": "x", "citations": [citation]}]}
    )

    got = score.citations_valid()(
        Sample("1", "?"),
        SimpleNamespace(request=prompt.render(), message=message),
    )

    assert got.value == 1
