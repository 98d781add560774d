"""One of each noun, made by hand; and all of them with one text in every place a text can stand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tests.studies import hostile_run, study_run
from workbench import score
from workbench.catalog import Catalog, Model, Prices
from workbench.cost import Receipt
from workbench.cost.receipt import Rate
from workbench.dataset import Dataset
from workbench.estimate import Estimate
from workbench.evaluation import Eval
from workbench.lint import Finding, Findings
from workbench.prompt import Prompt
from workbench.record import Explanation
from workbench.reply import Reply, Timing
from workbench.report import Cell, Column, Table, gate
from workbench.report.agreement import Agreement, Preference, agreement, preference
from workbench.tokens import TokenEstimate
from workbench.wire import Message, Request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from workbench.report.gate import Verdict

MADE = "2026-11-22T10:00:00+00:00"


def request(text: str = "Where are the guidelines?") -> Request:
    """Return a request with everything in it."""
    key = text.encode("utf-8", "replace").decode()
    tool = {
        "name": text[:64],
        "description": text,
        "input_schema": {"type": "object", "properties": {key: {"description": text}}},
    }
    cached = {"type": "ephemeral"}
    document = {
        "type": "document",
        "source": {"type": "text", "media_type": "text/plain", "data": text},
        "title": text,
        "context": text,
        "citations": {"enabled": True},
    }
    turns = [
        {
            "role": "user",
            "content": [
                document,
                {
                    "type": "image",
                    "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="},
                },
                {"type": "text", "text": text, "cache_control": cached},
            ],
        },
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": text, "signature": "s"},
                {"type": "tool_use", "id": "toolu_1", "name": text, "input": {key: text}},
            ],
        },
        {
            "role": "user",
            "content": [
                {
                    "type": "tool_result",
                    "tool_use_id": text,
                    "content": [{"type": "text", "text": text}],
                    "is_error": True,
                },
                {"type": "from_the_future", "text": text},
            ],
        },
    ]
    return Request.model_validate(
        {
            "model": text,
            "max_tokens": 1024,
            "system": [{"type": "text", "text": text, "cache_control": {**cached, "ttl": "1h"}}],
            "messages": turns,
            "tools": [tool],
            "metadata": {"user_id": text},
            "output_config": {"effort": "high"},
        }
    )


def message(text: str = "They are in the handbook.") -> Message:
    """Return an answer with thinking, text, citations, a tool call and a block of a newer API."""
    places = [
        {
            "type": "char_location",
            "cited_text": text,
            "document_index": 0,
            "document_title": text,
            "start_char_index": 3,
            "end_char_index": 9,
        },
        {
            "type": "web_search_result_location",
            "cited_text": text,
            "url": text,
            "title": None,
            "encrypted_index": "x",
        },
        {"type": "from_the_future", "where": text},
    ]
    content = [
        {"type": "thinking", "thinking": text, "signature": "s"},
        {"type": "text", "text": text, "citations": places},
        {"type": "text", "text": " Anything else?"},
        {"type": "tool_use", "id": "toolu_1", "name": text, "input": {"query": text}},
        {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": text}},
        {"type": "from_the_future", "text": text},
    ]
    usage = {
        "input_tokens": 31,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 8940,
        "output_tokens": 148,
    }
    body = {"id": "msg_1", "type": "message", "role": "assistant", "model": text, "content": content}
    return Message.model_validate(
        {**body, "stop_reason": "refusal", "stop_details": {"why": text}, "usage": usage}
    )


def reply(text: str = "They are in the handbook.") -> Reply:
    """Return a reply of a model without a price."""
    timing = Timing(ttft_s=0.41, total_s=1.9, recorded_at=MADE)
    return Reply(request(text), message(text), timing, source="store", origin="emulator", request_id=text)


def findings(text: str = "8,940 stable tokens carry no cache breakpoint") -> Findings:
    """Return a finding of each severity."""
    return Findings(
        (
            Finding(
                "E012",
                "error",
                "thinking",
                text,
                text,
                status=400,
                error_type="invalid_request_error",
                message=text,
            ),
            Finding("W031", "warning", text, text, text, dollars=Decimal("0.48"), request=0, count=60),
            Finding("I001", "info", "", text),
        )
    )


def receipt(text: str = "catalog.json, 2026-10-21") -> Receipt:
    """Return a receipt with a line that informs and one that is unpriced."""
    million = Decimal(1_000_000)
    parts = (
        (Rate("input, uncached", "tokens", 1 / million, 1_000_000, text), 31),
        (Rate("cache read", "tokens", Decimal("0.1") / million, 1_000_000, text, "batch ×0.5"), 8940),
        (Rate("output", "tokens", 5 / million, 1_000_000, text), 148),
        (Rate("of which thinking", "tokens", 5 / million, 1_000_000, text, billed=False), 20),
        (Rate("web searches", "searches", None, 1000, text), 2),
    )
    return Receipt(parts, model=text, at=date(2026, 11, 22), reasons=(text,), unpriced=1)


def dataset(text: str = "How many legs have three cats?") -> Dataset:
    """Return samples with text, numbers, lists and nothing."""
    rows: list[dict[str, Any]] = [{"id": text[:80] or "x", "input": text, "target": text, "topic": text}]
    rows += [{"id": f"t-{n}", "input": {"n": n, "text": text}, "target": n, "topic": None} for n in range(11)]
    return Dataset.load(rows, name=text)


def evaluation(text: str = "arithmetic") -> Eval:
    """Return a study of two prompts."""
    ask = text.replace("{{", "{") + "\n{{input}} {{topic}}"
    prompts = [
        Prompt(ask, name=text or "a", model="claude-haiku-4-5", max_tokens=9),
        Prompt(ask, name="other", model="claude-sonnet-4-6", max_tokens=9),
    ]
    return Eval(
        text, dataset=dataset(text), variants=prompts, scorers=[score.number(), score.length()], epochs=3
    )


def prompt(text: str = "Solve step by step.") -> Prompt:
    """Return a prompt with a name in system and turn."""
    words = text.replace("{{", "{")
    return Prompt(
        f"{words}\n{{{{input}}}}",
        name=text,
        model="claude-haiku-4-5",
        max_tokens=300,
        system=f"{words} {{{{style}}}}",
        effort="high",
    )


def catalog(text: str = "claude-haiku-4-5") -> Catalog:
    """Return three models: known, deprecated, unknown in everything."""
    models = (
        Model(
            id=text,
            name=text,
            slug="a",
            context_window=200_000,
            max_output_tokens=64_000,
            min_cacheable_tokens=4096,
            thinking_types=("enabled",),
            effort_levels=(),
            status="active",
            prices=Prices(Decimal(1), Decimal(5)),
        ),
        Model(id="old", name="Old", slug="b", status="deprecated", retires="2027-01-05"),
        Model(id="new", name="New", slug="c"),
    )
    return Catalog(models, (), "2026-11-20", {}, {})


def table(text: str = "haiku-4-5") -> Table:
    """Return a table as `summary` makes it."""
    columns = (
        Column("variant", "variant", align="left"),
        Column("correct", text),
        Column("cost", "$ / 1,000", "cost"),
    )
    interval = (("mean", 0.84), ("low", 0.76), ("high", 0.9))
    row = (Cell(text), Cell("0.84  0.76 … 0.90", interval), Cell("0.41"))
    return Table(
        text,
        columns,
        (row, (Cell("other"), Cell(text, (("mean", 3.0), ("low", 2.0), ("high", 4.0))), Cell("unpriced"))),
        (text,),
        (text,),
    )


def explanation(text: str = "Answer with a label.") -> Explanation:
    """Return a miss with its nearest recording."""
    return Explanation(
        hit=False,
        where="the store",
        recorded_at=MADE,
        path="system[0].text",
        recorded="Answer with one label.",
        asked=text,
        searched=60,
        fields_differing=1,
    )


def verdict(text: str = "support-triage") -> Verdict:
    """Return a gate's regression, with ids that got worse and one that got better."""
    old = {f"{text}-{n:02}": float(n % 4 != 0) for n in range(60)}
    new = {**old, **dict.fromkeys(list(old)[:60:5], 0.0), f"{text}-04": 1.0}
    return gate.verdict(new, old, name=text, scorer=text, emulated=True)


def agreed(text: str = "rubric") -> Agreement:
    """Return what a person and a judge said of fourteen answers."""
    labels = ("failed", "passed")
    pairs = (
        [("passed", "passed")] * 8 + [("failed", "failed")] * 4 + [("passed", "failed"), ("failed", "passed")]
    )
    said = {f"{text}/t-{n:02}/0": both for n, both in enumerate(pairs)}
    return agreement(said, labels, a="ada", b=text, left_out=[text], notes=[text], emulated=True)


def preferred(text: str = "sonnet-4-6") -> Preference:
    """Return whom a person preferred in twelve pairs."""
    won = [1.0] * 7 + [0.0] * 3 + [0.5] * 2
    pairs = [(f"{text}-{n}", value, n % 2 == 0) for n, value in enumerate(won)]
    return preference(pairs, a="haiku-4-5", b=text, identical=2, left_out=[text], emulated=True)


NOUNS: dict[str, Callable[[], Any]] = {
    "request": request,
    "prompt": prompt,
    "message": message,
    "reply": reply,
    "findings": findings,
    "no_findings": Findings,
    "finding": lambda: findings()[0],
    "token_estimate": lambda: TokenEstimate(
        8200, 9180, 10100, {"system": 212, "documents": 8940, "messages": 28}, ("PDF pages are guessed",)
    ),
    "estimate": lambda: Estimate(
        540,
        (1_700_000, 2_100_000),
        1_900_000,
        1_700_000,
        (80_000, 140_000),
        Decimal("1.10"),
        Decimal("1.60"),
        Decimal("5.80"),
        0,
        ("1 variant dropped",),
        84_000,
        (Decimal("0.55"), Decimal("0.80")),
        60,
    ),
    "receipt": receipt,
    "run_receipt": lambda: study_run().receipt(),
    "dataset": dataset,
    "catalog": catalog,
    "evaluation": evaluation,
    "table": table,
    "comparison": lambda: study_run().compare("haiku-4-5", "sonnet-4-6"),
    "verdict": verdict,
    "agreement": agreed,
    "preference": preferred,
    "result": lambda: study_run().failures[0],
    "error_result": lambda: study_run().errors[0],
    "run": lambda: study_run(samples=12),
    "explanation": explanation,
}
"""A sample of every noun by name."""


def every(text: str) -> Iterator[Any]:
    """Yield the nouns that hold texts, with *text* in each place."""
    yield from (
        request(text),
        message(text),
        reply(text),
        findings(text),
        receipt(text),
        table(text),
        catalog(text),
    )
    yield from (explanation(text), verdict(text), agreed(text), preferred(text))
    yield TokenEstimate(1, 1, 1, {text: 1}, (text,))
    yield Estimate(1, (1, 1), 1, 0, (1, 1), None, None, None, 1, (text,))
    if text.strip():
        yield from (prompt(text), dataset(text), evaluation(text))


def hostile_runs() -> Iterator[Any]:
    """Yield a run whose every word is hostile, and what is made of it."""
    run = hostile_run()
    yield from (run, run.summary(), run.receipt(), run.compare(*run.info.variant_names[:2]), *run.errors[:3])
