"""A reply shows itself: a line in a list, whole when printed."""

from __future__ import annotations

import workbench as wb
from workbench.reply import Reply


def reply(said: str, asked: str = "Hi") -> Reply:
    request = wb.Request.model_validate({"model": "claude-haiku-4-5", "max_tokens": 9, "messages": [asked]})
    body = {"model": "claude-haiku-4-5", "content": [{"type": "text", "text": said}], "usage": {}}
    return Reply(request, wb.Message.model_validate(body), origin="emulator")


def test_a_reply_in_a_list_is_a_line():
    """Neither its documents nor all of its answer fill the screen."""
    shown = repr(reply("First line.\n" + "x" * 90_000, asked="y" * 90_000))

    assert shown.startswith("Reply(claude-haiku-4-5: First line. xxx")
    assert shown.endswith("… · in 0 · out 0 · unpriced · < 0.01 s · emulator)")
    assert len(shown) < 200
    assert "\n" not in shown


def test_a_reply_that_is_printed_is_whole():
    said = "First line.\n" + "x" * 9_000

    assert str(reply(said)).startswith(said)
