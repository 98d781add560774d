"""`View`: a rich view, an ES module in the page whose data stays in the kernel.

A subclass names its scripts: ``class ResultTable(View, front=("answer", "table"))`` sends ``front/kit.js``,
``answer.js`` and ``table.js`` as one module, and the stylesheets of all views. The page sends ``{kind, …}``,
which calls ``_hear_<kind>(…)``; the kernel sends with `View.tell`. Nothing is fetched, nothing is bundled.

Text that is shown goes to the page either as plain text, passed through `show.safe.visible`, or as `Html` of
`show/` in a field called ``html`` or ``…_html``; the page puts only the latter into its document.
"""

from __future__ import annotations

import logging
import traceback
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from anywidget import AnyWidget

from workbench.errors import WorkbenchError
from workbench.show.parts import framed, style
from workbench.wire.codec import dumps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.show.safe import Html

_log = logging.getLogger("workbench")

WIDGET = "application/vnd.jupyter.widget-view+json"


class View(AnyWidget):  # type: ignore[misc]  # no types there
    """Base of the rich views."""

    def __init_subclass__(cls, *, front: Sequence[str] = (), **options: Any) -> None:
        """Put the module of a view together, and give it the stylesheet of all.

        Args:
            front: Names of the scripts in ``front/``, in order; the last one exports the view.
            **options: Those of the classes above.
        """
        super().__init_subclass__(**options)
        if front:
            cls._esm = _source(("kit", *front), "js")
            cls._css = f"{style()}\n{_styles()}"

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self.on_msg(self._receive)

    def tell(self, kind: str, **body: Any) -> None:
        """Send a message to every place where the view is shown; from any thread."""
        self.send({"kind": kind, **_sendable(body)})

    def widget_bundle(self) -> dict[str, Any]:
        """Return the widget itself by MIME type, without what stands for it elsewhere."""
        return {WIDGET: {"version_major": 2, "version_minor": 0, "model_id": self.model_id}}

    def _static(self) -> tuple[Html, str]:
        """Return what is shown where no kernel is: safe HTML, and text that is complete by itself."""
        raise NotImplementedError

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        html, plain = self._static()
        text = plain.encode("utf-8", "backslashreplace").decode()
        return {"text/plain": text, "text/html": framed(html), **self.widget_bundle()}

    def __str__(self) -> str:
        return self._static()[1]

    def _receive(self, _: Any, message: Any, __: Any) -> None:
        if not isinstance(message, dict):
            return
        body = {str(name): value for name, value in message.items() if name != "kind"}
        hear = getattr(self, f"_hear_{message.get('kind')}", None)
        if hear is None:
            return
        try:
            hear(**body)
        except WorkbenchError as error:
            self.tell("problem", text=str(error), n=body.get("n"))
        except Exception as error:  # noqa: BLE001 - whatever a handler may raise
            # An exception here would vanish in a log nobody opens, and the page would wait for ever.
            frame = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{type(error).__name__} at {frame.name}:{frame.lineno}"
            _log.error("%s.%s: %s", type(self).__name__, hear.__name__, where)  # bodies are not logged
            said = f"this did not work ({type(error).__name__}); the kernel's log says where"
            self.tell("problem", text=said, n=body.get("n"))


def _sendable(body: dict[str, Any]) -> dict[str, Any]:
    """Return *body* as a message can carry it: a lone surrogate would end the sending."""
    try:
        dumps(body)
    except Exception:  # noqa: BLE001 - whatever the encoder says, the cure is the same
        made: dict[str, Any] = _plain(body)
        return made
    return body


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_plain(str(name)): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if isinstance(value, bool | int | float | None) else str(value)


@cache
def _styles() -> str:
    """Return the stylesheets of all views, in one order.

    A page keeps every stylesheet it was given. Were each view's its own, the kit's rules would come again
    with the next view, and win over those of the views before it.
    """
    names = sorted(
        one.name for one in files("workbench.widgets.front").iterdir() if one.name.endswith(".css")
    )
    return _source(("kit", *(name.removesuffix(".css") for name in names if name != "kit.css")), "css")


@cache
def _source(names: tuple[str, ...], suffix: str) -> str:
    folder = files("workbench.widgets.front")
    found = [folder.joinpath(f"{name}.{suffix}") for name in names]
    return "\n".join(one.read_text("utf-8") for one in found if one.is_file())
