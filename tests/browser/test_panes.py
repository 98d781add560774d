"""Answers that stream side by side, in a real Chromium."""

from __future__ import annotations

import pytest

import workbench as wb
from tests.hostile import NAMES, TEXTS
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

    def make(*rules, latency="0.02,0.01", faults=(), limits=None, **more):
        running = start_emulator(script=list(rules), latency=latency, faults=faults, limits=limits)
        made.append(wb.Client(base_url=running.url, **{"store": tmp_path / "own", "max_retries": 0, **more}))
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
    stage.until(lambda: grown.count() and "word" in grown.inner_text())
    early = len(grown.inner_text())
    stage.until(lambda: len(grown.inner_text()) > early)
    stage.shot("streaming")
    stage.until(lambda: not view.running)
    for model in MODELS:
        stage.visible(pane(page, model).get_by_text("done", exact=True))

    assert pane(page, MODELS[0]).locator(".wb-said strong").all_inner_texts() == ["Title", "paragraph"]
    assert pane(page, MODELS[1]).locator("dl").get_by_text("tokens out").is_visible()
    assert page.get_by_text("say nothing about Claude").count() == 1
    stage.until(lambda: "4 done" in page.get_by_role("status").first.inner_text())
    stage.shot("done")
    stage.calm()


def test_stopping_one_column(stage, client):
    """Its button stops it and goes; the other column goes on to its end."""
    view = RunView(client({"text": STORY}, latency="0.02,0.04"), [request(model) for model in MODELS[:2]])
    page = stage.show(view)
    first = pane(page, MODELS[0])
    stage.until(lambda: "First" in first.inner_text())

    first.get_by_role("button", name=f"Stop {MODELS[0]}").click()
    stage.visible(first.get_by_text("stopped", exact=True))
    stage.until(lambda: not view.running)

    stage.visible(first.get_by_text("partial: only what had come"))
    stage.visible(first.get_by_text("unknown: stopped before the end"))
    assert "First" in first.locator(".wb-said").inner_text()
    stage.visible(pane(page, MODELS[1]).get_by_text("done", exact=True))
    assert first.get_by_role("button", name=f"Ask {MODELS[0]} again").is_visible()
    stage.calm()


def test_stop_all(stage, client):
    """One button for all of them; it is off once nothing runs."""
    view = RunView(client({"text": STORY}, latency="0.02,0.04"), [request(model) for model in MODELS])
    page = stage.show(view)
    stage.until(lambda: "First" in pane(page, MODELS[3]).inner_text())

    page.get_by_role("button", name="Stop all columns").click()

    stage.until(lambda: not view.running)
    assert view.replies == [None] * 4
    stage.until(lambda: page.get_by_role("button", name="Stop all columns").is_disabled())


def test_a_failure_stays_in_its_column(stage, client):
    """The error in words where the answer would be, an answer beside it."""
    rules = [
        {"model": MODELS[0], "error": {"status": 529, "message": "Overloaded <b>now</b>"}},
        {"text": STORY},
    ]
    view = RunView(client(*rules), [request(model) for model in MODELS[:2]])
    page = stage.show(view)

    stage.visible(pane(page, MODELS[0]).get_by_text("Overloaded <b>now</b>"))
    stage.visible(pane(page, MODELS[1]).get_by_text("done", exact=True))

    stage.shot("failed")
    stage.calm()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_each_column_says_what_holds_up_its_own(stage, client, theme):
    """One is limited, one waits to try again, one goes on."""
    later = {"status": 429, "message": "Too fast", "headers": {"retry-after": "9"}}
    rules = [{"contains": "warm", "text": "ok"}, {"model": MODELS[1], "error": later}, {"text": STORY}]
    source = client(*rules, limits="3,1000000,1000000", latency="0.02,0.05", max_retries=3)
    for draw in range(3):
        source.send(request(text="warm"), draw=draw, mode="refresh")
    view = RunView(source, [request(model) for model in MODELS[:3]], autostart=False)
    page = stage.show(view, theme=theme)
    view.start()

    stage.visible(pane(page, MODELS[0]).get_by_text("limited by requests per minute of haiku-4.5"))
    stage.visible(pane(page, MODELS[1]).get_by_text("attempt 1 failed: 429 rate_limit_error"))
    stage.visible(pane(page, MODELS[2]).get_by_text("streaming", exact=True))

    assert page.get_by_text("limited", exact=True).count() == 1
    assert page.get_by_text("retrying", exact=True).count() == 1
    stage.shot(f"waiting-{theme}")
    view.stop()
    stage.visible(pane(page, MODELS[0]).get_by_text("nothing: it was not sent"))
    stage.calm()


def test_what_would_be_refused_says_why_and_warnings_are_folded(stage, client):
    """The finding, its cure and the API's words in one column; a line above the answer in the other."""
    marked = {"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}
    asked = [request(max_tokens=500_000), request(MODELS[1], system=[marked])]
    page = stage.show(RunView(client({"text": STORY}), asked))

    refused = pane(page, MODELS[0])
    stage.visible(refused.get_by_text("not sent: the service would refuse it"))
    stage.visible(refused.get_by_text("at most 64,000"))
    stage.visible(refused.get_by_text("400 invalid_request_error: max_tokens: 500000 > 64000"))
    stage.visible(refused.get_by_text("nothing: it was not sent"))
    warned = pane(page, MODELS[1])
    stage.visible(warned.get_by_text("done", exact=True))
    assert not warned.get_by_text("W030").is_visible()
    warned.get_by_text("1 warning", exact=True).click()
    stage.visible(warned.get_by_text("W030"))

    assert refused.get_by_role("button", name="Ask").count() == 0
    stage.shot("refused")
    stage.calm()


@pytest.mark.parametrize(("width", "theme"), [(1200, "light"), (600, "dark")])
def test_a_header_takes_two_lines_and_equal_figures_stand_side_by_side(stage, client, width, theme):
    """However long a label is; what only one column has leaves a gap in the others."""
    thought = request(MODELS[1], thinking={"type": "adaptive"}, output_config={"effort": "high"})
    asked = [request(), thought, request(MODELS[2]), request(MODELS[3])]
    labels = ["a", "b " * 60, *MODELS[2:]]
    view = RunView(client({"text": STORY}, latency="0.02,0.001"), asked, labels=labels)
    page = stage.show(view, width=width, theme=theme)
    stage.until(lambda: not view.running)
    stage.until(lambda: page.locator("dt", has_text="source").count() == 4)

    def boxes(selector, side):
        return {
            round(value)
            for value in page.locator(selector).evaluate_all(
                f"all => all.map(one => one.getBoundingClientRect().{side})"
            )
        }

    assert len(boxes(".wb-pane-head", "height")) == 1
    assert max(boxes(".wb-pane-head", "height")) <= 56
    assert page.locator("dt", has_text="of which thinking").count() == 1
    assert len(boxes("dt:text-is('cost')", "top")) == 1
    assert max(boxes(".wb-pane-figures > div", "height")) <= 24  # each on one line
    stage.shot(f"four-{width}-{theme}")
    stage.calm()


def cited():
    """A request whose answer cites, and the answer's rule."""
    source = {"type": "text", "media_type": "text/plain", "data": ARTICLE}
    document = {"type": "document", "source": source, "title": "Colours", "citations": {"enabled": True}}
    turn = {"role": "user", "content": [document, {"type": "text", "text": "What is green?"}]}
    where = {"type": "char_location", "document_index": 0, "document_title": "Colours"}
    place = {**where, "cited_text": "Grass is green.", "start_char_index": 17, "end_char_index": 32}
    content = [{"type": "text", "text": "Grass is.", "citations": [place]}]
    return request(messages=[turn]), {"content": content}


def test_pointing_at_a_citation_shows_the_passage(stage, client):
    """A click opens the source with the passage marked; the footer counts what was verified."""
    asked, rule = cited()
    view = RunView(client(rule), [asked])
    page = stage.show(view)
    button = page.get_by_role("button", name="citation 1")
    stage.visible(button)

    button.hover()
    stage.visible(page.get_by_role("tooltip").get_by_text("Grass is green."))
    button.click()
    mark = stage.visible(page.locator("mark"))

    assert mark.inner_text() == "Grass is green."
    assert page.locator("dl").get_by_text("1 of 1 quote verified").is_visible()
    stage.shot("cited")
    stage.calm()


def test_a_page_opened_again_in_mid_stream_goes_on(stage, client):
    """What had come is there, what comes follows, and the end replaces it."""
    view = RunView(client({"text": STORY}, latency="0.02,0.04"), [request()])
    page = stage.show(view)
    stage.until(lambda: "word5" in page.locator(".wb-pane-answer").inner_text())

    page = stage.show(view, theme="dark")
    answer = page.locator(".wb-pane-answer")
    stage.until(lambda: "word5" in answer.inner_text())
    early = len(answer.inner_text())
    stage.until(lambda: len(answer.inner_text()) > early)
    stage.until(lambda: not view.running)

    stage.visible(page.get_by_text("The end.", exact=True))
    shown = page.locator(".wb-said").inner_text()
    assert shown.count("Title") == shown.count("word5 ") == 1
    page = stage.show(view, theme="dark")
    stage.visible(page.get_by_text("The end.", exact=True))
    stage.shot("dark")
    stage.calm()


def test_the_difference_to_the_first_column(stage, client):
    """Sentence by sentence."""
    rules = [{"model": MODELS[0], "text": "It is blue. Always."}, {"text": "It is green. Always."}]
    view = RunView(client(*rules), [request(model) for model in MODELS[:2]])
    page = stage.show(view)
    stage.until(lambda: not view.running)

    stage.visible(pane(page, MODELS[1]).get_by_role("button", name="Diff against column 1")).click()

    shown = page.get_by_role("group", name="difference to column 1")
    stage.visible(shown)
    assert "blue" in shown.inner_text()
    assert "green" in shown.inner_text()
    assert pane(page, MODELS[0]).get_by_role("button", name="Diff").count() == 0
    stage.shot("diff")
    stage.calm()


def test_a_conversation_goes_on_in_all_columns(stage, client):
    """The next turn streams in each; the turn before stands folded above."""
    view = RunView(
        client({"contains": "more", "text": "Second."}, {"text": "First."}), [request(m) for m in MODELS[:2]]
    )
    page = stage.show(view)
    first = pane(page, MODELS[0])
    stage.visible(first.get_by_role("button", name="Continue")).click()

    stage.visible(first.get_by_label("next turn")).fill("more")
    first.get_by_role("button", name="Send to all columns").click()

    for model in MODELS[:2]:
        stage.visible(pane(page, model).get_by_text("Second.", exact=True))
    pane(page, MODELS[1]).get_by_text("turn 1", exact=False).click()
    stage.visible(pane(page, MODELS[1]).get_by_text("First.", exact=True))
    stage.until(lambda: not view.running)
    stage.shot("continued")
    stage.calm()


def test_a_tool_call_waits_for_its_result(stage, client):
    """One field for each call; without a result nothing is sent and nothing typed is lost."""
    schema = {"type": "object", "properties": {"city": {"type": "string"}}}
    tools = [{"name": "get_weather", "input_schema": schema}]
    call = {"name": "get_weather", "input": {"city": "Paris"}}
    view = RunView(
        client({"contains": "story", "tool_use": call, "times": 1}, {"text": "Sunny."}),
        [request(tools=tools)],
    )
    page = stage.show(view)
    stage.visible(page.get_by_role("button", name="Continue")).click()

    stage.visible(page.get_by_label("result of get_weather")).fill("22 degrees")
    page.get_by_role("button", name="Send", exact=True).click()

    stage.visible(page.get_by_text("Sunny.", exact=True))
    stage.until(lambda: not view.running)
    assert view.replies[0] is not None
    sent = view.replies[0].request.wire()["messages"][-1]["content"][0]
    assert (sent["type"], sent["content"]) == ("tool_result", "22 degrees")
    stage.calm()


def test_a_case_that_cannot_be_saved_keeps_what_was_typed(stage, client, tmp_path, monkeypatch):
    """The message stands beside the fields; once it is right, it is saved."""
    monkeypatch.chdir(tmp_path)
    view = RunView(client({"text": "Paris"}), [request(text="The capital?")])
    page = stage.show(view)
    stage.visible(page.get_by_role("button", name="Save as test case")).click()

    path = stage.visible(page.get_by_label("dataset (.jsonl)"))
    assert path.input_value() == "cases.jsonl"
    path.fill("nowhere/cases.jsonl")
    page.get_by_role("textbox", name="id", exact=True).fill("paris")
    page.get_by_role("button", name="Save", exact=True).click()
    stage.visible(page.get_by_role("alert").get_by_text("there is no folder nowhere"))
    assert page.get_by_role("textbox", name="id", exact=True).input_value() == "paris"
    stage.shot("case")
    path.fill("cases.jsonl")
    page.get_by_label("the answer is the target").check()
    page.get_by_role("button", name="Save", exact=True).click()

    stage.visible(page.get_by_text("saved as paris in cases.jsonl"))
    assert (
        tmp_path / "cases.jsonl"
    ).read_text() == '{"id":"paris","input":"The capital?","target":"Paris"}\n'
    stage.calm()


def test_the_receipt_opens_on_the_cost(stage, client):
    """Line by line."""
    view = RunView(client({"text": STORY}), [request()])
    page = stage.show(view)

    stage.visible(page.get_by_role("button", name="show the receipt")).click()

    stage.visible(page.get_by_role("tooltip").get_by_role("rowheader", name="input, uncached"))
    stage.shot("receipt")


def test_by_keyboard_alone(stage, client):
    """Stop, move between columns, continue: no pointer, and the host hears no key."""
    view = RunView(
        client({"contains": "more", "text": "Second."}, {"text": STORY}, latency="0.02,0.04"),
        [request(m) for m in MODELS[:2]],
    )
    page = stage.show(view)
    page.evaluate("window.seen = []; document.addEventListener('keydown', e => window.seen.push(e.key))")
    stage.until(lambda: "First" in pane(page, MODELS[1]).inner_text())

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Stop all"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.ariaLabel") == f"Stop {MODELS[0]}"
    page.keyboard.press("Enter")
    stage.visible(pane(page, MODELS[0]).get_by_text("stopped", exact=True))
    assert page.evaluate("document.activeElement.className") == "wb-pane"
    page.keyboard.press("Alt+ArrowRight")
    assert pane(page, MODELS[1]).evaluate("node => node === document.activeElement")
    stage.until(lambda: not view.running)
    button = pane(page, MODELS[1]).get_by_role("button", name="Continue")
    stage.visible(button)
    button.focus()
    page.keyboard.press("Enter")
    stage.visible(page.get_by_label("next turn"))
    page.keyboard.type("more")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    stage.visible(pane(page, MODELS[1]).get_by_text("Second.", exact=True))
    assert "Enter" not in page.evaluate("window.seen")
    stage.calm()


def test_many_columns_scroll_sideways(stage, client):
    """They keep a width that can be read; thinking and calls stay inside."""
    view = RunView(client({"text": STORY}, latency="0"), [request(text=f"Story {n}") for n in range(7)])
    page = stage.show(view, width=1000)
    stage.until(lambda: not view.running)
    stage.visible(page.get_by_text("done", exact=True))

    widths = page.locator(".wb-pane").evaluate_all("all => all.map(one => one.getBoundingClientRect().width)")

    assert len(widths) == 7
    assert min(widths) >= 230
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    stage.shot("seven")
    stage.calm()


@pytest.mark.parametrize("name", ["script", "image error", "md image", "md script link"])
def test_hostile_answers_stay_text(stage, client, name):
    """While they stream, at the end, in the heading, in an error."""
    hostile = dict(zip(NAMES, TEXTS, strict=True))[name]
    rules = [
        {"model": MODELS[1], "error": {"status": 400, "message": hostile}},
        {"text": f"{hostile}\n\n{hostile}"},
    ]
    view = RunView(
        client(*rules, latency="0.01,0.005"), [request(), request(MODELS[1])], labels=[hostile, "b"]
    )
    page = stage.show(view)

    stage.until(lambda: not view.running)
    stage.visible(page.get_by_text("done", exact=True))

    assert page.locator(".wb-panes script, .wb-panes img, .wb-panes form, .wb-panes iframe").count() == 0
    stage.calm()
