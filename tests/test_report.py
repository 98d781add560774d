"""Tables: what they say, and what they must not."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest

from workbench import report
from workbench.reply import Timing
from workbench.report.estimate import difference, estimate
from workbench.report.words import EMULATED
from workbench.run import Result
from workbench.score import Score

MADE = "2026-11-22T10:00:00+00:00"
BODY = {
    "model": "claude-haiku-4-5",
    "content": [{"type": "text", "text": "x"}],
    "usage": {"input_tokens": 1000, "output_tokens": 100},
}


def result(variant, sample, value=1.0, *, epoch=0, scorer="correct", **changes):
    """Return an answered trial: 1,000 tokens in, 100 out, one second."""
    plain = {
        "variant": variant,
        "sample_id": str(sample),
        "epoch": epoch,
        "index": 0,
        "key": "k",
        "model": "claude-haiku-4-5",
        "body": {**BODY, "model": changes.get("model", BODY["model"])},
        "scores": {scorer: Score(value)},
        "timing": Timing(total_s=1.0, ttft_s=0.25, recorded_at=MADE),
    }
    return Result(**{**plain, **changes})


def failed(variant, sample, **changes):
    """Return a trial that ended in an error."""
    error = {"type": "overloaded_error", "message": "Overloaded", "status": 529, "request_id": None}
    return result(variant, sample, body=None, scores={}, error=error, timing=Timing(), **changes)


def pairs(n, a, b):
    """Return results of two variants; *a* and *b* say which samples are right."""
    return [result(v, i, float(i in right)) for i in range(n) for v, right in (("a", a), ("b", b))]


def table(results, *, variants=("a", "b"), scorers=(("correct", "binary"),), samples=60, epochs=1):
    return report.summary(
        results, name="study", variants=variants, scorers=scorers, samples=samples, epochs=epochs
    )


def cells(found, key):
    """Return the texts of a column."""
    place = [column.key for column in found.columns].index(key)
    return [row[place].text for row in found.rows]


def test_the_whole_text_of_a_plain_study():
    """60 samples, 9 gained, none lost: one look says size, price, intervals, verdict and method."""
    found = table(pairs(60, set(range(45)), set(range(54))))

    assert str(found) == (
        "study · 2 variants × 60 samples × 1 epoch · 120 replies, 0 errors · Claude API · $0.18 list\n"
        "\n"
        "variant  correct (95 %)     vs first (paired)               n  errors\n"
        "a        0.75  0.63 … 0.84  –                              60       0\n"
        "b        0.90  0.80 … 0.95  +15 points  +8 … +26  p 0.004  60       0\n"
        "\n"
        "variant  $ / 1,000      in    out    p50    p95  first token\n"
        "a             1.50  60,000  6,000  1.0 s  1.0 s        0.2 s\n"
        "b             1.50  60,000  6,000  1.0 s  1.0 s        0.2 s\n"
        "\n"
        "b is better than a here: +15 points, 95 % +8 … +26, p 0.004.\n"
        "\n"
        "Intervals 95 %: Wilson's for yes/no.\n"
        "vs first: paired by sample, Tango's interval with the exact McNemar test."
    )


def test_a_narrow_table_is_one_block():
    """Only what is wider than 100 columns is split."""
    found = table([result("a", i) for i in range(60)], variants=("a",))

    assert len(found.blocks()) == 1


def test_no_line_is_wider_than_a_hundred_columns():
    """Five scorers and long names: blocks, each opened by the variant."""
    names = ("claude-sonnet-4-6 · effort high · examples", "claude-haiku-4-5 · examples")
    scorers = tuple((f"scorer-{i}", "binary") for i in range(5))
    results = [
        result(v, i, scores={s: Score(float(i % 3 > 0)) for s, _ in scorers})
        for v in names
        for i in range(20)
    ]

    text = str(table(results, variants=names, scorers=scorers, samples=20))

    assert max(len(line) for line in text.splitlines()) <= 100
    assert sum(line.startswith("variant") for line in text.splitlines()) >= 3


def test_too_little_data_is_said_with_what_it_excludes():
    """Never "no difference": what is excluded."""
    found = table(pairs(60, set(range(40)), set(range(1, 43))))

    assert found.verdict == (
        "60 samples cannot tell b from a: gains beyond +12 points and losses beyond −5 points are excluded.",
    )


def test_an_even_split_is_said_with_one_bound():
    """As many gained as lost."""
    found = table(pairs(60, set(range(40)), set(range(1, 41))))

    assert found.verdict == ("60 samples cannot tell b from a: a difference beyond ±7 points is excluded.",)


def test_an_interval_without_zero_is_no_proof_when_the_test_says_no():
    """The exact test decides together with the interval."""
    found = table(pairs(60, set(range(40)), set(range(45))))

    assert found.verdict == (
        "60 samples cannot tell b from a: +8 points (95 % +2 … +18) is no proof at p 0.062.",
    )


def test_worse_is_said_too():
    """Direction comes from the sign."""
    found = table(pairs(60, set(range(54)), set(range(45))))

    assert found.verdict == ("b is worse than a here: −15 points, 95 % −26 … −8, p 0.004.",)


def test_several_comparisons_are_corrected_together():
    """Three variants: Holm over two, and the table says so."""
    right = {"a": 40, "b": 49, "c": 42}
    results = [result(v, i, float(i < n)) for i in range(60) for v, n in right.items()]

    found = table(results, variants=("a", "b", "c"))

    assert found.columns[2].title == "vs first (paired, Holm of 2)"
    assert cells(found, "correct_vs_first")[1].endswith("p 0.008")  # 2 · 0.0039
    assert found.verdict[0].endswith("p 0.008 after Holm's correction for 2 comparisons.")


def test_an_error_is_never_a_score():
    """Errors are a column of their own; the mean is of what was answered."""
    found = table(
        [*(result("a", i) for i in range(8)), failed("a", 8), failed("a", 9)], variants=("a",), samples=10
    )

    assert cells(found, "correct") == ["1.00  0.68 … 1.00"]
    assert (cells(found, "n"), cells(found, "errors")) == (["8"], ["2"])


def test_both_readings_of_errors_are_shown():
    """Counted as wrong, the mean would be another."""
    found = table(
        [*(result("a", i) for i in range(8)), failed("a", 8), failed("a", 9)], variants=("a",), samples=10
    )

    assert "a: with its 2 errors counted as wrong, correct is 0.80 (0.49 … 0.94)." in found.notes


def test_unscored_answers_are_counted_apart():
    """A scorer that says nothing is not a zero."""
    found = table([result("a", 1), result("a", 2, None)], variants=("a",), samples=2)

    assert cells(found, "unscored") == ["1"]
    assert cells(found, "correct")[0].startswith("1.00")


def test_what_was_not_run_is_counted_apart():
    """An interrupted run says how much is open."""
    found = table([result("a", 1)], variants=("a",), samples=3)

    assert cells(found, "not_run") == ["2"]
    assert "2 not run" in found.title


def test_repeats_are_averaged_per_sample_first():
    """4 samples x 3 repeats: n is 4, and the interval is Student's over 4 numbers."""
    values = {0: (1, 1, 1), 1: (1, 0, 1), 2: (0, 0, 0), 3: (1, 1, 0)}
    results = [result("a", i, float(v), epoch=e) for i, each in values.items() for e, v in enumerate(each)]

    found = table(results, variants=("a",), samples=4, epochs=3)
    (row,) = csv.DictReader(io.StringIO(found.to_csv()))

    assert (row["correct_n"], row["correct_method"]) == ("4", "Student t")
    assert float(row["correct_mean"]) == pytest.approx(7 / 12)
    assert any("repeats averaged per sample first" in note for note in found.notes)


def test_repeats_that_agree_stay_yes_or_no():
    """Three times the same answer is one answer."""
    results = [result("a", i, float(i > 0), epoch=e) for i in range(5) for e in range(3)]

    assert cells(table(results, variants=("a",), samples=5, epochs=3), "correct") == ["0.80  0.38 … 0.96"]


@pytest.mark.parametrize(
    ("values", "method"),
    [
        ([1.0] * 5, "Wilson"),
        ([0.5] * 5, "Wilson"),
        ([0.5], "Wilson"),
        ([], "Wilson"),
        ([0.5, 0.75], "Student t"),
        ([3.0, 4.0], "Student t"),
    ],
)
def test_each_kind_of_number_has_its_interval(values, method):
    """Equal fractions have no spread of their own; Wilson's is wide enough."""
    found = estimate(values)

    assert found.method == method
    assert found.low != found.high


def test_a_share_stays_between_0_and_1():
    """Student's interval is cut where no value can lie."""
    assert estimate([1.0, 1.0, 1.0, 0.5]).high == 1.0


def test_equal_scores_outside_0_to_1_exclude_nothing():
    """Three fours are no proof that all are fours."""
    assert not estimate([4.0, 4.0, 4.0]).bounded


def test_one_pair_excludes_nothing():
    """A fraction in one pair has no spread."""
    assert not difference({"1": 0.5}, {"1": 0.25}).bounded


def test_identical_fractions_are_not_certainty():
    """No difference in 10 samples excludes 30 points, not everything."""
    same = {str(i): 0.5 for i in range(10)}

    found = difference(same, same)

    assert (round(found.low, 2), round(found.high, 2)) == (-0.28, 0.28)


def test_no_sample_in_common_is_said():
    """Nothing to pair."""
    found = table([result("a", 1), result("b", 2)], samples=2)

    assert found.verdict == ("b and a have no sample in common: nothing can be said.",)


def test_measures_are_not_judged():
    """Seconds and lengths have a median and an interval, no verdict and no place in Holm's family."""
    results = [result(v, i, float(i), scorer="length") for v in "ab" for i in range(20)]

    found = table(results, scorers=(("length", "measure"),), samples=20)

    assert cells(found, "length")[0].startswith("9.50")
    assert found.verdict == ()


def test_emulated_numbers_say_so_in_words():
    """In title, verdict and notes."""
    results = [result(v, i, origin="emulator") for v in "ab" for i in range(5)]

    found = table(results, samples=5)

    assert "emulator" in found.title
    assert found.verdict[0].startswith("Emulated: ")
    assert EMULATED in found.notes


def test_mixed_origins_are_said():
    """Half from one place, half from another: no fair comparison."""
    results = [result("a", 1), result("b", 1, origin="url:http://127.0.0.1:8080")]

    found = table(results, samples=1)

    assert "mixed origins: Claude API 1, server http://127.0.0.1:8080 1" in found.title
    assert any("compare variants with care" in note for note in found.notes)


def test_an_unknown_price_is_never_zero():
    """Unpriced in the cell, in the title, and why in the notes."""
    found = table([result("a", 1, model="my-model")], variants=("a",), samples=1)

    assert cells(found, "usd") == ["unpriced"]
    assert found.title.endswith("unpriced")
    assert any(note.startswith("Unpriced: ") for note in found.notes)


def test_a_part_without_price_makes_the_sum_a_lower_bound():
    """At least so much."""
    found = table([result("a", 1), result("a", 2, model="my-model")], variants=("a",), samples=2)

    assert found.title.endswith("at least $0.0015 list, 1 unpriced")
    assert cells(found, "usd") == ["1.50 *"]


def test_a_first_token_that_was_not_measured_is_a_dash():
    """Not streamed: no first token."""
    found = table([result("a", 1, timing=Timing(total_s=1.0))], variants=("a",), samples=1)

    assert cells(found, "first_token_s") == ["–"]


def test_cache_columns_appear_with_the_cache():
    """No column of zeros."""
    usage = {"input_tokens": 10, "output_tokens": 1, "cache_read_input_tokens": 900}

    found = table([result("a", 1, body={**BODY, "usage": usage})], variants=("a",), samples=1)

    assert cells(found, "cache_read") == ["900"]
    assert "cache_write" not in [column.key for column in found.columns]


def test_the_source_changes_nothing():
    """Live, store or cassette: the same bytes."""
    tables = [
        table([result("a", 1, source=s)], variants=("a",), samples=1) for s in ("live", "store", "cassette")
    ]

    assert len({str(t) + t.to_csv() for t in tables}) == 1


def test_the_order_of_results_changes_nothing():
    """Results arrive in any order."""
    results = pairs(60, set(range(45)), set(range(54)))

    assert str(table(results[::-1])) == str(table(results))


def test_csv_has_a_column_for_each_number():
    """Bounds, p-values and counts, unrounded."""
    first, second = csv.DictReader(io.StringIO(table(pairs(60, set(range(45)), set(range(54)))).to_csv()))

    assert (first["variant"], first["correct_mean"], first["correct_vs_first_p"]) == ("a", "0.75", "")
    assert second["correct_vs_first_p"] == "0.00390625"
    assert second["usd_total"] == "0.09"


def test_csv_runs_no_formula():
    """A name that a spreadsheet would compute stays text."""
    found = table([result("=1+1", 1)], variants=("=1+1",), samples=1)

    assert found.to_csv().splitlines()[1].startswith('"\'=1+1",')


def test_control_characters_cannot_break_the_table():
    """A name with a line break and an escape stays on its line, visibly."""
    name = "a\nb\x1b[31m"

    text = str(table([result(name, 1)], variants=(name,), samples=1))

    assert "a␊b␛[31m" in text
    assert "\x1b" not in text


def test_frame_has_a_row_per_variant():
    """For those who compute on."""
    frame = table(pairs(60, set(range(45)), set(range(54)))).frame()

    assert list(frame["variant"]) == ["a", "b"]
    assert frame["correct_mean"].iloc[1] == 0.9


def test_an_empty_run_has_a_table():
    """Nothing was answered: dashes, no crash."""
    found = table([])

    assert cells(found, "correct") == ["–", "–"]
    assert "120 not run" in found.title


def test_comparison_shows_the_square_and_who_won_where():
    """The 2x2 table, ids, difference, verdict."""
    found = report.compare(pairs(60, set(range(45)), set(range(1, 55))), "a", "b", scorer="correct")

    assert found.counts == (44, 1, 10, 5)
    assert (found.lost, found.won[:2]) == (("0",), ("45", "46"))
    assert str(found) == (
        "correct · 60 samples that both answered\n"
        "a 0.75 (0.63 … 0.84) → b 0.90 (0.80 … 0.95)\n"
        "+15 points   95 % +5 … +27   p 0.012\n"
        "\n"
        "              b right  wrong\n"
        "a right            44      1\n"
        "a wrong            10      5\n"
        "\n"
        "won: 45 46 47 48 49 50 51 52 53 54\n"
        "lost: 0\n"
        "\n"
        "b is better than a here: +15 points, 95 % +5 … +27, p 0.012.\n"
        "\n"
        "Paired by sample; Tango interval, exact McNemar test."
    )


def test_comparison_states_what_was_left_out():
    """Samples only one has a number for are no pairs."""
    results = [result("a", 1), result("b", 1), result("a", 2), failed("b", 2), result("b", 3)]

    found = report.compare(results, "a", "b", scorer="correct")

    assert (found.n, found.only_a, found.only_b) == (1, ("2",), ("3",))
    assert "Left out: 1 sample only a has a number for (2)." in found.notes


def test_comparison_of_scores_has_no_square():
    """Fractions are compared by their mean difference."""
    results = [result(v, i, 0.1 * i + 0.2 * (v == "b") * (i % 2)) for v in "ab" for i in range(5)]

    found = report.compare(results, "a", "b", scorer="correct")

    assert found.counts is None
    assert found.difference.method == "paired t"


def test_differences_beyond_0_to_1_are_not_points():
    """Stars are not percent."""
    results = [result(v, i, 3 + (v == "b") * (1 + i % 2)) for v in "ab" for i in range(10)]

    found = report.compare(results, "a", "b", scorer="correct")

    assert found.verdict == "b is better than a here: +1.50, 95 % +1.12 … +1.88, p < 0.001."


def test_receipt_tells_list_from_incurred():
    """What came from the store cost nothing now."""
    results = [result("a", 1), result("a", 2, source="store"), failed("a", 3)]

    bill = report.receipt(results)

    assert (bill.listed.total, bill.incurred.total) == (Decimal("0.003"), Decimal("0.0015"))
    assert bill.saved_by_store == Decimal("0.0015")
    assert (bill.replies, bill.live, bill.errors) == (2, 1, 1)


def test_the_text_of_a_receipt():
    """Columns, sums, savings, what is not in the sums."""
    usage = {"input_tokens": 1000, "output_tokens": 100, "cache_read_input_tokens": 100_000}
    results = [result("a", 1, body={**BODY, "usage": usage}), result("a", 2, source="store"), failed("a", 3)]

    assert str(report.receipt(results, perhaps_paid=2, limits={"a": 1000})) == (
        "                                 list    incurred\n"
        "input, uncached      2,000    $0.0020     $0.0010\n"
        "cache read         100,000    $0.0100     $0.0100\n"
        "output                 200    $0.0010     $0.0005\n"
        "                              -------    --------\n"
        "                              $0.0130     $0.0115     "
        "saved: store $0.0015, prompt cache $0.0900 against no cache\n"
        "\n"
        "2 replies: 1 asked now, 1 recorded before\n"
        "1 error: not in the sums.\n"
        "2 calls cut off before the answer was recorded: perhaps paid, at most $0.2625; not in the sums."
    )


def test_a_receipt_of_unpriced_replies_says_at_least():
    """Unknown is not free."""
    bill = report.receipt([result("a", 1), result("a", 2, model="my-model")])

    assert any("the sums are at least these" in note for note in bill.notes)


def test_a_receipt_without_any_price_has_no_figure():
    """Unknown is unpriced, never $0."""
    text = str(report.receipt([result("a", 1, model="my-model")]))

    assert "$" not in text
    assert "unpriced    unpriced" in text


def test_nothing_is_incurred_for_emulated_answers():
    """They are priced as Claude's, but nobody paid."""
    text = str(report.receipt([result("a", 1, origin="emulator")]))

    assert "asked now" in text.splitlines()[0]
    assert "incurred" not in text


def test_a_receipt_names_the_emulator():
    """Nobody should think that this was paid."""
    assert EMULATED in str(report.receipt([result("a", 1, origin="emulator")]))
