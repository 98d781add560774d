"""The one place where safe HTML becomes an ipywidgets widget.

``widgets.HTML`` puts what it is given into the page as it stands; `SafeHTML` takes nothing that `show/` did
not make, neither from the kernel's code nor from a page.
"""

from __future__ import annotations

from typing import Any

import ipywidgets as w
import traitlets

from workbench.show.h import tag
from workbench.show.parts import NO_MATH
from workbench.show.safe import Html, text


class SafeHTML(w.HTML):  # type: ignore[misc]  # untyped
    """An HTML widget whose value was made by `workbench.show`."""

    @traitlets.validate("value")  # type: ignore[untyped-decorator]
    def _made_by_show(self, proposal: dict[str, Any]) -> Html:
        value = proposal["value"]
        if isinstance(value, Html):
            return value
        if not value:
            return Html()
        raise traitlets.TraitError("only Html of workbench.show is shown; escape the text first")


def shown(html: Html) -> w.HTML:
    """Return a widget that shows *html*.

    Raises:
        TypeError: It is not `Html`: anybody may have written it.
    """
    if not isinstance(html, Html):
        raise TypeError("only Html of workbench.show is shown; escape the text first")
    return SafeHTML(value=html)


def words(said: str, *, cls: str = "wb-words", role: str | None = None) -> Html:
    """Return plain words for `shown`; what a person or a server wrote is escaped, dollars stay dollars.

    >>> words("<b>$1</b>")
    '<span class="wb-words mathjax_ignore tex2jax_ignore"><bdi>&lt;b&gt;$1&lt;/b&gt;</bdi></span>'
    """
    return tag("span", text(said), cls=f"{cls} {NO_MATH}", role=role) if said else Html()
