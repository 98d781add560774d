"""What a text block may point at: passages of documents, search results and web pages.

Source: https://platform.claude.com/docs/en/build-with-claude/citations
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, StrictInt, Tag

from workbench.wire.base import Tagged, Wire, tag_of


class DocumentCitation(Tagged):
    """What the citations of documents have in common."""

    type: str
    cited_text: str
    document_index: StrictInt
    """0-based over all documents of the request."""
    document_title: str | None = None
    file_id: str | None = None


class CharLocation(DocumentCitation):
    """Characters of a plain text document: 0-based start, exclusive end."""

    type: Literal["char_location"] = "char_location"
    start_char_index: StrictInt
    end_char_index: StrictInt


class PageLocation(DocumentCitation):
    """Pages of a PDF: 1-based start, exclusive end."""

    type: Literal["page_location"] = "page_location"
    start_page_number: StrictInt
    end_page_number: StrictInt


class ContentBlockLocation(DocumentCitation):
    """Blocks of a custom content document: 0-based start, exclusive end."""

    type: Literal["content_block_location"] = "content_block_location"
    start_block_index: StrictInt
    end_block_index: StrictInt


class SearchResultLocation(Tagged):
    """Blocks of a search result."""

    type: Literal["search_result_location"] = "search_result_location"
    cited_text: str
    search_result_index: StrictInt
    source: str
    title: str | None = None
    start_block_index: StrictInt
    end_block_index: StrictInt


class WebSearchResultLocation(Tagged):
    """A passage of a web search result."""

    type: Literal["web_search_result_location"] = "web_search_result_location"
    cited_text: str
    url: str
    title: str | None = None
    encrypted_index: str


class UnknownCitation(Wire):
    """A citation newer than this code."""

    type: str


Citation = Annotated[
    Annotated[CharLocation, Tag("char_location")]
    | Annotated[PageLocation, Tag("page_location")]
    | Annotated[ContentBlockLocation, Tag("content_block_location")]
    | Annotated[SearchResultLocation, Tag("search_result_location")]
    | Annotated[WebSearchResultLocation, Tag("web_search_result_location")]
    | Annotated[UnknownCitation, Tag("unknown")],
    Discriminator(
        tag_of(
            [
                "char_location",
                "page_location",
                "content_block_location",
                "search_result_location",
                "web_search_result_location",
            ]
        )
    ),
]
