"""What lies in a run's folder beside its journal and goes where the run goes: study, samples, grades."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Final

from workbench import files
from workbench.errors import UsageError
from workbench.evaluation.stored import SAMPLES, STUDY
from workbench.grades import GRADES
from workbench.journal.scan import failed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PART: Final = 1 << 20
"""Bytes read at once."""


def carry(source: Path | None, target: Path) -> None:
    """Copy what lies beside a run's journal to another folder, byte by byte.

    A study that lies there already stays. Grades do not: a later run must not take them for its own.

    Args:
        source: The run's folder; None where it has none.
        target: Where the run is going to lie.

    Raises:
        UsageError: Grades of another run lie there.
        DiskFullError, JournalError: Something cannot be read or written.
    """
    grades = target / GRADES
    if grades.exists() and not (source is not None and _same(source / GRADES, grades)):
        raise UsageError(f"{grades} holds grades of another run; give a folder of its own")
    if source is None:
        return
    study = () if (target / STUDY).exists() else (SAMPLES, STUDY)  # in that order: with the last it is whole
    for name in (*study, GRADES):
        if (source / name).exists() and (source / name).resolve() != (target / name).resolve():
            _copy(source / name, target / name)


def _same(a: Path, b: Path) -> bool:
    try:
        return a.exists() and a.read_bytes() == b.read_bytes()
    except OSError as error:
        raise failed(a, error) from error


def _copy(old: Path, new: Path) -> None:
    """Copy a file in one step; who may read it is as it was."""
    try:
        files.write(new, _parts(old), private=True)
        shutil.copymode(old, new)
    except OSError as error:
        raise failed(new, error) from error


def _parts(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while part := file.read(PART):
            yield part
