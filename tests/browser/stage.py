"""A bare page for one rich view: the real ES module of the real widget, with no JupyterLab between.

Messages go both ways in this process: what the page sends is handed to the widget while the test waits in
Playwright, what the widget sends, from whatever thread, is pumped to the page. It is a second's work where a
JupyterLab takes ten; what only JupyterLab can show is tested there.
"""

from __future__ import annotations

import json
import queue
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from workbench.widgets.view import View

THEMES = {
    "light": "--jp-content-font-color1:rgba(0,0,0,.87);--jp-content-font-color2:rgba(0,0,0,.54);"
    "--jp-border-color2:#e0e0e0;--jp-layout-color0:white;--jp-layout-color1:white;--jp-layout-color2:#eee;"
    "--jp-brand-color1:#1976d2;--jp-success-color1:#388e3c;--jp-error-color1:#d32f2f;--jp-warn-color1:#f57c00;"
    "--jp-ui-font-color1:rgba(0,0,0,.87)",
    "dark": "--jp-content-font-color1:#fff;--jp-content-font-color2:rgba(255,255,255,.7);"
    "--jp-border-color2:#424242;--jp-layout-color0:#111;--jp-layout-color1:#212121;--jp-layout-color2:#424242;"
    "--jp-brand-color1:#2196f3;--jp-success-color1:#4caf50;--jp-error-color1:#f44336;--jp-warn-color1:#ff9800;"
    "--jp-ui-font-color1:rgba(255,255,255,.87)",
    "none": "",
}
"""The variables JupyterLab sets, as its two themes do; and a page that sets none, as an exported notebook."""

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>calm</title></head>
<body style="margin:12px;background:var(--jp-layout-color1);font-family:system-ui,sans-serif">
<div id="host"></div></body></html>"""

MODEL = """async ({source, css, state, extra}) => {
  if (!document.getElementById('wb-css')) {
    const style = document.createElement('style');
    style.id = 'wb-css';
    style.textContent = css;
    document.head.append(style);
  }
  const url = URL.createObjectURL(new Blob([source], {type: 'text/javascript'}));
  const module = await import(url);
  const heard = new Map(), values = {...state};
  const on = (type, run) => { if (!heard.has(type)) heard.set(type, new Set()); heard.get(type).add(run); };
  const fire = (type, ...args) => { for (const run of heard.get(type) ?? []) run(...args); };
  const model = {
    get: name => values[name],
    set: (name, value) => { values[name] = value; },
    save_changes: () => window.wbStage({type: 'state', state: values}),
    send: content => window.wbStage({type: 'message', content: JSON.parse(JSON.stringify(content))}),
    on, off: (type, run) => { if (run) heard.get(type)?.delete(run); else heard.delete(type); },
  };
  window.wbModel = {
    message: content => fire('msg:custom', content, []),
    update: state => { for (const [name, value] of Object.entries(state)) { values[name] = value; fire(`change:${name}`); } fire('change'); },
  };
  const host = document.createElement('div');
  document.getElementById('host').replaceChildren(host);
  await module.default.initialize?.({model});
  window.wbEnd = await module.default.render({model, el: host});
  window.wbAnew = async () => {
    document.getElementById('host').textContent = '';
    const next = document.createElement('div');
    document.getElementById('host').replaceChildren(next);
    window.wbEnd = await module.default.render({model, el: next});
  };
}"""

SETTLE_S = 0.02
GLANCE_MS = 300
PATIENCE_MS = 30_000


class Channel:
    """What a widget takes for its connection: it keeps what is sent until the stage hands it on."""

    comm_id = "stage"

    def __init__(self) -> None:
        self.sent: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()

    def send(self, data: Any = None, metadata: Any = None, buffers: Any = None) -> None:
        """Keep a message."""
        self.sent.put(data)

    def close(self, *_: Any, **__: Any) -> None:
        """Close nothing."""

    def on_msg(self, _: Callable[..., Any]) -> None:
        """The stage hands messages over by itself."""

    on_close = on_msg


class Stage:
    """Shows views on a page that may reach nothing."""

    def __init__(self, browser: Any, folder: Path) -> None:
        self._browser = browser
        self._folder = folder
        self._heard: list[dict[str, Any]] = []
        self._widget: View | None = None
        self._context: Any = None
        self.page: Any = None
        self.outside: list[str] = []
        self.problems: list[str] = []
        self.errors: list[str] = []
        self.dialogs: list[str] = []

    def bare(self, *, theme: str = "light", width: int = 1200, height: int = 900) -> Any:
        """Open a page with nothing on it and return it."""
        self._open(theme, width, height)
        self._widget = None
        return self.page

    def show(self, widget: View, *, theme: str = "light", width: int = 1200, height: int = 900) -> Any:
        """Put *widget* on a new page and return the page, once the view is there."""
        self._open(theme, width, height)
        self._widget = widget
        widget.comm = Channel()
        state = widget.get_state()
        source, css = state.pop("_esm"), state.pop("_css", "")
        plain = json.loads(json.dumps(state, default=str))
        self.page.evaluate(MODEL, {"source": source, "css": css, "state": plain, "extra": None})
        self.page.wait_for_selector(".wbv", state="attached")
        self.pump()
        return self.page

    def anew(self) -> None:
        """Make the view anew as JupyterLab does when an output is updated: the model and its module stay."""
        self.page.evaluate("() => window.wbAnew()")
        self.pump()

    def paint(self, theme: str) -> None:
        """Change the theme, as the user of a JupyterLab does; the view stays."""
        self.page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        self.page.evaluate("style => { document.documentElement.style.cssText = style; }", THEMES[theme])

    def pump(self) -> None:
        """Hand over what was sent, both ways, until nothing is left."""
        moved = True
        while moved and self._widget is not None:
            moved = False
            while self._heard:
                moved = True
                self._hand_in(self._heard.pop(0))
            channel = self._widget.comm
            while isinstance(channel, Channel) and not channel.sent.empty():
                moved = True
                self._hand_out(channel.sent.get())
            self.page.wait_for_timeout(1)
            moved = moved or bool(self._heard)

    def until(self, ready: Callable[[], Any], *, timeout_s: float = 30.0) -> Any:
        """Pump until *ready* returns something true, and return it.

        What *ready* looks at may not be there yet: Playwright would wait for it, and nobody would pump.
        """
        deadline = time.monotonic() + timeout_s
        while True:
            self.pump()
            if found := self._now(ready):
                return found
            assert time.monotonic() < deadline, f"not so after {timeout_s} s"
            self.page.wait_for_timeout(int(SETTLE_S * 1000))

    def _now(self, ready: Callable[[], Any]) -> Any:
        self.page.set_default_timeout(GLANCE_MS)
        try:
            return ready()
        except Exception as error:
            if type(error).__name__ != "TimeoutError":
                raise
            return None
        finally:
            self.page.set_default_timeout(PATIENCE_MS)

    def visible(self, locator: Any, *, timeout_s: float = 30.0) -> Any:
        """Pump until *locator* is visible, and return it."""
        self.until(lambda: locator.count() > 0 and locator.first.is_visible(), timeout_s=timeout_s)
        return locator

    def shot(self, name: str) -> Path:
        """Write a screenshot of the page to a temporary folder and return its path."""
        self.pump()
        path = self._folder / f"{name}.png"
        self.page.screenshot(path=path, full_page=True)
        return path

    def calm(self) -> None:
        """Assert that nothing went wrong and nothing was asked of the network."""
        found = (self.outside, self.problems, self.errors, self.dialogs)
        assert found == ([], [], [], [])
        assert self.page.title() == "calm"

    def close(self) -> None:
        """Close the page."""
        if self._context is not None:
            self._context.close()
        self._context = None

    def _open(self, theme: str, width: int, height: int) -> None:
        self.close()
        size = {"width": width, "height": height}
        self._context = self._browser.new_context(viewport=size)
        self._context.route("**/*", self._refuse)
        self.page = self._context.new_page()
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("console", self._said)
        self.page.on("dialog", self._dismiss)
        self.page.expose_function("wbStage", lambda sent: self._heard.append(sent))  # noqa: PLW0108 - it sets attributes on it
        self.page.set_content(PAGE)
        self.paint(theme)

    def _hand_in(self, sent: dict[str, Any]) -> None:
        assert self._widget is not None
        if sent["type"] == "message":
            self._widget._handle_custom_msg(sent["content"], [])
        else:
            own = {name: value for name, value in sent["state"].items() if not name.startswith("_")}
            self._widget.set_state(own)

    def _hand_out(self, data: Any) -> None:
        kind = (data or {}).get("method")
        if kind == "custom":
            self.page.evaluate("message => window.wbModel.message(message)", data["content"])
        elif kind == "update":
            self.page.evaluate("state => window.wbModel.update(state)", data["state"])

    def _refuse(self, route: Any) -> None:
        if route.request.url.startswith(("about:", "data:", "blob:")):
            route.continue_()
        else:
            self.outside.append(route.request.url)
            route.abort()

    def _said(self, message: Any) -> None:
        if message.type in {"error", "warning"}:
            self.errors.append(message.text)

    def _dismiss(self, dialog: Any) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()
