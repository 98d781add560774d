"""Answers that stream side by side, in a real Chromium."""

from __future__ import annotations

import pytest

import workbench as wb
from workbench.widgets.panes import RunView

WORDS = " ".join(f"word{n}" for n in range(60))
STORY = f"# Title\n\nFirst **paragraph**.\n\n- one\n- two\n\n{WORDS}\n\nThe end."
MODELS = ["claude-haiku-4-5", "claude-sonnet-4-6", "claude-opus-4-8", "claude-sonnet-4-5"]
ARTICLE = "The sky is blue. Grass is green. Snow is white. " * 3


def request(model: str = MODELS[0], text: str = "Tell a story.", **more) -> wb.Request:
    return wb.Request.model_validate({"model": model, "max_tokens": 1000, "messages": [text], **more})


@pytest.fixture
def client(start_emulator, tmp_path):
    """A client of a service that answers as it is told, at the pace that it is told."""
    made = []

    def make(*rules, latency="0.02,0.01", faults=()):
        running = start_emulator(script=list(rules), latency=latency, faults=faults)
        made.append(wb.Client(base_url=running.url, store=tmp_path / "own", max_retries=0))
        return made[-1]

    yield make
    for one in made:
        one.close()


def pane(page, name):
    return page.get_by_role("region", name=name)


def test_four_columns_stream_and_end_rendered(stage, client):
    """Plain text grows while it comes; at the end it is Markdown, with its figures below."""
    view = RunView(client({"text": STORY}), [request(model) for model in MODELS], autostart=False)
    page = stage.show(view)

    view.start()
    grown = pane(page, MODELS[3]).locator(".wb-pane-answer")
    stage.until(lambda: "word" in grown.inner_text())
    early = len(grown.inner_text())
    stage.until(lambda: len(grown.inner_text()) > early)
    print(stage.shot("streaming"))
    stage.until(lambda: not view.running)
    for model in MODELS:
        stage.visible(pane(page, model).get_by_text("done", exact=True))

    assert pane(page, MODELS[0]).locator(".wb-said strong").all_inner_texts() == ["Title", "paragraph"]
    assert pane(page, MODELS[1]).locator("dl").get_by_text("tokens out").is_visible()
    print(stage.shot("done"))
    stage.calm()
