"""One more sample in a file of samples."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from workbench import files
from workbench.dataset.data import Dataset, Sample
from workbench.errors import DatasetError
from workbench.wire.codec import dumps

if TYPE_CHECKING:
    import os

_one_at_a_time = threading.Lock()
"""Of two that read, add and replace at once, one sample would be lost."""


def append(path: str | os.PathLike[str], sample: Sample) -> Path:
    """Add a sample to a JSONL file, which is made where it is not there; its lines stay as they are.

    The file is replaced in one step: whoever reads it sees it with the sample or without.

    Args:
        path: A ``.jsonl`` file in a folder that is there.
        sample: Its id must be new to the file.

    Raises:
        DatasetError: Another kind of file, one that is no dataset, an id in use, or it cannot be written;
            the file is as it was.
    """
    place = Path(path)
    if place.suffix.lower() != ".jsonl":
        raise DatasetError(f"{place}: samples are added to .jsonl files only")
    try:
        with _one_at_a_time:
            before = place.read_bytes() if place.exists() else b""
            if before.strip():
                _check(place, sample)
            start = before if not before or before.endswith(b"\n") else before + b"\n"
            line = {"id": sample.id, "input": sample.input, "target": sample.target}
            files.write(place, start + dumps(line) + b"\n")
    except OSError as error:
        raise DatasetError(f"cannot write {place}: {_reason(place, error)}") from error
    return place


def _check(place: Path, sample: Sample) -> None:
    there = Dataset.load(place)
    if any(one.id == sample.id for one in there):
        raise DatasetError(f'{place}: id "{sample.id}" is already used; ids must be unique')
    other = {role: column for role, column in there.roles.items() if role != column}
    if other or "id" not in there.roles:
        found = ", ".join(f'"{column}"' for column in there.columns)
        raise DatasetError(
            f'{place}: its columns are {found}; a sample of "id", "input" and "target" does not fit in'
        )


def _reason(place: Path, error: OSError) -> str:
    if not place.parent.is_dir():
        return f"there is no folder {place.parent} in {Path.cwd()}; make it, or name another"
    return (error.strerror or str(error)).lower()
