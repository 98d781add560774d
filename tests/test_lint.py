"""How lint is called, and how its findings read."""

from __future__ import annotations

import time
from datetime import date
from typing import Any

import pytest

from workbench.lint import Finding, Findings, lint, refusal
from workbench.wire import Request

TODAY = date(2026, 11, 22)
LONG = "Refunds are paid within thirty days of purchase, if the item is unused. " * 450


def request(words: str = "Hi", **fields: Any) -> Request:
    body = {"model": "claude-sonnet-4-6", "max_tokens": 4000, "messages": [words], **fields}
    return Request.model_validate(body)


def test_no_findings_are_false_and_say_so():
    findings = lint(request(), today=TODAY)

    assert not findings
    assert str(findings) == "nothing found: the service would accept this"


def test_each_finding_is_one_line_of_code_path_what_and_cure():
    findings = lint(request(temperature=0), today=TODAY)

    assert str(findings) == (
        "E020  temperature: temperature is not part of 2026-10-21"
        "   [leave it out, or send anthropic-version 2023-06-01]"
    )


def test_errors_come_first():
    tools = [{"name": "add two", "input_schema": {"type": "object"}}]

    findings = lint(request(model="claude-sonnet-4-5", tools=tools), today=TODAY)

    assert findings.codes == ("E005", "W072", "W148")
    assert [finding.code for finding in findings.errors] == ["E005"]
    assert [finding.code for finding in findings.warnings] == ["W072", "W148"]


def test_a_model_about_to_retire_is_counted_down_to_its_successor():
    (finding,) = lint(request(model="claude-sonnet-4-5"), today=TODAY)

    assert finding.what == "claude-sonnet-4-5 retires on 2026-11-30, in 8 days"
    assert finding.cure == "use claude-sonnet-5-5"


@pytest.mark.parametrize(
    ("today", "code"),
    [(date(2026, 9, 1), None), (date(2026, 11, 29), "W072"), (date(2026, 11, 30), "E071")],
    ids=["before", "deprecated", "retired"],
)
def test_lifecycle_is_judged_by_the_day(today, code):
    codes = lint(request(model="claude-sonnet-4-5"), today=today).codes

    assert codes == ((code,) if code else ())


def test_what_recurs_is_said_once_with_its_number_and_first_place():
    requests = [request(f"Question {n}", **({"temperature": 0} if n else {})) for n in range(10)]

    (finding,) = lint(requests, today=TODAY)

    assert (finding.code, finding.count, finding.request) == ("E020", 9, 1)
    assert str(finding).endswith("(9 requests, first: 1)")


def test_models_are_kept_apart():
    requests = [request(model=name) for name in ("claude-sonnet-4-5", "claude-haiku-45")] * 2

    findings = lint(requests, today=TODAY)

    assert [(finding.code, finding.count) for finding in findings] == [("E070", 2), ("W072", 2)]


def test_any_iterable_of_requests_is_taken():
    assert lint(iter([request()]), today=TODAY) == Findings()


def test_no_requests_have_no_findings():
    assert lint([], today=TODAY) == Findings()


def test_a_study_of_540_requests_takes_less_than_a_second_of_computing():
    requests = [
        request(f"Question {n}: who pays?", system=LONG, model=model)
        for model in ("claude-haiku-4-5", "claude-sonnet-4-6", "claude-sonnet-5-5")
        for n in range(180)
    ]
    lint(requests[:1], today=TODAY)
    begin = time.process_time()

    lint(requests, today=TODAY)

    assert time.process_time() - begin < 10


def test_a_finding_shows_as_text():
    finding = Finding("W999", "warning", "system", "too long", cure="shorten it")

    assert finding._repr_mimebundle_()["text/plain"] == "W999  system: too long   [shorten it]"


def test_refusal_is_none_where_only_warnings_stand():
    assert refusal(request(model="claude-sonnet-4-5"), today=TODAY) is None


def test_unknown_fields_of_the_catalog_refuse_nothing():
    tools = [{"name": "add", "input_schema": {"type": "object"}}]
    raw = request(model="claude-fable-5-2", tools=tools, tool_choice={"type": "any"})

    assert refusal(raw, today=TODAY) is None


def test_an_odd_block_breaks_nothing():
    odd = {"type": "hologram", "content": [1, {"type": 2}]}

    finding = refusal(request(messages=[{"role": "user", "content": [odd]}]), today=TODAY)

    assert finding is not None
    assert finding.code == "E003"
    assert lint(request(messages=[{"role": "user", "content": [odd]}]), today=TODAY).errors
