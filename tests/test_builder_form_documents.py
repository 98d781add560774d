"""Documents of the form: uploaded, edited in their rows, refused where they cannot be read."""

from __future__ import annotations

import pytest

from tests.forms import HI, base64_of, block, editor, form, hear, png, press, upload
from workbench.widgets.builder.editors import preview


def test_an_uploaded_text_stands_before_the_question():
    """Documents first, as the documentation recommends; the title is the file's name."""
    builder = form(HI)

    upload(builder, "policy.txt", b"Refunds within 30 days.")

    first, second = builder.draft.get("messages[0].content")
    assert (first["title"], first["source"]["data"]) == ("policy.txt", "Refunds within 30 days.")
    assert second == {"type": "text", "text": "Hi"}


def test_a_second_document_stands_behind_the_first():
    """In the order in which they were added."""
    builder = form(HI)

    upload(builder, "a.txt", b"a")
    upload(builder, "b.txt", b"b")

    assert [one.get("title") for one in builder.draft.get("messages[0].content")] == ["a.txt", "b.txt", None]


def test_a_document_is_edited_in_its_row():
    """Title, context, text and citations."""
    builder = form(HI)
    press(builder.documents.widget, "Add text")
    row = builder.documents.rows.rows[0]

    editor(row, "text").value = "Refunds."
    editor(row, "title").value = "Policy"
    editor(row, "context").value = "from 2026"
    editor(row, "citations").value = True

    assert builder.draft.get("messages[0].content[0]") == {
        "type": "document",
        "source": {"type": "text", "media_type": "text/plain", "data": "Refunds."},
        "title": "Policy",
        "context": "from 2026",
        "citations": {"enabled": True},
    }


def test_custom_content_is_passages():
    """Each can be cited as a whole; more can be added."""
    builder = form(HI)
    press(builder.documents.widget, "Add custom content")
    row = builder.documents.rows.rows[0]

    editor(row.pieces.rows.rows[0], "text").value = "One."
    press(row.pieces.widget, "add a passage")
    editor(row.pieces.rows.rows[1], "text").value = "Two."

    held = builder.draft.get("messages[0].content[0].source.content")
    assert [one["text"] for one in held] == ["One.", "Two."]


def test_a_search_result_has_title_source_and_passages():
    """For retrieval of one's own."""
    builder = form(HI)
    press(builder.documents.widget, "Add search result")
    row = builder.documents.rows.rows[0]

    editor(row, "title").value = "Returns"
    editor(row, "source").value = "https://example.com/returns"
    editor(row.pieces.rows.rows[0], "text").value = "30 days."

    made = builder.draft.get("messages[0].content[0]")
    assert (made["title"], made["source"]) == ("Returns", "https://example.com/returns")
    assert made["content"][0]["text"] == "30 days."


@pytest.mark.parametrize(
    ("given", "kind", "source"),
    [
        ("https://example.com/a.pdf", "document", {"type": "url", "url": "https://example.com/a.pdf"}),
        ("https://example.com/a.png", "image", {"type": "url", "url": "https://example.com/a.png"}),
        (
            "file_011CNha8iCJcU1wXNR6q4V8w",
            "document",
            {"type": "file", "file_id": "file_011CNha8iCJcU1wXNR6q4V8w"},
        ),
    ],
)
def test_a_url_or_file_id_is_taken(given, kind, source):
    """Nothing is fetched: the service does that."""
    builder = form(HI)

    builder.documents.source.value = given
    press(builder.documents.widget, "add what the path, URL or file id names")

    made = builder.draft.get("messages[0].content[0]")
    assert (made["type"], made["source"]) == (kind, source)
    assert builder.documents.source.value == ""


def test_a_path_is_read(tmp_path):
    """Large files need not go through the browser."""
    path = tmp_path / "policy.md"
    path.write_text("# Refunds")
    builder = form(HI)

    builder.documents.source.value = str(path)
    press(builder.documents.widget, "add what the path, URL or file id names")

    assert builder.draft.get("messages[0].content[0].source.data") == "# Refunds"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("big.txt", b"x" * (33 * 1024 * 1024), "whole request has at most 32 MB"),
        ("cut.pdf", b"%PDF-1.7 and no end", "broken or cut off"),
        ("empty.txt", b"", "empty"),
        ("page.docx", b"PK\x03\x04" + b"\0" * 40, "save it as PDF or as plain text"),
    ],
    ids=["oversized", "broken PDF", "empty", "Word"],
)
def test_what_cannot_be_taken_is_said_and_the_rest_is_kept(name, content, said):
    """The message stands beside the upload."""
    builder = form(HI)

    upload(builder, name, content)

    assert said in builder.documents.problem.said
    assert name in builder.documents.problem.said
    assert builder.prompt == HI


def test_a_file_comes_in_parts():
    """JupyterLab drops the connection over a message of 10 MB: the page sends parts, and waits for each."""
    builder = form(HI)
    part = {"name": "policy.txt", "type": "text/plain", "size": 12, "n": "1"}

    hear(builder, "part", at=0, data=base64_of(b"Refunds "), **part)
    assert builder.prompt == HI
    hear(builder, "part", at=8, data=base64_of(b"yes."), **part)

    assert builder.draft.get("messages[0].content[0].source.data") == "Refunds yes."


@pytest.mark.parametrize(
    "second",
    [
        {"at": 3, "data": "eA=="},
        {"at": 8, "data": "✗"},
        {"at": 8, "data": "eHh4eHh4"},
        {"at": "8", "data": "eA=="},
    ],
    ids=["out of order", "damaged", "too much", "no number"],
)
def test_parts_that_do_not_fit_are_refused(second):
    """The page is told, the prompt is kept."""
    builder = form(HI)
    sent: list[str] = []
    part = {"name": "policy.txt", "size": 12, "n": "1"}
    hear(builder, "part", at=0, data=base64_of(b"Refunds "), **part)
    builder.aside.tell = lambda kind, **body: sent.append(body["text"])

    hear(builder, "part", **second, **part)

    assert len(sent) == 1
    assert builder.prompt == HI


def test_a_file_larger_than_a_request_is_not_even_sent():
    """The page asks us to say so."""
    builder = form(HI)

    hear(builder, "large", name="scan.pdf", size=40_000_000)

    assert builder.documents.problem.said == (
        "scan.pdf: 40.0 MB, and a request has 32 MB at most; upload it once and give its file id, or split it"
    )


def test_a_file_that_is_not_there(tmp_path):
    """The message stands beside the path, and the path stays to be corrected."""
    builder = form(HI)
    builder.documents.source.value = str(tmp_path / "none.txt")

    press(builder.documents.widget, "add what the path, URL or file id names")

    assert "no such file" in builder.documents.problem.said
    assert builder.documents.source.value
    assert builder.prompt == HI


def test_an_image_says_its_size_tokens_and_dollars_before_sending():
    """With a small picture made of the bytes themselves."""
    builder = form(HI)

    upload(builder, "chart.png", png(280, 140), "image/png")

    row = builder.documents.rows.rows[0]
    assert row.about.said == "PNG, 280 × 140 px, 50 tokens, $0.00015 as input"
    assert bytes(row.picture.value).startswith(b"data:image/png;base64,")
    assert "50 tokens" in builder.documents.taken.said


@pytest.mark.parametrize(
    ("media", "data"),
    [
        ("image/svg+xml", base64_of(b"<svg onload='x'/>")),
        ("image/png", base64_of(b"<svg onload='x'/>")),
        ("image/jpeg", base64_of(png())),
        ("text/html", base64_of(b"<script>1</script>")),
        ("image/png", "no base64 at all ✗"),
    ],
    ids=["svg", "svg as png", "png as jpeg", "html", "no base64"],
)
def test_only_checked_bytes_become_a_picture(media, data):
    """An image block may come from anywhere, pasted or loaded."""
    assert preview({"type": "base64", "media_type": media, "data": data})[0] == b""


def test_a_document_can_be_reached_from_its_turn():
    """Its place among the blocks is in Messages, its editor under Documents."""
    builder = form(HI)
    upload(builder, "policy.txt", b"Refunds.")
    builder.documents.toggle()
    asked: list[str] = []
    builder.desk.focus = asked.append

    press(block(builder, 0, 0).widget, "Edit")

    assert builder.documents.is_open
    assert len(asked) == 1


def test_there_is_no_page_range_in_the_api():
    """So the form offers none, and says so."""
    said = [getattr(one, "value", "") for one in builder_texts(form())]

    assert any("has no page range" in one for one in said)


def builder_texts(builder):
    return builder.documents.body.children
