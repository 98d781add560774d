"""The forms below a column, by keyboard, in a real Chromium."""

from __future__ import annotations

import workbench as wb
from workbench.widgets.panes import RunView


def test_the_next_turn_is_sent_by_a_key_and_its_field_is_framed_whole(stage, start_emulator):
    """As in a cell; the ring of the focus is not cut off by the form it stands in."""
    running = start_emulator(script=[{"contains": "more", "text": "Second."}, {"text": "First."}])
    client = wb.Client(base_url=running.url, store=False, mode="off")
    asked = wb.Request.model_validate({"model": "claude-haiku-4-5", "max_tokens": 50, "messages": ["Tell."]})
    view = RunView(client, [asked])
    page = stage.show(view)
    stage.visible(page.get_by_role("button", name="Continue")).click()
    field = stage.visible(page.get_by_label("next turn"))
    field.focus()
    assert field.get_attribute("placeholder") == "Ctrl+Enter sends it"
    form, inner = page.locator(".wb-pane-form").bounding_box(), field.bounding_box()
    assert inner["x"] - form["x"] >= 3
    assert form["x"] + form["width"] - inner["x"] - inner["width"] >= 3
    stage.shot("next-turn")

    page.keyboard.type("more")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+Enter")

    stage.visible(page.get_by_text("Second.", exact=True))
    stage.until(lambda: not view.running)
    [reply] = view.replies
    assert reply is not None
    assert reply.message.text == "Second."
    client.close()
    stage.calm()
