"""The result table as a widget: what it tells the page, what it keeps, what it leaves for the next cell."""

from __future__ import annotations

import threading
from dataclasses import replace

import pandas as pd
import pytest

from tests.studies import hostile_run, study_run
from tests.tables import Told, large_run, saved, tables, until
from workbench.dataset import Dataset
from workbench.errors import JournalError, UsageError
from workbench.evaluation import Eval
from workbench.grades import Grades
from workbench.prompt import Prompt, Variant
from workbench.run import INFO, Run
from workbench.score import exact
from workbench.show.tables import figures as figures_html
from workbench.widgets.table.figures import header, quick_header


@pytest.fixture
def shown():
    """Make tables whose threads end with the test."""
    with tables() as show:
        yield show


def test_a_page_that_comes_gets_the_whole_table(shown):
    """Also after a reload: columns, filters with counts, the first rows; figures follow."""
    table = shown(study_run())

    table.hear("ready")

    first, view = table.last("table"), table.last("view")
    assert [c["key"] for c in first["columns"]][:5] == ["index", "sample", "variant", "epoch", "verdict"]
    figures = until(lambda: table.last("figures"))
    assert {c["key"]: c["count"] for c in table.last("chips")["chips"]} == {
        "all": 180, "failed": 26, "errors": 5, "differ": 63, "ungraded": 180
    }  # fmt: skip
    assert (view["lines"], len(view["rows"])) == (180, 100)
    assert figures["words"].endswith("$0.078 list")
    until(lambda: table.last("state")["text"] == "")


def test_no_answer_holds_more_than_a_hundred_rows(shown):
    """However many a page asks for."""
    table = shown(study_run())
    mark = table.asked("query", "view")["mark"]

    assert len(table.asked("window", "rows", mark=mark, start=0)["rows"]) == 100
    assert len(table.asked("window", "rows", mark=mark, start=150)["rows"]) == 30
    assert table.asked("window", "rows", mark=mark, start=10**9)["rows"] == []


def test_rows_of_an_order_that_is_no_more_are_marked_stale(shown):
    """A window that was asked before the last sorting must not be mixed in."""
    table = shown(study_run())
    old = table.asked("query", "view")["mark"]
    table.asked("query", "view", sort="latency")

    assert table.asked("window", "rows", mark=old, start=0)["stale"]


@pytest.mark.parametrize(
    "message",
    [
        {"kind": "query", "sort": ["cost"]},
        {"kind": "query", "only": {1: 2}},
        {"kind": "query", "search": 5},
        {"kind": "query", "group": "__class__"},
        {"kind": "open", "position": "0"},
        {"kind": "open", "position": -1},
        {"kind": "open", "position": True},
        {"kind": "open", "position": 10**12},
        {"kind": "source", "cite": "x"},
        {"kind": "grade", "position": 0, "what": "rating", "value": 9},
        {"kind": "grade", "position": 0, "what": [], "value": 1},
        {"kind": "grade", "position": 0, "what": "pass", "value": True},
        {"kind": "export", "path": 7},
        {"kind": "window", "nonsense": 1},
    ],
    ids=str,
)
def test_a_page_that_is_not_ours_gets_a_sentence(shown, message):
    """Whatever it sends, the kernel answers in words, and the table is as before."""
    table = shown(study_run(samples=4))

    table.hear(message.pop("kind"), n="x", **message)

    assert table.last("problem", "x")["text"]
    assert len(table.filtered) == 12


def test_what_must_be_read_first_is_answered_later(shown, monkeypatch):
    """A search waits for the answers to be read, beside the kernel's own thread; it says how far it is."""
    run = study_run()
    table = shown(run)
    go, main = threading.Event(), threading.current_thread()
    step = table._engine.step
    by = []

    def slow(what, count=60):
        by.append(threading.current_thread())
        assert go.wait(20)
        step(what, count)

    monkeypatch.setattr(table._engine, "step", slow)
    table.hear("query", n="a", search="opening hours")
    assert "reading answers 0 %" in table.last("state")["text"]
    assert table.last("view", "a") is None
    go.set()

    found = until(lambda: table.last("view", "a"))

    assert found["count"] == sum("opening hours" in r.text for r in run.rows)
    assert main not in by
    assert table.asked("query", "view", search="opening hours")["count"] == found["count"]


def test_what_goes_wrong_beside_the_kernel_s_thread_is_said(shown, monkeypatch):
    """The page does not wait for ever, and the table goes on."""
    table = shown(study_run())
    with monkeypatch.context() as patched:
        patched.setattr(table._engine, "step", lambda *_: 1 / 0)
        table.hear("query", n="a", search="opening")
        until(lambda: "ZeroDivisionError" in (table.last("problem") or {"text": ""})["text"])

    assert table.asked("query", "view", search="rate limit")["count"] == 5


def test_the_rest_of_the_table_does_not_wait_for_a_search(shown, monkeypatch):
    """While answers are read one sorts, filters and scrolls; the search is answered in the new order."""
    table = shown(study_run())
    go = threading.Event()
    step = table._engine.step
    monkeypatch.setattr(table._engine, "step", lambda what, count=60: (go.wait(20), step(what, count)))
    table.hear("query", n="a", search="rate limit")

    table.hear("query", n="b", search="rate limit", sort="latency", only="errors")
    now = table.last("view")
    rows = table.asked("window", "rows", mark=now["mark"], start=0)["rows"]

    assert (now["n"], now["query"]["sort"], now["query"]["search"]) == (None, "latency", "")
    assert (now["count"], len(rows)) == (5, 5)
    assert "reading answers" in table.last("state")["text"]
    go.set()
    found = until(lambda: table.last("view", "b"))
    assert found["query"] == {**now["query"], "search": "rate limit"}
    assert table.asked("query", "view", search="opening", only="errors")["count"] == 0


def test_answers_are_read_as_soon_as_somebody_means_to_search(shown):
    """The search that is then typed does not wait for them."""
    table = shown(study_run())

    table.hear("soon")
    until(lambda: table._engine.has("texts"))
    table.hear("query", n="a", search="rate limit")

    assert table.last("view", "a")["count"] == 5


def test_only_the_last_of_several_questions_is_answered(shown, monkeypatch):
    """What was typed meanwhile counts, not what waited."""
    table = shown(study_run())
    go = threading.Event()
    step = table._engine.step
    monkeypatch.setattr(table._engine, "step", lambda what, count=60: (go.wait(20), step(what, count)))
    table.hear("query", n="a", search="opening")
    table.hear("query", n="b", search="rate limit")
    go.set()

    assert until(lambda: table.last("view", "b"))["count"] == 5
    assert table.last("view", "a") is None


# --- the header ----------------------------------------------------------------------------------------


def test_the_header_has_the_numbers_of_the_summary(shown):
    """Every cell is one of the run's own table."""
    run = study_run()
    table = shown(run)
    whole = {column.key: at for at, column in enumerate(run.summary().columns)}
    picked = header(run)

    for mine, theirs in zip(picked.rows, run.summary().rows, strict=True):
        assert list(mine) == [theirs[whole[column.key]] for column in picked.columns]
    table.hear("ready")
    assert until(lambda: table.last("figures"))["header_html"] == figures_html(picked)


def test_the_header_comes_at_once_and_its_prices_later(shown, monkeypatch):
    """With a word that says so; nothing is priced twice, and the run's own table is that of the header."""
    monkeypatch.setattr("workbench.widgets.table.figures.QUICK", 10)
    run = study_run()
    table = shown(run)
    table.hear("ready")

    last = until(lambda: (found := table.last("figures")) and not found["coming"] and found)
    first = next(m for m in table.told if m["kind"] == "figures")

    assert first["coming"] == "prices follow"
    assert "$" not in first["header_html"]
    assert "0.67 … 0.88" in first["header_html"]
    assert last["header_html"] == figures_html(header(study_run()))
    assert last["words"] == run.summary().title.partition(" · ")[2]
    assert vars(run)["_bills"] == study_run()._bills
    assert str(run.receipt()) == str(study_run().receipt())


def test_a_large_run_is_shown_without_waiting_for_its_prices():
    """All other numbers of the header are those of the summary."""
    run = large_run(24_000)
    quick = quick_header(run)
    whole = header(run)

    assert [c.key for c in quick.columns] == [c.key for c in whole.columns if c.key != "usd"]
    priced = [c.key for c in whole.columns].index("usd")
    assert [list(r) for r in quick.rows] == [
        [c for at, c in enumerate(r) if at != priced] for r in whole.rows
    ]
    assert quick_header(run) == whole  # now that they are known


def test_histograms_say_in_words_what_they_show(shown):
    """Bars are decoration; the words hold the numbers."""
    table = shown(large_run(400))
    table.hear("ready")
    until(lambda: "tokens_out" in (table.last("histograms") or {"histograms": {}})["histograms"])

    found = table.last("histograms")["histograms"]

    assert found["score:choice"]["words"].startswith("choice: 0: ")
    assert sum(found["score:choice"]["bars"]) == 396
    assert sum(found["latency"]["bars"]) == 396
    assert "median" in found["cost"]["words"]


# --- one row -------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    """A run's folder with its study, as a client leaves it."""
    data = Dataset.load([{"id": f"q{n}", "input": f"What is {n}?", "target": str(n)} for n in range(3)])
    prompt = Prompt("Say: {{input}}", model="claude-haiku-4-5", max_tokens=9, system="Be brief.", name="a")
    variants = [Variant("a", prompt), Variant("b", prompt.with_(max_tokens=8))]
    study = Eval("sums", dataset=data, variants=variants, scorers=[exact()])
    run = study_run(samples=3)
    rows = [
        replace(run.rows[0], variant=t.variant.name, sample_id=t.sample.id, index=t.index, key=t.request.key)
        for t in study.trials()
    ]
    prompts = tuple({"name": v.name, "prompt": v.prompt.wire()} for v in study.variants)
    made = replace(run, info=replace(run.info, name="sums", variants=prompts), rows=tuple(rows))
    study.save(saved(made, tmp_path / "sums"))
    return tmp_path / "sums"


def test_the_request_is_shown_as_it_was_sent(shown, folder):
    """It is made again of prompt and sample, and its key says that it is the same."""
    found = shown(folder).asked("open", "opened", position=0)

    assert found["asked_words"] == "As it was sent."
    assert "What is 0?" in found["asked_html"]
    assert "Be brief." in found["asked_html"]


def test_a_request_that_is_no_longer_the_same_says_so(shown, folder):
    """A dataset that was changed since cannot pass for what was asked."""
    path = folder / "samples.jsonl"
    path.write_text(path.read_text().replace("What is 0?", "What is 7?"))

    assert "what was sent differed" in shown(folder).asked("open", "opened", position=0)["asked_words"]


def test_without_samples_the_kept_input_is_shown(shown):
    """And the reader is told."""
    run = study_run(samples=2)
    found = shown(run).asked("open", "opened", position=0)

    assert "only the input that was kept" in found["asked_words"]
    assert run.rows[0].input in found["asked_html"]


def test_an_open_row_has_all_that_is_known_of_it(shown):
    """Scores with their reasons, usage and receipt, the record, its twins."""
    found = shown(study_run(samples=2)).asked("open", "opened", position=0)

    assert "expected billing, got other" in found["scores_html"]
    assert "req_000000" in found["usage_html"]
    assert '"request_id": "req_000000"' in found["raw"]
    assert [twin["title"] for twin in found["history"]] == ["sonnet-4-6", "sonnet-4-6 · effort high"]
    assert found["place"] == "row 1 of 6 rows"
    assert (found["previous"], found["next"], found["line"]) == (None, 1, 0)


def test_the_next_row_follows_sort_and_filter(shown):
    """From the first failure to the last, in the order shown."""
    table = shown(study_run())
    table.asked("query", "view", only="failed", sort="sample", descending=True)
    at = int(table._arranged.rows[0])
    seen = [at]
    while (at := table.asked("open", "opened", position=at)["next"]) is not None:
        seen.append(at)

    assert seen == table._arranged.rows.tolist()
    assert all(table._engine.rows.all[at].passed is False for at in seen)


def test_the_other_run_s_answer_stands_first_in_the_history(shown):
    """With its verdict; and the difference names both."""
    run = study_run(samples=2)
    table = shown(run, against=study_run(samples=2, origin="claude_api"))
    found = table.asked("open", "opened", position=0)

    assert found["history"][0]["title"] == "support-triage: haiku-4-5"
    assert "support-triage: haiku-4-5: failed → this row: failed" in found["difference_html"]


# --- grades --------------------------------------------------------------------------------------------


def test_a_grade_is_kept_beside_the_run_and_shown_at_once(shown, folder):
    """Another table of the same folder has it too."""
    table = shown(folder, who="ada")
    done = table.asked("grade", "graded", position=1, what="rating", value=4)
    table.asked("grade", "graded", position=1, what="pass", value=1)

    assert done["grade"] == "4 of 5"
    assert {c["key"]: c["count"] for c in table.last("chips")["chips"]}["ungraded"] == 5
    assert len(Grades.open(folder).latest()) == 1
    again = shown(folder)
    assert again._engine.grades == {1: "passed · 4 of 5"}
    assert again.asked("query", "view", only="ungraded")["count"] == 5
    assert "rated 4 of 5 by ada" in again.asked("open", "opened", position=1)["grades"][1]


def test_grades_of_a_run_in_memory_are_kept_in_memory(shown):
    """There is no folder to write them to."""
    table = shown(study_run(samples=2))
    table.asked("grade", "graded", position=0, what="pass", value=0)

    assert len(table.grades) == 1
    assert table.asked("query", "view", sort="grade")["rows"][0]["p"] == 0
    table.asked("grade", "graded", position=3, what="rating", value=2)
    table.asked("grade", "graded", position=0, what="rating", value=1)
    assert [row["p"] for row in table.asked("query", "view", sort="grade")["rows"]][:2] == [3, 0]


def test_grades_that_others_gave_come_with_the_next_look(shown, folder):
    """Two tables of one folder, and a page that is loaded again."""
    mine, theirs = shown(folder), shown(folder)
    theirs.asked("grade", "graded", position=2, what="rating", value=5)

    mine.hear("ready")

    assert mine._engine.grades == {2: "5 of 5"}


# --- for the next cell ---------------------------------------------------------------------------------


def test_filtered_is_what_is_shown_as_a_frame(shown):
    """In the order shown, with the columns of the run's own frame."""
    run = study_run()
    table = shown(run)
    table.show(only="failed", sort="sample", descending=True)

    found = table.filtered

    assert list(found.columns) == list(run.frame().columns)
    assert len(found) == 26
    assert list(found["sample"]) == sorted(found["sample"], reverse=True)


def test_large_selections_are_cut_from_the_frame_of_the_run(shown, tmp_path):
    """The same rows as one by one, and quicker."""
    run = Run.load(saved(large_run(6000), tmp_path / "run"))
    table = shown(run)
    table.show(sort="sample", descending=True)

    found = table.filtered

    assert list(found["sample"][:3]) == ["s2999", "s2999", "s2998"]
    mine, theirs = (f.sort_values(["sample", "variant"], ignore_index=True) for f in (found, run.frame()))
    pd.testing.assert_frame_equal(mine, theirs)


def test_selected_rows_come_in_the_order_in_which_they_were_selected(shown):
    """Single rows, ranges of lines, and out again."""
    table = shown(study_run())
    table.asked("query", "view", only="failed")
    table.asked("select", "selected", positions=[60], on=True)
    table.asked("select", "selected", first=2, last=0, on=True)
    count = table.asked("select", "selected", positions=[60], on=False)["count"]

    assert count == 3
    assert list(table.selected["sample"]) == list(table.filtered["sample"][:3])
    assert table.asked("clear", "selected")["count"] == 0


def test_the_frame_of_two_runs_says_what_changed(shown):
    """A column more than the run's own."""
    run = study_run(samples=3)
    table = shown(run, against=run)

    assert set(table.filtered["change"]) == {"same"}


# --- without a kernel ----------------------------------------------------------------------------------


def test_without_a_kernel_the_first_rows_stand_in_a_table(shown):
    """Verdicts in words, the header, and how many rows are not shown; the text is complete by itself."""
    bundle = shown(study_run())._repr_mimebundle_()

    for kind in ("text/html", "text/plain"):
        assert "160 more rows" in bundle[kind]
        assert "0.67 … 0.88" in bundle[kind]
        assert "overloaded" not in bundle[kind]
        for word in ("failed", "passed", "error", "t-006"):
            assert word in bundle[kind]
        assert "t-007" not in bundle[kind]
    assert "<script" not in bundle["text/html"]
    assert len(bundle["text/html"]) < 40_000


def test_a_hostile_run_is_shown_as_text(shown):
    """In the static table and in its text."""
    bundle = shown(hostile_run())._repr_mimebundle_()

    assert "<img" not in bundle["text/html"]
    assert "\x1b" not in bundle["text/plain"]


def test_a_folder_without_a_run_says_so(tmp_path):
    """And a run that lost its journal too."""
    with pytest.raises(UsageError, match="no run here"):
        Told(tmp_path)
    study_run(samples=1).info.save(tmp_path)
    assert (tmp_path / INFO).exists()
    with pytest.raises(JournalError, match="gone"):
        Told(tmp_path)
