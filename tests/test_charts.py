"""report/charts/: the figures of every chart are those of the table, and each says in words what it shows."""

from __future__ import annotations

import math
import subprocess
import sys
from dataclasses import replace
from typing import TypeVar

import pytest

from tests.charted import charted_run
from tests.hostile import TEXTS
from tests.studies import hostile_run, study_run
from workbench.errors import UsageError
from workbench.report.charts import Axis, Bars, Plane, Rows
from workbench.stats import detectable_difference, quantile

T = TypeVar("T")
KINDS = ["pareto", "latency", "scores", "paired", "cache", "power"]


def only(kind: type[T], made) -> T:
    """Return the first part of a chart, which is of this kind."""
    part = made.parts[0]
    assert isinstance(part, kind)
    return part


def chart(run, kind, **options):
    return getattr(run.plot, kind)(**options)


@pytest.mark.parametrize("kind", KINDS)
def test_every_chart_says_what_one_would_see_with_figures(kind):
    """The alt text alone is worth reading."""
    made = chart(charted_run(), kind)

    assert made.kind == kind
    assert "variant-02" in made.alt
    assert sum(c.isdigit() for c in made.alt) > 10
    assert made.parts


@pytest.mark.parametrize("kind", KINDS)
def test_every_chart_is_complete_as_text(kind):
    """Title, alt text, notes and a row for each variant; no front end is needed."""
    made = chart(charted_run(30), kind)
    text = str(made)

    flat = "".join(text.split())
    assert made.title in text
    assert all("".join(words.split()) in flat for words in (made.alt, *made.notes))
    assert "variant-30" in text


def test_scores_are_those_of_the_summary():
    """One number, one place: estimate, bounds, n, errors and method."""
    run = charted_run(epochs=2)
    table = run.summary().frame()

    for scorer, center in (("choice", "mean"), ("length", "median")):
        rows = run.plot.scores(scorer=scorer).rows
        for name in (center, "low", "high", "n", "method"):
            key = "value" if name == center else name
            assert [row[key] for row in rows] == list(table[f"{scorer}_{name}"])
        assert [row["errors"] for row in rows] == list(table["errors"])


def test_paired_differences_are_those_of_the_summary():
    """Difference, bounds and both p-values."""
    run = charted_run(4)
    table = run.summary().frame()[1:]
    rows = run.plot.paired().rows

    for name in ("difference", "low", "high", "p", "p_holm", "n", "method"):
        assert [row[name] for row in rows] == list(table[f"choice_vs_first_{name}"])


def test_paired_differences_are_those_of_compare():
    """Fixed and broken are the ids that won and lost."""
    run = charted_run(2)
    row, found = run.plot.paired().rows[0], run.compare("variant-01", "variant-02")

    assert (row["difference"], row["low"], row["high"], row["p"]) == (
        found.difference.estimate,
        found.difference.low,
        found.difference.high,
        found.p,
    )
    assert (row["fixed"], row["broken"]) == (len(found.won), len(found.lost))


def test_cost_and_quality_are_those_of_the_summary():
    """Dollars for a thousand replies, and the score beside them."""
    run = charted_run()
    table = run.summary().frame()
    rows = run.plot.pareto().rows

    assert [row["per_1000_usd"] for row in rows] == list(table["usd_per_1000"])
    assert [row["score"] for row in rows] == list(table["choice_mean"])
    assert [row["low"] for row in rows] == list(table["choice_low"])


def test_latency_is_that_of_the_summary_with_its_intervals():
    """The table rounds to a tenth; the chart has the bounds beside it."""
    run = charted_run()
    table = run.summary().frame()
    rows = run.plot.latency().rows
    waits = [row.timing.total_s for row in run.results(variant="variant-01") if row.error is None]

    assert [round(row["p50_s"], 1) for row in rows] == list(table["p50_s"])
    assert [round(row["p95_s"], 1) for row in rows] == list(table["p95_s"])
    assert rows[0]["p50_s_low"] == quantile(waits, 0.5).low
    assert rows[0]["p95_s_high"] is None


def test_the_first_token_has_a_chart_of_its_own():
    """Another measure, the same form; what is unknown is refused by name."""
    run = charted_run()

    assert run.plot.latency(metric="first_token").rows[0]["p50_s"] < run.plot.latency().rows[0]["p50_s"]
    with pytest.raises(UsageError, match=r"no metric 'totl'.*did you mean 'total'"):
        run.plot.latency(metric="totl")


def test_tokens_are_those_of_the_cache_report():
    """Read, written and neither add up to the input, expected beside actual."""
    run = charted_run()
    report = run.cache().rows
    rows = run.plot.cache().rows

    assert [row["kind"] for row in rows] == ["expected", "actual"] * 3
    assert [row["read"] for row in rows[1::2]] == [row.read for row in report]
    assert [row["written"] for row in rows[::2]] == [row.expected_write for row in report]
    assert [row["read"] + row["written"] + row["uncached"] for row in rows[1::2]] == [
        r.prompt for r in report
    ]


def test_power_is_of_this_runs_flips():
    """The formula of `stats`, with the discordant share of the pairs that were run."""
    run = charted_run(2)
    paired, row = run.plot.paired().rows[0], run.plot.power().rows[0]
    share = (paired["fixed"] + paired["broken"]) / paired["n"]
    sd = math.sqrt(share - paired["difference"] ** 2)

    assert row["n"] == paired["n"]
    assert row["sd"] == pytest.approx(sd)
    assert row["detectable"] == pytest.approx(detectable_difference(row["n"], sd))
    assert detectable_difference(row["n_for_half"], sd) <= row["detectable"] / 2


def test_the_curve_of_power_passes_through_now():
    """The dot of this run lies on its curve, and the number of samples is marked."""
    plane = only(Plane, charted_run(2, seed=3).plot.power())

    (curve,), (dot,) = plane.curves, plane.dots
    near = min(curve.points, key=lambda point: abs(point[0] - dot.x))
    assert dot.y * math.sqrt(dot.x) == pytest.approx(near[1] * math.sqrt(near[0]))
    assert plane.marker == (dot.x, f"now: {dot.x:,}")


def test_of_many_pairs_three_power_curves_are_drawn():
    """The lowest, the middle and the highest; the table has all."""
    made = charted_run(30).plot.power()

    assert len(only(Plane, made).curves) == 3
    assert len(made.rows) == 29
    assert any("Of 29 pairs" in note for note in made.notes)


def test_the_frontier_holds_what_nothing_beats():
    """Cheaper and better is never left of it."""
    rows = charted_run(12).plot.pareto().rows
    best = [row for row in rows if row["frontier"]]

    for row in best:
        assert not any(
            other["per_1000_usd"] <= row["per_1000_usd"] and other["score"] > row["score"] for other in rows
        )
    for row in rows:
        beaten = any(b["per_1000_usd"] <= row["per_1000_usd"] and b["score"] >= row["score"] for b in best)
        assert beaten


def test_an_unpriced_variant_is_listed_and_not_drawn_at_zero():
    """What is unknown is not free."""
    run = charted_run(2)
    rows = tuple(
        replace(row, body={**row.body, "model": "my-own-model"})
        if row.body and row.variant == "variant-01"
        else row
        for row in run.rows
    )
    made = replace(run, rows=rows).plot.pareto()

    assert [dot.name for dot in only(Plane, made).dots] == ["variant-02"]
    assert made.rows[0]["per_1000_usd"] is None
    assert "Not drawn, unpriced: variant-01." in made.notes
    assert "unpriced" in str(made)


def test_a_run_without_any_price_is_a_sentence_and_a_table():
    """Nothing is drawn, the scores are still said."""
    made = charted_run(2, model="my-own-model").plot.pareto()

    assert made.parts == ()
    assert made.alt.startswith("No variant has a price: variant-01 0.")
    assert len(made.rows) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_emulated_numbers_say_so(kind):
    """In the text, and for the picture."""
    made = chart(charted_run(origin="emulator"), kind)

    assert "emulator's rules" in made.warning
    assert made.warning in str(made)
    assert not chart(charted_run(), kind).warning


@pytest.mark.parametrize("kind", ["paired", "power"])
def test_one_variant_has_no_difference(kind):
    """A sentence with the cure, instead of an empty picture."""
    made = chart(charted_run(1), kind)

    assert made.parts == ()
    assert "Run the same samples with another prompt or model." in str(made)


@pytest.mark.parametrize("kind", ["pareto", "latency", "scores", "paired", "power"])
def test_one_sample_is_no_picture(kind):
    """A sentence instead."""
    made = chart(charted_run(2, samples=1), kind)

    assert made.parts == ()
    assert made.alt.endswith((".", "!"))
    assert str(made) == f"{made.title}\n\n{made.alt}"


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_without_results_is_a_sentence(kind):
    """Stopped before its first answer."""
    made = chart(replace(charted_run(), rows=()), kind)

    assert made.parts == ()
    assert made.alt


def test_a_run_without_scorers_is_a_sentence():
    """Nothing was judged, and latency is still there."""
    run = charted_run(scorers=())

    assert "no scorer" in run.plot.scores().alt
    assert run.plot.pareto().parts == run.plot.paired().parts == run.plot.power().parts == ()
    assert run.plot.latency().parts


def test_answers_that_never_differ_have_no_power_curve():
    """No spread, no plan: a sentence, not a division by zero."""
    run = charted_run(2)
    rows = tuple(replace(row, scores=run.rows[0].scores) if row.scores else row for row in run.rows)

    made = replace(run, rows=rows).plot.power()

    assert made.parts == ()
    assert "no answer differs" in made.alt


def test_scores_that_are_no_shares_keep_their_unit():
    """Differences of them are not points of a hundred."""
    run = charted_run(2, scorers=(("grade", "score"),))
    rows = tuple(
        replace(row, scores={"grade": replace(row.scores["grade"], value=10 * (row.value("grade") or 0))})
        if row.scores
        else row
        for row in run.rows
    )
    made = replace(run, rows=rows).plot

    assert "points" not in made.paired().alt
    assert "points" not in made.power().alt
    assert "higher" in made.paired().rows[0]


def test_variants_are_chosen_and_ordered():
    """The first of them is the one compared with."""
    run = charted_run(4)
    made = run.plot.paired(variants=["variant-03", "variant-01"])

    assert [(row["first"], row["variant"]) for row in made.rows] == [("variant-03", "variant-01")]
    found = run.compare("variant-03", "variant-01")
    assert made.rows[0]["difference"] == found.difference.estimate
    assert made.rows[0]["p"] == found.p


def test_a_choice_with_the_same_first_keeps_the_correction_of_the_whole_run():
    """Looking at one pair alone does not make its p-value smaller."""
    run = charted_run(4)
    whole = {row["variant"]: row["p_holm"] for row in run.plot.paired().rows}

    alone = run.plot.paired(variants=["variant-01", "variant-04"]).rows[0]

    assert alone["p_holm"] == whole["variant-04"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_variant_that_is_not_there_is_told_at_once(kind):
    """With the nearest name."""
    with pytest.raises(UsageError, match=r"no variant 'variant-1' in this run; did you mean 'variant-01'"):
        chart(charted_run(), kind, variants=["variant-1"])


@pytest.mark.parametrize("kind", ["pareto", "scores", "paired", "power"])
def test_a_scorer_that_is_not_there_is_told_at_once(kind):
    """Likewise."""
    with pytest.raises(UsageError, match="no scorer 'choise' in this run; did you mean 'choice'"):
        chart(charted_run(), kind, scorer="choise")


@pytest.mark.parametrize("kind", ["pareto", "paired", "power"])
def test_a_measure_is_neither_better_nor_worse(kind):
    """Longer is not better."""
    with pytest.raises(UsageError, match="'length' is a measure"):
        chart(charted_run(), kind, scorer="length")


def test_every_interval_is_drawn():
    """Each dot of scores, paired, latency and pareto carries the bounds of its row."""
    run = charted_run()

    for kind in ("scores", "paired", "latency"):
        for part in chart(run, kind).parts:
            if isinstance(part, Rows):
                spans = [e.span for row in part.rows for e in row.estimates]
                assert spans
                assert all(low < high for low, high in spans)
    dots = only(Plane, run.plot.pareto()).dots
    assert [dot.span for dot in dots] == [(row["low"], row["high"]) for row in run.plot.pareto().rows]


def test_the_frame_has_a_row_for_each_record():
    """The figures as a DataFrame."""
    made = charted_run().plot.scores()
    frame = made.frame()

    assert list(frame["variant"]) == [row["variant"] for row in made.rows]
    assert frame["value"].dtype == "float64"


def test_a_picture_holds_what_can_be_read_and_says_how_much_it_leaves_out():
    """The table has every variant."""
    made = charted_run(50, samples=4).plot.scores(scorer="choice")

    assert len(only(Rows, made).rows) == 32
    assert len(made.rows) == 50
    assert "18 variants more in the table only." in made.notes


def test_curves_have_few_points():
    """However many answers there are; from 0 to 1."""
    run = charted_run(2, samples=900)
    plane = only(Plane, run.plot.latency())

    for curve in plane.curves:
        assert len(curve.points) <= 62
        assert curve.points[0][1] == 0.0
        assert curve.points[-1][1] == 1.0
        assert list(curve.points) == sorted(curve.points)


def test_bars_begin_at_zero():
    """A bar's length is its amount."""
    part = only(Bars, charted_run().plot.cache())

    assert part.x.low == 0
    assert part.x.high >= max(sum(bar.amounts) for bar in part.bars)


@pytest.mark.parametrize("kind", KINDS)
def test_hostile_names_cannot_break_the_text(kind):
    """No control, nothing that reorders, and no alt text that fills the screen."""
    made = chart(hostile_run(), kind)

    assert str(made).replace("\n", "").isprintable()
    assert len(made.alt) < 2500
    assert repr(made).isprintable()


def test_a_name_of_three_megabytes_is_cut():
    """In sentences; the table has it whole, as the run's own table has."""
    name = "A" * 3_000_000
    made = charted_run([name, "b"], samples=3).plot.scores(scorer="choice")

    assert len(made.alt) < 1000
    assert made.rows[0]["variant"] == name


@pytest.mark.parametrize(
    ("axis", "written"),
    [
        (Axis("", "number", 0.42, 0.97), ["0.5", "0.6", "0.7", "0.8", "0.9"]),
        (Axis("", "points", -0.05, 0.21), ["−5", "0", "+5", "+10", "+15", "+20"]),
        (Axis("", "size", 0.008, 0.6, log=True), ["1", "2", "5", "10", "20", "50"]),
        (Axis("", "dollars", 0.03, 12, log=True), ["$0.03", "$0.10", "$0.30", "$1", "$3", "$10"]),
        (Axis("", "seconds", 0.0, 2.4), ["0.0 s", "0.5 s", "1.0 s", "1.5 s", "2.0 s"]),
        (Axis("", "tokens", 0, 220_000), ["0", "50 k", "100 k", "150 k", "200 k"]),
        (Axis("", "count", 7, 1900, log=True), ["10", "20", "50", "100", "200", "500", "1,000"]),
        (Axis("", "dollars", 0.00002, 0.9, log=True), ["$0.0001", "$0.001", "$0.01", "$0.10"]),
    ],
    ids=["number", "points", "size", "dollars", "seconds", "tokens", "count", "tiny dollars"],
)
def test_ticks_are_round_and_say_their_unit(axis, written):
    """Ones, twos and fives; on a log axis, powers of ten and what lies between."""
    assert [text for _, text in axis.ticks()] == written


@pytest.mark.parametrize("low", [1e-6, 0.4, 0.9999, 3.0, 1e9])
@pytest.mark.parametrize("ratio", [1.0001, 1.3, 7, 900, 1e7])
@pytest.mark.parametrize("log", [True, False])
def test_no_axis_is_without_ticks_or_crowded(low, ratio, log):
    """Two to seven of them, all on the axis."""
    axis = Axis("", "number", low, low * ratio, log=log)

    values = [value for value, _ in axis.ticks()]

    assert 2 <= len(values) <= 7
    slack = 1e-9 * abs(low)
    assert all(axis.low - slack <= value <= axis.high + slack for value in values)


def test_an_axis_around_one_value_has_room():
    """Equal values do not collapse it."""
    for log in (True, False):
        axis = Axis.around("", "number", [0.9, 0.9], log=log)

        assert axis.low < 0.9 < axis.high


def test_figures_need_neither_matplotlib_nor_pandas():
    """A chart as data is light; only the picture is not."""
    code = (
        "import sys; from tests.charted import charted_run; str(charted_run().plot.pareto()); "
        "sys.exit(any(name in sys.modules for name in ('matplotlib', 'pandas', 'plotly')))"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_plots_of_a_run_name_themselves():
    """`run.plot` in a cell says what there is."""
    said = repr(study_run().plot)

    assert all(f"{kind}()" in said for kind in KINDS)


def test_every_hostile_name_is_one_of_a_variant():
    """The list of attacks reaches the charts as names: eight of them."""
    assert [row["variant"] for row in hostile_run().plot.scores(scorer=TEXTS[1]).rows] == TEXTS[:8]
