"""The floors of the house: a file imports only from floors below its own."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from workbench import __all__ as PUBLIC  # noqa: N812 - a constant here

PACKAGE = Path(__file__).parent.parent / "workbench"

FLOORS = {
    "errors": 0, "display": 0, "stats": 0, "secret": 0,
    "files": 1, "locks": 1, "wire": 1,
    "catalog": 2, "dataset": 2, "retry": 2, "journal": 2,
    "tokens": 3, "cost": 3, "prompt": 3, "score": 3,
    "lint": 4, "judge": 4, "reply": 4, "estimate": 4,
    "evaluation": 5, "report": 5, "record": 5, "baseline": 5, "grades": 5,
    "run": 6,
    "interop": 7, "gate": 7,
    "show": 8,
    "sync": 9, "cache": 9, "cassette": 9, "platforms": 9, "emulator": 9,
    "transport": 10, "resources": 10, "runner": 10,
    "client": 11,
    "widgets": 12, "comparing": 12, "loading": 12, "demo": 12,
    "cli": 13, "testing": 13, "__init__": 13, "__main__": 13,
}  # fmt: skip

FILES = sorted(PACKAGE.rglob("*.py"))


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def rooms() -> set[str]:
    return {room(path) for path in FILES} - {"__init__", "__main__"}


def imported_rooms(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            if node.module == "workbench":
                names |= {f"workbench.{alias.name}" for alias in node.names}
            names.add(node.module)
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return {parts[1] for name in names if (parts := name.split("."))[0] == "workbench" and len(parts) > 1}


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_only_from_floors_below(path):
    """Imports inside functions count too; within one room files may import each other."""
    own = room(path)

    too_high = {name for name in imported_rooms(path) if name != own and FLOORS.get(name, 99) >= FLOORS[own]}

    assert not too_high


def test_every_room_has_a_floor():
    """A new file needs a place in the house before it can be built."""
    assert {room(path) for path in FILES} <= set(FLOORS)


def test_public_names_are_for_the_outside():
    """Inside the package one imports from the module a name lives in; the package lends its rooms only."""
    offenders = [
        f"{path}: {alias.name}"
        for path in FILES
        if room(path) != "__init__"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module == "workbench"
        for alias in node.names
        if alias.name not in FLOORS or alias.name in PUBLIC
    ]

    assert offenders == []


def test_every_room_stands_on_its_floor_in_the_map():
    """`workbench/README.md` is what a stranger reads first."""
    lines = (PACKAGE / "README.md").read_text().splitlines()
    cells = [line.split("|") for line in lines if re.match(r"\| +\d+ \|", line)]

    said = {name: int(floor) for _, floor, names, *_ in cells for name in re.findall(r"`(\w+)`", names)}

    assert said == {name: FLOORS[name] for name in rooms()}
