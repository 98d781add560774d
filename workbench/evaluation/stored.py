"""A study as files: its samples, one a line, and everything else; enough to go on where its code is not.

``study.json`` holds prompts as they are sent, the scorers' settings, and the hash of ``samples.jsonl``.
Reading them runs none of the code that made the study, nor anything that a stranger wrote there.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench import files
from workbench.dataset import Dataset, Sample
from workbench.errors import DatasetError, DiskFullError, UsageError, WireError, did_you_mean
from workbench.prompt import Prompt, Variant
from workbench.score.specs import rebuild, spec
from workbench.wire.base import plain
from workbench.wire.codec import dumps, loads

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping

    from workbench.evaluation.study import Eval
    from workbench.score import Scorer

STUDY = "study.json"
SAMPLES = "samples.jsonl"
FORMAT = "claude-workbench study"
VERSION = 1

_MALFORMED = (KeyError, TypeError, ValueError, AttributeError, WireError)


@dataclass(frozen=True, slots=True)
class Parts:
    """What an `Eval` is made of."""

    name: str
    dataset: Dataset
    variants: tuple[Variant, ...]
    scorers: tuple[Scorer, ...]
    epochs: int
    fingerprint: str


def held(folder: str | os.PathLike[str]) -> str | None:
    """Return the fingerprint of the study that a folder holds; None where it holds none."""
    try:
        return str(_head(Path(folder))["fingerprint"])
    except (UsageError, *_MALFORMED):
        return None


def rebuildable(folder: str | os.PathLike[str]) -> bool:
    """Return whether a folder holds a study of which no part is code."""
    try:
        head = _head(Path(folder))
        return all(item["spec"] is not None for item in head["scorers"])
    except (UsageError, *_MALFORMED):
        return False


def save(study: Eval, folder: str | os.PathLike[str]) -> None:
    """Write a study's files, those that its owner alone can read; where they lie already, do nothing.

    Raises:
        DiskFullError: No space.
        UsageError: They cannot be written.
    """
    target = Path(folder)
    if held(target) == study.fingerprint and (target / SAMPLES).exists():
        return
    target.mkdir(parents=True, exist_ok=True)
    _write(target / SAMPLES, map(_line, study.dataset))
    text = json.dumps(_described(study), indent=1, default=str)
    _write(target / STUDY, [text.encode(), b"\n"])  # last: with it the study is whole


def load(folder: str | os.PathLike[str]) -> Parts:
    """Read a study's files.

    Raises:
        UsageError: There are none, they were changed, or a scorer is a function, which no file holds.
    """
    target = Path(folder)
    head = _head(target)
    try:
        named, name, epochs = head["dataset"], str(head["name"]), int(head["epochs"])
        variants = tuple(_variant(item) for item in head["variants"])
        scorers = tuple(_scorer(item, target) for item in head["scorers"])
        fingerprint, sha256 = str(head["fingerprint"]), named["sha256"]
        roles = {str(role): str(column) for role, column in named["roles"].items()}
    except _MALFORMED as error:
        raise UsageError(f"{target / STUDY}: not what was written there ({error!r}); {CURE}") from error
    data = _dataset(target / SAMPLES, str(named["name"]), roles)
    if data is None or data.sha256 != sha256:
        raise UsageError(f"{target / SAMPLES} was changed since the run began; {CURE}")
    return Parts(name, data, variants, scorers, epochs, fingerprint)


CURE = (
    "give the study itself: client.resume(folder, evaluation), or `workbench run PATH --out FOLDER --resume`"
)
"""What to do where a folder is not enough."""


def _described(study: Eval) -> dict[str, Any]:
    data = study.dataset
    return {
        "format": FORMAT,
        "version": VERSION,
        "name": study.name,
        "fingerprint": study.fingerprint,
        "epochs": study.epochs,
        "variants": [
            {"name": v.name, "prompt": v.prompt.wire(), "called": v.prompt.name, "fields": plain(v.fields)}
            for v in study.variants
        ],
        "scorers": [{"name": s.name, "kind": s.kind, "spec": spec(s)} for s in study.scorers],
        "dataset": {"name": data.name, "rows": len(data), "sha256": data.sha256, "roles": dict(data.roles)},
    }


def _line(sample: Sample) -> bytes:
    """Return a sample as its line; a column that is the input or target stands there once."""
    values = sample.values
    record: dict[str, Any] = {"id": sample.id, "values": values}
    if values.get("input") is not sample.input:
        record["input"] = sample.input
    if sample.target is not None:
        record["target"] = sample.target
    if sample.metadata:
        record["metadata"] = sample.metadata
    return dumps(record) + b"\n"


def _dataset(path: Path, name: str, roles: Mapping[str, str]) -> Dataset | None:
    """Read the samples; None where they are not what was written."""
    try:
        with path.open("rb") as file:
            return Dataset(name, tuple(map(_sample, file)), roles)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror or error}); {CURE}") from error
    except (*_MALFORMED, DatasetError):
        return None


def _sample(line: bytes) -> Sample:
    record = loads(line)
    values = dict(record["values"])
    wanted = record["input"] if "input" in record else values["input"]
    return Sample(str(record["id"]), wanted, record.get("target"), values, dict(record.get("metadata") or {}))


def _variant(item: Mapping[str, Any]) -> Variant:
    return Variant(item["name"], Prompt.from_wire(item["prompt"], name=item["called"]), item["fields"])


def _scorer(item: Mapping[str, Any], folder: Path) -> Scorer:
    if item["spec"] is None:
        raise UsageError(
            f"{folder}: the scorer {item['name']!r} is code of yours, which no folder holds; go on with "
            f"client.resume({str(folder)!r}, evaluation), or `workbench run PATH --out {folder} --resume`"
        )
    return rebuild(item["spec"])


def _head(folder: Path) -> dict[str, Any]:
    path = folder / STUDY
    try:
        head = loads(path.read_bytes())
        known = head["format"] == FORMAT and head["version"] == VERSION
    except FileNotFoundError as error:
        inside = sorted(place.parent.name for place in folder.glob(f"*/{STUDY}"))
        cure = f"name one of the folders in it: {', '.join(inside[:5])}" if inside else CURE
        if not folder.exists():
            raise UsageError(_nowhere(folder)) from error
        raise UsageError(f"{folder}: no study here ({STUDY} is missing); {cure}") from error
    except (OSError, *_MALFORMED) as error:
        raise UsageError(f"{path}: cannot be read ({error}); {CURE}") from error
    if not known:
        raise UsageError(f"{path}: not a study that this version reads; {CURE}")
    return dict(head)


def _nowhere(folder: Path) -> str:
    """Say of a folder that it is not there, and which studies lie beside it."""
    try:
        beside = sorted(place.parent.name for place in folder.parent.glob(f"*/{STUDY}"))
    except OSError:
        beside = []
    near = did_you_mean(folder.name, beside)
    if near:
        return f"{folder}: there is no such folder{near}"
    names = f"; the studies in {folder.parent}: {', '.join(beside[-5:])}" if beside else ""
    return f"{folder}: there is no such folder{names}"


def _write(path: Path, lines: Iterable[bytes]) -> None:
    try:
        files.write(path, lines, private=True)
    except OSError as error:
        if files.no_space(error):
            raise DiskFullError(f"{path}: no space left; free some and start again") from error
        raise UsageError(f"{path}: cannot be written ({error.strerror or error})") from error
