"""What the header of a result table says of the other run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.studies import study_run
from tests.tables import large_run, tables, until
from workbench import report
from workbench.report.words import EMULATED, number
from workbench.score import Score
from workbench.widgets.table.changes import Changes
from workbench.widgets.table.figures import header, quick_header
from workbench.widgets.table.rows import Rows


@pytest.fixture
def shown():
    """Make tables whose threads end with the test."""
    with tables() as show:
        yield show


def one(run, variant="haiku-4-5", **info):
    """Return the part of a run that is one variant's."""
    variants = tuple(v for v in run.info.variants if v["name"] == variant)
    return replace(run, info=replace(run.info, variants=variants, **info), rows=run.results(variant=variant))


def scored(run, value, *, when):
    """Return a run in which the answers at some places of the study have another score."""
    rows = [
        replace(row, scores={**row.scores, "choice": Score(value)})
        if row.error is None and when(row.index)
        else row
        for row in run.rows
    ]
    return replace(run, rows=tuple(rows))


def against(run, before):
    """Return the header of two runs."""
    return header(run, Changes(Rows(run.info, run.rows), before))


def cells(table, key):
    """Return the words of a column by variant."""
    at = [column.key for column in table.columns].index(key)
    return {row[0].text: row[at].text for row in table.rows}


@pytest.mark.parametrize("value", [0.0, 0.5, 30.0], ids=["yes or no", "shares", "a scale"])
def test_means_and_difference_are_those_of_a_comparison(value):
    """The same words as of two variants in one run, over the samples both have a number for."""
    run = one(study_run())
    before = scored(run, value, when=lambda index: index % 4 == 0)
    before = replace(before, rows=before.rows[:-7])
    renamed = [replace(row, variant="before") for row in before.rows]
    found = report.compare([*run.rows, *renamed], "before", "haiku-4-5", scorer="choice")

    c = found.contrast
    means = f"{number(found.mean_b.estimate)} was {number(found.mean_a.estimate)}"
    assert cells(against(run, before), "choice_against") == {
        "haiku-4-5": f"{means}  {c.amount(c.interval.estimate)}{c.unit}  {c.span}"
    }


def test_it_stands_in_words_beside_the_score_of_each_variant():
    """Mean, the other run's mean, points, interval; a measure has no such column."""
    run = study_run()
    table = against(run, scored(run, 1.0, when=lambda index: index % 11 == 0))

    assert [column.key for column in table.columns][:4] == ["variant", "choice", "choice_against", "length"]
    assert table.columns[2].title == "against support-triage"
    assert cells(table, "choice_against") == {
        "haiku-4-5": "0.79 was 0.83  −3 points  −12 … +3",
        "sonnet-4-6": "0.86 was 0.88  −2 points  −9 … +5",
        "sonnet-4-6 · effort high": "0.90 was 0.90  0 points  −6 … +6",
    }
    assert "length_against" not in [column.key for column in table.columns]
    assert dict(table.rows[0][2].data)["was"] == pytest.approx(0.8276, abs=1e-4)


def test_a_variant_that_the_other_run_has_not_has_a_dash():
    """As has one that no sample of both has a number of; one variant is compared whatever it was called."""
    run = study_run()
    other = one(run, "sonnet-4-6")

    assert cells(against(run, other), "choice_against") == {
        "haiku-4-5": "–",
        "sonnet-4-6": "0.86 was 0.86  0 points  −6 … +6",
        "sonnet-4-6 · effort high": "–",
    }
    assert cells(against(other, one(run)), "choice_against")["sonnet-4-6"].startswith("0.86 was 0.79")
    assert cells(against(other, replace(other, rows=())), "choice_against") == {"sonnet-4-6": "–"}


def test_notes_say_how_and_what_was_left_out():
    """Paired, by which method; samples of one run only; and that the other run was emulated."""
    run = one(study_run(origin="claude_api"))
    before = one(study_run(origin="emulator"), name="monday" * 9)
    table = against(run, replace(before, rows=before.rows[:-4]))

    notes = "\n".join(table.notes)
    assert "paired by sample, over those both runs have a number for; 95 % intervals by Tango" in notes
    assert "Left out: up to 4 samples a variant that only one of the runs has a number for." in notes
    assert EMULATED in table.notes
    assert EMULATED not in against(run, run).notes
    assert table.columns[2].title == f"against {('monday' * 9)[:27]}…"


def test_a_large_run_says_it_without_prices():
    """What is shown before prices are added up has the comparison too."""
    run = large_run(20_002)
    table = quick_header(run, Changes(Rows(run.info, run.rows), run))

    assert cells(table, "choice_against")["haiku-4-5"].endswith("0.0 points  0.0 … 0.0")
    assert "usd" not in [column.key for column in table.columns]


def test_page_and_text_have_it(shown):
    """The live view, and what stands where no kernel is."""
    run = study_run()
    table = shown(run, against=scored(run, 1.0, when=lambda index: index % 11 == 0))
    table.hear("ready")

    told = until(lambda: table.last("figures"))
    bundle = table._repr_mimebundle_()

    for html in (told["header_html"], bundle["text/html"]):
        assert "0.79 was 0.83" in html
        assert "−12 … +3" in html
    assert "0.79 was 0.83  −3 points  −12 … +3" in bundle["text/plain"]
