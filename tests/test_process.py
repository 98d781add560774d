"""What only a process of its own can show: signals, kills, no network, no space, start-up, the wheel."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import zipfile
from importlib.util import find_spec

import httpx
import pytest

from tests.commands import ROOT, called, ended, started, sums, until
from workbench.run import Run

HEADERS = {"x-api-key": "k", "anthropic-version": "2026-10-21"}
ASK = {
    "model": "claude-haiku-4-5",
    "max_tokens": 20,
    "messages": [{"role": "user", "content": "Hello there"}],
}


def permitted(*command):
    """Whether this machine lets a test unshare what it needs to."""
    if shutil.which("unshare") is None:
        return False
    return subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0


@pytest.fixture
def begun(tmp_path):
    """Start commands in an empty folder; they end with the test."""
    running = []

    def start(*words, **options):
        running.append(started(*words, cwd=tmp_path, **options))
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.wait()
        for pipe in filter(None, (process.stdout, process.stderr)):
            pipe.close()


@pytest.fixture
def here(capsys, tmp_path, monkeypatch):
    """Run a command in this process, in that folder."""
    monkeypatch.chdir(tmp_path)
    return lambda *words: called(capsys, *words)


def asked(server):
    return server.ledger()["by_path"].get("/v1/messages", 0)


# --- start-up ----------------------------------------------------------------------------------------


def test_help_starts_without_the_heavy_libraries():
    """A command that sends nothing does not wait for what sends."""
    heavy = "pandas numpy scipy httpx aiohttp starlette uvicorn genai_prices IPython diskcache".split()  # noqa: SIM905
    code = (
        "import sys\nfrom workbench.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {heavy!r} if name in sys.modules], file=sys.stderr)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)

    assert done.stderr.strip() == "[]"


def test_output_survives_an_ascii_terminal(begun):
    """Characters it does not have are escaped."""
    said = ended(begun("demo", "--limit", 1, "--out", "r", env={"PYTHONIOENCODING": "ascii"}))

    assert said.code == 0
    assert "\\xd7" in said.out


def test_a_reader_that_has_seen_enough_is_no_error(begun):
    """`workbench models | head -1`."""
    process = begun("models")
    process.stdout.close()
    process.stdout = open("/dev/null")  # noqa: PTH123, SIM115 - the fixture closes it

    _, said = process.communicate(timeout=20)

    assert not said
    assert process.returncode == 0


# --- serve -------------------------------------------------------------------------------------------


def test_serve_answers_by_script_and_limits_until_sigterm(begun, tmp_path):
    """It says where it listens when it is ready, and exits with 0."""
    script = tmp_path / "answers.jsonl"
    script.write_text('{"contains": "hello", "text": "Scripted."}\n')
    process = begun("serve", "--port", 0, "--script", script, "--limits", "2,1000,1000", "--latency", "0.01")
    line = process.stdout.readline()
    url = line.strip().removeprefix("listening on ")

    answers = [httpx.post(f"{url}/v1/messages", headers=HEADERS, json=ASK) for _ in range(4)]
    process.send_signal(signal.SIGTERM)

    assert line.startswith("listening on http://127.0.0.1:")
    assert answers[0].json()["content"][0]["text"] == "Scripted."
    assert 429 in {answer.status_code for answer in answers}
    assert process.wait(timeout=10) == 0


# --- stopped and killed ------------------------------------------------------------------------------


def test_ctrl_c_stops_a_run_that_can_be_resumed(begun, here, tmp_path, start_emulator):
    """Exit 4, one line that says how to go on; going on asks only what has no answer."""
    study = sums(tmp_path / "study.py", n=24)
    server = start_emulator(latency="0.1")
    words = ("run", study, "--base-url", server.url, "--concurrency", 4, "--mode", "off", "--out", "r")
    process = begun(*words)
    until(lambda: asked(server) >= 8)

    process.send_signal(signal.SIGINT)
    said = ended(process)
    before = asked(server)
    kept = len(Run.load(tmp_path / "r"))
    more = here(*words, "--resume")

    assert said.code == 4
    draining, last = said.err.splitlines()
    assert re.search(r"finishing [1-4] calls? in flight; Ctrl-C again stops at once", draining)
    assert last == (
        f"workbench: stopped. {kept} of 24 answers kept; `workbench resume r --base-url {server.url}` goes on"
    )
    assert (kept, before) == (before, kept)  # what was in flight was waited for
    assert (tmp_path / "r" / "report.html").is_file()
    assert more.code == 0
    assert asked(server) == 24


def test_a_second_ctrl_c_stops_at_once(begun, tmp_path, start_emulator):
    """Answers in flight are given up; the folder can still be resumed."""
    study = sums(tmp_path / "study.py", n=40)
    server = start_emulator(latency="3")
    process = begun("run", study, "--base-url", server.url, "--concurrency", 2, "--out", "r")
    until(lambda: asked(server) >= 2)

    process.send_signal(signal.SIGINT)
    until(lambda: process.poll() is not None or _send_again(process))
    said = ended(process, within_s=3)

    assert said.code == 4
    assert f"0 of 40 answers kept; `workbench resume r --base-url {server.url}` goes on" in said.err
    assert json.loads((tmp_path / "r" / "run.json").read_text())["status"] == "interrupted"


def _send_again(process):
    try:
        process.wait(timeout=0.3)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
    return True


def test_sigterm_stops_a_run_as_ctrl_c_does(begun, here, tmp_path, start_emulator):
    """What is in flight is finished, though it takes longer than a notebook waits; the folder is enough."""
    study = sums(tmp_path / "study.py", n=8)
    server = start_emulator(latency="1.2")
    process = begun("run", study, "--base-url", server.url, "--concurrency", 4, "--mode", "off", "--out", "r")
    until(lambda: asked(server) >= 4)

    process.send_signal(signal.SIGTERM)
    said = ended(process)
    before, kept = asked(server), len(Run.load(tmp_path / "r"))
    study.unlink()
    more = here("resume", "r", "--base-url", server.url)

    assert said.code == 4
    assert said.err.splitlines()[-1].startswith(f"workbench: stopped. {kept} of 8 answers kept; ")
    assert (kept, before) == (4, 4)
    assert more.code == 0
    assert asked(server) == 8


NOTEBOOK = """
import sys, types
import workbench as wb

shell = types.SimpleNamespace(kernel=None)
sys.modules["ipykernel"] = types.ModuleType("ipykernel")
from IPython.core import getipython
import IPython
IPython.get_ipython = lambda: shell
from IPython import display
display.display = lambda *a, **k: types.SimpleNamespace(update=lambda *a, **k: None)

study = wb.Eval(
    "slow",
    dataset=[{"input": str(n), "target": str(n)} for n in range(9)],
    variants=wb.Prompt("Say {{input}}", model="claude-haiku-4-5", max_tokens=9),
    scorers=[wb.score.exact()],
)
wb.Client(base_url=sys.argv[1]).run(study, out="r", concurrency=2)
"""


def test_a_notebooks_stop_gives_the_prompt_back(tmp_path, start_emulator):
    """Within a second or so, however long the calls in flight would take; it says how to go on."""
    server = start_emulator(latency="30")
    process = subprocess.Popen(
        [sys.executable, "-c", NOTEBOOK, server.url],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    until(lambda: asked(server) >= 2)

    process.send_signal(signal.SIGINT)
    said = ended(process, within_s=8)

    assert said.err.splitlines()[-1] == "KeyboardInterrupt: stopped; client.resume('r') goes on"
    assert json.loads((tmp_path / "r" / "run.json").read_text())["status"] == "interrupted"


def test_a_killed_run_repeats_only_what_was_in_flight(begun, here, tmp_path, start_emulator):
    """SIGKILL in the middle; then the table is that of an unbroken run, byte for byte."""
    study = sums(tmp_path / "study.py", n=40)
    server = start_emulator(latency="0.05")
    words = ("run", study, "--base-url", server.url, "--concurrency", 4)
    process = begun(*words, "--out", "r")
    until(lambda: asked(server) >= 16)

    process.kill()
    process.wait()
    resumed = here(*words, "--out", "r", "--resume")
    paid = asked(server)
    unbroken = here(*words, "--out", "whole")

    assert (resumed.code, unbroken.code) == (0, 0)
    assert 40 <= paid <= 44
    assert asked(server) == paid
    for name in ("table.txt", "table.csv"):
        assert (tmp_path / "r" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_two_at_once_are_refused(begun, here, tmp_path, start_emulator):
    """The second says who holds the folder, and touches nothing."""
    study = sums(tmp_path / "study.py", n=4)
    server = start_emulator(latency="1")
    words = ("run", study, "--base-url", server.url, "--out", "r", "--mode", "off")
    first = begun(*words)
    until(lambda: asked(server) >= 4)

    said = here(*words, "--resume")

    assert said.code == 4
    assert "is in use by another process" in said.complaint
    assert ended(first).code == 0
    assert asked(server) == 4


# --- no network, no space ----------------------------------------------------------------------------


@pytest.mark.skipif(
    not permitted("unshare", "-rn"), reason="this machine does not let a test unshare networks"
)
def test_replay_needs_neither_key_nor_network(begun, here, tmp_path):
    """The demo in a process whose network has not even loopback: the same table, byte for byte."""
    live = here("demo", "--limit", 4, "--out", "live")
    said = ended(begun("demo", "--limit", 4, "--mode", "replay", "--out", "again", before=("unshare", "-rn")))

    assert (live.code, said.code) == (0, 0)
    for name in ("table.txt", "table.csv"):
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "live" / name).read_bytes()


FULL = """
mkdir r && mount -t tmpfs -o size=96k tmpfs r && head -c 70000 /dev/zero > r/filler
"$@"; echo "first $?"
rm r/filler
"$@" --resume; echo "second $?"
"""


@pytest.mark.skipif(not permitted("unshare", "-rm"), reason="this machine does not let a test unshare mounts")
def test_a_full_disk_loses_nothing(begun, tmp_path, start_emulator):
    """Sending stops at once with one line; with space again, only what was in flight is asked again."""
    study = sums(tmp_path / "study.py", n=40)
    server = start_emulator()
    words = ("run", study, "--base-url", server.url, "--concurrency", 2, "--mode", "off", "--out", "r")

    said = ended(begun(*words, before=("unshare", "-rm", "sh", "-c", FULL, "sh")))

    assert "first 4" in said.out
    assert "second 0" in said.out
    last = said.err.splitlines()[-1]
    assert last.startswith("workbench: r/journal.jsonl: no space left")
    assert "`workbench resume r --base-url http" in last
    assert "Traceback" not in said.err
    assert "40 replies, 0 errors" in said.out
    assert 40 <= asked(server) <= 42


# --- the regression suite ----------------------------------------------------------------------------


@pytest.fixture
def suite(tmp_path):
    """A copy of the committed suite."""
    for folder in ("evals", "datasets"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("runs"))
    return tmp_path / "evals" / "sentiment.ipynb"


def executed(path):
    """Run a notebook as CI does; return what the cell that failed said."""
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError
    from nbformat import NO_CONVERT, read

    book = read(path, NO_CONVERT)
    client = NotebookClient(
        book, timeout=60, kernel_name="python3", resources={"metadata": {"path": path.parent}}
    )
    with pytest.raises(CellExecutionError) as caught:
        client.execute()
    return f"{caught.value.ename}: {caught.value.evalue}"


@pytest.mark.slow
def test_an_edited_prompt_fails_the_suite(suite):
    """It was never recorded; the nearest recording and the first field that differs are named."""
    suite.write_text(suite.read_text().replace("You label reviews.", "You judge reviews."))

    said = executed(suite)

    assert said.startswith(
        "ReplayMissError: 78 of 78 requests are not recorded. Nearest recording differs at "
    )
    assert 'system[0].text: "' in said
    assert "judge" in said


@pytest.mark.slow
def test_worse_answers_fail_the_suite(suite):
    """The gate's verdict is the error."""
    cassette = suite.parent / "sentiment" / "cassette.jsonl"
    head, *lines = [json.loads(line) for line in cassette.read_text().splitlines()]
    for line in lines:
        line["message"]["content"][0]["text"] = "no idea"
    cassette.write_text("".join(f"{json.dumps(line)}\n" for line in (head, *lines)))

    said = executed(suite)

    assert said.startswith("RegressionError: REGRESSION   sentiment: choice 0.40 → 0.00")


# --- the wheel ---------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.skipif(find_spec("hatchling") is None, reason="building needs hatchling")
def test_the_wheel_holds_what_it_needs_and_no_tests(tmp_path):
    """Catalog, style, page, types, datasets and notebooks; neither tests nor runs."""
    pip = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "-w", str(tmp_path), str(ROOT)], check=True, capture_output=True)

    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())

    books = {path.name for path in (ROOT / "notebooks").glob("*.ipynb")}
    sets = {path.name for path in (ROOT / "datasets").glob("*.jsonl")}
    assert {"workbench/catalog.json", "workbench/py.typed"} <= names
    assert {"workbench/show/style.css", "workbench/show/page.html"} <= names
    assert {f"workbench/data/notebooks/{name}" for name in books} <= names
    assert {f"workbench/data/datasets/{name}" for name in sets} <= names
    assert not [name for name in names if "tests" in name or "/runs/" in name or "evals" in name]


def test_the_package_lists_every_notebook():
    """One that is added to the folder is added to the wheel."""
    text = (ROOT / "pyproject.toml").read_text()

    for path in (ROOT / "notebooks").glob("*.ipynb"):
        assert f'"notebooks/{path.name}" = "workbench/data/notebooks/{path.name}"' in text
