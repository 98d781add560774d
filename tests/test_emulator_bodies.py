"""Bodies that really were sent, sent to the emulator: answered, or refused with the rulebook's words."""

from __future__ import annotations

import httpx
import pytest

from tests.test_lint_bodies import BETAS, ROWS
from workbench.lint import refusal
from workbench.wire import Message, Request, events
from workbench.wire.sse import Decoder
from workbench.wire.stream import Accumulator

pytestmark = pytest.mark.skipif(not ROWS, reason="the shared bodies are not here")
VERSION = "2023-06-01"
HEADERS = {"x-api-key": "sk-ant-test", "anthropic-version": VERSION, "anthropic-beta": ",".join(BETAS)}


def message(response: httpx.Response) -> Message:
    if not response.headers["content-type"].startswith("text/event-stream"):
        return Message.model_validate(response.json())
    decoder, accumulator = Decoder(), Accumulator()
    for frame in decoder.feed(response.content):
        accumulator.add(events.parse_event(frame.event, frame.data))
    return accumulator.message


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_a_real_body_is_answered_or_refused_with_a_reason(emulator, row):
    """One rulebook: what `lint` lets pass is answered, what it refuses is refused in the same words."""
    counting = "count_tokens" in row["endpoint"]
    path = "/v1/messages/count_tokens" if counting else "/v1/messages"
    endpoint = "count_tokens" if counting else "messages"
    expected = refusal(
        Request.model_validate(row["body"]), api_version=VERSION, betas=BETAS, endpoint=endpoint
    )

    response = httpx.post(f"{emulator.url}{path}", json=row["body"], headers=HEADERS)

    if expected is not None:
        assert response.status_code == expected.status
        assert response.json()["error"] == {"type": expected.error_type, "message": expected.message}
    elif counting:
        assert response.json()["input_tokens"] > 0
    else:
        assert message(response).stop_reason is not None
