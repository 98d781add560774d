"""A run in its folder: journal, run.json and reports, resumable from nothing but these."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import UsageError, WorkbenchError
from workbench.evaluation import held
from workbench.journal import Journal, sync_folder
from workbench.run import INFO, JOURNAL, Run, RunInfo, recall
from workbench.runner.batch import engine_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from workbench.evaluation import Eval
    from workbench.run import Status
    from workbench.runner.batching import Batching
    from workbench.runner.engine import Engine, Send


_log = logging.getLogger("workbench")


async def record(
    evaluation: Eval,
    send: Send,
    *,
    folder: str | Path,
    resume: bool = False,
    asked: Mapping[str, Any] | None = None,
    added: Sequence[str] = (),
    batches: Batching | None = None,
    **options: Any,
) -> Run:
    """Run *evaluation* and keep everything in *folder*.

    Whatever ends the run, the folder then holds what was answered, and says in ``run.json`` how it ended.

    Args:
        evaluation: What to ask.
        send: Answers a request, or raises.
        folder: New, or without a run in it; with *resume* the folder of the same study.
        resume: Go on with the run that lies there; only what has no answer is asked.
        asked: How it is asked, for ``run.json``.
        added: What was added to the requests, a sentence for each variant.
        batches: The way to the batch endpoint: batches of earlier sittings are finished, and new ones made
            where it says so.
        **options: The others of `workbench.runner.Engine`.

    Raises:
        UsageError: A run lies there already, or one of a different study.
        JournalError: Another process writes there, or the journal is damaged.
        APIError, ReplayMissError, DiskFullError, CancelledError: As `workbench.runner.run`; the run is kept.
    """
    target = Path(folder)
    info = _prepare(evaluation, target, resume=resume)
    with Journal.open(target / JOURNAL) as journal:
        if journal.dropped:
            _log.warning("%s: cut %d bytes of a record that was never whole", journal.path, journal.dropped)
        already, lost, warmed = recall(target / JOURNAL, info.judges)
        info = replace(info, perhaps_paid=lost, asked=asked or info.asked, added=tuple(added) or info.added)
        evaluation.save(target)
        info.save(target)
        sync_folder(target)  # the first paid answer must find its run.json, whatever the power does
        options |= {"already": already, "warmed": warmed}
        engine = engine_for(batches, evaluation, send, journal=journal, **options)
        try:
            await engine.run()
        except WorkbenchError as error:
            _close_broken(target, info, engine, "stopped", str(error))
            raise
        except BaseException:
            _close_broken(target, info, engine, "interrupted")
            raise
        return _close(target, info, engine, "complete")


def _prepare(evaluation: Eval, folder: Path, *, resume: bool) -> RunInfo:
    fresh = describe(evaluation)
    if not (folder / INFO).exists():
        begun = (folder / JOURNAL).exists() and (folder / JOURNAL).stat().st_size
        if begun and not (resume and held(folder) == fresh.fingerprint):
            raise UsageError(f"{folder} holds a journal without {INFO}; give another folder")
        folder.mkdir(parents=True, exist_ok=True)
        sync_folder(folder.parent)
        return fresh
    known = RunInfo.load(folder)
    if not resume:
        raise UsageError(f"{folder} holds a run already; resume it, or give another folder")
    if known.fingerprint != fresh.fingerprint:
        raise UsageError(
            f"{folder} holds a different study: {_difference(known, fresh)}; give another folder"
        )
    return replace(known, status="running", reason=None, finished=None)


def describe(evaluation: Eval) -> RunInfo:
    """Return what ``run.json`` says of a run that begins now."""
    return RunInfo(
        name=evaluation.name,
        fingerprint=evaluation.fingerprint,
        variants=tuple({"name": v.name, "prompt": v.prompt.wire()} for v in evaluation.variants),
        dataset={
            "name": evaluation.dataset.name,
            "rows": len(evaluation.dataset),
            "sha256": evaluation.dataset.sha256,
        },
        scorers=tuple({"name": s.name, "kind": s.kind} for s in evaluation.scorers),
        epochs=evaluation.epochs,
        started=_now(),
        version=_version(),
    )


def _difference(known: RunInfo, fresh: RunInfo) -> str:
    if known.dataset.get("sha256") != fresh.dataset.get("sha256"):
        return f"its dataset has other samples ({known.samples:,} then, {fresh.samples:,} now)"
    if known.variant_names != fresh.variant_names:
        return f"its variants were {', '.join(known.variant_names)}"
    for then, now in zip(known.variants, fresh.variants, strict=True):
        if then["prompt"] != now["prompt"]:
            return f"the prompt of {now['name']!r} changed"
    if known.epochs != fresh.epochs:
        return f"it had {known.epochs} epochs"
    return "its scorers changed"


def _close(folder: Path, info: RunInfo, engine: Engine, status: Status, reason: str | None = None) -> Run:
    lost = info.perhaps_paid + engine.lost
    ended = replace(info, status=status, reason=reason, finished=_now(), perhaps_paid=lost)
    run = Run(ended, engine.ordered(), folder, engine.warmed)
    ended.save(folder)
    run.write_reports()
    return run


def _close_broken(
    folder: Path, info: RunInfo, engine: Engine, status: Status, reason: str | None = None
) -> None:
    """Close what broke off; what goes wrong here must not hide why, and the journal has the answers."""
    try:
        _close(folder, info, engine, status, reason)
    except WorkbenchError as error:
        _log.warning("%s", error)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _version() -> str:
    try:
        return version("claude-workbench")
    except PackageNotFoundError:  # run from a clone that was never installed
        return ""
