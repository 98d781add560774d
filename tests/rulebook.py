"""An example of each rule, and the parts that requests to judge are made of."""

from __future__ import annotations

import base64
from datetime import date
from typing import Any

from workbench.wire import Request

TODAY = date(2026, 11, 22)
LONG = "Refunds are paid within thirty days of purchase, if the item is unused. " * 450
MARK = {"type": "ephemeral"}
PNG = base64.b64encode(
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (9000).to_bytes(4, "big") + (10).to_bytes(4, "big") + b"\0" * 9
).decode()
PDF = base64.b64encode(b"%PDF-1.4" + b"/Type /Page " * 101).decode()
USER = {"role": "user", "content": "Hi"}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "add", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "4"}
TOOL = {"name": "add", "description": "Add two numbers.", "input_schema": {"type": "object"}}
FORMAT = {
    "type": "json_schema",
    "schema": {"type": "object", "properties": {}, "additionalProperties": False},
}
SERVER = {"type": "url", "name": "wiki", "url": "https://wiki.example/mcp"}


def request(**fields: Any) -> Request:
    """Return a clean request with some fields of its own."""
    body = {"model": "claude-sonnet-4-6", "max_tokens": 4000, "messages": [USER], **fields}
    return Request.model_validate({name: value for name, value in body.items() if value is not ...})


def body_of(**fields: Any) -> dict[str, Any]:
    """Return the JSON of such a request."""
    return request(**fields).wire()


def user(*blocks: Any) -> list[Any]:
    return [{"role": "user", "content": list(blocks)}]


def document(**fields: Any) -> dict[str, Any]:
    return {
        "type": "document",
        "source": {"type": "text", "media_type": "text/plain", "data": "Refunds take thirty days."},
        **fields,
    }


def image(data: str = PNG, media_type: str = "image/png") -> dict[str, Any]:
    return {"type": "image", "source": {"type": "base64", "media_type": media_type, "data": data}}


def text(words: str = "Who pays?", **fields: Any) -> dict[str, Any]:
    return {"type": "text", "text": words, **fields}


def strict(schema: dict[str, Any]) -> dict[str, Any]:
    return {**TOOL, "strict": True, "input_schema": schema}


def study(count: int, **mark: Any) -> list[Request]:
    """Return requests that share a long system prompt and ask different questions."""
    system = [text(LONG, **mark)]
    return [request(system=system, messages=[f"Question {n}: who pays?"]) for n in range(count)]


def effort(level: str | None, marked: bool = True) -> Request:
    system = [text(LONG, **({"cache_control": MARK} if marked else {}))]
    return request(system=system, output_config={"effort": level} if level else {})


def system_after(role: str) -> list[Any]:
    before = USER if role == "user" else {"role": "assistant", "content": "Yes."}
    return [USER, before, {"role": "system", "content": "Be brief."}, USER]


Example = tuple[Any, dict[str, Any]]
OLD = {"api_version": "2023-06-01"}
BATCH = {"endpoint": "batch"}
PAST = {"today": date(2025, 1, 1)}
MCP = {"betas": ["mcp-client-2025-11-20"]}
OPTIONAL = {
    "type": "object",
    "additionalProperties": False,
    "properties": {f"p{n}": {"type": "string"} for n in range(25)},
}
EXAMPLES: dict[str, Example] = {
    "E001": (request(thinking={"type": "adaptive", "speed": 1}), {}),
    "E002": (request(max_tokens=...), {}),
    "E003": (request(service_tier="gold"), {}),
    "E004": (request(thinking={"type": "enabled", "budget_tokens": 500}), {}),
    "E005": (request(tools=[{**TOOL, "name": "add two"}]), {}),
    "E006": (request(stop_sequences=["\n"]), {}),
    "W008": (request(thinking={"type": "adaptive", "effort": "low"}), {}),
    "E010": (request(model="claude-haiku-4-5", thinking={"type": "adaptive"}), {}),
    "W012": (request(thinking={"type": "enabled", "budget_tokens": 2048}), {}),
    "E013": (request(output_config={"effort": "xhigh"}), {}),
    "E014": (
        request(model="claude-opus-5", thinking={"type": "disabled"}, output_config={"effort": "max"}),
        {},
    ),
    "E015": (request(max_tokens=2000, thinking={"type": "enabled", "budget_tokens": 2000}), {}),
    "W016": (request(model="claude-opus-5", max_tokens=500), {}),
    "I017": (request(model="claude-opus-5", thinking={"type": "adaptive"}), {}),
    "I018": (request(model="claude-3-5-sonnet-20241022", output_config={"effort": "high"}), PAST),
    "E020": (request(temperature=1), {}),
    "E021": (request(model="claude-opus-5", temperature=0), OLD),
    "E022": (request(model="claude-haiku-4-5", temperature=0.5, top_p=0.9), OLD),
    "E023": (request(thinking={"type": "adaptive"}, top_k=5), OLD),
    "I024": (request(temperature=0), OLD),
    "E030": (request(messages=user(*[text(str(n), cache_control=MARK) for n in range(5)])), {}),
    "E031": (
        request(messages=user(text(cache_control=MARK), text(cache_control={**MARK, "ttl": "1h"}))),
        {},
    ),
    "E032": (request(messages=user(text(cache_control=MARK)), cache_control={**MARK, "ttl": "1h"}), {}),
    "E033": (request(tools=[TOOL, {**TOOL, "name": "b", "defer_loading": True, "cache_control": MARK}]), {}),
    "E034": (request(cache_control=MARK), {**OLD, "platform": "bedrock_invoke"}),
    "E035": (request(max_tokens=0, stream=True), {}),
    "W030": (request(messages=user(text(cache_control=MARK))), {}),
    "W031": (request(system=LONG), {}),
    "W032": ([request(messages=user(text(f"{n} {LONG}", cache_control=MARK))) for n in range(3)], {}),
    "W033": (
        request(
            messages=[
                {"role": "user", "content": [text("Begin.")]},
                {"role": "assistant", "content": [text(f"Step {n}.") for n in range(25)]},
                {"role": "user", "content": [text("Go on.", cache_control=MARK)]},
            ]
        ),
        {},
    ),
    "W034": ([effort(None), effort("low"), effort(None), effort("low")], {}),
    "W035": (study(2, cache_control={**MARK, "ttl": "1h"}), {}),
    "W036": (study(5, cache_control={**MARK, "ttl": "1h"}), {}),
    "I037": (request(system=[text(LONG, cache_control=MARK)]), {}),
    "W037": (study(5, cache_control=MARK), BATCH),
    "W038": (request(max_tokens=0, system="Be brief.", messages=user(text(cache_control=MARK))), {}),
    "I039": (request(model="claude-fable-5-2", system=[text(LONG, cache_control=MARK)]), {}),
    "W132": ([request(messages=[f"{LONG} Question {n}"]) for n in range(5)], {}),
    "E040": (request(tools=[TOOL, TOOL]), {}),
    "E041": (
        request(
            thinking={"type": "enabled", "budget_tokens": 1024}, tools=[TOOL], tool_choice={"type": "any"}
        ),
        {},
    ),
    "E042": (request(model="claude-opus-5-5", tools=[TOOL], tool_choice={"type": "any"}), {}),
    "I043": (request(model="claude-fable-5-2", tools=[TOOL], tool_choice={"type": "any"}), {}),
    "E044": (request(tools=[TOOL], tool_choice={"type": "tool", "name": "sub"}), {}),
    "E045": (
        request(
            model="claude-opus-5-5",
            tools=[
                {
                    "type": "computer_20251124",
                    "name": "computer",
                    "display_width_px": 9,
                    "display_height_px": 9,
                }
            ],
        ),
        {"betas": ["computer-use-2025-11-24"]},
    ),
    "W046": (request(tools=[{"type": "computer_toolset_20260801"}]), {}),
    "I047": (request(tools=[{"type": "web_search_20270101", "name": "web_search"}]), {}),
    "E048": (
        request(
            tools=[
                {
                    "type": "web_search_20250305",
                    "name": "web_search",
                    "allowed_domains": ["a.example"],
                    "blocked_domains": ["b.example"],
                }
            ]
        ),
        {},
    ),
    "E049": (request(model="claude-opus-5", tools=[{"type": "browser_toolset_20260801"}] * 2), {}),
    "E140": (request(tools=[{**TOOL, "defer_loading": True}]), {}),
    "E141": (
        request(
            tools=[TOOL],
            messages=[
                USER,
                {"role": "assistant", "content": [CALL]},
                *user({**RESULT, "content": [{"type": "tool_reference", "tool_name": "sub"}]}),
            ],
        ),
        {},
    ),
    "E142": (request(mcp_servers=[SERVER]), MCP),
    "E143": (request(tools=[{"type": "mcp_toolset", "mcp_server_name": "wiki"}]), MCP),
    "E144": (request(mcp_servers=[{**SERVER, "url": "http://wiki.example/mcp"}]), MCP),
    "E145": (request(container={"skills": [{"type": "anthropic", "skill_id": "pdf"}]}), {}),
    "E146": (
        request(
            context_management={
                "edits": [{"type": "clear_tool_uses_20250919"}, {"type": "clear_thinking_20251015"}]
            }
        ),
        {"betas": ["context-management-2025-06-27"]},
    ),
    "E147": (
        request(
            context_management={
                "edits": [{"type": "compact_20260112", "trigger": {"type": "input_tokens", "value": 9}}]
            }
        ),
        {"betas": ["compact-2026-01-12"]},
    ),
    "W148": (request(tools=[{"name": "add", "input_schema": {"type": "object"}}]), {}),
    "E050": (
        request(messages=[USER, {"role": "assistant", "content": [document()]}, USER]),
        {},
    ),
    "E051": (
        request(
            messages=user(
                text(
                    citations=[
                        {
                            "type": "char_location",
                            "cited_text": "x",
                            "document_index": 0,
                            "document_title": None,
                            "start_char_index": 0,
                            "end_char_index": 1,
                        }
                    ]
                )
            )
        ),
        {},
    ),
    "E052": (request(messages=user(document(citations={"enabled": True}), document(), text())), {}),
    "E053": (
        request(
            model="claude-3-haiku-20240307", messages=user(document(citations={"enabled": True}), text())
        ),
        {**OLD, **PAST},
    ),
    "E054": (request(messages=user(image("iVBORw0KGgo" + "A" * 14_000_000))), {}),
    "E055": (request(messages=user(image(media_type="image/jpeg"))), {}),
    "E056": (request(messages=user(image())), {}),
    "W056": (request(messages=user(*[image()] * 21)), {}),
    "E057": (
        request(
            model="claude-haiku-4-5",
            messages=user(
                *[{"type": "image", "source": {"type": "url", "url": "https://a.example/1.png"}}] * 101
            ),
        ),
        {},
    ),
    "E058": (
        request(
            model="claude-haiku-4-5",
            messages=user(
                {
                    "type": "document",
                    "source": {"type": "base64", "media_type": "application/pdf", "data": PDF},
                }
            ),
        ),
        {},
    ),
    "E059": (
        request(
            messages=user(
                {
                    "type": "document",
                    "source": {"type": "base64", "media_type": "application/pdf", "data": PNG},
                }
            )
        ),
        {},
    ),
    "E060": (
        request(
            messages=user(document(citations={"enabled": True}), text()), output_config={"format": FORMAT}
        ),
        {},
    ),
    "E061": (request(tools=[strict({"type": "object", "properties": {}})]), {}),
    "E062": (request(tools=[strict(OPTIONAL)]), {}),
    "E063": (request(output_config={"format": FORMAT}), {"knows": {"structured_outputs": False}}),
    "I064": (request(model="claude-haiku-5-5", output_config={"format": FORMAT}), {}),
    "E065": (request(tools=[{**TOOL, "input_schema": {"type": "object", "properties": 1.5}}]), {}),
    "E070": (request(model="claude-haiku-45"), {}),
    "E071": (request(model="claude-opus-4-20250514"), {}),
    "W072": (request(model="claude-sonnet-4-5"), {}),
    "W073": (request(model="claude-opus-4-20250514"), {**OLD, "platform": "vertex"}),
    "I074": (request(model="claude-haiku-4-5"), {}),
    "I075": (request(model="claude-mythos-5-1"), {}),
    "I076": (request(model="my-deployment"), {"platform": "foundry"}),
    "E080": (request(max_tokens=200_000, stream=True), {}),
    "E081": (request(messages=["x" * 34_000_000]), {}),
    "E082": (request(messages=["Hi"] * 100_001), {}),
    "E083": (request(model="claude-haiku-4-5", messages=[LONG * 40]), {}),
    "E084": (
        request(model="claude-opus-4-1", messages=[LONG * 27], max_tokens=32_000, stream=True),
        {"platform": "vertex"},
    ),
    "W084": (request(model="claude-haiku-4-5", messages=[LONG * 24], max_tokens=60_000, stream=True), {}),
    "W085": (request(max_tokens=32_000), {}),
    "E086": (request(model="claude-haiku-4-5", inference_geo="us"), {}),
    "E087": (request(speed="fast"), {}),
    "W088": (request(model="claude-opus-4-6", speed="fast"), {}),
    "E089": (request(stream=True), BATCH),
    "E090": (request(), {"api_version": "2026-01-01"}),
    "E091": (request(), {"betas": ["time-travel-2026-01-01"]}),
    "E092": (request(output_config={"task_budget": {"type": "tokens", "total": 9000}}), {}),
    "W093": (request(), {"betas": ["files-api-2025-04-14"]}),
    "W094": (request(), {"betas": ["mcp-client-2025-04-04"]}),
    "I095": (request(), {"betas": ["time-travel-2027-01-01"]}),
    "E096": (request(), {"platform": "bedrock_messages"}),
    "W097": (request(), {"api_version": "2023-01-01"}),
    "E098": (request(inference_geo="us"), {"platform": "vertex"}),
    "E100": (request(messages=[]), {}),
    "E101": (request(messages=[{"role": "user", "content": ""}, USER]), {}),
    "E102": (request(messages=user(text(""))), {}),
    "E103": (request(messages=user(text(" \n"))), {}),
    "E104": (request(messages=user(CALL)), {}),
    "E105": (request(messages=[USER, {"role": "assistant", "content": [CALL]}, USER], tools=[TOOL]), {}),
    "E106": (request(messages=user(RESULT), tools=[TOOL]), {}),
    "E107": (
        request(
            messages=[USER, {"role": "assistant", "content": [CALL]}, *user(text(), RESULT)], tools=[TOOL]
        ),
        {},
    ),
    "E108": (request(messages=[USER, {"role": "assistant", "content": "{"}]), {}),
    "E109": (
        request(
            model="claude-haiku-4-5",
            thinking={"type": "enabled", "budget_tokens": 1024},
            messages=[USER, {"role": "assistant", "content": "{"}],
        ),
        {},
    ),
    "E110": (
        request(
            model="claude-haiku-4-5",
            output_config={"format": FORMAT},
            messages=[USER, {"role": "assistant", "content": "{"}],
        ),
        {},
    ),
    "E111": (request(model="claude-haiku-4-5", messages=[USER, {"role": "assistant", "content": "A: "}]), {}),
    "E112": (request(messages=[USER, {"role": "system", "content": "Be brief."}]), {}),
    "E113": (request(model="claude-opus-5", messages=system_after("assistant")), {}),
    "E114": (
        request(messages=[USER, {"role": "assistant", "content": [CALL, CALL]}, *user(RESULT)], tools=[TOOL]),
        {},
    ),
    "W115": (
        request(
            thinking={"type": "adaptive"},
            messages=[USER, {"role": "assistant", "content": [CALL]}, *user(RESULT)],
            tools=[TOOL],
        ),
        {},
    ),
    "W116": (request(messages=[{"role": "assistant", "content": "Hello."}, USER]), {}),
    "W117": (
        request(
            messages=user(
                text(
                    citations=[
                        {
                            "type": "web_search_result_location",
                            "cited_text": "x",
                            "url": "u",
                            "encrypted_index": "e",
                        }
                    ]
                )
            )
        ),
        OLD,
    ),
    "W118": (request(messages=[USER, {"role": "assistant", "content": [CALL]}, *user(RESULT)]), {}),
}
