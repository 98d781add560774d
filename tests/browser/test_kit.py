"""The kit of the rich views, on a bare page: text stays text, messages find their way, keys stay inside."""

from __future__ import annotations

import pytest

from tests.hostile import NAMES, TEXTS
from workbench.errors import UsageError
from workbench.show.h import tag
from workbench.show.safe import text, visible
from workbench.widgets.view import View

FRONT = """
export default wb.view(({root, link, problem}) => {
  const out = wb.el("div", {class: "wb-out"});
  const safe = wb.el("div", {class: "wb-safe"});
  const count = wb.el("output", {"aria-label": "count"}, "0");
  const field = wb.el("input", {"aria-label": "field"});
  const press = () => { count.textContent = String(Number(count.textContent) + 1); };
  wb.put(root, wb.button("ask", async () => {
    try { wb.fill(out, (await link.ask("question", {word: field.value})).word); }
    catch (error) { wb.fill(out, `refused: ${error.message}`); }
  }), wb.button("fail", () => link.tell("failure")), field, out, safe, count);
  wb.keys(root, {d: press, "Mod+z": press});
  const tabs = wb.tabs([{id: "a", title: "First", fill: p => wb.put(p, "one")}, {id: "b", title: "Second", fill: p => wb.put(p, "two")}], {label: "parts"});
  wb.put(root, tabs.node);
  const anchor = wb.button("note", () => wb.popover(anchor, wb.el("div", {}, "a passage")));
  wb.put(root, anchor);
  link.on("texts", message => {
    wb.fill(out, message.texts.map(each => wb.el("p", {}, each)));
    wb.html(safe, message.html);
  });
});
"""


class Echo(View):
    """A view that answers."""

    _esm: str
    _css: str

    def __init__(self, texts=()):
        super().__init__()
        self.texts = texts

    def _static(self):
        return tag("p", "echo"), "echo"

    def _hear_ready(self):
        made = "".join(tag("p", text(each)) for each in self.texts)
        self.tell("texts", texts=[visible(each[:500]) for each in self.texts], html=made)

    def _hear_question(self, n, word):
        if word == "no":
            raise UsageError("that is no question")
        self.tell("answer", n=n, word=word[::-1])

    def _hear_failure(self):
        raise KeyError("secret")


@pytest.fixture(scope="module", autouse=True)
def module():
    """The kit, and a small view of its own."""
    from workbench.widgets.view import _source

    Echo._esm = f"{_source(('kit',), 'js')}\n{FRONT}"
    Echo._css = _source(("kit",), "css")


def test_an_answer_comes_to_who_asked(stage):
    """Questions carry a number; so does the answer."""
    page = stage.show(Echo())

    page.get_by_label("field").fill("abc")
    page.get_by_role("button", name="ask").click()

    stage.visible(page.get_by_text("cba", exact=True))
    stage.calm()


def test_a_refusal_comes_back_to_who_asked(stage):
    """The page says what the kernel said, where it was asked."""
    page = stage.show(Echo())

    page.get_by_label("field").fill("no")
    page.get_by_role("button", name="ask").click()

    stage.visible(page.get_by_text("refused: that is no question"))


def test_what_goes_wrong_is_said_without_its_insides(stage, caplog):
    """A bug in a handler is named, on the page and in the log; what it held is in neither."""
    page = stage.show(Echo())

    page.get_by_role("button", name="fail").click()

    alert = stage.visible(page.get_by_role("alert"))
    assert "KeyError" in alert.inner_text()
    assert "secret" not in alert.inner_text()
    assert "KeyError at _hear_failure" in caplog.text
    assert "secret" not in caplog.text
    page.get_by_role("button", name="dismiss the message").click()
    assert not alert.is_visible()


@pytest.mark.parametrize("name", ["ask", "fail"])
def test_a_kernel_that_is_gone_is_said_so(stage, name):
    """After a restart nothing can be sent: the view says what to do, in words of ours."""
    page = stage.show(Echo())
    page.evaluate("() => { window.wbStage = () => { throw new Error('Cannot send'); }; }")

    page.get_by_role("button", name=name).click()

    said = stage.visible(page.get_by_role("alert")).inner_text()
    assert "restarted or has ended: run the cell again" in said
    assert "Cannot send" not in page.locator(".wbv").inner_text()
    stage.calm()


def test_keys_stay_inside(stage):
    """The host's shortcuts never see a key pressed in a view; typing is not a command."""
    page = stage.show(Echo())
    page.evaluate("window.seen = []; document.addEventListener('keydown', e => window.seen.push(e.key))")

    page.get_by_role("button", name="ask").focus()
    page.keyboard.press("d")
    page.get_by_label("field").focus()
    page.keyboard.press("d")

    assert page.get_by_label("count").inner_text() == "1"
    assert page.evaluate("window.seen") == []


def test_tabs_move_by_arrows(stage):
    """One stop of the Tab key, arrows inside, the panel follows."""
    page = stage.show(Echo())

    page.get_by_role("tab", name="First").focus()
    page.keyboard.press("ArrowRight")

    assert page.get_by_role("tab", name="Second").get_attribute("aria-selected") == "true"
    assert page.get_by_role("tabpanel", name="Second").inner_text() == "two"


def test_escape_closes_a_popover(stage):
    """And the anchor is described by it only while it is there."""
    page = stage.show(Echo())

    page.get_by_role("button", name="note").click()
    assert page.get_by_role("tooltip").inner_text() == "a passage"
    page.keyboard.press("Escape")

    assert page.get_by_role("tooltip").count() == 0


def test_hostile_texts_stay_texts(stage):
    """As text and as the kernel's safe HTML: nothing runs, nothing is loaded."""
    page = stage.show(Echo(TEXTS))

    stage.until(lambda: page.locator(".wb-out p").count() == len(TEXTS) == len(NAMES))

    assert page.locator(".wb-out p > *, .wb-safe script, .wb-safe img, .wb-safe form").count() == 0
    stage.calm()


def test_a_reload_asks_again(stage):
    """A page shown anew says it is ready, and gets everything."""
    widget = Echo(["once"])
    stage.show(widget)

    page = stage.show(widget, theme="dark")

    stage.visible(page.locator(".wb-out").get_by_text("once", exact=True))
