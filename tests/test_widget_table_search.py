"""Searching a run's rows: what is looked at in the journal is found as it would be by reading everything."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.studies import study_run
from tests.tables import info, large_run, saved, tables
from workbench.errors import JournalError
from workbench.journal import Reader, Records
from workbench.run import JOURNAL, Result, Run, bodies
from workbench.run.kept import Kept
from workbench.widgets.table import work
from workbench.widgets.table.columns import said
from workbench.widgets.table.engine import Engine
from workbench.widgets.table.look import Look, folded
from workbench.widgets.table.query import Query
from workbench.widgets.table.texts import Texts, searchable

LETTERS = "aAsSkKißſKİıΣςσéﬁŉ漢🙂te\"'\\/:u0,{}[] \t\n\r\b\x00\x1f\x7f\x85\xa0\u2003\u2028\u0301\ud800"
"""Letters whose lower case has another length, what JSON escapes, all white space, half a character."""

WORDS = ["text", '"text"', "\\u0041", "overloaded_error", "message", "s1", "haiku"]
"""What stands in every record, or looks like what JSON writes."""

TEXT = st.lists(st.text(LETTERS, max_size=4) | st.sampled_from(WORDS), max_size=5).map("".join)
ANSWERS = st.lists(TEXT, max_size=3)
ROWS = st.lists(st.tuples(TEXT, ANSWERS, st.booleans()), min_size=1, max_size=5)


def kept(run: Run) -> list[Kept]:
    """Return the rows of a run that was loaded."""
    return [row for row in run.rows if isinstance(row, Kept)]


def made(index: int, asked: str, answers: list[str], failed: bool) -> Result:
    """Return a result: an answer of some text blocks, one of them cited, or an error."""
    blocks = [{"type": "text", "text": text} for text in answers]
    blocks[1:1] = [{"type": "thinking", "thinking": asked, "signature": "s"}] if len(blocks) > 2 else []
    error = {"type": "overloaded_error", "message": asked} if failed else None
    body = None if failed else {"model": "m", "content": blocks}
    return Result("haiku-4-5", f"s{index}", 0, index, "k", "m", body, error, input=asked)


def written(rows: list[Result], folder: str) -> Run:
    """Return a run of these rows as it is read from its journal."""
    return Run.load(saved(Run(info(len(rows)), tuple(rows)), Path(folder) / "run"))


@settings(deadline=None, max_examples=300)
@example([("", ["foo", "bar"], False)], "ooba", 0)
@example([("", [], True)], "overloaded_error: ", 0)
@example([("STRAẞE", ["\u212aelvin"], False)], "strasse", 0)
@example([("C:\\users", ['say "hi"\tthere'], False)], '"hi" there', 0)
@example([("x\ud800y", [], False)], "\ud800Y", 0)
@given(ROWS, TEXT, st.integers(0, 5))
def test_what_is_looked_at_is_found_as_if_it_were_read(given_rows, words, read):
    """However many rows were read before, and whatever stands in them."""
    with tempfile.TemporaryDirectory() as folder:
        run = written([made(at, *row) for at, row in enumerate(given_rows)], folder)
        texts = Texts()
        texts.fill(run.rows, min(read, len(run.rows)))
        asked = [words, *(row[0][:3] for row in given_rows), *("".join(row[1])[1:4] for row in given_rows)]
        for needle in asked:
            plain = [folded(needle) in searchable(row, row.input, said(row)) for row in run.rows]

            assert texts.search(run.rows, needle).tolist() == plain


@settings(deadline=None, max_examples=60)
@given(ROWS, TEXT)
def test_what_does_not_fit_the_index_is_looked_at_too(given_rows, words):
    """A run with more text than is held in memory finds the same."""
    with tempfile.TemporaryDirectory() as folder:
        run = written([made(at, *row) for at, row in enumerate(given_rows)], folder)
        texts = Texts(limit=20)
        texts.fill(run.rows, len(run.rows))

        plain = [folded(words) in searchable(row, row.input, said(row)) for row in run.rows]

        assert texts.search(run.rows, words).tolist() == plain


def test_records_that_cannot_hold_the_words_are_not_parsed(tmp_path, monkeypatch):
    """Only those of which their bytes say so, and errors, whose words are put together."""
    run = Run.load(saved(large_run(600), tmp_path / "run"))
    parsed: list[Kept] = []
    parse = Kept.parse

    def counted(row, body):
        parsed.append(row)
        return parse(row, body)

    monkeypatch.setattr(Kept, "parse", counted)
    engine = Engine(run.info, run.rows)

    found = engine.arrange(Query(search="overloaded_error"))

    assert [row.index for row in parsed] == [99, 199, 299, 399, 499, 599] == found.rows.tolist()
    assert not engine.has("texts")


def test_whoever_types_on_looks_only_where_the_beginning_was(tmp_path, monkeypatch):
    """Rows that do not hold a word hold no longer one either."""
    run = Run.load(saved(large_run(200), tmp_path / "run"))
    engine = Engine(run.info, run.rows)
    first = engine.arrange(Query(search="refund inv")).rows.tolist()
    looked: list[bytes] = []
    may_be_in = Look.may_be_in

    def counted(look, body):
        looked.append(body)
        return may_be_in(look, body)

    monkeypatch.setattr(Look, "may_be_in", counted)

    then = engine.arrange(Query(search="refund invoice")).rows.tolist()

    errors = {row.index for row in run.rows if row.error is not None}
    assert then == first
    assert len(looked) == len(set(first) - errors) < 100


def test_a_row_that_was_replaced_is_looked_at_again(tmp_path):
    """An answer that took the place of an error is found by its own words."""
    run = Run.load(saved(large_run(200), tmp_path / "run"))
    engine = Engine(run.info, run.rows)
    assert engine.arrange(Query(search="overloaded")).rows.tolist() == [99, 199]

    engine.take([made(99, "asked again", ["at last"], failed=False)], run.info)

    assert engine.arrange(Query(search="overloaded")).rows.tolist() == [199]
    assert engine.arrange(Query(search="at last")).rows.tolist() == [99]


def test_what_cannot_be_read_is_not_found_and_why_is_told(tmp_path):
    """Its name is in memory; its words are not."""
    run = Run.load(saved(large_run(200), tmp_path / "run"))
    (tmp_path / "run" / JOURNAL).unlink()
    engine = Engine(run.info, run.rows)

    assert len(engine.arrange(Query(search="refund")).rows) == 0
    assert "journal.jsonl" in engine.texts.trouble
    assert engine.arrange(Query(search="s77")).rows.tolist() == [154, 155]


def test_a_journal_that_was_replaced_is_refused(tmp_path):
    """Where a record lies that is another one's, nothing is taken from it."""
    one, other = (Run.load(saved(large_run(4, seed=seed), tmp_path / str(seed))) for seed in (1, 2))
    ((_, _, body),) = bodies(other.rows[1:2])

    with pytest.raises(JournalError, match="load the run again"):
        kept(one)[0].parse(body)


@pytest.mark.parametrize("near", [0, 300, 1 << 14])
@pytest.mark.parametrize("chunk", [1000, 1 << 20])
def test_many_records_are_those_that_are_read_one_by_one(tmp_path, monkeypatch, near, chunk):
    """However far apart and however long they are, also the last one, whose line end was lost."""
    rows = [made(at, "x" * (at * 700 % 40_000), ["y" * (at * 90)], failed=at % 7 == 0) for at in range(60)]
    run = written(rows, str(tmp_path))
    path = tmp_path / "run" / JOURNAL
    path.write_bytes(path.read_bytes()[:-1])
    monkeypatch.setattr("workbench.journal.scan.NEAR", near)
    monkeypatch.setattr("workbench.journal.scan.CHUNK", chunk)
    whole = dict(Records(path))
    places = [*sorted(whole)[::2], max(whole)]

    found = list(Reader(path).bodies([*places, places[-1] + 3]))

    assert found[-1] is None
    read = [row for row in kept(run) if row.place in places]
    assert [row.parse(body) for row, body in zip(read, found[:-1], strict=True)] == [whole[p] for p in places]


def test_of_answers_read_ahead_the_end_is_told(monkeypatch):
    """Also where a search was answered meanwhile, and however little is said on the way."""
    monkeypatch.setattr(work, "SAID_S", 1e9)
    with tables() as show:
        table = show(large_run(3000))
        table._work.soon = True
        table._work.waiting = 1, Query(search="refund")

        while table._work.turn() == 0:
            pass

        told = [message["text"] for message in table.told if message["kind"] == "state"]
        assert told == ["reading answers 0 %", ""]


def test_the_row_one_went_to_is_found_among_other_rows():
    """The page says which it is; where it is no hit, or in a folded group, no line is named."""
    with tables() as show:
        table = show(study_run())

        assert table.asked("query", "view", at=179, search="t-059")["held"] == 2
        assert table.asked("query", "view", at=4, search="t-059")["held"] == -1
        assert table.asked("query", "view", search="t-059")["held"] == -1
        assert table.asked("query", "view", at="4")["held"] == -1
        assert table.asked("query", "view", at=4, group="variant")["held"] == -1
