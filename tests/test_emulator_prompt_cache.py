"""Prompt-cache accounting, rule by rule, with a clock of its own."""

from __future__ import annotations

import pytest

from tests.virtual import Clock
from workbench import tokens
from workbench.emulator.auth import Caller
from workbench.emulator.service import Service
from workbench.estimate import estimate
from workbench.wire import Request

WHO = Caller("wrkspc_a", "2026-10-21")
LONG = "The quick brown fox jumps over the lazy dog. " * 130
"""Above the minimum of Sonnet 4.6, 1,024 tokens."""
SHORT = "Brown fox."


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def service(clock):
    return Service(clock=clock)


def marked(text, ttl=None):
    return {
        "type": "text",
        "text": text,
        "cache_control": {"type": "ephemeral"} | ({"ttl": ttl} if ttl else {}),
    }


def text(line):
    return {"type": "text", "text": line}


def body(*, system=None, user=SHORT, model="claude-sonnet-4-6", **fields):
    content = user if isinstance(user, str | list) else [user]
    made = {"model": model, "max_tokens": 20, "messages": [{"role": "user", "content": content}], **fields}
    return made if system is None else {**made, "system": system}


def send(service, request, *, who=WHO, begin=True):
    """Answer a request; returns its usage and the exchange."""
    exchange = service.exchange(request, Request.model_validate(request), who)
    if begin:
        service.begin(exchange)
    return exchange.message["usage"], exchange


def counts(usage):
    return usage["cache_read_input_tokens"], usage["cache_creation_input_tokens"], usage["input_tokens"]


def test_without_a_mark_nothing_is_cached(service):
    """No breakpoint, no caching, however often the prompt is sent."""
    for _ in range(2):
        usage, _ = send(service, body(system=LONG))

    assert counts(usage)[:2] == (0, 0)


def test_the_second_request_reads_what_the_first_wrote(service):
    """A marked prefix is written once and read after; the rest stays plain input."""
    first, _ = send(service, body(system=[marked(LONG)]))
    second, _ = send(service, body(system=[marked(LONG)], user="Another question?"))

    assert first["cache_creation_input_tokens"] == second["cache_read_input_tokens"] > 1024
    assert first["cache_creation"]["ephemeral_5m_input_tokens"] == first["cache_creation_input_tokens"]
    assert second["cache_creation_input_tokens"] == 0
    assert second["input_tokens"] < 30


def test_below_the_minimum_both_counters_are_zero(service):
    """A prompt under the model's minimum is silently not cached."""
    for _ in range(2):
        usage, _ = send(service, body(system=[marked("word " * 900)]))

    assert counts(usage)[:2] == (0, 0)


def test_the_minimum_is_the_models_own(service):
    """What is long enough for Sonnet 4.6 (1,024) is too short for Haiku 4.5 (4,096)."""
    sonnet, _ = send(service, body(system=[marked("word " * 2000)]))
    haiku, _ = send(service, body(system=[marked("word " * 2000)], model="claude-haiku-4-5"))

    assert sonnet["cache_creation_input_tokens"] >= 1024
    assert haiku["cache_creation_input_tokens"] == 0


def test_an_entry_is_readable_only_once_its_response_has_begun(service):
    """Parallel first requests all miss."""
    first, begun = send(service, body(system=[marked(LONG)]), begin=False)
    parallel, _ = send(service, body(system=[marked(LONG)], user="Two?"), begin=False)
    service.begin(begun)
    later, _ = send(service, body(system=[marked(LONG)], user="Three?"))

    assert first["cache_creation_input_tokens"] == parallel["cache_creation_input_tokens"] > 0
    assert later["cache_read_input_tokens"] > 0


def test_the_lifetime_starts_with_the_request_not_its_answer(service, clock):
    """Generation time counts: 290 s of it leave ten seconds."""
    _, exchange = send(service, body(system=[marked(LONG)]), begin=False)
    clock.now += 290
    service.begin(exchange)
    clock.now += 11

    usage, _ = send(service, body(system=[marked(LONG)]))

    assert usage["cache_read_input_tokens"] == 0


def test_a_read_refreshes_the_lifetime(service, clock):
    """Each read starts the five minutes anew, for free."""
    send(service, body(system=[marked(LONG)]))
    for _ in range(3):
        clock.now += 299
        usage, _ = send(service, body(system=[marked(LONG)]))

        assert counts(usage)[0] > 0
        assert counts(usage)[1] == 0


def test_five_minutes_and_an_hour(service, clock):
    """A 1h entry outlives a 5m one."""
    send(service, body(system=[marked(LONG, "1h")]))
    send(service, body(system=[marked("Other. " + LONG)]))
    clock.now += 301

    hour, _ = send(service, body(system=[marked(LONG, "1h")]))
    minutes, _ = send(service, body(system=[marked("Other. " + LONG)]))

    assert hour["cache_read_input_tokens"] > 0
    assert minutes["cache_read_input_tokens"] == 0


def test_mixed_lifetimes_are_billed_from_hit_to_hour_to_last(service):
    """Read up to A, 1h write to B, 5m write to C, plain input after C."""
    usage, _ = send(service, body(system=[marked(LONG, "1h")], user=[marked(LONG), text("Why?")]))
    split = usage["cache_creation"]

    assert split["ephemeral_1h_input_tokens"] > 1024
    assert abs(split["ephemeral_5m_input_tokens"] - split["ephemeral_1h_input_tokens"]) < 10
    assert sum(split.values()) == usage["cache_creation_input_tokens"]
    assert usage["input_tokens"] < 10


def test_the_parts_add_up_to_the_whole_prompt(service):
    """Input, written and read tokens together are what count_tokens says."""
    request = body(system=[marked(LONG)], user=[marked(LONG), text("Why?")])
    total = tokens.count(Request.model_validate(request)).likely

    for _ in range(2):
        usage, _ = send(service, request)
        assert sum(counts(usage)) == total


def turns(n, *, mark_at):
    """A user turn of *n* blocks with the breakpoint on one of them."""
    blocks = [text(LONG), *(text(f"Line {i}.") for i in range(n - 1))]
    blocks[mark_at] = blocks[mark_at] | {"cache_control": {"type": "ephemeral"}}
    return body(user=blocks)


@pytest.mark.parametrize(("mark_at", "hits"), [(19, True), (20, False)], ids=["20th position", "21st"])
def test_lookback_is_twenty_positions_with_the_mark_itself(service, mark_at, hits):
    """A write 19 blocks before the mark is found, one 20 blocks before is not."""
    send(service, turns(30, mark_at=0))

    usage, _ = send(service, turns(30, mark_at=mark_at))

    assert (usage["cache_read_input_tokens"] > 0) is hits


def test_past_the_lookback_the_next_earlier_breakpoint_is_tried(service):
    """After twenty positions the search goes on at the breakpoint before."""
    send(service, turns(30, mark_at=0))
    blocks = turns(30, mark_at=0)["messages"][0]["content"]
    blocks[25] = blocks[25] | {"cache_control": {"type": "ephemeral"}}

    usage, _ = send(service, body(user=blocks))

    assert usage["cache_read_input_tokens"] > 0
    assert usage["cache_creation_input_tokens"] > 0


def test_only_marked_positions_are_written(service):
    """A prefix that was stable but never marked is not found."""
    send(service, body(system=[text(LONG)], user=[marked("Question one?")]))

    usage, _ = send(service, body(system=[marked(LONG)], user="Question two?"))

    assert usage["cache_read_input_tokens"] == 0


def test_automatic_caching_marks_the_last_block(service):
    """Top-level cache_control grows with the conversation."""
    one = [{"role": "user", "content": LONG}]
    two = [*one, {"role": "assistant", "content": "Yes."}, {"role": "user", "content": "And?"}]
    base = {"model": "claude-sonnet-4-6", "max_tokens": 20, "cache_control": {"type": "ephemeral"}}

    first, _ = send(service, {**base, "messages": one})
    second, _ = send(service, {**base, "messages": two})

    assert second["cache_read_input_tokens"] == first["cache_creation_input_tokens"] > 0
    assert 0 < second["cache_creation_input_tokens"] < 30


def test_a_string_is_the_same_prefix_as_one_text_block(service):
    """Content that means the same hits, however it is written; the mark itself is no content."""
    send(service, body(system=[marked(LONG)], user="Hi"))

    usage, _ = send(service, body(system=LONG, user=[marked("Hi")]))

    assert usage["cache_read_input_tokens"] > 0


TOOL = {
    "name": "look",
    "description": LONG,
    "input_schema": {"type": "object"},
    "cache_control": {"type": "ephemeral"},
}
PICTURE = {
    "type": "image",
    "source": {
        "type": "base64",
        "media_type": "image/png",
        "data": "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9"
        "awAAAABJRU5ErkJggg==",
    },
}


def layered(**fields):
    """Tools, system and messages, each long and marked."""
    return body(system=[marked(LONG)], user=[marked(LONG), text("Go on.")], **{"tools": [TOOL]} | fields)


CHANGES = {
    "nothing": ({}, 3),
    "tool_choice": ({"tool_choice": {"type": "any"}}, 2),
    "parallel": ({"tool_choice": {"type": "auto", "disable_parallel_tool_use": True}}, 2),
    "thinking": ({"thinking": {"type": "adaptive"}}, 2),
    "effort": ({"output_config": {"effort": "low"}}, 2),
    "effort is the default": ({"output_config": {"effort": "high"}}, 3),
    "disabled is the default": ({"thinking": {"type": "disabled"}}, 3),
    "web search": ({"tools": [TOOL, {"type": "web_search_20260209", "name": "web_search"}]}, 1),
    "tool text": ({"tools": [TOOL | {"description": LONG + "!"}]}, 0),
    "max_tokens": ({"max_tokens": 21}, 3),
}


@pytest.mark.parametrize(("change", "levels"), CHANGES.values(), ids=CHANGES)
def test_a_change_invalidates_from_its_level_on(service, change, levels):
    """Tools, system, messages: what still hits after a change, level by level."""
    send(service, layered())

    usage, _ = send(service, layered(**change))

    layer = tokens.text_tokens(LONG, "claude-pre-4.7")
    assert usage["cache_read_input_tokens"] // layer == levels


def test_an_image_anywhere_invalidates_the_messages(service):
    """System hits, messages miss."""
    send(service, body(system=[marked(LONG)], user=[marked(LONG), text("Go on.")]))

    usage, _ = send(service, body(system=[marked(LONG)], user=[marked(LONG), text("Go on."), PICTURE]))

    assert usage["cache_read_input_tokens"] > 0
    assert usage["cache_creation_input_tokens"] > 1024


@pytest.mark.parametrize(
    ("who", "model"),
    [(Caller("wrkspc_b", "2026-10-21"), "claude-sonnet-4-6"), (WHO, "claude-opus-4-8")],
    ids=["workspace", "model"],
)
def test_workspaces_and_models_share_nothing(service, who, model):
    """An entry belongs to one workspace and one model."""
    send(service, body(system=[marked(LONG)]))

    usage, _ = send(service, body(system=[marked(LONG)], model=model), who=who)

    assert usage["cache_read_input_tokens"] == 0


def test_an_alias_and_its_id_share_the_cache(service):
    """Two names of one model are one model."""
    send(service, body(system=[marked(4 * LONG)], model="claude-haiku-4-5"))

    usage, _ = send(service, body(system=[marked(4 * LONG)], model="claude-haiku-4-5-20251001"))

    assert usage["cache_read_input_tokens"] > 0


def test_zero_max_tokens_warms_the_cache(service):
    """A pre-warm writes, answers nothing and bills no output."""
    usage, exchange = send(service, body(system=[marked(LONG)], max_tokens=0))
    later, _ = send(service, body(system=[marked(LONG)]))

    assert exchange.message["content"] == []
    assert exchange.message["stop_reason"] == "max_tokens"
    assert usage["output_tokens"] == 0
    assert later["cache_read_input_tokens"] == usage["cache_creation_input_tokens"] > 0


def diagnosed(service, previous, **changes):
    """Send a request with diagnostics; returns its message."""
    request = layered(**changes) | {"diagnostics": {"previous_message_id": previous}}
    return send(service, request)[1].message


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({}, None),
        ({"model": "claude-opus-4-6"}, "model_changed"),
        ({"tools": [TOOL | {"description": "Other"}]}, "tools_changed"),
        ({"system": "Other"}, "system_changed"),
        ({"tool_choice": {"type": "none"}}, "unavailable"),
        ({"messages": [{"role": "user", "content": "Other"}]}, "messages_changed"),
    ],
    ids=["nothing", "model", "tools", "system", "other", "messages"],
)
def test_diagnostics_name_what_changed(service, change, kind):
    """The first level that differs is the reason."""
    first = diagnosed(service, None)
    request = layered() | change | {"diagnostics": {"previous_message_id": first["id"]}}

    found = send(service, request)[1].message["diagnostics"]

    assert first["diagnostics"] is None
    assert (found and found["cache_miss_reason"]["type"]) == kind


def test_diagnostics_of_an_unknown_message(service):
    """An id nobody stored is said to be so."""
    found = diagnosed(service, "msg_unknown")["diagnostics"]

    assert found == {"cache_miss_reason": {"type": "previous_message_not_found"}}


def test_appending_a_turn_is_no_divergence(service):
    """A conversation that only grows has nothing to diagnose."""
    base = {"model": "claude-sonnet-4-6", "max_tokens": 20}
    one = [{"role": "user", "content": "Hello"}]
    two = [*one, {"role": "assistant", "content": "Hi"}, {"role": "user", "content": "And?"}]
    _, first = send(service, {**base, "messages": one, "diagnostics": {"previous_message_id": None}})

    again = {**base, "messages": two, "diagnostics": {"previous_message_id": first.message["id"]}}

    assert send(service, again)[1].message["diagnostics"] is None


CALL = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "bash_code_execution", "input": {}}


@pytest.mark.parametrize(
    "kind", ["web_search_tool_result", "bash_code_execution_tool_result", "tool_search_tool_result"]
)
def test_each_server_tool_result_ends_a_prefix_too(service, kind):
    """With at least one mark the service adds its own, for five minutes, whatever was asked for."""
    result = {"type": kind, "tool_use_id": "srvtoolu_1", "content": []}
    request = body(system=[marked(LONG, "1h")])
    request["messages"] += [
        {"role": "assistant", "content": [CALL, result]},
        {"role": "user", "content": "On."},
    ]

    usage, _ = send(service, request)

    assert usage["cache_creation"]["ephemeral_5m_input_tokens"] > 0


STATED = [
    {"tool_choice": {"type": "auto"}},
    {"tool_choice": {"type": "any"}},
    {"thinking": {"type": "disabled"}},
    {"thinking": {"type": "adaptive"}},
    {"output_config": {"effort": "high"}},
    {"output_config": {"effort": "low"}},
    {"speed": "standard"},
]


@pytest.mark.parametrize("change", STATED, ids=str)
def test_the_estimate_foretells_what_is_read(service, change):
    """One set of rules: an estimate of two requests reads what the emulator reads."""
    tool = {"name": "t", "description": "Adds.", "input_schema": {"type": "object"}}
    first = body(tools=[tool], user=[marked(LONG)])

    send(service, first)
    usage, _ = send(service, first | change)

    told = estimate([Request.model_validate(one) for one in (first, first | change)])
    assert told.from_cache == usage["cache_read_input_tokens"]
