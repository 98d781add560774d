"""A study from the command line: its client, its folder, what is said at its end."""

from __future__ import annotations

import contextlib
import shlex
from typing import TYPE_CHECKING, Any

from workbench.cli.ending import UNUSABLE, complain, say, sigterm_as_ctrl_c
from workbench.errors import (
    BudgetError,
    IncompleteError,
    JournalError,
    LintError,
    ReplayMissError,
    UsageError,
    WorkbenchError,
)
from workbench.report.words import plural

if TYPE_CHECKING:
    from pathlib import Path

    from workbench.client import Client
    from workbench.evaluation import Eval
    from workbench.loading import Study
    from workbench.run import Run


def given_folder(out: Path | None, *, resume: bool) -> Path | None:
    """Return *out*, which going on needs."""
    if resume and out is None:
        raise UsageError("--resume needs --out DIR: the folder of the run to go on with")
    return out


def at_once(text: str | None) -> int | str | None:
    """Return a concurrency as it was typed: a number from 1, or ``auto``.

    Raises:
        UsageError: Neither.

    >>> at_once("8"), at_once("auto"), at_once(None)
    (8, 'auto', None)
    """
    if text is None or text == "auto":
        return text
    if not text.isdecimal() or int(text) < 1:
        raise UsageError(f"--concurrency is a number from 1, or auto, not {text!r}")
    return int(text)


def folders(studies: tuple[Study, ...], out: Path | None, path: Path) -> list[Path]:
    """Return a folder for each study: what was asked for, or one inside it where there are several."""
    from workbench.client.trials import new_folder, slug

    if len(studies) == 1:
        return [out or new_folder(studies[0].evaluation.name)]
    base, names = out or new_folder(path.stem), list[str]()
    for study in studies:
        name = slug(study.evaluation.name)
        n = sum(other == name or other.rpartition("~")[0] == name for other in names)
        names.append(f"{name}~{n + 1}" if n else name)
    return [base / name for name in names]


def client_for(study: Study, *, base_url: str | None, mode: str) -> Client:
    """Return a client that asks as the study's own one would, in this mode and with the user's store."""
    from workbench.client import Client

    own = study.client
    if own is None:
        return Client(base_url=base_url, mode=mode)
    key = own.endpoint.key if base_url is None else None  # a key goes nowhere but where its owner sent it
    if base_url is None and own.endpoint.named:
        base_url = own.endpoint.base_url or "emulator"
    return Client(
        key or None,
        base_url=base_url,
        mode=mode,
        cassette=own.cassette,
        api_version=own.api_version,
        betas=own.betas,
    )


def resume_study(folder: Path, *, base_url: str | None, mode: str | None, check: bool, **options: Any) -> int:
    """Go on with the run in *folder* as it was begun, from nothing but that folder; return the exit code.

    Args:
        folder: The run's.
        base_url: Who answers; the folder does not choose where a key goes.
        mode: Where answers may come from; default as the run was begun.
        check: Lint before anything is sent.
        **options: ``concurrency`` and ``budget_usd``; None as the run was begun.

    Raises:
        UsageError: No run there, or its scorers are code.
        IncompleteError: As `run_study`.
    """
    from workbench.client import Client
    from workbench.client.again import REMEMBERED, header_of, remembered
    from workbench.evaluation import Eval

    evaluation, asked = Eval.load(folder), remembered(folder)
    known = {name: asked[name] for name in REMEMBERED if name in asked}
    given = {name: value for name, value in options.items() if value is not None}
    with Client(base_url=base_url, mode=mode or asked.get("mode") or "live", **header_of(asked)) as client:
        say(str(client))
        again = f"workbench resume {shlex.quote(str(folder))} --mode replay"
        return run_study(
            client, evaluation, out=folder, again=again, resume=True, check=check, **{**known, **given}
        )


def run_study(client: Client, evaluation: Eval, *, out: Path, again: str, **options: Any) -> int:
    """Run a study into the folder *out*, say its table and receipt, and return the exit code.

    Args:
        client: Who asks.
        evaluation: The study.
        out: Folder of the run.
        again: The command that shows the same table from the recorded answers, for the report.
        **options: Those of `Client.run`.

    Raises:
        IncompleteError: It ended early; the message says what is kept and how to go on.
        UsageError: As `Client.run`.
    """
    try:
        with sigterm_as_ctrl_c():
            done = client.run(evaluation, out=out, **options)
    except KeyboardInterrupt as stop:
        raise IncompleteError(f"stopped{_how_to_go_on(client, out, again)}") from stop
    except ReplayMissError:  # its cure is to record, not to go on
        _how_to_go_on(client, out, again)
        raise
    except UNUSABLE as error:
        raise UsageError(f"{out}: no folder for a run ({error.strerror}); give another with --out") from error
    except LintError as error:
        from workbench.client.preflight import UNCHECKED

        raise LintError(str(error).replace(UNCHECKED, "(--no-check sends it)", 1)) from error
    except BudgetError as error:
        kept = _how_to_go_on(client, out, again, " --budget-usd DOLLARS")
        raise BudgetError(f"{error.args[0]}{kept}") from error
    except JournalError:  # another process may hold the folder
        raise
    except IncompleteError as stop:
        raise IncompleteError(f"{str(stop).rstrip('.')}{_how_to_go_on(client, out, again)}") from stop
    _report(done, again)
    say(str(done.summary()))
    say(f"\n{done.receipt()}")
    if (cached := done.cache()).used:
        say(f"\n{cached}")
    say(f"\nsaved in {done.folder}: table.txt table.csv receipt.txt report.html journal.jsonl run.json")
    return _exit_code(client, done)


def _report(done: Run, again: str) -> None:
    from workbench.show.page import write_report

    assert done.folder is not None  # a run of a client always has one
    write_report(done, done.folder / "report.html", command=again)


def _how_to_go_on(client: Client, folder: Path, again: str, more: str = "") -> str:
    """Say what is kept of a run that ended early, in words to add to why it did; write its report."""
    from workbench.run import Run

    try:
        done = Run.load(folder)
    except WorkbenchError:  # it never began
        return ""
    with contextlib.suppress(OSError, WorkbenchError):  # the disk may be full
        _report(done, again)
    answered = len(done) - len(done.errors)
    kept = f"{answered:,} of {plural(done.info.planned, 'answer')}"
    return f". {kept} kept; {_going_on(client, folder, more)} goes on"


def _going_on(client: Client, folder: Path, more: str = "") -> str:
    """Return the command that goes on: with the folder alone, where that holds everything."""
    from workbench.evaluation import rebuildable

    if client.cassette is not None or not rebuildable(folder):
        return f"the same command with --resume --out {folder}{more}"
    place = client.endpoint
    named = f" --base-url {place.base_url or 'emulator'}" if place.named else ""
    return f"`workbench resume {shlex.quote(str(folder))}{named}{more}`"


def _exit_code(client: Client, done: Run) -> int:
    missing = done.info.planned - len(done) + len(done.errors)
    if done.status == "complete" and not missing:
        return 0
    first = next((f" ({row.error['message']})" for row in done.rows if row.error), "")
    assert done.folder is not None
    complain(
        f"{missing:,} of {plural(done.info.planned, 'answer')} missing{first}. "
        f"{_sentence(_going_on(client, done.folder))} asks again"
    )
    return 4


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]
