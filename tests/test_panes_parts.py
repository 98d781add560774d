"""The pieces of a run view that need no service: growing parts, next turns, figures, states."""

from __future__ import annotations

from typing import Any

import pytest

import workbench as wb
from tests.virtual import Clock
from workbench.dataset import Dataset, Sample, append
from workbench.errors import APIConnectionError, DatasetError, UsageError
from workbench.lint import lint
from workbench.reply import Reply, Timing
from workbench.show.safe import markdown
from workbench.widgets.panes.column import Column
from workbench.widgets.panes.figures import figures
from workbench.widgets.panes.going_on import Result, following, obstacle, takes_text
from workbench.widgets.panes.parts import Growing, complete
from workbench.wire import event_of
from workbench.wire.stream import events_of

TOOL = {"name": "get_weather", "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}}}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {"city": "Paris"}}
THOUGHT = {"type": "thinking", "thinking": "Hm.", "signature": "c2lnbmVk"}


def message(*content, stop_reason="end_turn", **more) -> wb.Message:
    usage = {"input_tokens": 12, "output_tokens": 34}
    body = {"model": "claude-sonnet-4-6", "content": content, "stop_reason": stop_reason, "usage": usage}
    return wb.Message.model_validate({**body, **more})


def text(words: str, **more) -> dict[str, Any]:
    return {"type": "text", "text": words, **more}


def request(**more) -> wb.Request:
    body = {"model": "claude-sonnet-4-6", "max_tokens": 2000, "messages": ["What is the weather?"]}
    return wb.Request.model_validate({**body, **more})


def grown(answer: wb.Message) -> Growing:
    growing = Growing()
    for event in events_of(answer):
        growing.take(event_of(event))
    return growing


def column(clock: Clock, asked: wb.Request | None = None) -> Column:
    made = Column("one", asked or request(), clock=clock)
    made.queue()
    return made


# --- parts -----------------------------------------------------------------------------------------------


def test_parts_follow_the_blocks():
    """Neighbouring text is one part; thinking, calls and results have their own."""
    result = {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []}
    served = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "x"}}

    growing = grown(message(THOUGHT, text("One "), text("two."), CALL, served, result))

    assert [(part.kind, part.title) for part in growing.parts] == [
        ("thinking", "thinking"),
        ("text", ""),
        ("tool", "tool call get_weather"),
        ("tool", "server tool call web_search"),
        ("html", ""),
    ]
    assert [part.tail for part in growing.parts[:3]] == ["Hm.", "One two.", '{"city":"Paris"}']


def test_citations_are_numbered_while_they_come():
    """The number stands where the quote ends."""
    place = {"type": "char_location", "cited_text": "x", "document_index": 0, "document_title": None}
    where = {**place, "start_char_index": 0, "end_char_index": 1}

    growing = grown(message(text("It is so", citations=[where, where]), text(".")))

    assert growing.parts[0].tail == "It is so [1] [2]."


def test_deltas_of_one_part_are_joined():
    """However many came since the page was told, it is told once."""
    growing = grown(message(text("many words make one delta")))

    assert [kind for kind, _ in growing.pending] == ["part", "text"]


def test_what_is_complete_becomes_markdown():
    """The rest stays plain until it is complete too."""
    growing = grown(message(text("First **one**.\n\nSecond")))
    index, ripe = growing.ripe() or (0, "")

    growing.settle(index, len(ripe), markdown(ripe))

    assert "<strong>one</strong>" in growing.parts[0].html
    assert growing.parts[0].tail == "Second"
    assert growing.ripe() is None


@pytest.mark.parametrize(
    ("words", "whole"),
    [
        ("One.\n\nTwo", "One.\n\n"),
        ("One.\nTwo", ""),
        ("One.\n\n```\ncode\n\nmore", "One.\n\n"),
        ("```\na\n\nb\n```\n\nThen", "```\na\n\nb\n```\n\n"),
        ("~~~\n```\n\nx", ""),
        ("- a\n\n  still a", ""),
        ("", ""),
    ],
)
def test_a_paragraph_is_complete_at_a_blank_line_outside_of_code(words, whole):
    """What goes on in the next line is not cut."""
    assert words[: complete(words)] == whole


def test_invisible_characters_are_shown_while_they_stream():
    """A text cannot reorder itself before the end."""
    growing = grown(message(text("safe \u202e evil")))

    assert "\u202e" not in str(growing.pending)


# --- states ----------------------------------------------------------------------------------------------


def test_a_stream_without_events_is_stalled():
    """After ten seconds; pings are no events, the next event ends it."""
    clock = Clock()
    streaming = column(clock)
    first, *rest = [event_of(event) for event in events_of(message(text("One two three")))]
    streaming.take(first)
    clock.now += 9
    streaming.look()
    before = streaming.state
    clock.now += 2
    streaming.take(event_of({"type": "ping"}))
    streaming.look()
    stalled = streaming.state, streaming.reason
    streaming.take(rest[0])

    assert before == "streaming"
    assert stalled == ("stalled", "nothing has come for 11 s")
    assert streaming.state == "streaming"


def test_the_first_answer_token_is_not_the_first_thought():
    """It is measured from sending, as the first event is."""
    clock = Clock()
    streaming = column(clock)
    answer = message(THOUGHT, text("So."))
    for event in map(event_of, events_of(answer)):
        clock.now += 1
        streaming.take(event)

    streaming.finish(Reply(request(), answer, Timing(ttft_s=0.5, total_s=20)))

    # Start, thought (block, two deltas, stop), text (block, then its first delta): five seconds after.
    assert streaming.answer_s == 5.5


def test_the_first_answer_token_is_not_after_the_end():
    """Events may wait to be looked at, the transport's clock does not."""
    clock = Clock()
    streaming = column(clock)
    answer = message(text("So."))
    for event in map(event_of, events_of(answer)):
        clock.now += 1
        streaming.take(event)

    streaming.finish(Reply(request(), answer, Timing(ttft_s=0.1, total_s=0.3)))

    assert streaming.answer_s == 0.3


def test_a_recorded_answer_has_no_first_answer_token():
    """Nobody measured it, and what was not measured is not 0."""
    done = column(Clock())
    done.finish(Reply(request(), message(text("So.")), Timing(), source="cassette"))

    found = {figure.name: figure.value for figure in figures(done)}

    assert found["first event"] == found["first answer token"] == found["total"] == "not measured"
    assert found["tokens/s out"] == "not measured"
    assert found["source"] == "cassette · Claude API"


def test_figures_say_what_was_written_to_the_cache():
    """By lifetime, where the service tells it; thinking apart."""
    usage = {
        "input_tokens": 31,
        "cache_creation_input_tokens": 8940,
        "cache_creation": {"ephemeral_5m_input_tokens": 8900, "ephemeral_1h_input_tokens": 40},
        "cache_read_input_tokens": 7,
        "output_tokens": 148,
        "output_tokens_details": {"thinking_tokens": 100},
    }
    done = column(Clock())
    done.finish(Reply(request(), message(text("x"), usage=usage), Timing(ttft_s=0.4, total_s=1.9)))

    found = {figure.name: figure.value for figure in figures(done)}

    assert list(found.items())[:6] == [
        ("tokens in", "31"),
        ("cache write 5m", "8,900"),
        ("cache write 1h", "40"),
        ("cache read", "7"),
        ("tokens out", "148"),
        ("of which thinking", "100"),
    ]
    assert found["tokens/s out"] == "99"


def test_unknown_usage_is_not_nothing():
    """No tokens told, no price, no speed."""
    done = column(Clock())
    done.finish(Reply(request(), message(text("x"), usage=None), Timing(ttft_s=0.4, total_s=1.9)))

    found = {figure.name: figure.value for figure in figures(done)}

    assert found["tokens"] == "unknown: the service did not say"
    assert found["cost"] == "unpriced"


def test_what_may_have_been_charged_is_not_called_free():
    """A connection that broke before an answer may have cost something."""
    failed = column(Clock())
    error = APIConnectionError("the connection broke")
    error.lost = 1
    failed.fail(error)

    assert figures(failed)[0].value == "unknown: it broke before the end, and may have been charged"


# --- next turns ------------------------------------------------------------------------------------------


def test_the_next_turn_keeps_the_answer_exactly():
    """Thinking with its signature, then the user's words; the service would take it."""
    answer = message(THOUGHT, text("Sunny."))

    made = following(request(), answer, "And tomorrow?")

    assert made.wire()["messages"] == [
        {"role": "user", "content": "What is the weather?"},
        {"role": "assistant", "content": answer.wire()["content"]},
        {"role": "user", "content": "And tomorrow?"},
    ]
    assert not lint(made).errors


def test_results_of_tools_come_first():
    """Every call has its result, a failed one says so, words follow."""
    other = {**CALL, "id": "toolu_2"}
    answer = message(THOUGHT, CALL, other, stop_reason="tool_use")
    results = {"toolu_1": Result("Sunny"), "toolu_2": Result("no such city", failed=True)}

    made = following(request(tools=[TOOL]), answer, "Thanks.", results)

    assert made.wire()["messages"][-1]["content"] == [
        {"type": "tool_result", "tool_use_id": "toolu_1", "content": "Sunny"},
        {"type": "tool_result", "tool_use_id": "toolu_2", "content": "no such city", "is_error": True},
        {"type": "text", "text": "Thanks."},
    ]
    assert not lint(made).errors


def test_a_missing_result_is_named():
    """Nothing is sent before every call is answered."""
    answer = message(CALL, stop_reason="tool_use")

    with pytest.raises(UsageError, match="missing: get_weather"):
        following(request(tools=[TOOL]), answer, "Go on.")


def test_a_paused_answer_is_sent_back_as_it_is():
    """No user turn: the service goes on where it stopped."""
    served = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}}
    answer = message(text("Let me see."), served, stop_reason="pause_turn", container={"id": "c1"})

    made = following(request(), answer)

    assert [turn.role for turn in made.messages] == ["user", "assistant"]
    assert made.container == "c1"


def test_words_wait_for_a_server_tool():
    """While it waits for results of other tools, these come alone."""
    served = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "code_execution", "input": {}}
    answer = message(served, CALL, stop_reason="tool_use")

    assert not takes_text(answer)
    with pytest.raises(UsageError, match="send them alone"):
        following(request(tools=[TOOL]), answer, "And?", {"toolu_1": Result("x")})


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (message(text("I can't"), stop_reason="refusal"), "refused"),
        (message(), "empty"),
        (message({"type": "tool_use", "id": "t", "name": "n", "partial_json": '{"a'}), "cut off"),
    ],
    ids=["refusal", "empty", "cut"],
)
def test_some_answers_have_no_next_turn(answer, words):
    """And it is said why, with the cure."""
    assert words in obstacle(answer)
    with pytest.raises(UsageError, match=words):
        following(request(), answer, "more")


# --- one more sample -------------------------------------------------------------------------------------


def test_a_sample_is_added_to_what_is_there(tmp_path):
    """Lines that are there stay as they are, also without a last line break."""
    path = tmp_path / "cases.jsonl"
    path.write_text('{"id":"a","input":"1",  "target":"2"}')

    append(path, Sample("b", "3"))

    assert path.read_text().splitlines()[0] == '{"id":"a","input":"1",  "target":"2"}'
    assert [(one.id, one.target) for one in Dataset.load(path)] == [("a", "2"), ("b", None)]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"id":"b","input":"1"}', 'id "b" is already used'),
        ('{"id":"a","question":"1"}', "does not fit in"),
        ("no json", "not JSON"),
    ],
    ids=["id", "columns", "broken"],
)
def test_a_file_that_cannot_take_a_sample_stays_as_it_is(tmp_path, content, words):
    """The message names the file."""
    path = tmp_path / "cases.jsonl"
    path.write_text(content)

    with pytest.raises(DatasetError, match=words):
        append(path, Sample("b", "3"))

    assert path.read_text() == content
