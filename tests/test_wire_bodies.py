"""Any body of a request comes out of the wire models as it went in: real ones, and made-up ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.same import exact, unordered
from tests.shared import BODIES
from workbench.wire import Request, parse
from workbench.wire.codec import loads

OWN = Path(__file__).parent / "data" / "requests.jsonl"


def bodies(path: Path) -> list[Any]:
    if not path.exists():
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"{path.name} is not here"))]
    rows = [loads(line) for line in path.read_bytes().splitlines()]
    return [pytest.param(row["body"], id=row["id"]) for row in rows]


def free_objects(body: Any) -> list[Any]:
    """The objects whose key order belongs to the caller: schemas, inputs, what is unknown."""
    if isinstance(body, list):
        return [found for item in body for found in free_objects(item)]
    if not isinstance(body, dict):
        return []
    free = [
        exact(body[name]) for name in ("input_schema", "schema", "input", "dream", "voxels") if name in body
    ]
    return free + [found for name in sorted(body) for found in free_objects(body[name])]


@pytest.mark.parametrize("body", [*bodies(OWN), *bodies(BODIES)])
def test_a_real_body_comes_out_as_it_went_in(body):
    """Nothing added, nothing lost, 1 and 1.0 apart, key order kept inside free objects."""
    again = Request.model_validate(body).wire()

    assert unordered(again) == unordered(body)
    assert free_objects(again) == free_objects(body)
    assert Request.model_validate(again) == Request.model_validate(body)


def test_the_shipped_set_covers_the_wire():
    """The bodies of this repository hold every block, source, citation and tool family there is."""
    text = OWN.read_text()
    kinds = (
        "text image document search_result thinking redacted_thinking tool_use tool_result tool_reference "
        "server_tool_use web_search_tool_result web_fetch_tool_result code_execution_tool_result "
        "bash_code_execution_tool_result text_editor_code_execution_tool_result tool_search_tool_result "
        "advisor_tool_result mcp_tool_use mcp_tool_result mcp_tool_listing container_upload compaction "
        "fallback base64 url file content char_location page_location content_block_location "
        "search_result_location web_search_result_location adaptive enabled disabled between_tools "
        "mcp_toolset memory_20250818 bash_20250124 text_editor_20250728 computer_20251124 "
        "computer_toolset_20260801 browser_toolset_20260801"
    )

    assert [kind for kind in kinds.split() if f'"type": "{kind}"' not in text] == []
    assert len(text.splitlines()) >= 30


# --- generated bodies ---

TEXTS = st.text(max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(TEXTS, JSON, max_size=3)
EXTRA = {"new_field": JSON, "x-y": JSON}
CACHE = st.none() | st.fixed_dictionaries({"type": st.just("ephemeral")}, optional={"ttl": TEXTS, **EXTRA})


def typed(
    kind: str, optional: dict[str, Any] | None = None, /, **fields: Any
) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"type": st.just(kind), **fields}, optional={**EXTRA, **(optional or {})})


SOURCES = st.one_of(
    typed("base64", media_type=TEXTS, data=TEXTS),
    typed("url", url=TEXTS),
    typed("file", file_id=TEXTS),
    typed("text", media_type=TEXTS, data=TEXTS),
    typed("content", content=TEXTS | st.lists(typed("text", text=TEXTS), max_size=2)),
    typed("hologram", beam=JSON),
)
BLOCKS = st.recursive(
    st.one_of(
        typed("text", {"cache_control": CACHE}, text=TEXTS),
        typed("image", {"transformations": OBJECTS}, source=SOURCES),
        typed(
            "document", {"title": st.none() | TEXTS, "context": TEXTS, "cache_control": CACHE}, source=SOURCES
        ),
        typed("thinking", thinking=TEXTS, signature=TEXTS),
        typed("tool_use", {"caller": OBJECTS}, id=TEXTS, name=TEXTS, input=OBJECTS),
        typed("server_tool_use", id=TEXTS, name=TEXTS, input=JSON),
        typed("web_search_tool_result", tool_use_id=TEXTS, content=JSON),
        typed("hologram", voxels=JSON),
    ),
    lambda inner: typed(
        "tool_result",
        {"is_error": st.booleans(), "content": TEXTS | st.lists(inner, max_size=2)},
        tool_use_id=TEXTS,
    ),
    max_leaves=3,
)
CONTENT = TEXTS | st.lists(BLOCKS, max_size=3)
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
GENERATED = st.fixed_dictionaries(
    {
        "model": TEXTS,
        "max_tokens": st.integers(),
        "messages": st.lists(
            st.fixed_dictionaries({"role": TEXTS, "content": CONTENT}, optional=EXTRA), max_size=3
        ),
    },
    optional={
        "system": TEXTS | st.lists(typed("text", {"cache_control": CACHE}, text=TEXTS), max_size=2),
        "temperature": NUMBERS,
        "top_p": NUMBERS,
        "top_k": st.integers(),
        "stream": st.booleans(),
        "thinking": typed("adaptive", {"display": TEXTS}) | typed("enabled", budget_tokens=st.integers()),
        "output_config": st.fixed_dictionaries(
            {}, optional={"effort": TEXTS, "format": typed("json_schema", schema=OBJECTS), **EXTRA}
        ),
        "tools": st.lists(
            st.fixed_dictionaries(
                {"name": TEXTS, "input_schema": OBJECTS}, optional={"strict": st.booleans()}
            )
            | typed("web_search_20260318", {"max_uses": st.integers()}, name=TEXTS)
            | typed("teleport_20300101", range=JSON),
            max_size=2,
        ),
        "metadata": st.fixed_dictionaries({}, optional={"user_id": st.none() | TEXTS, **EXTRA}),
        "container": TEXTS | OBJECTS,
        **EXTRA,
    },
)


@given(GENERATED)
def test_a_generated_body_comes_out_as_it_went_in(body):
    """The same for bodies nobody wrote."""
    request = parse(Request, body)

    assert unordered(request.wire()) == unordered(body)
    assert free_objects(request.wire()) == free_objects(body)
    assert parse(Request, request.wire()) == request


@pytest.mark.parametrize(
    "changes",
    [
        {"tools": [{"name": "t", "input_schema": {"type": "object", "\ud800": 1}}]},
        {
            "messages": [
                {
                    "role": "assistant",
                    "content": [{"type": "tool_use", "id": "a", "name": "t", "input": {"\ud800": 1}}],
                }
            ]
        },
        {"container": {"\ud800": 1}},
    ],
    ids=["schema", "tool input", "container"],
)
def test_a_lone_surrogate_in_a_key_of_a_free_object_is_kept(changes):
    """Keys inside free objects are the caller's own, whatever their characters."""
    body = {"model": "m", "max_tokens": 1, "messages": [], **changes}

    assert parse(Request, body).wire() == body
