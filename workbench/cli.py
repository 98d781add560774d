"""The command line: `workbench lab | demo | serve | run | cache | models`."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import traceback
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer.exceptions import TyperException

from workbench.errors import (
    IncompleteError,
    JournalError,
    ReplayMissError,
    StoreError,
    UsageError,
    WireError,
    WorkbenchError,
)
from workbench.report.words import plural
from workbench.show.terminal import echo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.cache import Store
    from workbench.client import Client
    from workbench.evaluation import Eval
    from workbench.loading import Study
    from workbench.run import Run

Mode = Literal["live", "refresh", "replay", "off"]

app = typer.Typer(
    help="Evaluation and prompt workbench for the Claude API.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
cache = typer.Typer(help="The store of paid replies, and cassettes.", no_args_is_help=True)
app.add_typer(cache, name="cache")

ModeOption = Annotated[
    Mode,
    typer.Option(
        help="live: ask what the store lacks. refresh: ask all. replay: ask nothing. off: no store."
    ),
]
OutOption = Annotated[Path | None, typer.Option(help="Folder for the run; default runs/NAME-TIME.")]
ResumeOption = Annotated[bool, typer.Option("--resume", help="Go on with an unfinished run in --out.")]
LimitOption = Annotated[int | None, typer.Option(min=1, help="Only the first N samples.")]
ConcurrencyOption = Annotated[
    int | None,
    typer.Option(min=1, help="Requests in flight at once; default what PATH says, else 16."),
]
BaseUrlOption = Annotated[str | None, typer.Option(help="Another server, e.g. a local model.")]
StoreOption = Annotated[Path | None, typer.Option(help="The store's folder; default in the user's cache.")]


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with the codes of the README."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in words or bool(os.environ.get("WORKBENCH_DEBUG"))
    with _warnings_as_lines(debug=debug):
        try:
            words = [word for word in words if word != "--debug"]
            code = app(words, prog_name="workbench", standalone_mode=False)
        except typer.Exit as stop:
            code = stop.exit_code if stop.exit_code != _INTERRUPTED else _explain_end(KeyboardInterrupt())
        except BrokenPipeError:  # the reader of a pipe has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            code = 0
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - whatever it was, the user gets a line
            if debug:
                traceback.print_exception(error)
            code = _explain_end(error)
    sys.exit(code if isinstance(code, int) else 0)


_UNUSABLE = (FileNotFoundError, FileExistsError, NotADirectoryError, IsADirectoryError, PermissionError)
"""A path that names nothing of use."""

_INTERRUPTED = 130
"""What typer makes of Ctrl-C."""


@contextlib.contextmanager
def _warnings_as_lines(*, debug: bool) -> Iterator[None]:
    before = warnings.showwarning
    if not debug:
        warnings.showwarning = lambda message, *_, **__: _complain(f"warning: {message}")
    try:
        yield
    finally:
        warnings.showwarning = before


def _explain_end(error: BaseException) -> int:
    """Say in a line why a command ended early; return the exit code."""
    if isinstance(error, TyperException):
        _complain(_misused(error))
        return error.exit_code
    if isinstance(error, KeyboardInterrupt | typer.Abort):
        _complain("stopped")
        return 4
    if isinstance(error, OSError):
        _complain(f"{error.filename}: {error.strerror}" if error.filename else str(error))
        return 2 if isinstance(error, _UNUSABLE) else 4
    if isinstance(error, WorkbenchError):
        _complain(str(error))
        return error.exit_code
    _complain(f"{type(error).__name__}: {error} (a defect of the workbench; --debug shows where)")
    return 4


def _misused(error: TyperException) -> str:
    """Return what typer says in four lines as one."""
    said = error.format_message().replace("Value error, ", "").rstrip(".")
    command = " ".join(_path(getattr(error, "ctx", None)))
    return f"{said}; `{command} --help` lists what there is" if said else ""


def _path(context: Any) -> list[str]:
    if context is None or context.parent is None:
        return ["workbench"]
    return [*_path(context.parent), context.info_name]


@app.callback()
def _options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Evaluation and prompt workbench for the Claude API."""


@app.command()
def lab(
    port: Annotated[int | None, typer.Option(help="JupyterLab's port.")] = None,
    browser: Annotated[bool, typer.Option(help="Open a browser window.")] = True,
) -> None:
    """Open JupyterLab on the quickstart. Without a key the notebook talks to the emulator."""
    notebook = _quickstart()
    words = [sys.executable, "-m", "jupyterlab", str(notebook), "--ServerApp.ip=127.0.0.1"]
    words += [f"--ServerApp.port={port}"] if port is not None else []
    words += [] if browser else ["--no-browser"]
    words += ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    os.execv(sys.executable, words)  # noqa: S606 - JupyterLab takes this process's place, signals and all


@app.command()
def demo(
    out: OutOption = None,
    mode: ModeOption = "live",
    limit: LimitOption = None,
    live: Annotated[
        bool, typer.Option("--live", help="Ask the real API (needs a key, costs cents).")
    ] = False,
    resume: ResumeOption = False,
) -> None:
    """Run the quickstart's study in the terminal, on the emulator: table, receipt, HTML report."""
    from workbench.client import Client
    from workbench.client.trials import new_folder
    from workbench.demo import study

    evaluation = study(limit=limit)
    with Client(base_url=None if live else "emulator", mode=mode) as client:
        if live and client.endpoint.base_url is None:
            raise UsageError("--live needs a key: set ANTHROPIC_API_KEY")
        _say(str(client))
        folder = _given(out, resume=resume) or new_folder(evaluation.name)
        raise typer.Exit(_run(client, evaluation, out=folder, resume=resume))


@app.command()
def serve(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 picks a free one.")] = 8787,
    latency: Annotated[str | None, typer.Option(help="Seconds, or TTFT,PER_TOKEN seconds.")] = None,
    limits: Annotated[str | None, typer.Option(metavar="TIER", help="Enforce a tier's rate limits.")] = None,
    script: Annotated[Path | None, typer.Option(help="JSON lines of rules: what to answer to what.")] = None,
    lenient: Annotated[bool, typer.Option("--lenient", help="Answer what the API would refuse.")] = False,
) -> None:
    """Serve the emulator on loopback; prints `listening on http://127.0.0.1:PORT` when ready."""
    from workbench import emulator

    emulator.serve(port, latency=latency, limits=limits, script=script, lenient=lenient)


@app.command()
def run(
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="A Python module or notebook that defines a wb.Eval.")
    ],
    mode: ModeOption = "live",
    out: OutOption = None,
    limit: LimitOption = None,
    concurrency: ConcurrencyOption = None,
    base_url: BaseUrlOption = None,
    budget_usd: Annotated[
        str | None, typer.Option(metavar="DOLLARS", help="Stop once so much is paid; default what PATH says.")
    ] = None,
    check: Annotated[bool, typer.Option(help="Lint before anything is sent.")] = True,
    resume: ResumeOption = False,
) -> None:
    """Run every eval that PATH defines; leaves a folder with journal, tables, receipt and report."""
    from workbench.loading import load_evals

    given = _given(out, resume=resume)
    studies = load_evals(path)
    worst, told = 0, ""
    for study, folder in zip(studies, _folders(studies, given, path), strict=True):
        _say("") if told else None
        evaluation = study.evaluation if limit is None else study.evaluation.limit(limit)
        with _client(study, base_url=base_url, mode=mode) as client:
            if str(client) != told:
                told = str(client)
                _say(told)
            code = _run(
                client,
                evaluation,
                out=folder,
                concurrency=concurrency or study.options.get("concurrency", 16),
                budget_usd=budget_usd or study.options.get("budget_usd"),
                check=check,
                resume=resume,
            )
        worst = max(worst, code)
    raise typer.Exit(worst)


@app.command()
def models(
    refresh: Annotated[bool, typer.Option("--refresh", help="Overlay the live Models API.")] = False,
    base_url: BaseUrlOption = None,
) -> None:
    """List the models: context, prices, cache minimum, thinking, effort, lifecycle."""
    from workbench.catalog import catalog

    if not refresh:
        _say(str(catalog()))
        return
    from workbench.client import Client

    with Client(base_url=base_url) as client:
        _say(str(client.models.refresh()))


@cache.command()
def stats(store: StoreOption = None) -> None:
    """Say what the store holds."""
    _say(str(_opened(store).stats()))


@cache.command()
def prune(
    older_than: Annotated[int | None, typer.Option(min=0, metavar="DAYS", help="Older ones.")] = None,
    model: Annotated[str | None, typer.Option(help="Replies of one model.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    store: StoreOption = None,
) -> None:
    """Delete stored replies. They were paid for: nothing is deleted unless you say what."""
    if older_than is None and model is None:
        raise UsageError("say what to delete: --older-than DAYS or --model NAME")
    if not yes:
        typer.confirm("Delete them? They would have to be paid for again.", abort=True)
    deleted = _opened(store).prune(older_than_days=older_than, model=model)
    _say(f"{plural(deleted, 'reply')} deleted")


@cache.command()
def explain(
    request: Annotated[Path, typer.Argument(metavar="REQUEST", help="A file with one request body as JSON.")],
    store: StoreOption = None,
) -> None:
    """Say why a request is or is not answered from the store."""
    from workbench.wire import Request, parse
    from workbench.wire.codec import loads

    try:
        body = parse(Request, loads(request.read_bytes()))
    except WireError as error:
        raise WireError(f"{request}: {error}; it should hold one body of POST /v1/messages") from error
    _say(str(_opened(store).explain(body)))


@cache.command()
def export(
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="The eval module or notebook whose replies to export.")
    ],
    to: Annotated[Path, typer.Argument(metavar="CASSETTE", help="The file to write (JSON lines).")],
    store: StoreOption = None,
) -> None:
    """Write the replies an eval needs into a cassette: reviewable, without a key, replayed in CI."""
    from workbench.loading import load_evals

    if to.is_dir():
        raise UsageError(f"{to}: cannot be written (it is a folder); name a file in it")
    source, studies = _opened(store), load_evals(path)
    for study in studies:  # what the suite's own cassette holds already stays in it
        for recorded in (study.client and study.client.cassette) or ():
            source.put(recorded)
    asked = [trial for study in studies for trial in study.evaluation.trials()]
    written = source.export(((trial.request, trial.epoch) for trial in asked), to)
    _say(str(written))
    raise typer.Exit(4 if written.missing else 0)


@cache.command("import")
def import_(
    cassette: Annotated[Path, typer.Argument(metavar="CASSETTE", help="The file to read.")],
    store: StoreOption = None,
) -> None:
    """Put the replies of a cassette into the store."""
    from workbench.cassette import Cassette

    replies, target = list(Cassette.load(cassette)), _opened(store)
    kept = sum(target.put(reply) for reply in replies)
    if kept < len(replies):
        raise StoreError(f"{len(replies) - kept:,} of {plural(len(replies), 'reply')} could not be kept")
    _say(f"{plural(kept, 'reply')} imported into {target.path}")


def _opened(folder: Path | None) -> Store:
    """Return a store that works: these commands are about it, so none goes on without."""
    from workbench.cache import Store

    store = Store(folder)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            store.require()
        except StoreError as error:  # which says what was warned of
            raise StoreError(f"{error}; name another folder with --store") from error
    for warning in told:
        _complain(f"warning: {warning.message}")
    return store


def _given(out: Path | None, *, resume: bool) -> Path | None:
    if resume and out is None:
        raise UsageError("--resume needs --out DIR: the folder of the run to go on with")
    return out


def _folders(studies: tuple[Study, ...], out: Path | None, path: Path) -> list[Path]:
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


def _client(study: Study, *, base_url: str | None, mode: Mode) -> Client:
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


def _run(client: Client, evaluation: Eval, *, out: Path, **options: Any) -> int:
    try:
        done = client.run(evaluation, out=out, **options)
    except KeyboardInterrupt as stop:
        raise IncompleteError(f"stopped{_how_to_go_on(out)}") from stop
    except ReplayMissError:  # its cure is to record, not to go on
        _how_to_go_on(out)
        raise
    except _UNUSABLE as error:
        raise UsageError(f"{out}: no folder for a run ({error.strerror}); give another with --out") from error
    except JournalError:  # another process may hold the folder
        raise
    except IncompleteError as stop:
        raise IncompleteError(f"{str(stop).rstrip('.')}{_how_to_go_on(out)}") from stop
    _report(done)
    _say(str(done))
    _say(f"\n{done.receipt()}")
    _say(f"\nsaved in {done.folder}: table.txt table.csv receipt.txt report.html journal.jsonl run.json")
    return _exit_code(done)


def _report(done: Run) -> None:
    from workbench.show.page import write_report

    assert done.folder is not None  # a run of a client always has one
    write_report(done, done.folder / "report.html")


def _how_to_go_on(folder: Path) -> str:
    """Say what is kept of a run that ended early, in words to add to why it did; write its report."""
    from workbench.run import Run

    try:
        done = Run.load(folder)
    except WorkbenchError:  # it never began
        return ""
    with contextlib.suppress(OSError, WorkbenchError):  # the disk may be full
        _report(done)
    answered = len(done) - len(done.errors)
    kept = f"{answered:,} of {plural(done.info.planned, 'answer')}"
    return f". {kept} kept; the same command with --resume --out {folder} goes on"


def _exit_code(done: Run) -> int:
    missing = done.info.planned - len(done) + len(done.errors)
    if done.status == "complete" and not missing:
        return 0
    first = next((f" ({row.error['message']})" for row in done.rows if row.error), "")
    _complain(
        f"{missing:,} of {plural(done.info.planned, 'answer')} missing{first}. "
        f"The same command with --resume --out {done.folder} asks again"
    )
    return 4


def _quickstart() -> Path:
    from workbench.demo import shipped

    folder = shipped("notebooks")
    if folder.parent.name == "data":  # a wheel's files are not the user's to edit: give them copies
        own = Path("workbench-quickstart")
        for part in ("notebooks", "datasets"):
            if not (own / part).exists():
                shutil.copytree(shipped(part), own / part)
        folder = own / "notebooks"
    return folder / "01_quickstart.ipynb"


def _say(text: str) -> None:
    echo(text)


def _complain(text: str) -> None:
    if text:
        echo(f"workbench: {text}", file=sys.stderr)
