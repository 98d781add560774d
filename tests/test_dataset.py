# ruff: noqa: PD011 - the values of a sample are no DataFrame's
from __future__ import annotations

import csv
import datetime as dt
import io
import json
import math
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.dataset import Dataset, Sample, plain_cell, safe_cell
from workbench.display import Shown
from workbench.errors import DatasetError
from workbench.wire.codec import digest

ROWS = [{"id": "a", "input": "2+2", "target": "4"}, {"id": "b", "input": "3+3", "target": "6"}]


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write a file into the working directory, and return its name."""
    monkeypatch.chdir(tmp_path)

    def put(name, content):
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return name

    return put


def jsonl(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def problem(source: Any, **more: Any) -> str:
    with pytest.raises(DatasetError) as caught:
        Dataset.load(source, **more)
    return str(caught.value)


def test_every_kind_of_file_gives_the_same_samples(write, tmp_path):
    """JSON lines, JSON, CSV, TSV, Parquet, DataFrame and list are one dataset."""
    write("d.jsonl", jsonl(ROWS))
    write("d.json", json.dumps(ROWS))
    write("d.csv", "id,input,target\na,2+2,4\nb,3+3,6\n")
    write("d.tsv", "id\tinput\ttarget\na\t2+2\t4\nb\t3+3\t6\n")
    pd.DataFrame(ROWS).to_parquet(tmp_path / "d.parquet")

    sources = ["d.jsonl", "d.json", "d.csv", "d.tsv", "d.parquet", pd.DataFrame(ROWS), ROWS]

    assert {Dataset.load(source).sha256 for source in sources} == {Dataset.load(ROWS).sha256}


def test_a_sample_keeps_every_column(write):
    """Columns beyond the three are values a prompt may use; metadata stands apart."""
    name = write("d.jsonl", jsonl([{**ROWS[0], "level": 3, "metadata": {"by": "me"}}]))

    sample = Dataset.load(name)[0]

    assert sample.values == {"id": "a", "input": "2+2", "target": "4", "level": 3}
    assert sample.metadata == {"by": "me"}


def test_rows_without_ids_are_numbered():
    """Ids are row numbers from 1, and stay what they are when rows are added at the end."""
    assert [s.id for s in Dataset.load([{"input": "a"}, {"input": "b"}])] == ["1", "2"]


def test_whole_numbers_are_ids():
    """A numeric id column becomes text."""
    assert Dataset.load([{"id": 7, "input": "a"}])[0].id == "7"


def test_texts_and_samples_are_taken():
    """A list may hold texts, or samples made before."""
    assert [s.input for s in Dataset.load(["a", "b"])] == ["a", "b"]
    assert Dataset.load([Sample("x", "a")])[0].values == {"input": "a"}


def test_other_column_names_are_mapped():
    """The caller's words win; question and answer are known."""
    rows = [{"nr": 1, "question": "?", "answer": "!", "reply": "."}]

    known = Dataset.load(rows)
    named = Dataset.load(rows, id="nr", target="reply")

    assert (known[0].input, known[0].target, known[0].values["input"]) == ("?", "!", "?")
    assert (named[0].id, named[0].target) == ("1", ".")
    assert known.roles == {"input": "question", "target": "answer"}


def test_a_name_of_its_own_beats_an_alias():
    """Where there is an input column, question is just a column."""
    assert Dataset.load([{"input": "a", "question": "b"}])[0].input == "a"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            jsonl([*ROWS, {"id": "c", "input": "x"}]),
            'd.jsonl:3: "target" is missing; every line needs "id", "input" and "target"',
        ),
        (jsonl([{"id": "a", "txt": "?"}]), 'd.jsonl:1: "input" is missing; name the column that holds it: '),
        (
            jsonl(ROWS) + "\n" + jsonl(ROWS[:1]),
            'd.jsonl:4: id "a" is already used at d.jsonl:1; ids must be unique',
        ),
        (
            jsonl(ROWS) + '{"id": "c" "x"}\n',
            "d.jsonl:3: not JSON (expecting ',' delimiter at column 12); every line must be one JSON object",
        ),
        (jsonl(ROWS) + "[1]\n", "d.jsonl:3: expected an object, found a list; every row needs "),
        (
            jsonl([{"id": [1], "input": "x"}]),
            "d.jsonl:1: the id must be a text or a whole number, found [1]",
        ),
        (jsonl([{"id": "", "input": "x"}]), "d.jsonl:1: the id must be a text or a whole number, found ''"),
        (
            jsonl([{"input": "x", "metadata": 5}]),
            'd.jsonl:1: "metadata" must be an object, found a number',
        ),
        (b'{"input": "\xff"}\n', "d.jsonl:1: byte 0xff at column 12 is not UTF-8; save the file as UTF-8"),
        (
            jsonl(ROWS).encode() + b'{"input": "\xe9t\xe9"}',
            "d.jsonl:3: byte 0xe9 at column 12 is not UTF-8; save the file as UTF-8",
        ),
        ("\ufeff".encode("utf-16-le"), "d.jsonl: the file is UTF-16; save it as UTF-8"),
        (b"", "d.jsonl is empty; a dataset needs at least one row"),
        (b"\n  \n", "d.jsonl is empty; a dataset needs at least one row"),
        ('[\n{"input": "a"}\n]', "d.jsonl:1: this is one JSON array over many lines; name the file .json"),
        ("[" * 500 + "]" * 500, "d.jsonl:1: not JSON (JSON nested deeper than 200 levels)"),
    ],
)
def test_a_bad_line_is_named_with_its_cure(write, content, message):
    """File, line, what is wrong and what to do, in one line."""
    got = problem(write("d.jsonl", content))

    assert got.startswith(message)
    assert "\n" not in got


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "id,input\na,1\nb,2,3\n",
            "d.csv:3: 3 cells, but the header has 2; quote cells that contain the separator or a line break",
        ),
        ('id,input\na,"x\ny"\nb\n', "d.csv:4: 1 cell, but the header has 2"),
        ("id,,input\n", "d.csv:1: column 2 has no name; the first line must name every column"),
        ("id,input,id\n", 'd.csv:1: column "id" stands twice; rename one of them'),
        ('id,input\na,"x\n', "d.csv:2: unexpected end of data; a quoted cell ends with one quote"),
        ("id,input\n", "d.csv is empty; a dataset needs at least one row"),
        ("", "d.csv is empty; a dataset needs at least one row"),
        ("id,input\n,x\n", "d.csv:2: the id must be a text or a whole number, found ''"),
    ],
)
def test_a_bad_csv_is_named_with_its_cure(write, content, message):
    """The line is the one where the row starts."""
    assert problem(write("d.csv", content)).startswith(message)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{}", "d.json: expected an array of objects, found an object"),
        ('{"input": "a"}\n{"input": "b"}', "d.json: not JSON (extra data at line 2, column 1)"),
        ("[1]", "d.json: row 1: expected an object, found a number"),
        ("", "d.json is empty"),
    ],
)
def test_a_bad_json_is_named_with_its_cure(write, content, message):
    """Rows of an array are counted from 1."""
    assert problem(write("d.json", content)).startswith(message)


def test_a_number_beyond_reading_is_named(write):
    """Python's own limit of digits is one more thing that is not JSON."""
    content = b'{"input": ' + b"1" * 5000

    assert problem(write("d.jsonl", content)).startswith("d.jsonl:1: not JSON (")


def test_a_bad_parquet_is_named(write):
    """Errors of pyarrow stay inside."""
    assert problem(write("d.parquet", b"PAR1 no")).startswith("d.parquet: not a readable Parquet file (")


def test_a_missing_file_gets_the_nearest_name(write):
    """Or the list of what there is, or the folder that is not there."""
    write("arithmetic.jsonl", jsonl(ROWS))

    assert problem("arithmetics.jsonl") == (
        "arithmetics.jsonl does not exist; did you mean 'arithmetic.jsonl'?"
    )
    assert problem("qa.csv") == "qa.csv does not exist (there is: arithmetic.jsonl)"
    assert problem("data/qa.csv").startswith("data/qa.csv does not exist: there is no folder data in ")


def test_a_folder_is_no_dataset(write, tmp_path):
    """The files in it are named."""
    (tmp_path / "sub").mkdir()
    write("sub/a.csv", "input\nx\n")

    assert problem("sub") == "sub is a folder; name one file in it (there is: a.csv)"


def test_an_unknown_kind_of_file_is_refused(write):
    """The kinds there are stand in the message."""
    assert problem(write("d.txt", "x")) == (
        "d.txt: unknown kind of file; use .jsonl, .json, .csv, .tsv or .parquet"
    )


def test_an_unreadable_path_is_named():
    """Errors of the operating system become one line."""
    assert problem("x" * 300 + ".jsonl").endswith(": file name too long")


@pytest.mark.parametrize("wrong", [5, None, {"input": "x"}])
def test_what_is_no_dataset_is_refused(wrong):
    """The message says what can be given."""
    assert "give a path, a DataFrame, or a list" in problem(wrong)


def test_an_empty_list_is_refused():
    """An empty dataset is a mistake, not a study."""
    assert problem([]) == "dataset is empty; a dataset needs at least one row"


def test_a_column_that_is_not_there_gets_the_nearest_name():
    """So does a role mapped to a misspelt column."""
    assert problem([{"question": "?"}], input="qestion") == (
        "dataset: row 1: there is no column \"qestion\" for the input; did you mean 'question'? "
        "(there is: question)"
    )


def test_byte_order_mark_and_line_ends_are_nothing(write):
    """A BOM, CRLF and blank lines change nothing; U+2028 inside a text does not end the line."""
    text = '\ufeff{"input": "a\u2028b"}\r\n\r\n{"input": "c"}\r\n'

    assert [s.input for s in Dataset.load(write("d.jsonl", text))] == ["a\u2028b", "c"]


def test_a_csv_with_semicolons_is_read(write):
    """As spreadsheets write it where the comma is the decimal sign; line breaks in cells are kept."""
    data = Dataset.load(write("d.csv", '\ufeffid;input\r\na;"x\r\ny; 1,5"\r\n'))

    assert data[0].input == "x\r\ny; 1,5"


def test_a_cell_may_be_long(write):
    """The csv module's own limit of 128 kB does not hold documents, and is left as it was."""
    before = csv.field_size_limit()

    assert len(Dataset.load(write("d.csv", "input\n" + "x" * 200_000 + "\n"))[0].input) == 200_000
    assert csv.field_size_limit() == before


def test_an_empty_target_is_no_target(write):
    """An empty cell of a CSV and a null of JSON both mean: nothing to compare with."""
    assert Dataset.load(write("d.csv", "input,target\na,\nb,x\n"))[0].target is None
    assert Dataset.load([{"input": "a", "target": None}])[0].target is None


def test_missing_targets_are_named_where_a_scorer_needs_them(write):
    """A dataset may have none; a scorer that needs them asks."""
    data = Dataset.load(write("d.jsonl", '{"input": "a", "target": "x"}\n{"input": "b", "target": null}\n'))

    with pytest.raises(DatasetError, match=r'^d\.jsonl:2: "target" is missing'):
        data.require_targets()


def test_dataframes_become_plain_data():
    """Numbers of numpy, dates, decimals and missing cells are what JSON can hold."""
    frame = pd.DataFrame(
        {
            "input": ["a", None],
            "target": [1.5, math.nan],
            "n": pd.array([1, None], dtype="Int64"),
            "day": [pd.Timestamp("2026-11-22"), pd.NaT],
            "money": [Decimal("1.50"), Decimal(2)],
            "list": [[1, 2], []],
        }
    )

    first, second = Dataset.load(frame)

    assert first.values == {
        "input": "a", "target": 1.5, "n": 1, "day": "2026-11-22T00:00:00", "money": "1.50", "list": [1, 2]
    }  # fmt: skip
    assert {second.input, second.target, second.values["n"], second.values["day"]} == {None}


def test_what_json_cannot_hold_is_named():
    """Bytes in a cell are refused with row and column."""
    assert problem([{"input": b"x"}]) == (
        'dataset: row 1: column "input" holds bytes, which JSON cannot; make it text first'
    )
    assert Dataset.load([{"input": dt.date(2026, 1, 2)}])[0].input == "2026-01-02"


def test_parts_keep_their_places(write):
    """head, filter, sample and slices are datasets, and their errors still name the line."""
    data = Dataset.load(write("d.jsonl", jsonl([{"input": str(n), "target": None} for n in range(9)])))

    last = data.filter(lambda sample: sample.input == "8")

    assert [s.input for s in data.head(2)] == ["0", "1"]
    assert [s.input for s in data[1:3]] == ["1", "2"]
    with pytest.raises(DatasetError, match=r"^d\.jsonl:9: "):
        last.require_targets()


def test_a_draw_is_reproducible():
    """The same seed draws the same samples, in the dataset's order."""
    data = Dataset.load([str(n) for n in range(100)])

    draw = [int(s.input) for s in data.sample(10, seed=1)]

    assert draw == sorted(draw)
    assert len(set(draw)) == 10
    assert data.sample(10, seed=1) == data.sample(10, seed=1)
    assert data.sample(10, seed=1) != data.sample(10, seed=2)
    assert len(data.sample(1000)) == 100


def test_samples_are_found_by_id():
    """A wrong id gets the nearest one."""
    data = Dataset.load(ROWS)

    assert data["b"].input == "3+3"
    with pytest.raises(DatasetError, match="no sample 'bb'; did you mean 'b'"):
        data["bb"]


def test_the_hash_is_of_the_content():
    """It does not change with the file or the name, and changes with any value."""
    data = Dataset.load(ROWS)

    assert data.sha256 == Dataset.load(ROWS, name="other").sha256
    assert data.sha256 != Dataset.load([{**ROWS[0], "target": 4}, ROWS[1]]).sha256


def test_saved_is_loaded_again(tmp_path):
    """JSON lines keep every type, metadata and lone surrogates; nothing else is left in the folder."""
    rows = [{"id": "a", "input": "\ud800\u0000", "target": [1, None], "x": {"y": 1.0}, "metadata": {"k": 1}}]
    data = Dataset.load(rows)

    data.save(tmp_path / "d.jsonl")

    again = Dataset.load(tmp_path / "d.jsonl")
    assert again.samples == data.samples
    assert [entry.name for entry in tmp_path.iterdir()] == ["d.jsonl"]


def test_saving_renames_roles_once(tmp_path):
    """A set that was read with other names is saved with the three roles and its own columns."""
    Dataset.load([{"question": "?", "answer": "!"}]).save(tmp_path / "d.jsonl")

    assert json.loads((tmp_path / "d.jsonl").read_text()) == {
        "id": "1", "input": "?", "target": "!", "question": "?", "answer": "!"
    }  # fmt: skip


def test_saving_fails_in_one_line(tmp_path):
    """A folder that is not there, a kind that is not written."""
    with pytest.raises(DatasetError, match="no such file or directory"):
        Dataset.load(ROWS).save(tmp_path / "none" / "d.jsonl")
    with pytest.raises(DatasetError, match=r"saved as \.jsonl or \.csv"):
        Dataset.load(ROWS).save(tmp_path / "d.xlsx")


FORMULAS = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "\uff1d1",
    "\uff0b1",
    "\uff0d1",
    "\uff201",
]


@pytest.mark.parametrize("text", [*FORMULAS, " =1", "'=1", "''=1", "=cmd|' /C calc'!A0"])
def test_no_cell_is_a_formula(tmp_path, text):
    """What a spreadsheet would compute gets an apostrophe, and comes back as it was."""
    path = Dataset.load([{"id": text, "input": text, text: text}]).save(tmp_path / "d.csv")

    with path.open(newline="", encoding="utf-8") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert not [cell for cell in cells if cell.lstrip()[:1] in set("=+-@\uff1d\uff0b\uff0d\uff20")]
    assert Dataset.load(path)[0].id == text


@pytest.mark.parametrize("text", ["-5", "+3.2e4", "5", "-.5", "it's", "'tis", "a=1", ""])
def test_other_cells_stay_as_they_are(text):
    """Numbers stay numbers, and an apostrophe that guards nothing is text."""
    assert safe_cell(text) == text
    assert plain_cell(text) == text


@given(st.text(alphabet=st.sampled_from("=+-@' \t\r\nax1,;\"\uff1d\ud800\u0000")))
def test_csv_gives_the_exact_text_back(text):
    """Guard, quotes and line breaks included."""
    assert plain_cell(safe_cell(text)) == text

    page = io.StringIO(newline="")
    csv.writer(page, quoting=csv.QUOTE_ALL).writerow([safe_cell(text)])

    assert [plain_cell(cell) for cell in next(csv.reader(io.StringIO(page.getvalue(), newline="")))] == [text]


def test_a_csv_holds_every_column(tmp_path):
    """What is not text is written as JSON, nothing as an empty cell."""
    path = Dataset.load([{"id": "a", "input": "x", "target": None, "n": -2, "l": [1]}]).save(
        tmp_path / "d.csv"
    )

    assert path.read_text() == '"id","input","target","n","l"\n"a","x","","-2","[1]"\n'


def test_frame_has_a_row_for_each_sample():
    """The three roles stand first."""
    frame = Dataset.load([{"question": "?", "answer": "!"}]).frame()

    assert list(frame.columns) == ["id", "input", "target", "question", "answer"]
    assert len(frame) == 1


def test_a_dataset_prints_itself():
    """Name, size, columns, roles, hash and the first rows, on lines of bounded length."""
    data = Dataset.load(
        [{"question": "long " * 50, "answer": "!"}] * 1 + [{"question": "q", "answer": None}], name="qa"
    )

    head, first, second = str(data).split("\n")

    assert isinstance(data, Shown)
    assert head.startswith(
        "qa · 2 samples · columns: question, answer, input · input ← question · target ← answer"
    )
    assert "1 without target" in head
    assert (len(first) < 100, second) == (True, "  2  q")


@pytest.mark.parametrize(
    "odd",
    ["\ud83d", 10**30, float("nan"), None, "é", {"a": [None]}],
    ids=["half", "huge", "nan", "none", "é", "nested"],
)
def test_the_hash_of_a_dataset_is_that_of_its_records_as_one_list(odd):
    """Made record by record, it is the same that baselines and runs of earlier versions hold."""
    samples = [Sample("1", "x", metadata={"k": odd}), Sample("2", "y")]
    records = [
        {"id": "1", "input": "x", "target": None, "metadata": {"k": odd}},
        {"id": "2", "input": "y", "target": None},
    ]

    assert Dataset("d", tuple(samples)).sha256 == digest(records)
