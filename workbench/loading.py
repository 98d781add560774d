"""Evals out of Python modules and notebooks: run the definitions, stop where they would be run."""

from __future__ import annotations

import contextlib
import sys
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from workbench.client import Client, Collected, collecting
from workbench.errors import UsageError, WireError, WorkbenchError, did_you_mean
from workbench.evaluation import Eval
from workbench.wire.codec import loads

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import CodeType


@dataclass(frozen=True)
class Study:
    """One eval found in a file.

    Attributes:
        evaluation: What to run.
        client: The client the file would have run it with, or None where it never came to that.
        options: What it would have run it with, as far as it said: ``concurrency``, ``budget_usd`` ….
    """

    evaluation: Eval
    client: Client | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


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
    """Run the code of *file* as Python would run it: its folder can be imported from."""
    module = ModuleType("workbench_eval")
    module.__dict__.update(__file__=str(file), get_ipython=_Shell)
    sys.modules[module.__name__] = module
    if (folder := str(file.parent.resolve())) not in sys.path:
        sys.path.insert(0, folder)  # and it stays there: a scorer may import when it is called
    token = collecting.set([])
    try:
        cells = list(_code(file))
        with contextlib.chdir(file.parent if file.suffix == ".ipynb" else Path.cwd()):
            for code in cells:
                try:
                    exec(code, module.__dict__)  # noqa: S102 - the file is the user's own program
                except Collected:
                    break
        noted = list(collecting.get() or ())
    except WorkbenchError:
        raise
    except (Exception, SystemExit) as error:
        raise UsageError(f"{_where(error, file)}: {_what(error)}") from error
    finally:
        collecting.reset(token)
    ran = [Study(evaluation, client, options) for client, evaluation, options in noted]
    found = [value for value in vars(module).values() if isinstance(value, Eval)]
    rest = [value for value in found if all(value is not study.evaluation for study in ran)]
    return (*ran, *(Study(evaluation) for evaluation in dict.fromkeys(rest)))


class _Shell:
    """Stands for IPython where a notebook's magics ask for it: what they do to a screen is left out."""

    def __getattr__(self, name: str) -> Any:
        return lambda *_, **__: None


def _code(file: Path) -> Iterator[CodeType]:
    if file.suffix == ".py":
        yield compile(_text(file), str(file), "exec")
        return
    for number, source in enumerate(_cells(file), start=1):
        if source is not None:
            yield compile(_plain(source), f"{file} cell {number}", "exec")


def _cells(file: Path) -> list[str | None]:
    """Return the source of each cell of a notebook, None for those that are not code."""
    try:
        cells = loads(_text(file))["cells"]
        return ["".join(cell["source"]) if cell["cell_type"] == "code" else None for cell in cells]
    except (WireError, KeyError, TypeError) as error:
        what = error if isinstance(error, WireError) else 'it has no list of "cells" with their "source"'
        raise UsageError(
            f"{file}: not a notebook ({what}); open it in JupyterLab and save it anew"
        ) from error


def _plain(source: str) -> str:
    """Turn what IPython adds to Python, such as ``%``, ``?`` and ``!``, into Python."""
    from IPython.core.inputtransformer2 import TransformerManager

    first, _, rest = source.partition("\n")
    if first.startswith("%%"):
        source = rest if first[2:].split(" ")[0] in _TRANSPARENT else ""
    manager: Any = TransformerManager
    return str(manager().transform_cell(source))


_TRANSPARENT = ("time", "timeit", "capture")
"""Cell magics whose cell is Python."""


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UsageError(f"{file}: cannot be read ({why})") from error


def _where(error: BaseException, file: Path) -> str:
    if isinstance(error, SyntaxError) and error.filename is not None:
        return f"{error.filename}:{error.lineno}"
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename.startswith(str(file))]
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else str(file)


def _what(error: BaseException) -> str:
    said = (error.msg if isinstance(error, SyntaxError) else str(error)).strip()
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
