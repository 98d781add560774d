"""An answer of the form becomes a test case: a row of a dataset with the values the prompt had."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench import files
from workbench.dataset import Dataset
from workbench.dataset.data import ALIASES
from workbench.errors import DatasetError
from workbench.widgets.builder.blank import free
from workbench.wire.codec import dumps

if TYPE_CHECKING:
    from collections.abc import Mapping

Values = dict[str, Any]

NAME = "cases.jsonl"
INPUTS = ("input", *ALIASES["input"])
"""Names of the column that a row is shown by."""


def main_name(values: Mapping[str, Any]) -> str:
    """Return the name whose value is the input of a case: the one called so, else the last text.

    >>> main_name({"document": "…", "question": "Why?"}), main_name({"city": "Rome"}), main_name({})
    ('question', 'city', '')
    """
    named = next((name for name in INPUTS if name in values), None)
    texts = [name for name, value in values.items() if isinstance(value, str)]
    return named or next(iter(reversed(texts)), "")


def proposed(values: Mapping[str, Any], place: Path | None) -> Values:
    """Return what the form of a new case holds at first.

    Args:
        values: What the prompt was filled with.
        place: The dataset the values came from, where it is a file that takes cases.
    """
    folder = Path("datasets")
    if place is None or place.suffix.lower() != ".jsonl":
        place = folder / NAME if folder.is_dir() else Path(NAME)
    name = main_name(values)
    rest = ", ".join(one for one in values if one != name)
    return {
        "path": str(place),
        "id": free("case_1", _ids(place)),
        "input": str(values.get(name, "")),
        "left_out": f"with {rest} as it was" if rest else "",
    }


def save(path: str, case: str, values: Mapping[str, Any], target: str | None) -> Path:
    """Append a row to a JSONL dataset, which is made where it is not there.

    Args:
        path: A ``.jsonl`` file in a folder that is there.
        case: The id of the row, new to the file.
        values: The columns, by name.
        target: What should come back; None leaves it empty.

    Raises:
        DatasetError: What does not fit; the file is as it was.
    """
    place = Path(path.strip())
    if place.suffix.lower() != ".jsonl":
        raise DatasetError("name a .jsonl file, for example datasets/cases.jsonl")
    if not case.strip():
        raise DatasetError("a case needs an id: results are joined by it")
    if not values:
        raise DatasetError("a case needs an input: write {{input}} where the cases of this prompt differ")
    try:
        before = place.read_bytes() if place.exists() else b""
        there = Dataset.load(place) if before.strip() else None
        row = _row(place, case.strip(), dict(values), target, there)
        start = before if not before or before.endswith(b"\n") else before + b"\n"
        files.write(place, start + dumps(row) + b"\n")
    except OSError as error:
        where = f"there is no folder {place.parent}; make it, or name another"
        why = (error.strerror or str(error)).lower()
        raise DatasetError(f"cannot write {place}: {why if place.parent.is_dir() else where}") from error
    return place


def _row(place: Path, case: str, values: Values, target: str | None, there: Dataset | None) -> Values:
    """Return the row, in the columns that are there."""
    if there is None:
        given = {"input": values[name]} if (name := main_name(values)) and name not in INPUTS else {}
        return {"id": case, **given, **values, "target": target}
    roles = there.roles
    if "id" not in roles:
        raise DatasetError(f"{place}: its rows have no ids; a case cannot be told from them")
    if any(one.id == case for one in there):
        raise DatasetError(f'{place}: id "{case}" is already used; ids must be unique')
    shown = roles["input"]
    if shown not in values and (name := main_name(values)):
        values[shown] = values[name]
    own = {roles["id"], *([roles["target"]] if "target" in roles else [])}
    columns = [name for name in there.columns if name not in own and not (name == "input" != shown)]
    missing = [name for name in columns if name not in values]
    strange = [name for name in values if name not in columns]
    if missing or strange:
        both = [f"no value for its column {', '.join(missing)}"] * bool(missing)
        both += [f"no column {', '.join(strange)} in it"] * bool(strange)
        raise DatasetError(f"{place}: {'; '.join(both)}; name another file")
    return {
        roles["id"]: case,
        **{name: values[name] for name in columns},
        roles.get("target", "target"): target,
    }


def _ids(place: Path) -> set[str]:
    try:
        return {one.id for one in Dataset.load(place)} if place.exists() else set()
    except DatasetError:
        return set()  # saving says what is wrong with it
