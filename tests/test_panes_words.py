"""Columns: what their forms and differences call things, and where a warning points."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

import workbench as wb
from workbench.widgets.panes import RunView
from workbench.widgets.panes.cases import proposed
from workbench.wire import Request

DOCUMENT = {
    "type": "document",
    "source": {"type": "text", "media_type": "text/plain", "data": "Open on Mondays."},
}


def request(*blocks, **more) -> wb.Request:
    turn = {"role": "user", "content": [*blocks, {"type": "text", "text": "When is it open?"}]}
    return Request.model_validate({"model": "claude-haiku-4-5", "max_tokens": 50, "messages": [turn], **more})


@pytest.mark.parametrize(
    ("blocks", "said"),
    [
        ([], ""),
        ([DOCUMENT], "its other block stays in the prompt"),
        ([DOCUMENT, DOCUMENT], "its 2 other blocks stay in the prompt"),
    ],
)
def test_a_test_case_says_what_of_the_turn_it_leaves_out(blocks, said):
    """One block stays, two stay."""
    assert proposed(request(*blocks))["left_out"] == said


def test_a_difference_names_the_columns(emulator, monkeypatch):
    """The button says "against column 1", and so must what it opens."""
    client = wb.Client(base_url=emulator.url, store=False, mode="off")
    other = request().with_(messages=["Tell a story of a whale."])
    view = RunView(client, [request(DOCUMENT), request(DOCUMENT), other])
    view.wait(20)
    told: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(view, "tell", lambda kind, **body: told.append((kind, body)))

    view._receive(view, {"kind": "diff", "n": "1", "column": 2}, [])

    [(kind, body)] = told
    assert kind == "diff"
    assert "only in column 1" in body["html"]
    assert "only in column 3" in body["html"]
    view.close()


DEEPER = "def make(*given, **more):\n    return view(*given, **more)\n"
"""A function of the package through which a view is made, as the builder does."""


def test_a_warning_points_at_who_called_the_package(emulator):
    """However deep in it a view was made of a request whose spelling is an old one."""
    client = wb.Client(base_url=emulator.url, store=False, mode="off")
    old = request(output_format={"type": "json_schema", "schema": {"type": "object"}})
    package: dict[str, Any] = {"__name__": "workbench.deeper", "view": RunView}
    exec(compile(DEEPER, "deeper.py", "exec"), package)

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        made = RunView(client, [old], autostart=False)
        made.start([old])
        package["make"](client, [old], autostart=False).close()
    made.close()

    assert [str(one.message) for one in caught] == ["output_format moved to output_config.format"] * 3
    assert {one.filename for one in caught} == {__file__}
