"""Files on their way into a prompt."""

from __future__ import annotations

import base64
import os
import re
import struct
import zlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.lint import lint
from workbench.tokens import image_tokens
from workbench.widgets.builder.intake import (
    Intake,
    document,
    from_file_id,
    from_path,
    from_url,
    image,
    kind_of,
)

HAIKU = "claude-haiku-4-5"


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int = 100, height: int = 50) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


GIF = b"GIF89a" + struct.pack("<HH", 30, 20) + b"\0" * 20
JPEG = b"\xff\xd8\xff\xc0\x00\x11\x08" + struct.pack(">HH", 40, 60) + b"\0" * 20 + b"\xff\xd9"
WEBP_BODY = (
    b"WEBPVP8X" + struct.pack("<I", 10) + b"\0" * 4 + (79).to_bytes(3, "little") + (59).to_bytes(3, "little")
)
WEBP = b"RIFF" + struct.pack("<I", len(WEBP_BODY)) + WEBP_BODY


def pdf(pages: int = 2, extra: bytes = b"") -> bytes:
    return b"%PDF-1.4\n" + b"<< /Type /Page >>\n" * pages + extra + b"startxref\n9\n%%EOF\n"


def source(made: Intake) -> dict[str, Any]:
    assert made.problem is None
    assert made.block is not None
    found: dict[str, Any] = made.block["source"]
    return found


def refused(made: Intake) -> str:
    assert made.block is None
    assert made.problem is not None
    return made.problem


def accepted(made: Intake) -> bool:
    """Tell whether lint finds nothing to refuse in a request with the block."""
    content = [made.block, {"type": "text", "text": "What is it?"}]
    body = {"model": HAIKU, "max_tokens": 9, "messages": [{"role": "user", "content": content}]}
    return not lint(body).errors


# --- what is taken ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "media_type", "size"),
    [
        (png(100, 50), "image/png", "PNG, 100 × 50 px"),
        (GIF, "image/gif", "GIF, 30 × 20 px"),
        (JPEG, "image/jpeg", "JPEG, 60 × 40 px"),
        (WEBP, "image/webp", "WebP, 80 × 60 px"),
    ],
    ids=["png", "gif", "jpeg", "webp"],
)
def test_an_image_is_what_its_bytes_say(data, media_type, size):
    """Not what its name says."""
    made = image(data, "holiday.txt", model=HAIKU)

    assert source(made) == {
        "type": "base64",
        "media_type": media_type,
        "data": base64.b64encode(data).decode(),
    }
    assert made.words.startswith(f"holiday.txt: {size}, ")
    assert accepted(made)


def test_an_image_has_tokens_and_dollars():
    """Those of the model, before anything is sent."""
    made = image(png(1000, 1000), "chart.png", model=HAIKU)

    assert image_tokens(1000, 1000, HAIKU) == 1296
    assert made.words == "chart.png: PNG, 1,000 × 1,000 px, 1,296 tokens, $0.0013 as input"


def test_an_unknown_model_is_unpriced():
    """Never free."""
    assert image(png(), "a.png", model="my-own").words.endswith(", unpriced")
    assert image(png(), "a.png").words.endswith(" tokens")


def test_a_pdf_has_pages():
    """Counted, with tokens and dollars."""
    made = document(pdf(3), "C:\\reports\\year.docx", model=HAIKU)

    assert source(made)["media_type"] == "application/pdf"
    assert made.block is not None
    assert made.block["title"] == "year.docx"
    assert made.words.startswith("year.docx: PDF, 3 pages, about ")
    assert "$" in made.words
    assert accepted(made)


def test_a_pdf_may_begin_with_something_else():
    """Some programs put a few bytes before the header."""
    assert source(document(b"\xef\xbb\xbf\n" + pdf(), "a"))["type"] == "base64"


def test_text_is_text():
    """UTF-8, a byte order mark left out, line ends as they are."""
    made = document("\ufeffé\r\n漢字".encode(), "notes.pdf", model=HAIKU)

    assert source(made) == {"type": "text", "media_type": "text/plain", "data": "é\r\n漢字"}
    assert made.words.startswith("notes.pdf: text, 5 characters, about ")


def test_a_long_name_makes_a_title_that_is_taken():
    """A title has at most 500 characters."""
    made = document(b"Hello", "x" * 900 + ".txt")

    assert made.block is not None
    assert len(made.block["title"]) == 500
    assert accepted(made)


def test_without_a_name_there_is_no_title():
    """A title may not be empty."""
    made = document(b"Hello", "")

    assert made.block is not None
    assert "title" not in made.block
    assert not made.words.startswith(":")


# --- what is not -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "the file is empty"),
        (b" \n\t ", "the file is empty"),
        (b"\xef\xbb\xbf", "the file is empty"),
        (b"caf\xe9\n", r"it is not UTF-8 \(line 1\); save it as UTF-8"),
        ("Grüße".encode("utf-16"), "UTF-16 text; save it as UTF-8"),
        (png(), "it is a PNG image; add it as an image"),
        (b"PK\x03\x04rest", "Word, Excel and other archives are not taken; save it as PDF"),
        (b"\xd0\xcf\x11\xe0rest", "old Office files"),
        (b"\x1f\x8brest", "unpack it first"),
        (b"\x7fELF\x00", "neither a PDF nor text"),
        (b"%PDF-1.4\n<< /Type /Page >>\n", "the PDF is broken or cut off"),
        (pdf()[:-7], "the PDF is broken or cut off"),
        (pdf(2, b"/Encrypt 5 0 R "), "the PDF is encrypted; save it without a password"),
        (pdf(101), "it has 101 pages, and a request takes 100; split it"),
    ],
)
def test_a_document_that_is_not_taken(data, says):
    """Why, and the cure; no block."""
    made = document(data, "thing.pdf", model=HAIKU)

    problem = refused(made)
    assert problem.startswith("thing.pdf: ")
    assert re.search(says, problem)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "the file is empty"),
        (pdf(), "it is a PDF; add it as a document"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", r"no image that is taken \(text\); save it as PNG"),
        (b"BM\0\0rest", r"no image that is taken \(BMP\)"),
        (b"II*\0rest", r"no image that is taken \(TIFF\)"),
        (b"\0\0\0\x18ftypheic", r"no image that is taken \(HEIC or AVIF\)"),
        (png()[:30], "the PNG is broken or cut off"),
        (JPEG[:-2], "the JPEG is broken or cut off"),
        (WEBP[:-2], "the WebP is broken or cut off"),
        (png(0, 5), "the PNG is broken or cut off"),
        (png(9000, 10), "it has 9,000 × 10 pixels; scale it to 8,000 pixels a side"),
        (png() + b"\0" * 11_000_000, r"it has 10\.5 MB, and an image at most 10; scale it down"),
    ],
)
def test_an_image_that_is_not_taken(data, says):
    """Why, and the cure; no block."""
    assert re.search(says, refused(image(data, "thing.png", model=HAIKU)))


@pytest.mark.parametrize("make", [document, lambda data, name: document(b"%PDF-" + data, name)])
def test_what_no_request_can_hold_is_refused(make):
    """32 MB is the limit of a whole request, and base64 counts."""
    problem = refused(make(b"x" * 34_000_000, "big"))

    assert "a whole request has at most 32 MB" in problem
    assert "file id" in problem


def test_a_pdf_grows_by_a_third():
    """25 MB of PDF are 33 MB of request."""
    assert "32 MB" in refused(document(b"%PDF-" + b"x" * 26_000_000, "big.pdf"))


def test_a_window_of_a_million_takes_more_pages():
    """600 instead of 100."""
    assert source(document(pdf(101), "a.pdf", model="claude-sonnet-4-6"))


@pytest.mark.parametrize("data", [pdf(), png(), b"Hello"])
def test_nothing_is_changed_on_its_way(data):
    """The bytes that come out are those that went in."""
    look = image if data.startswith(b"\x89PNG") else document
    found = source(look(data, "x"))

    assert (
        found["data"] == data.decode() if found["type"] == "text" else base64.b64decode(found["data"]) == data
    )


@given(
    st.binary(max_size=64)
    | st.sampled_from([b"%PDF-", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"\xff\xd8\xff", b"RIFF"]).flatmap(
        lambda begin: st.binary(max_size=40).map(lambda rest: begin + rest)
    )
)
@settings(deadline=None, derandomize=True)
def test_whatever_the_bytes_a_block_or_a_problem(data):
    """Never both, never neither, never an exception."""
    for made in (document(data, "x", model=HAIKU), image(data, "x", model=HAIKU)):
        assert (made.block is None) is (made.problem is not None)
        assert made.words


# --- where it comes from ---------------------------------------------------------------------------


@pytest.mark.parametrize(("data", "kind"), [(png(), "image"), (pdf(), "document"), (b"Hello", "document")])
def test_a_path_is_read_and_looked_at(tmp_path, data, kind):
    """Image or document by its bytes."""
    path = tmp_path / "file.bin"
    path.write_bytes(data)

    made = from_path(path, model=HAIKU)

    assert made.block is not None
    assert made.block["type"] == kind
    assert made.words.startswith("file.bin: ")


def test_the_home_folder(tmp_path, monkeypatch):
    """Written ~, as people do."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "a.txt").write_text("Hello")

    assert source(from_path("~/a.txt"))["data"] == "Hello"


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("missing.txt", "there is no such file; check the path"),
        (".", "it is a folder; name a file"),
        ("nul\0byte", "check the path"),
        ("~nobody-of-this-name/x", "check the path"),
        ("x" * 5000, "check the path"),
    ],
)
def test_a_path_to_nothing(tmp_path, monkeypatch, path, says):
    """Said beside the field."""
    monkeypatch.chdir(tmp_path)

    assert says in refused(from_path(path))


def test_a_file_that_may_not_be_read(tmp_path):
    """Permissions are named."""
    path = tmp_path / "secret.txt"
    path.write_text("x")
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user reads everything")

    assert "permissions" in refused(from_path(path))


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    """Its size says enough."""
    path = tmp_path / "huge.pdf"
    with path.open("wb") as file:
        file.truncate(50_000_000_000)

    assert "32 MB" in refused(from_path(path))


def test_a_pipe_is_no_file(tmp_path):
    """Reading one would wait for ever."""
    path = tmp_path / "pipe"
    os.mkfifo(path)

    assert "no such file" in refused(from_path(path))


@pytest.mark.parametrize(
    ("url", "kind", "block"),
    [
        ("https://a.example/b.PNG?x=1", None, "image"),
        ("https://a.example/report", None, "document"),
        ("https://a.example/picture", "image", "image"),
        (" https://a.example/b.pdf\n", None, "document"),
    ],
)
def test_an_address_is_handed_on(url, kind, block):
    """The service fetches it; nothing is fetched here."""
    made = from_url(url, kind=kind, model=HAIKU)

    assert source(made) == {"type": "url", "url": url.strip()}
    assert made.block is not None
    assert made.block["type"] == block
    assert "known after" in made.words
    assert accepted(made)


@pytest.mark.parametrize(
    "url", ["", "report.pdf", "file:///etc/passwd", "https://", "https://a b", "http://[", "https://a\u202e"]
)
def test_no_address(url):
    """How one is written."""
    assert "https://" in refused(from_url(url))


def test_a_file_id():
    """As the Files API gave it."""
    made = from_file_id(" file_011CNha8iCJcU1wXNR6q4V8w ", kind="image")

    assert made.block == {
        "type": "image",
        "source": {"type": "file", "file_id": "file_011CNha8iCJcU1wXNR6q4V8w"},
    }
    assert accepted(made)


@pytest.mark.parametrize("file_id", ["", "my report.pdf", "file_1/../2"])
def test_no_file_id(file_id):
    """How one looks."""
    assert "file_" in refused(from_file_id(file_id))


def test_no_such_kind():
    """Image or document."""
    assert "image or document" in refused(from_file_id("file_1", kind="video"))


def test_kinds():
    """BM begins many texts too."""
    assert (
        kind_of(b"BMW is a car maker, and this is a text about it, long enough to be seen as such.") == "text"
    )
