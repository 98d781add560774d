"""Where the focus is while columns are asked, stopped and made anew; and how a view that waits is begun."""

from __future__ import annotations

import pytest

import workbench as wb
from workbench.widgets.panes import RunView

MODELS = ("claude-haiku-4-5", "claude-sonnet-4-6")
STORY = "First a long story of a fox. " * 20

FOCUS = """() => {
  const at = document.activeElement;
  if (at === document.body) return 'BODY';
  return at.getAttribute('aria-label') ?? at.querySelector('h4')?.textContent ?? at.tagName;
}"""


@pytest.fixture
def asked(start_emulator):
    """Make views of two columns; their clients are closed with the test."""
    clients = []

    def make(latency="0.02,0.04", n=2, **options):
        running = start_emulator(script=[{"text": STORY}], latency=latency)
        clients.append(wb.Client(base_url=running.url, store=False, mode="off"))
        body = {"max_tokens": 500, "messages": ["Tell."]}
        requests = [wb.Request.model_validate({"model": model, **body}) for model in MODELS[:n]]
        return RunView(clients[-1], requests, **options)

    yield make
    for client in clients:
        client.close()


def pane(page, model):
    return page.get_by_role("region", name=model)


def streaming(stage, page, model):
    stage.visible(pane(page, model).get_by_text("First").first)


def ended(stage, view):
    """Wait until nothing runs and the page knows."""
    stage.until(lambda: not view.running)
    stage.pump()


def test_who_stops_the_last_column_by_keyboard_stays_in_it(stage, asked):
    """Also where the output is then put in the place of the one that was shown before the end."""
    view = asked(n=1)
    page = stage.show(view)
    streaming(stage, page, MODELS[0])
    page.get_by_role("button", name=f"Stop {MODELS[0]}").focus()
    page.keyboard.press("Enter")
    ended(stage, view)
    stage.until(lambda: page.get_by_role("button", name=f"Ask {MODELS[0]} again").is_visible())
    inside = page.evaluate(FOCUS)

    stage.anew()
    stage.visible(pane(page, MODELS[0]))

    assert inside == MODELS[0]
    stage.until(lambda: page.evaluate(FOCUS) == MODELS[0])
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUS) == f"Ask {MODELS[0]} again"
    stage.calm()


def test_a_view_made_anew_takes_no_focus_that_was_not_in_it(stage, asked):
    """Nor one that has gone elsewhere since."""
    view = asked("0", n=1)
    page = stage.show(view)
    ended(stage, view)
    stage.anew()
    stage.visible(pane(page, MODELS[0]))
    never = page.evaluate(FOCUS)
    page.evaluate("() => document.body.append(document.createElement('input'))")
    pane(page, MODELS[0]).focus()
    page.locator("body > input").click()

    stage.anew()
    stage.visible(pane(page, MODELS[0]))

    assert (never, page.evaluate(FOCUS)) == ("BODY", "INPUT")
    stage.calm()


def test_stop_all_hands_the_focus_on(stage, asked):
    """The button is off then: what is inside the first column comes next."""
    view = asked()
    page = stage.show(view)
    streaming(stage, page, MODELS[1])
    page.get_by_role("button", name="Stop all columns").focus()

    page.keyboard.press("Enter")
    ended(stage, view)

    stage.until(lambda: page.evaluate(FOCUS) == MODELS[0])
    stage.calm()


def test_stopped_is_one_line(stage, asked):
    """Nothing under it repeats it."""
    view = asked(n=1)
    page = stage.show(view)
    streaming(stage, page, MODELS[0])
    page.get_by_role("button", name=f"Stop {MODELS[0]}").click()
    ended(stage, view)

    stage.visible(pane(page, MODELS[0]).get_by_text("stopped", exact=True))
    assert not pane(page, MODELS[0]).locator(".wb-pane-note").is_visible()
    assert pane(page, MODELS[0]).get_by_text("before the end", exact=True).count() == 0
    stage.shot("stopped")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_view_that_waits_is_begun_by_its_button(stage, asked, theme):
    """By keyboard; while it runs the button that stops takes its place, and the focus."""
    view = asked("0.3,0.02", autostart=False)
    page = stage.show(view, theme=theme)
    ask = stage.visible(page.get_by_role("button", name="Ask all columns"))
    assert not page.get_by_role("button", name="Stop all columns").is_visible()
    stage.shot(f"waits-{theme}")

    ask.focus()
    page.keyboard.press("Enter")
    stage.until(lambda: page.evaluate(FOCUS) == "Stop all columns")
    ended(stage, view)

    assert [reply is not None for reply in view.replies] == [True, True]
    assert not ask.is_visible()
    stage.until(lambda: page.evaluate(FOCUS) == MODELS[0])
    stage.calm()


def test_one_column_of_a_view_that_waits_is_asked_alone(stage, asked):
    """The others go on waiting."""
    view = asked("0", autostart=False)
    page = stage.show(view)

    stage.visible(page.get_by_role("button", name=f"Ask {MODELS[1]}", exact=True)).click()
    stage.visible(pane(page, MODELS[1]).get_by_text("done", exact=True))
    ended(stage, view)

    assert [reply is not None for reply in view.replies] == [False, True]
    assert page.get_by_role("button", name="Ask all columns").is_visible()
    assert pane(page, MODELS[0]).get_by_text("not asked", exact=True).is_visible()
    stage.calm()
