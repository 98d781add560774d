"""Evals out of modules and notebooks: run as far as needed, never further."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from tests.commands import sums
from workbench.errors import DatasetError, UsageError
from workbench.loading import load_evals

EVAL = 'wb.Eval("{name}", dataset=data, variants=prompt, scorers=[])'
START = """import workbench as wb
data = wb.Dataset.load([{"input": "1 + 1"}], name="one")
prompt = wb.Prompt("{{input}}", model="claude-haiku-4-5", max_tokens=5)
"""


def notebook(path, *cells):
    body = [{"cell_type": "code", "source": cell, "metadata": {}, "outputs": []} for cell in cells]
    path.write_text(json.dumps({"cells": body, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return path


@pytest.fixture(autouse=True)
def _imports(monkeypatch):
    """What a study puts on the path goes again."""
    monkeypatch.setattr("sys.path", list(sys.path))


def names(studies):
    return [study.evaluation.name for study in studies]


def test_a_module_gives_its_evals_in_order(tmp_path):
    """One found under two names counts once."""
    file = tmp_path / "m.py"
    file.write_text(START + f"b = {EVAL.format(name='b')}\na = {EVAL.format(name='a')}\nagain = b\n")

    assert names(load_evals(file)) == ["b", "a"]


def test_a_module_may_import_from_its_folder(tmp_path):
    """As `python FILE` would let it."""
    (tmp_path / "my_own_labels.py").write_text('NAME = "mine"\n')
    file = tmp_path / "m.py"
    file.write_text(START + "from my_own_labels import NAME\n" + f"a = {EVAL}".replace('"{name}"', "NAME"))

    assert names(load_evals(file)) == ["mine"]


def test_code_under_main_is_not_run(tmp_path):
    """A module may also be a script."""
    file = tmp_path / "m.py"
    file.write_text(
        START + f"a = {EVAL.format(name='a')}\nif __name__ == '__main__':\n    raise ValueError\n"
    )

    assert names(load_evals(file)) == ["a"]


def test_client_run_is_noted_and_not_made(tmp_path, dialled):
    """The study comes with its client and its options; what follows is not run."""
    file = tmp_path / "m.py"
    run = f"client = wb.Client()\nclient.run({EVAL.format(name='a')}, budget_usd=2, concurrency=3)\n1 / 0\n"
    file.write_text(START + run)

    (study,) = load_evals(file)

    assert study.evaluation.name == "a"
    assert study.client is not None
    assert study.options["budget_usd"] == 2
    assert study.options["concurrency"] == 3


def test_a_notebook_runs_in_its_own_folder(tmp_path):
    """As in Jupyter; afterwards the folder is the caller's again."""
    (tmp_path / "data.jsonl").write_text('{"input": "1 + 1"}\n')
    load = START.replace('[{"input": "1 + 1"}], name="one"', '"data.jsonl"')
    here = Path.cwd()

    found = load_evals(notebook(tmp_path / "n.ipynb", load, f"a = {EVAL.format(name='a')}"))

    assert names(found) == ["a"]
    assert Path.cwd() == here


@pytest.mark.parametrize(
    "cell",
    [
        "%matplotlib inline",
        "!echo nothing > made-by-a-cell.txt",
        "%%bash\nfor f in *; do echo $f; done",
        "%%time\nx = 1",
        "wb.Prompt?",
        "files = !ls",
        "",
        'text = """\n%s\n!not a command\n"""\nassert "%s" in text',
    ],
    ids=["line magic", "shell", "cell magic", "time", "question mark", "assigned shell", "empty", "text"],
)
def test_what_ipython_adds_does_no_harm(tmp_path, monkeypatch, cell):
    """Magics and shell commands are left out, the Python around them is not."""
    monkeypatch.chdir(tmp_path)

    found = load_evals(notebook(tmp_path / "n.ipynb", START, cell, f"a = {EVAL.format(name='a')}"))

    assert names(found) == ["a"]
    assert not (tmp_path / "made-by-a-cell.txt").exists()


def test_markdown_is_not_code(tmp_path):
    """Cells of other kinds are passed over."""
    file = notebook(tmp_path / "n.ipynb", START, f"a = {EVAL.format(name='a')}")
    body = json.loads(file.read_text())
    body["cells"].insert(1, {"cell_type": "markdown", "source": "# not (code"})
    file.write_text(json.dumps(body))

    assert names(load_evals(file)) == ["a"]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("m.py", "def (\n", "m.py:1: SyntaxError: invalid syntax"),
        ("m.py", "x = 1\n1 / 0\n", "m.py:2: ZeroDivisionError: division by zero"),
        ("m.py", "import sys\nsys.exit(3)\n", "m.py:2: SystemExit: 3"),
        ("m.py", "assert False\n", "m.py:1: AssertionError"),
        ("m.py", "import no_such_module_here\n", "m.py:1: ModuleNotFoundError: No module named"),
        ("m.py", "a\0b", "m.py: SyntaxError: source code string cannot contain null bytes"),
        ("m.py", "", "m.py: defines no wb.Eval; assign one to a name"),
        ("m.txt", "", "m.txt: an eval is a Python module (.py) or a notebook (.ipynb)"),
        ("n.ipynb", "not JSON", "n.ipynb: not a notebook (not JSON: "),
        ("n.ipynb", "[1]", 'n.ipynb: not a notebook (it has no list of "cells"'),
        ("n.ipynb", '{"cells": 3}', 'n.ipynb: not a notebook (it has no list of "cells"'),
        (
            "n.ipynb",
            '{"cells": [{"cell_type": "code", "source": 5}]}',
            "open it in JupyterLab and save it anew",
        ),
    ],
)
def test_a_file_that_is_no_study_is_one_line(tmp_path, name, text, says):
    """File, place, and what is wrong."""
    (tmp_path / name).write_text(text)

    with pytest.raises(UsageError) as caught:
        load_evals(tmp_path / name)

    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_error_in_a_notebook_names_cell_and_line(tmp_path):
    """Cells count from 1, of every kind."""
    file = notebook(tmp_path / "n.ipynb", START, "x = 1\n1 / 0")

    with pytest.raises(UsageError, match=r"n\.ipynb cell 2:2: ZeroDivisionError: division by zero"):
        load_evals(file)


def test_our_own_errors_speak_for_themselves(tmp_path):
    """A dataset's error is not wrapped in another."""
    (tmp_path / "d.jsonl").write_text("{\n")
    file = tmp_path / "m.py"
    file.write_text(f'import workbench as wb\nwb.Dataset.load(r"{tmp_path / "d.jsonl"}")\n')

    with pytest.raises(DatasetError, match=r"d\.jsonl:1: "):
        load_evals(file)


def test_text_in_another_encoding_is_refused(tmp_path):
    """UTF-8, with or without a mark at its beginning."""
    file = tmp_path / "m.py"
    file.write_bytes("x = 'ä'".encode("utf-16"))

    with pytest.raises(UsageError, match="it is not UTF-8 text"):
        load_evals(file)


def test_a_mark_at_the_beginning_is_no_error(tmp_path):
    """Editors on Windows write one."""
    file = sums(tmp_path / "m.py")
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())

    assert names(load_evals(file)) == ["sums"]


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unreadable for root")
def test_an_unreadable_file_is_one_line(tmp_path):
    """The system's own reason."""
    file = sums(tmp_path / "m.py")
    file.chmod(0)

    with pytest.raises(UsageError, match=r"m\.py: cannot be read \(Permission denied\)"):
        load_evals(file)


def test_classes_of_a_module_know_where_they_come_from(tmp_path):
    """Types written as text are looked up in the module, as in an ordinary one."""
    file = tmp_path / "m.py"
    types = (
        "from __future__ import annotations\nfrom pydantic import BaseModel\n"
        "class Inner(BaseModel):\n    n: int\nclass Outer(BaseModel):\n    inner: Inner\n"
        'assert Outer.model_validate({"inner": {"n": 1}}).inner.n == 1\n'
    )
    file.write_text(types + START + f"a = {EVAL.format(name='a')}")

    assert names(load_evals(file)) == ["a"]
