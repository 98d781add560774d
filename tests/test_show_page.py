"""show/page.py: one file, complete, honest about who answered, and small."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tests.studies import hostile_run, study_run
from workbench.client import Client
from workbench.dataset import Dataset
from workbench.evaluation import Eval
from workbench.prompt import Prompt
from workbench.show.page import fill, report_page, write_report
from workbench.show.safe import Html

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def test_the_page_is_complete_and_forbids_loading():
    """A reader opens the file, and nothing else is asked for."""
    page = report_page(study_run())

    assert page.startswith("<!doctype html>")
    assert f'http-equiv="Content-Security-Policy" content="{POLICY}' in page
    assert not re.search(r"<script|<link|<img|@import|url\(", page)


def test_the_word_emulator_stands_at_the_top_when_the_numbers_are_emulated():
    """Before any figure."""
    page = report_page(study_run())

    assert "emulator" in page[: page.index("<h2>Results")]


def test_real_answers_are_not_called_emulated():
    """The warning is for made-up answers only."""
    assert "emulator" not in report_page(study_run(origin="claude_api"))


def test_the_verdict_comes_before_the_table_and_the_table_before_the_method():
    """What the reader came for stands first."""
    page = report_page(study_run())

    places = [
        page.index(part)
        for part in ("wb-verdict", ">Results<", ">Receipt<", ">Failures", ">Prompts<", ">Method<")
    ]
    assert sorted(places) == places


def test_failures_and_errors_are_there_with_their_request_ids():
    """So that a reader can ask about one."""
    page = report_page(study_run())

    assert "5 errors: neither right nor wrong" in page
    assert "req_000005" in page
    assert "26 failures" in page


def test_the_command_that_made_it_is_named():
    """To do it again."""
    assert "workbench run study.py --mode replay" in report_page(
        study_run(), command="workbench run study.py --mode replay"
    )


def test_five_hundred_samples_stay_below_300_kb():
    """Rows are capped, and the page says how many are hidden."""
    page = report_page(study_run(samples=500))

    assert len(page.encode()) < 300_000
    assert re.search(r"… and \d+ more failures", page)


def test_the_longest_answers_stay_below_300_kb():
    """Answers are cut too: a page is for reading, the journal keeps everything."""
    run = hostile_run()
    body = {**(run.rows[0].body or {}), "content": [{"type": "text", "text": "&<" * 50_000}]}
    for row in run.rows:
        if row.body is not None:
            object.__setattr__(row, "body", body)

    assert len(report_page(run).encode()) < 300_000


def test_the_same_run_gives_the_same_page():
    """No clock, no random ids."""
    assert report_page(study_run()) == report_page(study_run())


def test_a_run_that_was_cut_short_says_so():
    """And that nothing is lost."""
    page = report_page(study_run().with_status("interrupted", "stopped by Ctrl-C"))

    assert "interrupted: stopped by Ctrl-C" in page
    assert "it can be resumed" in page


def test_the_file_is_written_at_once(tmp_path):
    """UTF-8, and no temporary file is left."""
    path = write_report(study_run(), tmp_path / "report.html")

    assert path.read_text(encoding="utf-8") == report_page(study_run())
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]


def test_a_text_that_looks_like_a_place_stays_a_text():
    """What is filled in is never read again."""
    page = fill("page.html", {"TITLE": Html("@@BODY@@"), "STYLE": Html("@@TITLE@@"), "BODY": Html("x")})

    assert "<title>@@BODY@@</title>" in page


def test_a_place_that_nothing_fills_is_an_error():
    """A skeleton and its function cannot drift apart."""
    with pytest.raises(ValueError, match="BODY"):
        fill("page.html", {"TITLE": Html("x"), "STYLE": Html("x")})


def test_what_the_prompt_cache_did_is_there_where_it_had_a_part(emulator, tmp_path):
    """Expected against read, and what was added; nothing of it where nothing was cached."""
    prompt = Prompt("{{input}}", model="claude-haiku-4-5", max_tokens=9, system="Be brief. " * 3000)
    study = Eval(
        "cached", dataset=Dataset.load([{"input": "a"}, {"input": "b"}]), variants=prompt, scorers=[]
    )
    client = Client(base_url=emulator.url, store=False)

    cached = client.run(study, out=tmp_path / "cached", auto_cache=True)
    plain = client.run(study, out=tmp_path / "plain")

    assert "breakpoint added behind system" in report_page(cached)
    assert "Prompt cache" not in report_page(plain)


def test_an_error_is_nobodys_answer():
    """A call that failed does not make the emulator's answers a mixture."""
    run = study_run()
    failed = replace(
        run.rows[0], body=None, error={"type": "api_error", "message": "no"}, origin="claude_api"
    )

    page = report_page(replace(run, rows=(failed, *run.rows[1:])))

    assert "different origin" not in page
