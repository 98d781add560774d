"""What the prompt cache did: expected against actual, dollars lost and saved."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tests import golden
from tests.inert import assert_noun_is_inert
from tests.test_report import result
from workbench import report, show
from workbench.client import Client
from workbench.dataset import Dataset
from workbench.emulator.server import start_in_thread
from workbench.evaluation import Eval
from workbench.prompt import Prompt
from workbench.report.cache import EMPTY, RECORDED
from workbench.report.words import EMULATED
from workbench.run import Result, Run, RunInfo
from workbench.score import exact

PLAN = {"read": 900, "write": 0, "total": 1000}


def answered(sample, *, read=0, write=0, hour=0, plain=100, expected=PLAN, variant="a", **changes):
    """Return an answer with so many tokens read, written and uncached."""
    usage = {
        "input_tokens": plain,
        "output_tokens": 10,
        "cache_read_input_tokens": read,
        "cache_creation_input_tokens": write + hour,
        "cache_creation": {"ephemeral_5m_input_tokens": write, "ephemeral_1h_input_tokens": hour},
    }
    made = result(variant, sample, **changes)
    return replace(made, body={**(made.body or {}), "usage": usage}, expected=expected)


def of(*results, variants=("a",), added=()):
    return report.cache_report(results, variants=variants, added=added)


def row(*results):
    (found,) = of(*results).rows
    return found


def test_what_was_expected_is_stretched_to_the_actual_length():
    """A plan of 900 of 1,000 tokens is 1,800 of a prompt that had 2,000."""
    found = row(answered(1, read=1800, plain=200))

    assert (found.expected_read, found.read, found.misses, found.lost) == (1800, 1800, 0, 0)


def test_a_read_within_the_estimate_is_no_miss():
    """Token estimates err: a read that is a little short cost nothing."""
    assert row(answered(1, read=750, plain=250)).misses == 0


def test_reads_that_were_writes_cost_the_difference():
    """Haiku 4.5: a write at $1.25 where a read at $0.10 was expected."""
    found = row(answered(1, write=900))

    assert found.misses == 1
    assert found.lost == 900 * (Decimal("1.25") - Decimal("0.10")) / 1_000_000


def test_reads_that_were_hour_writes_cost_more():
    """Haiku 4.5: an hour's write costs $2."""
    assert row(answered(1, hour=900)).lost == 900 * (Decimal("2.00") - Decimal("0.10")) / 1_000_000


def test_reads_that_were_uncached_cost_the_input_price():
    """Haiku 4.5: input at $1 where a read at $0.10 was expected."""
    assert row(answered(1, plain=1000)).lost == 900 * (Decimal("1.00") - Decimal("0.10")) / 1_000_000


def test_a_write_that_was_planned_is_no_loss():
    """The leader writes what the others read."""
    found = row(answered(1, write=900, expected={"read": 0, "write": 900, "total": 1000}))

    assert (found.misses, found.lost, found.expected_write) == (0, 0, 900)


def test_what_was_saved_is_against_no_cache():
    """A write costs a quarter more than plain input, a read nine tenths less."""
    found = row(
        answered(1, write=1000, expected={"read": 0, "write": 900, "total": 1000}), answered(2, read=1000)
    )

    assert found.saved == 1000 * (Decimal("0.90") - Decimal("0.25")) / 1_000_000


def test_what_was_recorded_before_is_not_counted():
    """An answer of the store asked nothing of the prompt cache now."""
    found = of(answered(1, read=900), answered(2, read=900, source="store"))

    assert (found.rows[0].replies, found.recorded) == (1, 1)


def test_an_answer_of_unknown_usage_is_left_out():
    """Counts that are missing are not zeros."""
    broken = result("a", 1, body={"model": "claude-haiku-4-5", "content": []}, expected=PLAN)

    assert row(broken, answered(2, read=900)).planned == 1


def test_a_model_without_a_price_is_said():
    """Dollars are of the others, and the report says so."""
    found = of(answered(1, plain=1000, model="my-own-model"))

    assert found.rows[0].misses == 1
    assert "unpriced" in str(found)


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ({"type": "system_changed", "cache_missed_input_tokens": 900}, "system_changed 2 (1,800 tokens)"),
        (None, "pending 2"),
        ({"type": "from_the_future"}, "from_the_future 2"),
    ],
)
def test_reasons_of_the_api_are_counted(reason, said):
    """Where diagnostics were asked for, what they said is told by type."""
    answers = [answered(n, plain=1000) for n in range(2)]
    told = [replace(one, body={**one.body, "diagnostics": {"cache_miss_reason": reason}}) for one in answers]

    assert f"a: cache_miss_reason {said}." in of(*told).table.notes


def test_diagnostics_without_a_reason_are_no_miss():
    """``null`` means that nothing diverged."""
    made = answered(1, read=900)

    assert not row(replace(made, body={**made.body, "diagnostics": None})).reasons


def test_a_run_without_a_cache_says_how_to_use_it():
    """Nothing cached: a sentence, no table of zeros."""
    assert " ".join(str(of(result("a", 1))).split()) == EMPTY
    assert of(result("a", 1)).empty == EMPTY


def test_a_replayed_run_says_that_nothing_was_asked():
    """Everything recorded: the cache had no part in it now."""
    assert of(answered(1, read=900, source="store")).empty == RECORDED


def test_emulated_figures_say_so():
    """A report with the emulator's numbers says that they are."""
    assert EMULATED in str(of(answered(1, read=900, origin="emulator")))


def test_the_report_of_a_run_reads_well():
    """Text, CSV and HTML of one report, as somebody last looked at them."""
    rows = [answered(0, write=900, plain=105, expected={"read": 0, "write": 900, "total": 1000})]
    rows += [answered(n, read=900, plain=100 + n) for n in range(1, 8)]
    missed = answered(8, write=905, plain=110)
    reason = {"cache_miss_reason": {"type": "system_changed", "cache_missed_input_tokens": 905}}
    rows.append(replace(missed, body={**missed.body, "diagnostics": reason}))
    rows += [replace(result("b, plain", n), index=9 + n) for n in range(9)]
    info = RunInfo(
        "support",
        variants=(
            {"name": "a", "prompt": {"diagnostics": {"previous_message_id": None}}},
            {"name": "b, plain", "prompt": {}},
        ),
        added=("auto_cache marked the system prompt of a (900 tokens).",),
    )

    found = Run(info, tuple(rows)).cache()

    golden.check("cache_report.txt", f"{found}\n\n{found.table.to_csv()}")
    made = show.render(found)
    assert made is not None
    assert_noun_is_inert(made)
    golden.check("cache_report.html", golden.pretty(made))


def test_an_empty_report_has_a_view_too():
    """The sentence, with what auto_cache would have added."""
    made = show.render(of(result("a", 1), added=("nothing was long enough",)))

    assert made is not None
    assert "auto_cache=True" in made
    assert "nothing was long enough" in made


def test_what_was_expected_survives_the_journal():
    """A record keeps the plan; a result without one has no such field."""
    made = answered(1, read=900)

    assert Result.from_record(made.record()).expected == PLAN
    assert "expected" not in result("a", 1).record()


def test_a_run_reads_what_was_expected(tmp_path):
    """One request writes the shared prefix, the others read it; and the report of the run says so."""
    system = [{"type": "text", "text": "Label it with care. " * 1500, "cache_control": {"type": "ephemeral"}}]
    prompt = Prompt("Solve: {{input}}", model="claude-haiku-4-5", max_tokens=50, system=system)
    rows = [{"id": str(i), "input": f"{i} * 7", "target": str(i * 7)} for i in range(8)]
    asked = Eval("s", dataset=Dataset.load(rows), variants=prompt, scorers=exact())

    with start_in_thread(latency=0.02) as server, Client(base_url=server.url, store=False) as client:
        client.run(asked, out=tmp_path / "run", on_event=lambda _: None)

    (found,) = Run.load(tmp_path / "run").cache().rows
    assert (found.replies, found.planned, found.misses) == (8, 8, 0)
    assert found.read == found.expected_read == 7 * found.write
    assert found.write == found.expected_write > 4096
