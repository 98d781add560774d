"""The engine of the result table: sorting, filtering, searching, grouping, comparing; no notebook around."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from tests.studies import study_run
from tests.tables import large_run, saved
from workbench.errors import UsageError
from workbench.run import Run
from workbench.score import Score
from workbench.widgets.table.changes import KINDS
from workbench.widgets.table.columns import VERDICTS, brief, cell, plain, text_of, verdict
from workbench.widgets.table.engine import Engine
from workbench.widgets.table.lines import Lines
from workbench.widgets.table.query import Query
from workbench.widgets.table.texts import Texts


@pytest.fixture(scope="module")
def run():
    """A run of 600 rows: six errors, about 120 failures."""
    return large_run(600)


@pytest.fixture(scope="module")
def engine(run):
    return Engine(run.info, run.rows)


def shown(engine, **asked):
    return [engine.rows.all[at] for at in engine.arrange(Query(**asked)).rows]


def test_the_order_is_that_of_the_study(run):
    """However the results came in, they are shown as they were asked."""
    mixed = Engine(run.info, run.rows[::-1])

    assert [row.index for row in shown(mixed)] == list(range(600))


@pytest.mark.parametrize("key", ["cost", "latency", "first_token", "tokens_in", "tokens_out", "score:choice"])
def test_numbers_are_sorted_and_rows_without_one_come_last(engine, key):
    """An error has no cost and no score: it is last from low to high and from high to low."""
    values = {row.index: engine.rows.numbers(key)[row.index] for row in engine.rows.all}

    for descending in (False, True):
        found = [values[row.index] for row in shown(engine, sort=key, descending=descending)]
        known = [value for value in found if not math.isnan(value)]
        assert known == sorted(known, reverse=descending)
        assert not any(math.isnan(value) for value in found[: len(known)])


def test_equal_rows_stay_in_the_study_s_order(engine):
    """Sorting by a score of 0 and 1 leaves two runs of rows, each as asked."""
    found = shown(engine, sort="score:choice", descending=True)
    ones = [row.index for row in found if row.value("choice") == 1]

    assert [row.index for row in found[: len(ones)]] == sorted(ones)


def test_samples_are_sorted_as_people_count(engine):
    """``s2`` comes before ``s10``."""
    names = [row.sample_id for row in shown(engine, sort="sample")]

    assert names[:3] == ["s0", "s0", "s1"]
    assert names.index("s2") < names.index("s10")


def test_variants_are_sorted_as_the_study_lists_them(engine):
    """The first variant is what the others are compared with: it stays first."""
    assert shown(engine, sort="variant")[0].variant == "haiku-4-5"
    assert shown(engine, sort="variant", descending=True)[0].variant == "sonnet-4-6"


def test_answers_are_sorted_by_how_they_begin(engine):
    """Upper and lower case alike."""
    found = [row.text[:20].casefold() for row in shown(engine, sort="answer") if row.error is None]

    assert found == sorted(found)


@pytest.mark.parametrize(("only", "word"), [("failed", "failed"), ("errors", "error")])
def test_a_filter_lets_through_what_its_name_says(engine, only, word):
    """Failed are those that were judged; an error is never one of them."""
    found = shown(engine, only=only)

    assert {verdict(row) for row in found} == {word}
    assert len(found) == sum(verdict(row) == word for row in engine.rows.all) == engine.count(only)


def test_only_differences_are_samples_on_which_variants_disagree(engine, run):
    """Both rows of such a sample are shown; an error disagrees with nobody."""
    found = {row.sample_id for row in shown(engine, only="differ")}
    by_sample: dict[str, set[float | None]] = {}
    for row in run.rows:
        if row.error is None:
            by_sample.setdefault(row.sample_id, set()).add(row.value("choice"))

    assert found == {sample for sample, values in by_sample.items() if len(values) > 1}


def test_where_nothing_judges_variants_differ_in_their_words():
    """Without scorers the answers themselves are compared."""
    run = study_run(samples=10)
    bare = replace(
        run, info=replace(run.info, scorers=()), rows=tuple(replace(r, judges=frozenset()) for r in run.rows)
    )
    engine = Engine(bare.info, bare.rows)

    found = {row.sample_id for row in shown(engine, only="differ")}

    assert found
    assert all(len({r.text for r in run.rows if r.sample_id == s}) > 1 for s in found)


def test_a_search_looks_at_input_answer_and_error(engine):
    """Upper and lower case alike, across line breaks."""
    row = engine.rows.all[0]

    assert row in shown(engine, search=row.text.upper())
    assert row in shown(engine, search="\n".join(row.input.split(" ")))
    assert {r.index for r in shown(engine, search="overloaded_error: BUSY")} == {99, 199, 299, 399, 499, 599}
    assert shown(engine, search="nobody wrote this") == []


def test_what_does_not_fit_the_index_is_searched_all_the_same(run):
    """A run with more text than is held in memory is read again."""
    texts = Texts(limit=1000)
    texts.fill(run.rows, len(run.rows))

    found = texts.search(run.rows, run.rows[-2].text[:40]).nonzero()[0].tolist()

    assert texts._searched[-2] is None
    assert len(run.rows) - 2 in found


def test_a_filter_and_a_search_and_an_order_are_one_question(engine):
    """Failed answers that speak of refunds, the slowest first."""
    found = shown(engine, only="failed", search="refund", sort="latency", descending=True)

    assert found
    assert all(verdict(r) == "failed" and "refund" in f"{r.text} {r.input}" for r in found)
    assert [r.timing.total_s for r in found] == sorted((r.timing.total_s for r in found), reverse=True)


@pytest.mark.parametrize(
    "asked", [{"sort": "costs"}, {"only": "fialed"}, {"group": "varaint"}, {"search": "x" * 5000}]
)
def test_what_the_table_does_not_have_is_refused_with_the_nearest_name(engine, asked):
    """A page that is not ours may ask for anything."""
    with pytest.raises(UsageError, match=r"this table has no|a search takes"):
        engine.arrange(Query(**asked))


# --- groups --------------------------------------------------------------------------------------------


def test_groups_hold_every_row_once(engine):
    """Closed, a group is one line; open, its rows follow it."""
    arranged = engine.arrange(Query(group="variant"))

    assert arranged.items.tolist() == [-1, -2]
    arranged.fold(0, opened=True)
    assert len(arranged) == 2 + 300
    assert {engine.rows.all[at].variant for at in arranged.items[1:301]} == {"haiku-4-5"}
    arranged.fold_all(opened=True)
    assert sorted(at for at in arranged.items.tolist() if at >= 0) == list(range(600))


def test_a_row_knows_its_line_whichever_groups_are_open(engine):
    """The line a drill-down scrolls to is where the row is drawn."""
    arranged = engine.arrange(Query(group="sample", sort="latency"))
    for group in (3, 7, 250):
        arranged.fold(group, opened=True)

    for line, at in enumerate(arranged.items.tolist()):
        if at >= 0:
            assert arranged.line(at) == line
    assert arranged.line(int(arranged.members(5)[0])) == -1


def test_identical_answers_are_one_group_whatever_their_white_space():
    """The largest group comes first."""
    run = study_run(samples=20)
    spaced = tuple(
        replace(r, body={**(r.body or {}), "content": [{"type": "text", "text": " billing\n"}]})
        if r.text == "billing" and i % 2
        else r
        for i, r in enumerate(run.rows)
    )
    engine = Engine(run.info, spaced)
    arranged = engine.arrange(Query(group="answer"))
    sizes = [len(arranged.members(group)) for group in range(arranged.groups)]

    assert arranged.groups == 3
    assert sizes == sorted(sizes, reverse=True)
    assert sum(sizes) == 60


def test_the_heading_of_a_group_has_the_numbers_of_the_summary(engine, run):
    """Grouped by variant, mean and interval are those of the run's own table."""
    engine.prepare(Query(sort="cost"))
    lines = Lines(engine).window(engine.arrange(Query(group="variant")), 0, 10, set())
    cell_of = {row[0].text: row[1].text for row in run.summary().rows}

    for line in lines:
        mean, _, interval = cell_of[line["name"]].partition("  ")
        assert f"choice {mean} ({interval})" in line["words"]
        assert "300 rows, 50 %" in line["words"]
        assert ("6 errors" in line["words"]) == (line["name"] == "sonnet-4-6")


def test_columns_of_the_dataset_are_groupings(tmp_path, run):
    """Short values of the samples beside the journal, not their long texts."""
    folder = saved(run, tmp_path / "run")
    lines = [
        f'{{"id":"s{n}","values":{{"input":"{"long " * 40}","tier":"{"gold" if n % 3 else "basic"}"}}}}'
        for n in range(300)
    ]
    (folder / "samples.jsonl").write_text("\n".join(lines) + "\n")
    engine = Engine(run.info, run.rows, folder=folder)

    assert [key for key in engine.groups if key.startswith("value:")] == ["value:tier"]
    arranged = engine.arrange(Query(group="value:tier"))
    names = [line["name"] for line in Lines(engine).window(arranged, 0, 10, set())]
    assert names == ["basic", "gold"]
    assert [len(arranged.members(group)) for group in (0, 1)] == [200, 400]


# --- two runs ------------------------------------------------------------------------------------------


def other_than(run: Run, **scores) -> Run:
    """Return the run with other scores for some indexes; None leaves the row out."""
    rows = []
    for row in run.rows:
        value = scores.get(f"i{row.index}", row.value("choice"))
        if value is not None:
            rows.append(replace(row, scores={"choice": Score(value, "", "")}) if row.error is None else row)
        elif f"i{row.index}" not in scores:
            rows.append(row)
    return replace(run, rows=tuple(rows))


def test_rows_of_two_runs_are_fixed_broken_or_the_same():
    """Against the run given; what only one of them has is named too."""
    run = study_run(samples=4)
    right, wrong = (next(r.index for r in run.rows if r.value("choice") == v) for v in (1, 0))
    last = run.rows[-1].index
    before = other_than(run, **{f"i{right}": 0.0, f"i{wrong}": 1.0, f"i{last}": None})
    now = replace(run, rows=tuple(r for r in run.rows if r.index != 1))
    engine = Engine(now.info, now.rows, against=before)

    codes = engine.rows_changed().astype(int)
    kinds = {row.index: KINDS[code] for row, code in zip(engine.rows.all, codes, strict=True)}

    assert (kinds[right], kinds[wrong], kinds[last], kinds[1]) == ("fixed", "broken", "here", "there")
    assert {kinds[i] for i in kinds} == {"fixed", "broken", "here", "there", "same"}
    assert {r.index for r in shown(engine, only="changed")} == {right, wrong}
    assert [r.index for r in shown(engine, only="there")] == [1]


def test_an_error_is_neither_fixed_nor_broken():
    """A row that has no verdict in one of the runs says so."""
    run = study_run(samples=4)
    error = next(r for r in run.rows if r.error is not None)
    mended = replace(error, error=None, body=run.rows[0].body, scores={"choice": Score(1.0)})
    engine = Engine(run.info, [mended if r is error else r for r in run.rows], against=run)

    assert [row.index for row in shown(engine, only="unclear")] == [error.index]


def test_single_variants_are_matched_whatever_they_are_called():
    """A prompt that was renamed is compared with what it was."""
    run = study_run(samples=4)
    only = replace(
        run, info=replace(run.info, variants=run.info.variants[:1]), rows=run.results(variant="haiku-4-5")
    )
    renamed = replace(
        only,
        info=replace(only.info, variants=({**only.info.variants[0], "name": "new"},)),
        rows=tuple(replace(r, variant="new") for r in only.rows),
    )

    engine = Engine(renamed.info, renamed.rows, against=only)

    assert len(shown(engine, only="same")) == len(only.rows)


# --- cells ---------------------------------------------------------------------------------------------


def test_text_of_a_body_is_the_message_s_text(run):
    """What is read a hundred thousand times at once is what `Result.text` says."""
    assert [text_of(row.body) for row in run.rows] == [row.text for row in run.rows]


def test_a_cell_shows_what_would_be_invisible():
    """No control, no bidirectional override reaches the page; long text is cut."""
    assert brief("a\u202eb\x1b[31m\n c") == "a⟨U+202E⟩b␛[31m c"
    assert len(brief("x" * 10_000)) == 301


def test_a_score_has_no_more_digits_than_it_needs():
    """Scores of 0 and 1 are not 0.00 and 1.00."""
    assert [plain(v) for v in (0.0, 1.0, 0.123456, 12.5)] == ["0", "1", "0.1235", "12.5"]


def test_an_error_has_no_score_no_cost_and_no_latency(run):
    """It has a dash; and its words where the answer would be."""
    error = run.errors[0]

    assert [cell(key, error) for key in ("score:choice", "cost", "latency")] == ["–", "–", "–"]
    assert cell("answer", error) == "overloaded_error: busy"
    assert cell("verdict", error) in VERDICTS


def test_rows_read_from_a_journal_look_the_same(tmp_path, run):
    """What lies on the disk is got when it is shown."""
    kept = Run.load(saved(run, tmp_path / "run"))
    window = [
        Lines(e).window(e.arrange(Query()), 0, 100, set())
        for e in (Engine(r.info, r.rows) for r in (run, kept))
    ]

    assert window[0] == window[1]


def test_a_journal_that_is_gone_leaves_what_is_in_memory(tmp_path, run):
    """The cells that were in it say nothing, and why is told."""
    folder = saved(run, tmp_path / "run")
    kept = Run.load(folder)
    (folder / "journal.jsonl").unlink()
    lines = Lines(Engine(kept.info, kept.rows))

    (line, *_) = lines.window(lines._engine.arrange(Query()), 0, 1, set())

    assert line["c"][4] in {"passed", "failed"}
    assert "–" in line["c"]
    assert "journal.jsonl" in lines.trouble
