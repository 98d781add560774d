"""The result table as a widget: what it tells the page, what it keeps, what it leaves for the next cell."""

from __future__ import annotations

import csv
import random
import sys
import threading
from dataclasses import replace

import pandas as pd
import pytest

from tests.hostile import CASES
from tests.studies import hostile_run, study_run
from tests.tables import Told, info, large_run, row, saved, until
from workbench.dataset import Dataset
from workbench.dataset.cells import plain_cell
from workbench.errors import JournalError, UsageError
from workbench.evaluation import Eval
from workbench.grades import Grades
from workbench.journal import Journal, frame
from workbench.prompt import Prompt, Variant
from workbench.run import INFO, JOURNAL, Run
from workbench.score import exact
from workbench.show.tables import figures as figures_html
from workbench.widgets.table.figures import header, quick_header


@pytest.fixture
def shown():
    """Make tables whose threads end with the test."""
    made = []

    def show(*args, **options) -> Told:
        made.append(Told(*args, **options))
        return made[-1]

    yield show
    for table in made:
        table.close()
        table._background.join(20)


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
    until(lambda: table.last("figures"))

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


def lines(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


# --- files ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".html"])
def test_an_export_holds_the_rows_shown(shown, tmp_path, suffix):
    """By its ending a table for spreadsheets, for programs, or for people."""
    table = shown(study_run())
    table.show(only="failed")

    path = table.export(tmp_path / f"failed{suffix}")

    if suffix == ".parquet":
        assert list(pd.read_parquet(path)["sample"]) == list(table.filtered["sample"])
    elif suffix == ".csv":
        assert len(lines(path)) == 27
    else:
        assert path.read_text().count("<tr>") >= 27
        assert "got other" not in path.read_text().split("<tr>")[0]


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".html"])
def test_hostile_texts_are_exported_as_texts(shown, tmp_path, suffix):
    """No formula in a spreadsheet, no markup in a page, no error over half a character."""
    table = shown(hostile_run())

    path = table.export(tmp_path / f"all{suffix}", what="all")

    if suffix == ".csv":
        rows = lines(path)
        formula = [row for row in rows if any(plain_cell(cell) == CASES["formula"] for cell in row)]
        assert formula
        assert not any(cell.startswith(("=", "@", "\t=")) for row in rows for cell in row)
    if suffix == ".html":
        assert "<script" not in path.read_text().casefold()
        assert "<img" not in path.read_text()


def test_a_page_says_how_many_rows_it_does_not_hold(shown, tmp_path, monkeypatch):
    """No browser opens a hundred thousand rows of HTML; CSV holds them all."""
    monkeypatch.setattr("workbench.widgets.table.export.PAGE_ROWS", 50)

    done = shown(study_run()).asked("export", "exported", path=str(tmp_path / "x.html"), what="all")

    assert done["text"].startswith("50 rows written")
    page = (tmp_path / "x.html").read_text()
    assert "130 more rows" in page
    assert page.count("claude-") < 180


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("x.txt", "ends in .csv"),
        ("none/x.csv", "no such folder"),
        ("", "name a file"),
        (".csv", "ends in .csv"),
    ],
)
def test_a_path_that_cannot_be_is_refused_with_the_cure(shown, tmp_path, monkeypatch, path, words):
    """Before anything is written."""
    monkeypatch.chdir(tmp_path)

    with pytest.raises(UsageError, match=words):
        shown(study_run(samples=1)).export(path)
    assert list(tmp_path.iterdir()) == []


def test_without_pyarrow_parquet_says_what_to_install(shown, tmp_path, monkeypatch):
    """And that CSV needs nothing."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    with pytest.raises(UsageError, match=r"pip install .* or export \.csv"):
        shown(study_run(samples=1)).export(tmp_path / "x.parquet")


def test_the_form_does_not_replace_a_file_unasked(shown, tmp_path):
    """The first press says that it is there, the second replaces it."""
    table, path = shown(study_run(samples=1)), tmp_path / "x.csv"
    path.write_text("mine")

    refused = table.asked("export", "exported", path=str(path), what="all")
    assert "press Export again" in refused["text"]
    assert path.read_text() == "mine"
    done = table.asked("export", "exported", path=str(path), what="all", replace=True)

    assert done["text"] == f"3 rows written to {path}"


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


# --- a run that goes on --------------------------------------------------------------------------------


class Going:
    """A run that is still written."""

    def __init__(self, folder, rows=20):
        self.folder, self.rnd, self.index = folder, random.Random(1), 0
        folder.mkdir()
        self.info = info(rows, status="running")
        self.info.save(folder)

    def write(self, count, *, torn=b""):
        data = b"".join(frame(self.next().record()) for _ in range(count))
        with (self.folder / JOURNAL).open("ab") as file:
            file.write(data + torn)

    def next(self):
        self.index += 1
        return row(self.index - 1, self.rnd)

    def end(self):
        replace(self.info, status="complete").save(self.folder)


@pytest.fixture
def at_once(monkeypatch):
    """Look at the journal without waiting a second."""
    monkeypatch.setattr("workbench.widgets.table.work.FOLLOW_S", 0.01)


@pytest.mark.usefixtures("at_once")
def test_a_running_study_is_followed(shown, tmp_path):
    """New answers come in, the view says how far it is; at the end the header is the run's own."""
    going = Going(tmp_path / "run")
    going.write(5)
    table = shown(tmp_path / "run")
    table.hear("ready")
    assert table.last("state")["running"] == "running, 5 of 40"

    going.write(30)
    until(lambda: table.last("view")["lines"] == 35)
    going.write(5)
    going.end()
    until(lambda: table.last("state")["running"] == "")

    assert table.last("view")["lines"] == 40
    assert table.run.rows == Run.load(tmp_path / "run").rows
    assert str(table.run.summary()) == str(Run.load(tmp_path / "run").summary())
    table._background.wake()


@pytest.mark.usefixtures("at_once")
def test_a_record_that_is_being_written_is_read_when_it_is_whole(shown, tmp_path):
    """A torn tail is no damage while the run goes on."""
    going = Going(tmp_path / "run")
    line = frame(going.next().record())
    going.write(0, torn=line[:50])
    table = shown(tmp_path / "run")
    table.hear("ready")
    assert len(table.filtered) == 0

    with (tmp_path / "run" / JOURNAL).open("ab") as file:
        file.write(line[50:])

    until(lambda: table.last("view")["lines"] == 1)


@pytest.mark.usefixtures("at_once")
def test_an_answer_takes_the_place_of_an_error(shown, tmp_path):
    """As in a run that is loaded whole; what was sorted and searched knows it."""
    going = Going(tmp_path / "run")
    going.index = 99
    failed = going.next()
    with Journal.open(tmp_path / "run" / JOURNAL) as journal:
        journal.append(failed.record())
        journal.sync()
    table = shown(tmp_path / "run")
    table.hear("ready")
    assert table.asked("query", "view", search="overloaded")["count"] == 1
    mended = replace(large_run(2).rows[1], index=99, sample_id=failed.sample_id)
    with Journal.open(tmp_path / "run" / JOURNAL) as journal:
        journal.append(mended.record())
        journal.sync()

    until(lambda: table.last("view")["lines"] == 0)
    assert table.asked("query", "view", only="errors")["count"] == 0
    assert table.asked("query", "view", search=mended.text[:20])["count"] == 1


@pytest.mark.usefixtures("at_once")
def test_a_row_that_is_open_stays_where_rows_come_in(shown, tmp_path):
    """Positions never change, whatever is written after them."""
    going = Going(tmp_path / "run")
    going.write(4)
    table = shown(tmp_path / "run")
    table.hear("ready")
    table.asked("query", "view", group="variant")
    table.asked("fold", "view", group=1, opened=True)
    title = table.asked("open", "opened", position=3)["title"]

    going.write(4)
    until(lambda: table.last("view")["count"] == 8)

    assert table._arranged.opened == {1}
    assert table.asked("open", "opened", position=3)["title"] == title


def test_a_folder_without_a_run_says_so(tmp_path):
    """And a run that lost its journal too."""
    with pytest.raises(UsageError, match="no run here"):
        Told(tmp_path)
    study_run(samples=1).info.save(tmp_path)
    assert (tmp_path / INFO).exists()
    with pytest.raises(JournalError, match="gone"):
        Told(tmp_path)
