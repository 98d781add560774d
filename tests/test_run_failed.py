"""What is said of trials that ended in an error: in lists, in the run's text, in its HTML, in figures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests import clients, faults
from tests.faults import error, http, say
from tests.test_report import failed, result
from tests.test_run import INFO_OF_TWO
from workbench.report.failed import counted, passing, said
from workbench.run import Run
from workbench.show import tally
from workbench.show.run import run as as_html

server = faults.server
make = clients.make

KEY = "sk-ant-api03-abcdefghijklmnopqrst"


def refused(sample, *, status=500, kind="api_error", tries=" after 3 tries in 2 s", words="injected"):
    """Return a trial whose error says its type and its request's id in its message, as those of a wire do."""
    told = f"{status} {kind}: {words}{tries} [req_0{sample}]"
    named = {"type": kind, "message": told, "status": status, "request_id": f"req_0{sample}"}
    return replace(failed("a", sample), error=named, index=int(sample))


def made(rows, tmp_path):
    """Return a run of these rows that lies in a folder."""
    Run(INFO_OF_TWO, tuple(rows)).save(tmp_path / "r")
    return Run.load(tmp_path / "r")


def test_a_list_of_errors_names_trial_type_and_words(tmp_path):
    """No byte of a journal, no id, no key; each a short line."""
    run = made([refused(1), refused(2, words=f"said\n\x1b[31m{KEY} {'x' * 900}")], tmp_path)

    first, second = (repr(row) for row in run.errors)

    assert first == "Result(variant='a', sample='1', epoch=0, error='api_error: injected')"
    assert KEY not in second
    assert second.isprintable()
    assert len(second) < 250


def test_a_result_made_by_hand_shows_itself_as_the_one_that_was_loaded(tmp_path):
    """Answers by their numbers; nothing is read for that."""
    rows = [result("a", 1), replace(result("b", 2, None), index=1), replace(refused(3), index=2)]
    run = made(rows, tmp_path)
    (tmp_path / "r" / "journal.jsonl").unlink()

    assert [repr(row) for row in run.rows] == [repr(row) for row in rows]
    assert "'correct': 1" in repr(rows[0])
    assert "'correct': unscored" in repr(rows[1])


def test_equal_errors_are_one_group_however_their_calls_were_named(tmp_path):
    """Type and id stand beside; in the message they would make each error a kind of its own."""
    run = made([refused(n, tries=f" after {n} tries in {n} s") for n in range(2, 9)], tmp_path)

    html = str(as_html(run))

    assert html.count("<strong>7 trials</strong>") == 1
    assert "<code>api_error</code> <bdi>injected</bdi>" in html
    assert str(run).splitlines()[-2] == "7 × api_error: injected"


def test_errors_that_may_pass_name_the_call_that_asks_them_again(tmp_path):
    """With the folder; those that would be refused again name none."""
    passed = made([refused(1)], tmp_path)
    stays = made([refused(2, status=400, kind="invalid_request_error")], tmp_path / "other")
    cure = f"client.resume('{tmp_path / 'r'}', evaluation) asks them again"

    assert str(passed).endswith(f"\n{cure}")
    assert f"{cure}</bdi>" in str(as_html(passed)).replace("&#x27;", "'")
    assert "client.resume" not in str(stays) + str(as_html(stays))


def test_only_some_of_the_errors_may_pass(tmp_path):
    """Then it is not said of all."""
    run = made([refused(1), refused(2, status=400, kind="invalid_request_error")], tmp_path)

    assert str(run).endswith("asks what failed again")


def test_a_run_without_a_folder_names_none():
    """There is nothing to go on with."""
    assert "client.resume" not in str(Run(INFO_OF_TWO, (refused(1),)))


def test_figures_of_a_run_that_goes_on_say_each_thing_once():
    """As the table that follows."""
    state = tally.State("x", 9)
    for n in range(3):
        tally.add(state, refused(n))

    assert tally.faults(state, live=False) == ["3 × api_error: injected"]
    assert (state.errors, state.passing) == (3, 3)


def test_what_is_not_told_one_by_one_is_counted():
    """The most frequent first."""
    kinds = ["a", "b", "b", "c", "d", "e"]

    assert counted({"type": kind, "message": "no"} for kind in kinds) == [
        "2 × b: no", "1 × a: no", "1 × c: no", "… and 2 other errors",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("error_", "expected"),
    [
        ({"type": "APITimeoutError", "status": None}, True),
        ({"type": "overloaded_error", "status": 529}, True),
        ({"type": "rate_limit_error", "status": None}, True),
        ({"type": "not_found_error", "status": 404}, False),
        ({"type": "sys", "status": None}, False),
        ({}, False),
    ],
)
def test_which_errors_may_pass(error_, expected):
    """By status, where there is one; else by type."""
    assert passing(error_) is expected


def test_words_that_only_look_like_a_type_stay():
    """What the service says is kept as it is."""
    assert said({"type": "odd", "message": "500 api_error: x", "status": 500}) == "500 api_error: x"


def test_a_finished_run_in_the_background_says_how_to_ask_what_failed_again(make, server, tmp_path):
    """Its sentence is all there is where its table is not looked at."""
    server.script(say(http(faults.MESSAGE)), *[error(500)] * 40)
    running = make(base_url=server.url, store=False).start(
        clients.study(2), out=tmp_path / "r", concurrency=1
    )
    assert len(running.result(60).errors) == 1

    assert running.sentence == (
        f"complete; it lies in {tmp_path / 'r'}; client.resume('{tmp_path / 'r'}') asks what failed again"
    )


def test_a_real_refusal_is_said_once(make, server, tmp_path):
    """As it comes over the wire."""
    server.script(*[error(400, "invalid_request_error")] * 3)

    run = make(base_url=server.url, store=False).run(clients.study(1), out=tmp_path / "r", check=False)

    [row] = run.errors
    assert row.error["message"].startswith("400 invalid_request_error: invalid_request_error happened")
    assert repr(row).endswith("error='invalid_request_error: invalid_request_error happened')")
