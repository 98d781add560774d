"""An answer with everything a reader may meet: citations of each kind, thinking, tool calls, server tools."""

from __future__ import annotations

from typing import Any

from workbench.show.transcript import answer_view
from workbench.wire import Message, Request

POLICY = (
    "Returns are free for 30 days. After that a fee of 5 euros applies. "
    "Café vouchers are never taken back. \U0001f600 The shop is closed on Sunday."
)
LONG = "".join(
    f"{n}. This paragraph says nothing of any weight, and says it at length.\n" for n in range(2000)
)
HANDBOOK = f"{LONG}The cellar floods at 42 mm of rain.\n{LONG}"

ON = {"citations": {"enabled": True}}


def plain(data: str, title: str | None) -> dict[str, Any]:
    """Return a document of plain text."""
    return {
        "type": "document",
        "source": {"type": "text", "media_type": "text/plain", "data": data},
        "title": title,
        **ON,
    }


BLOCKS = {
    "type": "document",
    "source": {
        "type": "content",
        "content": [{"type": "text", "text": t} for t in ("One.", "Two.", "Three.")],
    },
    "title": "Minutes",
    **ON,
}
PDF = {
    "type": "document",
    "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="},
    "title": "Contract",
    **ON,
}
HIT = {
    "type": "search_result",
    "source": "https://kb.example/returns",
    "title": "Returns",
    "content": [{"type": "text", "text": "First."}, {"type": "text", "text": "Second."}],
    **ON,
}
QUESTION = "What does a return cost?"


def asked(*documents: dict[str, Any]) -> Request:
    """Return a request with *documents*, by default one of each kind."""
    given = documents or (plain(POLICY, "Policy"), plain(HANDBOOK, "Handbook"), BLOCKS, PDF, HIT)
    content = [*given, {"type": "text", "text": QUESTION}]
    return Request.model_validate(
        {"model": "claude-haiku-4-5", "max_tokens": 500, "messages": [{"role": "user", "content": content}]}
    )


def char(
    quote: str, data: str = POLICY, index: int = 0, title: str = "Policy", **more: Any
) -> dict[str, Any]:
    """Return a citation of *quote* where it stands in *data*."""
    start = data.find(quote)
    return {
        "type": "char_location",
        "cited_text": quote,
        "document_index": index,
        "document_title": title,
        "start_char_index": start,
        "end_char_index": start + len(quote),
        **more,
    }


FREE = char("Returns are free for 30 days. ")
FEE = char("After that a fee of 5 euros applies. ")
FLOOD = char("The cellar floods at 42 mm of rain.", HANDBOOK, 1, "Handbook")
WRONG = char("Returns are free for 30 days. ", start_char_index=4, end_char_index=34)
BLOCK = {
    "type": "content_block_location",
    "cited_text": "Two.Three.",
    "document_index": 2,
    "document_title": "Minutes",
    "start_block_index": 1,
    "end_block_index": 3,
}
PAGE = {
    "type": "page_location",
    "cited_text": "The term is two years.",
    "document_index": 3,
    "document_title": "Contract",
    "start_page_number": 5,
    "end_page_number": 6,
}
FOUND = {
    "type": "search_result_location",
    "cited_text": "Second.",
    "search_result_index": 0,
    "source": "https://kb.example/returns",
    "title": "Returns",
    "start_block_index": 1,
    "end_block_index": 2,
}
WEB = {
    "type": "web_search_result_location",
    "cited_text": "Free returns for 30 days",
    "url": "https://shop.example/help?q=<b>",
    "title": "Help",
    "encrypted_index": "x",
}


def said(*parts: Any, **more: Any) -> Message:
    """Return an answer: a string is a text block, a pair is one with citations, a dict is a block."""
    content: list[Any] = []
    for part in parts:
        if isinstance(part, str):
            content.append({"type": "text", "text": part})
        elif isinstance(part, tuple):
            content.append({"type": "text", "text": part[0], "citations": list(part[1:])})
        else:
            content.append(part)
    body = {"model": "claude-haiku-4-5", "content": content, "stop_reason": "end_turn"}
    return Message.model_validate({**body, **more})


def html_of(*parts: Any, **more: Any) -> str:
    """Return how an answer of these parts is shown, beside the request with a document of each kind."""
    return str(answer_view(said(*parts, **more), asked())["html"])


EVERY = said(
    ("a", FREE), ("b", WRONG), ("c", BLOCK), ("d", PAGE), ("e", FOUND), ("f", WEB), ("g", {"type": "newer"})
)
"""An answer with a citation of each kind, of which one is wrong and one is newer than this code."""

THOUGHT = {"type": "thinking", "thinking": "The policy names a term and a fee.", "signature": "s"}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {"city": "Lyon", "days": 3}}


def answer() -> Message:
    """Return an answer with three citations in a sentence, thinking and a tool call."""
    return said(
        THOUGHT,
        "A return costs **nothing** ",
        ("within 30 days", FREE),
        ", and ",
        ("5 euros after that", FEE),
        ". The cellar is ",
        ("dry below 42 mm of rain", FLOOD),
        ".\n\n- vouchers are kept\n- Sunday is closed\n",
        CALL,
    )
