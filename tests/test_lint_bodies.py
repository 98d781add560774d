"""Bodies that really were sent are accepted, or refused for a reason that can be named."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from tests.shared import BODIES
from workbench.catalog import catalog
from workbench.lint import lint, refusal
from workbench.wire import Request

ROWS = [json.loads(line) for line in BODIES.read_text().splitlines()] if BODIES.exists() else []
BETAS = (
    "compact-2026-01-12",
    "context-management-2025-06-27",
    "mcp-client-2025-04-04",
    "mid-conversation-tool-changes-2026-07-01",
)
REFUSED = {
    # A cookbook shows the error of a budget that is too small.
    "req-192": "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024",
    # Templates: ids are still placeholders in braces.
    "req-230": "messages.2.content.0.tool_result.tool_use_id: String should match pattern '^[a-zA-Z0-9_-]+$'",
    "req-239": "messages.2.content.0.tool_result.tool_use_id: String should match pattern '^[a-zA-Z0-9_-]+$'",
}

pytestmark = pytest.mark.skipif(not ROWS, reason="the shared bodies are not here")


def around(row: Any) -> Any:
    """Return the version, betas and day of the time a body was sent."""
    old = row["body"]["model"].startswith("claude-3")
    return {
        "api_version": "2023-06-01",
        "betas": BETAS,
        "today": date(2025, 1, 15) if old else date(2026, 6, 10),
        "endpoint": "count_tokens" if "count_tokens" in row["endpoint"] else "messages",
    }


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_a_real_body_is_accepted_as_it_was_in_its_time(row):
    answer = refusal(Request.model_validate(row["body"]), **around(row))

    assert (answer.message if answer else None) == REFUSED.get(row["id"])


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_lint_finds_the_same_errors(row):
    request = Request.model_validate(row["body"])

    errors = lint(request, **around(row)).errors

    assert bool(errors) == (row["id"] in REFUSED)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_today_only_retirement_version_and_betas_stand_in_the_way(row):
    model = catalog().get(row["body"]["model"])
    endpoint = around(row)["endpoint"]

    answer = refusal(Request.model_validate(row["body"]), today=date(2026, 11, 22), endpoint=endpoint)

    if model is None or model.status == "retired":
        assert answer is not None
    elif "temperature" in row["body"]:
        assert answer is not None
        assert answer.code == "E020"
    elif answer is not None:
        assert answer.code == "E092"
