"""Command lines for tests: in this process where that is enough, in a process of their own where not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from workbench.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROOT = Path(__file__).parent.parent
WORKBENCH = [sys.executable, "-c", "from workbench.cli import main; main()"]

SUMS = """
import workbench as wb

data = wb.Dataset.load([{{"id": str(n), "input": f"{{n}} + 2", "target": str(n + 2)}} for n in range({n})])
prompt = wb.Prompt("Solve: {{{{input}}}}", model="claude-haiku-4-5", max_tokens=50)
study = wb.Eval("sums", dataset=data, variants=prompt, scorers=[wb.score.number()])
"""


@dataclass(frozen=True)
class Said:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """The one line it ended with."""
        lines = [line for line in self.err.splitlines() if "warning" not in line]
        assert len(lines) == 1, self.err
        assert "Traceback" not in self.err
        return lines[0]


def sums(path: Path, *, n: int = 8, but: Mapping[str, str] | None = None) -> Path:
    """Write a module with a study of sums; *but* replaces texts in it."""
    text = SUMS.format(n=n)
    for old, new in (but or {}).items():
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)
    return path


def called(capsys: Any, *words: object) -> Said:
    """Run a command in this process."""
    capsys.readouterr()
    try:
        main([str(word) for word in words])
    except SystemExit as end:
        code = end.code
    said = capsys.readouterr()
    return Said(int(code or 0), said.out, said.err)


def started(*words: object, before: tuple[str, ...] = (), **options: Any) -> subprocess.Popen[str]:
    """Start a command in a process of its own."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("ANTHROPIC_")}
    return subprocess.Popen(
        [*before, *WORKBENCH, *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=env | {"PYTHONPATH": str(ROOT)} | options.pop("env", {}),
        **options,
    )


def ended(process: subprocess.Popen[str], *, within_s: float = 30) -> Said:
    """Wait for a process."""
    try:
        out, err = process.communicate(timeout=within_s)
    finally:
        process.kill()
    return Said(process.returncode, out, err)


def until(true: Callable[[], bool], *, within_s: float = 20) -> None:
    """Wait until something holds."""
    end = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.01)


# --- fixtures ----------------------------------------------------------------------------------------


@pytest.fixture
def cli(capsys, tmp_path, monkeypatch):
    """Run a command in this process, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return lambda *words: called(capsys, *words)


@pytest.fixture
def asked(emulator):
    """Return how many messages the emulator was asked for since the test began."""
    before = emulator.ledger()["by_path"].get("/v1/messages", 0)
    return lambda: emulator.ledger()["by_path"].get("/v1/messages", 0) - before


@pytest.fixture
def study(tmp_path):
    """A module with a study of sums."""
    return sums(tmp_path / "study.py")


@pytest.fixture
def suite(tmp_path):
    """A copy of the regression suite, to be changed."""
    for folder in ("evals", "datasets"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("runs"))
    return tmp_path / "evals" / "sentiment.ipynb"
