"""Grades beside a run: on the disk before they count, never changed, each person's last word in force."""

from __future__ import annotations

import stat
import subprocess
import sys
import threading
from dataclasses import replace

import pytest

from workbench.errors import JournalError, UsageError
from workbench.grades import GRADES, MAX_NOTE, Grade, Grades, graded, grader, now
from workbench.journal import Journal

AT = "2026-11-23T10:00:00Z"


def rating(value, trial="a/1/0", who="ada", note=""):
    """Return a rating."""
    return Grade((trial,), "rating", value, who, AT, note)


def preference(value, trials=("a/1/0", "b/1/0"), **fields):
    """Return a choice between two answers."""
    return Grade(trials, "pair", value, "ada", AT, **fields)


def test_what_is_added_is_there_again(tmp_path):
    """A grade, whatever its kind and note, is read as it was written."""
    given = [
        rating(4, note="short, but right\nsecond line \ud800"),
        Grade(("a/2/0",), "pass", 0, "bob", AT),
        preference(0.5, shown=("b/1/0", "a/1/0")),
    ]
    grades = Grades.open(tmp_path)
    for grade in given:
        grades.add(grade)

    assert Grades.open(tmp_path).all == grades.all == tuple(given)


def test_the_file_is_its_owners(tmp_path):
    """Nobody else reads what people say."""
    Grades.open(tmp_path).add(rating(4))

    assert stat.S_IMODE((tmp_path / GRADES).stat().st_mode) == 0o600


def test_reading_makes_no_file(tmp_path):
    """A run that nobody graded has no file of grades."""
    assert len(Grades.open(tmp_path)) == 0
    assert list(tmp_path.iterdir()) == []


def test_the_last_word_of_each_person_counts(tmp_path):
    """A later grade of the same person, kind and trial replaces the earlier one; others stand."""
    grades = Grades.open(tmp_path)
    for grade in (rating(2), rating(5, who="bob"), Grade(("a/1/0",), "pass", 1, "ada", AT), rating(4)):
        grades.add(grade)

    assert [(g.who, g.kind, g.value) for g in grades.valid()] == [
        ("bob", "rating", 5),
        ("ada", "pass", 1),
        ("ada", "rating", 4),
    ]
    assert grades.latest("rating", "bob") == {("a/1/0",): rating(5, who="bob")}
    assert grades.latest("rating")[("a/1/0",)].who == "ada"


def test_a_withdrawal_deletes_nothing(tmp_path):
    """A grade taken back counts no more; the history tells of both."""
    grades = Grades.open(tmp_path)
    grades.add(rating(2))
    grades.withdraw(rating(2))

    again = Grades.open(tmp_path)
    assert again.latest() == {}
    assert again.scores() == {}
    assert [grade.value for grade in again.history("a/1/0")] == [2, None]


@pytest.mark.parametrize(
    ("grade", "value"),
    [
        (rating(1), 0.0),
        (rating(3), 0.5),
        (rating(5), 1.0),
        (Grade(("t",), "pass", 1, "ada", AT), 1.0),
        (Grade(("t",), "pass", 0, "ada", AT), 0.0),
        (preference(1), 1.0),
        (preference(0.5), 0.5),
        (preference(0), 0.0),
    ],
    ids=lambda x: f"{x.kind} {x.value}" if isinstance(x, Grade) else "",
)
def test_a_grade_is_a_score(grade, value):
    """From 0 to 1, with who and when."""
    assert grade.score.value == value
    assert "ada" in grade.score.explanation
    assert AT in grade.score.explanation


def test_the_score_tells_the_note():
    """Why is kept with what."""
    assert rating(4, note="too long").score.explanation == f"rated 4 of 5 by ada, {AT}: too long"


def test_what_several_people_say_is_averaged():
    """A trial's score is the mean over its graders; of a pair the second gets the rest."""
    grades = Grades()
    for grade in (rating(5), rating(3, who="bob"), preference(1)):
        grades.add(grade)

    assert grades.scores("rating")["a/1/0"].value == 0.75
    assert grades.scores("rating", "bob")["a/1/0"].value == 0.5
    assert {trial: score.value for trial, score in grades.scores("pair").items()} == {
        "a/1/0": 1.0,
        "b/1/0": 0.0,
    }


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"kind": "stars"}, "kind"),
        ({"value": 6}, "1, 2, 3, 4, 5"),
        ({"value": "4"}, "1, 2, 3, 4, 5"),
        ({"value": float("nan")}, "1, 2, 3, 4, 5"),
        ({"trials": ()}, "one trial"),
        ({"trials": ("a", "b")}, "one trial"),
        ({"kind": "pair", "value": 1}, "two different trials"),
        ({"kind": "pair", "value": 1, "trials": ("a", "a")}, "two different trials"),
        ({"shown": ("b",)}, "shown"),
    ],
    ids=str,
)
def test_what_no_table_could_count_is_refused(fields, said):
    """A wrong kind, value or number of trials is told where it is made."""
    with pytest.raises(UsageError, match=said):
        replace(rating(4), **fields)


def test_a_torn_tail_is_cut_and_told(tmp_path):
    """A grade that was being written when the power went is none; the next follows the last whole one."""
    path = tmp_path / GRADES
    grades = Grades.open(tmp_path)
    grades.add(rating(2))
    whole = path.stat().st_size
    grades.add(rating(3))
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 5)

    torn = Grades.open(tmp_path)
    assert torn.dropped == path.stat().st_size - whole
    torn.add(rating(4))

    assert [grade.value for grade in torn.all] == [2, 4]
    assert torn.dropped > 0
    assert [grade.value for grade in Grades.open(tmp_path).all] == [2, 4]
    assert Grades.open(tmp_path).dropped == 0


@pytest.mark.parametrize("size", range(1, 60, 7))
def test_every_cut_leaves_whole_grades(tmp_path, size):
    """Wherever the file ends, what is read is a beginning of what was given."""
    path = tmp_path / GRADES
    grades = Grades.open(tmp_path)
    for value in (1, 2, 3):
        grades.add(rating(value))
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - size)

    found = [grade.value for grade in Grades.open(tmp_path).all]

    assert found == [1, 2, 3][: len(found)]
    assert len(found) >= 2


def test_damage_before_the_tail_is_an_error(tmp_path):
    """A changed byte in the middle is told, never skipped."""
    path = tmp_path / GRADES
    grades = Grades.open(tmp_path)
    for value in (1, 2, 3):
        grades.add(rating(value))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)

    with pytest.raises(JournalError, match="damaged"):
        Grades.open(tmp_path)


@pytest.mark.parametrize(
    "record",
    [
        {"type": "header", "format": "something else", "version": 1},
        {"type": "header", "format": "claude-workbench grades", "version": 2},
        {"type": "grade"},
    ],
    ids=["another format", "a later version", "no header"],
)
def test_a_file_of_something_else_is_an_error(tmp_path, record):
    """What this program did not write is not guessed at."""
    with Journal.open(tmp_path / GRADES) as journal:
        journal.append(record)

    with pytest.raises(JournalError, match="not one of this program"):
        Grades.open(tmp_path)


def test_a_record_of_another_type_is_left_alone(tmp_path):
    """What a later version notes beside grades does not hide them."""
    grades = Grades.open(tmp_path)
    grades.add(rating(4))
    with Journal.open(tmp_path / GRADES) as journal:
        journal.append({"type": "break", "minutes": 5})

    assert [grade.value for grade in Grades.open(tmp_path).all] == [4]


def test_two_processes_may_grade(tmp_path):
    """Grades of several processes at once are all there, and each sees the others'."""
    code = (
        "import sys; from workbench.grades import Grade, Grades\n"
        "grades = Grades.open(sys.argv[1])\n"
        "for n in range(15): grades.add(Grade((f't/{n}/0',), 'rating', 3, sys.argv[2], 'now'))"
    )
    started = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path), who]) for who in ("ada", "bob")]
    ends = [process.wait(60) for process in started]

    grades = Grades.open(tmp_path)

    assert ends == [0, 0]
    assert len(grades) == 30
    assert set(grades.graders) == {"ada", "bob"}


def test_threads_may_grade(tmp_path):
    """Grades from several threads through one object are all there."""
    grades = Grades.open(tmp_path)
    threads = [threading.Thread(target=lambda n=n: grades.add(rating(3, trial=f"t/{n}/0"))) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(grades) == len(Grades.open(tmp_path)) == 8


def test_adding_shows_what_others_added(tmp_path):
    """One's own grade brings the others' into sight."""
    mine, theirs = Grades.open(tmp_path), Grades.open(tmp_path)
    theirs.add(rating(1, who="bob"))
    mine.add(rating(5))

    assert [grade.who for grade in mine.all] == ["bob", "ada"]
    assert theirs.refresh() == 1


def test_a_journal_in_use_for_long_is_told(tmp_path, monkeypatch):
    """Who holds the file for good stops grading with an error, and the grade does not count."""
    monkeypatch.setattr("workbench.grades._PATIENCE_S", 0.02)
    grades = Grades.open(tmp_path)
    with Journal.open(tmp_path / GRADES), pytest.raises(JournalError, match="in use"):
        grades.add(rating(4))

    assert len(grades) == 0


def test_a_disk_that_fails_keeps_the_grade_out(tmp_path):
    """What could not be written does not count."""
    grades = Grades.open(tmp_path)
    (tmp_path / GRADES).mkdir()

    with pytest.raises(JournalError):
        grades.add(rating(4))

    assert len(grades) == 0


def test_a_folder_that_is_not_there_is_told(tmp_path):
    """A typo in a path is no empty run."""
    with pytest.raises(UsageError, match="no such folder"):
        Grades.open(tmp_path / "rnu")


def test_a_file_that_was_taken_away_is_empty(tmp_path):
    """Grading begins anew when the file was set aside meanwhile."""
    grades = Grades.open(tmp_path)
    grades.add(rating(4))
    (tmp_path / GRADES).rename(tmp_path / "aside")

    grades.refresh()
    assert len(grades) == 0
    grades.add(rating(5))

    assert [grade.value for grade in Grades.open(tmp_path).all] == [5]


def test_a_long_note_is_cut():
    """A note has room for a page, not for a book."""
    grades = Grades()
    grades.add(rating(4, note="x" * (MAX_NOTE + 5)))

    assert len(grades.all[0].note) == MAX_NOTE


@pytest.mark.parametrize(
    ("given", "name"),
    [("ada", "ada"), ("ada@example.com", "ada"), (" Ada\nLovelace ", "Ada Lovelace"), ("x" * 200, "x" * 80)],
)
def test_a_grader_has_a_name_and_no_address(given, name):
    """What goes into a file is a name on one line."""
    assert grader(given) == name


@pytest.mark.parametrize("given", ["", "  ", "@example.com"])
def test_nobody_is_no_grader(given):
    """A blank name is told."""
    with pytest.raises(UsageError, match="names nobody"):
        grader(given)


def test_without_a_login_name_there_is_somebody(monkeypatch):
    """A container with a bare user id can grade."""

    def none():
        raise KeyError("uid not found")

    monkeypatch.setattr("getpass.getuser", none)

    assert grader() == "somebody"


def test_the_login_name_may_be_an_address(monkeypatch):
    """Where people log in with their mail address, its first part is the name."""
    monkeypatch.setattr("getpass.getuser", lambda: "ada@example.com")

    assert grader() == "ada"


def test_grades_are_counted_by_value():
    """From the lowest; withdrawals count nowhere."""
    assert graded([rating(4), rating(2), rating(4), rating(None)]) == {2: 1, 4: 2}


def test_time_is_utc_in_whole_seconds():
    """The form that `Grade.at` has."""
    assert len(now()) == len(AT)
    assert now().endswith("Z")
