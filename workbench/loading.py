"""Evals out of Python modules and notebooks: run the definitions, stop where they would be run."""

from __future__ import annotations

import contextlib
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.client import Client, Collected, collecting
from workbench.errors import UsageError, WorkbenchError, did_you_mean
from workbench.evaluation import Eval
from workbench.wire.codec import loads

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType


@dataclass(frozen=True)
class Study:
    """One eval found in a file.

    Attributes:
        evaluation: What to run.
        client: The client the file would have run it with, or None where it never came to that.
    """

    evaluation: Eval
    client: Client | None = None


def load_evals(path: str | Path) -> tuple[Study, ...]:
    """Return the evals that a Python module or a notebook defines.

    The file's code runs, in its own folder for a notebook, up to the first ``client.run``: that call
    is noted, not made.

    Raises:
        UsageError: No such file, not a module or notebook, an error in its code, or no `Eval` in it.
    """
    file = Path(path)
    if file.is_dir():
        raise UsageError(f"{path} is a folder; name a module or notebook in it")
    if not file.is_file():
        siblings = (
            [p.name for p in file.parent.glob("*") if p.suffix in {".py", ".ipynb"}]
            if file.parent.is_dir()
            else []
        )
        raise UsageError(f"{path}: no such file{did_you_mean(file.name, siblings)}")
    if file.suffix not in {".py", ".ipynb"}:
        raise UsageError(f"{path}: an eval is a Python module (.py) or a notebook (.ipynb)")
    found = _execute(file)
    if not found:
        raise UsageError(f"{path}: defines no wb.Eval; assign one to a name, e.g. study = wb.Eval(…)")
    return found


def _execute(file: Path) -> tuple[Study, ...]:
    names: dict[str, Any] = {"__name__": "workbench_eval", "__file__": str(file)}
    token = collecting.set([])
    try:
        cells = list(_code(file))
        with contextlib.chdir(file.parent if file.suffix == ".ipynb" else Path.cwd()):
            for code in cells:
                try:
                    exec(code, names)  # noqa: S102 - the file is the user's own program
                except Collected:
                    break
        noted = list(collecting.get() or ())
    except WorkbenchError:
        raise
    except (Exception, SystemExit) as error:
        what = error.msg if isinstance(error, SyntaxError) else error
        raise UsageError(f"{_where(error, file)}: {type(error).__name__}: {what}") from error
    finally:
        collecting.reset(token)
    ran = [Study(evaluation, client) for client, evaluation, _ in noted]
    rest = [v for v in names.values() if isinstance(v, Eval) and all(v is not s.evaluation for s in ran)]
    return (*ran, *(Study(evaluation) for evaluation in dict.fromkeys(rest)))


def _code(file: Path) -> Iterator[CodeType]:
    if file.suffix == ".py":
        yield compile(_text(file), str(file), "exec")
        return
    cells = loads(_text(file))
    for number, cell in enumerate(cells.get("cells", ()) if isinstance(cells, dict) else (), start=1):
        if cell.get("cell_type") == "code":
            source = "".join(cell.get("source", ""))
            lines = [line for line in source.splitlines(keepends=True) if not line.startswith(("%", "!"))]
            yield compile(_plain("".join(lines)), f"{file} cell {number}", "exec")


def _plain(source: str) -> str:
    """Turn what IPython adds to Python, such as ``?`` and ``!``, into Python."""
    from IPython.core.inputtransformer2 import TransformerManager

    manager: Any = TransformerManager
    return str(manager().transform_cell(source))


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}: cannot be read ({error})") from error


def _where(error: BaseException, file: Path) -> str:
    if isinstance(error, SyntaxError):
        return f"{error.filename}:{error.lineno}"
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename.startswith(str(file))]
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else str(file)
