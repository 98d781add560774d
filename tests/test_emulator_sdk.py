"""The official SDK as a foreign client, over a real socket."""

from __future__ import annotations

import anthropic
import pytest

MODEL = "claude-haiku-4-5"
POLICY = (
    "Refunds are paid within 14 days. Shipping is free above 50 euros. "
    "Duplicate charges are refunded the same day. Our office is in Lisbon."
)


@pytest.fixture
def client(emulator):
    with anthropic.Anthropic(api_key="sk-ant-test", base_url=emulator.url, max_retries=0) as made:
        yield made


def user(content):
    return [{"role": "user", "content": content}]


def test_create(client):
    """A message comes back, typed."""
    message = client.messages.create(model=MODEL, max_tokens=50, messages=user("What is 17 * 23?"))

    assert message.content[0].text == "17 * 23 = 391"
    assert (message.model, message.stop_reason) == ("claude-haiku-4-5-20251001", "end_turn")
    assert message.usage.input_tokens > 0


def test_stream_adds_up_to_the_plain_answer(client):
    """The SDK's own accumulator makes the same message of the stream."""
    request = {"model": MODEL, "max_tokens": 50, "messages": user("What is 17 * 23?")}
    with client.messages.stream(**request) as stream:
        text = "".join(stream.text_stream)
        streamed = stream.get_final_message()

    plain = client.messages.create(**request)

    assert text == "17 * 23 = 391"
    assert streamed.to_dict(exclude_none=True) == plain.to_dict(exclude_none=True)


def test_count_tokens(client):
    """What is counted is what is billed."""
    counted = client.messages.count_tokens(model=MODEL, messages=user("Hello there"))

    billed = client.messages.create(model=MODEL, max_tokens=5, messages=user("Hello there")).usage

    assert counted.input_tokens == billed.input_tokens


def test_models(client):
    """List, walked by the SDK's pages, and retrieve by alias."""
    ids = [model.id for model in client.models.list(limit=5)]
    model = client.models.retrieve(MODEL)

    assert len(ids) == len(set(ids)) > 14
    assert model.id == "claude-haiku-4-5-20251001"
    assert model.capabilities.thinking.types.enabled.supported is True


TOOL = {
    "name": "get_weather",
    "description": "Current weather of a city",
    "input_schema": {
        "type": "object",
        "properties": {
            "city": {"type": "string"},
            "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
        },
        "required": ["city"],
    },
}


def test_a_tool_is_used_and_its_result_answered(client):
    """The whole loop: call, result, closing words."""
    asked = user("What is the weather in Paris, in celsius?")
    first = client.messages.create(model=MODEL, max_tokens=200, tools=[TOOL], messages=asked)
    call = first.content[0]
    turns = [
        *asked,
        {"role": "assistant", "content": first.content},
        {
            "role": "user",
            "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "14 degrees"}],
        },
    ]

    last = client.messages.create(model=MODEL, max_tokens=200, tools=[TOOL], messages=turns)

    assert (first.stop_reason, call.name) == ("tool_use", "get_weather")
    assert call.input == {"city": "Paris", "unit": "celsius"}
    assert "14 degrees" in last.content[0].text


def test_tool_input_streams_as_json(client):
    """input_json_delta fragments add up to the input."""
    with client.messages.stream(
        model=MODEL,
        max_tokens=200,
        tools=[TOOL],
        messages=user("Weather in Paris?"),
        tool_choice={"type": "any"},
    ) as stream:
        message = stream.get_final_message()

    assert message.content[0].input["city"] == "Paris"


def test_thinking_by_budget_is_visible(client):
    """Older models show their thinking; its tokens are billed apart."""
    message = client.messages.create(
        model=MODEL,
        max_tokens=2000,
        thinking={"type": "enabled", "budget_tokens": 1024},
        messages=user("Hello"),
    )

    assert [block.type for block in message.content] == ["thinking", "text"]
    assert "Hello" in message.content[0].thinking
    assert message.usage.output_tokens_details.thinking_tokens > 0


def test_thinking_is_omitted_by_newer_models(client):
    """Signature without text, billed the same; summarized when asked for."""
    omitted = client.messages.create(model="claude-opus-5-5", max_tokens=200, messages=user("Hello"))
    shown = client.messages.create(
        model="claude-opus-5-5",
        max_tokens=200,
        messages=user("Hello"),
        thinking={"type": "adaptive", "display": "summarized"},
    )

    assert omitted.content[0].thinking == ""
    assert omitted.content[0].signature
    assert shown.content[0].thinking
    assert omitted.usage.output_tokens == shown.usage.output_tokens


def test_citations_quote_exactly(client):
    """The cited text stands in the document at the indices given, plain and streamed."""
    document = {
        "type": "document",
        "source": {"type": "text", "media_type": "text/plain", "data": POLICY},
        "title": "Policy",
        "citations": {"enabled": True},
    }
    content = [document, {"type": "text", "text": "When are duplicate charges refunded?"}]
    with client.messages.stream(model=MODEL, max_tokens=300, messages=user(content)) as stream:
        message = stream.get_final_message()

    (citation,) = [c for block in message.content for c in getattr(block, "citations", None) or ()]

    assert citation.cited_text == "Duplicate charges are refunded the same day."
    assert POLICY[citation.start_char_index : citation.end_char_index] == citation.cited_text
    assert citation.document_title == "Policy"


def test_cache_write_then_read(client):
    """The second request reads what the first wrote."""
    system = [{"type": "text", "text": "Guide. " + POLICY * 200, "cache_control": {"type": "ephemeral"}}]
    first, second = (
        client.messages.create(model=MODEL, max_tokens=5, system=system, messages=user("Hi")).usage
        for _ in range(2)
    )

    assert first.cache_creation_input_tokens == second.cache_read_input_tokens > 4096
    assert first.cache_creation.ephemeral_5m_input_tokens == first.cache_creation_input_tokens


def test_structured_output(client):
    """output_config.format gets an instance of its schema."""
    schema = {
        "type": "object",
        "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
        "required": ["city", "days"],
        "additionalProperties": False,
    }
    message = client.messages.create(
        model="claude-sonnet-4-6",
        max_tokens=100,
        messages=user("Plan a trip to Porto for 4 days."),
        output_config={"format": {"type": "json_schema", "schema": schema}},
    )

    assert message.content[0].text == '{"city":"Porto","days":4}'


def test_400_is_typed(client):
    """An invalid request."""
    with pytest.raises(anthropic.BadRequestError) as caught:
        client.messages.create(model=MODEL, max_tokens=50, messages=[])

    assert str(caught.value.request_id).startswith("req_")


def test_401_is_typed(emulator):
    """A refused key."""
    with (
        anthropic.Anthropic(api_key="sk-ant-invalid", base_url=emulator.url, max_retries=0) as client,
        pytest.raises(anthropic.AuthenticationError),
    ):
        client.messages.create(model=MODEL, max_tokens=5, messages=user("Hi"))


@pytest.mark.filterwarnings("ignore:The model:DeprecationWarning")
@pytest.mark.parametrize("model", ["claude-nine", "claude-3-opus-20240229"], ids=["unknown", "retired"])
def test_404_is_typed(client, model):
    """Unknown and retired models alike."""
    with pytest.raises(anthropic.NotFoundError):
        client.messages.create(model=model, max_tokens=5, messages=user("Hi"))


def test_413_is_typed(client):
    """More than 32 MB."""
    with pytest.raises(anthropic.RequestTooLargeError):
        client.messages.create(model=MODEL, max_tokens=5, messages=user("x" * 33_600_000))


def test_429_is_typed(start_emulator):
    """The request after the limit."""
    running = start_emulator(limits="1,100000,100000")
    with anthropic.Anthropic(api_key="k", base_url=running.url, max_retries=0) as client:
        client.messages.create(model=MODEL, max_tokens=5, messages=user("Hi"))
        with pytest.raises(anthropic.RateLimitError) as caught:
            client.messages.create(model=MODEL, max_tokens=5, messages=user("Hi"))

    assert int(caught.value.response.headers["retry-after"]) > 50


def test_the_sdk_retries_a_scripted_529(start_emulator):
    """Two overloads, then the answer: the SDK's own retries get there."""
    running = start_emulator(script=[{"error": {"status": 529}, "times": 1}, {"text": "ok"}])
    with anthropic.Anthropic(api_key="k", base_url=running.url, max_retries=2) as client:
        message = client.messages.create(model=MODEL, max_tokens=5, messages=user("Hi"))

    assert [getattr(block, "text", None) for block in message.content] == ["ok"]
    assert running.ledger()["by_status"] == {"200": 1, "529": 1}
