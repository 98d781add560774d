"""The command line: `workbench lab | demo | serve | run | cache | models`."""

from __future__ import annotations

import os
import shutil
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer.exceptions import TyperException

from workbench.errors import UsageError, WorkbenchError
from workbench.show.safe import terminal

if TYPE_CHECKING:
    from workbench.client import Client
    from workbench.evaluation import Eval
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
LimitOption = Annotated[int | None, typer.Option(min=1, help="Only the first N samples.")]
ConcurrencyOption = Annotated[int, typer.Option(min=1, help="Requests in flight at once.")]
BaseUrlOption = Annotated[str | None, typer.Option(help="Another server, e.g. a local model.")]
StoreOption = Annotated[Path | None, typer.Option(help="The store's folder; default in the user's cache.")]


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with the codes of the README."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in words or bool(os.environ.get("WORKBENCH_DEBUG"))
    if not debug:
        warnings.showwarning = lambda message, *_, **__: _complain(f"warning: {message}")
    try:
        code = app([word for word in words if word != "--debug"], standalone_mode=False)
    except TyperException as error:
        show = getattr(error, "show", None)  # typer's own errors draw themselves
        _complain(str(error)) if show is None else show()
        code = error.exit_code
    except typer.Exit as stop:
        code = stop.exit_code
    except (KeyboardInterrupt, typer.Abort):
        _complain("stopped. What was answered is kept; --resume goes on.")
        code = 4
    except BrokenPipeError:  # the reader of a pipe has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except (WorkbenchError, OSError) as error:
        if debug:
            raise
        _complain(str(error))
        code = getattr(error, "exit_code", 4)
    sys.exit(code if isinstance(code, int) else 0)


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
) -> None:
    """Run the quickstart's study in the terminal, on the emulator: table, receipt, HTML report."""
    from workbench.client import Client
    from workbench.demo import study

    with Client(base_url=None if live else "emulator", mode=mode) as client:
        raise typer.Exit(_run(client, study(limit=limit), out=out))


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
    path: Annotated[Path, typer.Argument(help="A Python module or notebook that defines a wb.Eval.")],
    mode: ModeOption = "live",
    out: OutOption = None,
    limit: LimitOption = None,
    concurrency: ConcurrencyOption = 16,
    base_url: BaseUrlOption = None,
    budget_usd: Annotated[
        str | None, typer.Option(metavar="DOLLARS", help="Stop once so much is paid.")
    ] = None,
    check: Annotated[bool, typer.Option(help="Lint before anything is sent.")] = True,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an unfinished run in --out.")] = False,
) -> None:
    """Run every eval that PATH defines; leaves a folder with journal, tables, receipt and report."""
    from workbench.client import Client
    from workbench.loading import load_evals

    if resume and out is None:
        raise UsageError("--resume needs --out DIR: the folder of the run to go on with")
    worst = 0
    studies = load_evals(path)
    for study in studies:
        folder = out / study.evaluation.name if out is not None and len(studies) > 1 else out
        evaluation = study.evaluation if limit is None else study.evaluation.limit(limit)
        cassette = study.client.cassette if study.client is not None else None
        with Client(base_url=base_url, mode=mode, cassette=cassette) as client:
            code = _run(
                client,
                evaluation,
                out=folder,
                concurrency=concurrency,
                budget_usd=budget_usd,
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
    from workbench.cache import Store

    _say(str(Store(store).stats()))


@cache.command()
def prune(
    older_than: Annotated[int | None, typer.Option(metavar="DAYS", help="Replies older than this.")] = None,
    model: Annotated[str | None, typer.Option(help="Replies of one model.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    store: StoreOption = None,
) -> None:
    """Delete stored replies. They were paid for: nothing is deleted unless you say what."""
    from workbench.cache import Store

    if older_than is None and model is None:
        raise UsageError("say what to delete: --older-than DAYS or --model NAME")
    if not yes:
        typer.confirm("Delete them? They would have to be paid again.", abort=True)
    _say(f"{Store(store).prune(older_than_days=older_than, model=model):,} replies deleted")


@cache.command()
def explain(
    request: Annotated[Path, typer.Argument(help="A file with one request body as JSON.")],
    store: StoreOption = None,
) -> None:
    """Say why a request is or is not answered from the store."""
    from workbench.cache import Store
    from workbench.wire import Request, parse
    from workbench.wire.codec import loads

    body = parse(Request, loads(request.read_bytes()))
    _say(str(Store(store).explain(body)))


@cache.command()
def export(
    path: Annotated[Path, typer.Argument(help="The eval module or notebook whose replies are exported.")],
    to: Annotated[Path, typer.Argument(help="The cassette to write (JSON lines).")],
    store: StoreOption = None,
) -> None:
    """Write the replies an eval needs into a cassette: reviewable, without a key, replayed in CI."""
    from workbench.cache import Store
    from workbench.loading import load_evals

    source, studies = Store(store), load_evals(path)
    for study in studies:  # what the suite's own cassette holds already stays in it
        for recorded in (study.client and study.client.cassette) or ():
            source.put(recorded)
    asked = [trial for study in studies for trial in study.evaluation.trials()]
    _say(str(source.export(((trial.request, trial.epoch) for trial in asked), to)))


@cache.command("import")
def import_(
    cassette: Annotated[Path, typer.Argument(help="The cassette to read.")],
    store: StoreOption = None,
) -> None:
    """Put the replies of a cassette into the store."""
    from workbench.cache import Store
    from workbench.cassette import Cassette

    target, n = Store(store), 0
    for n, reply in enumerate(Cassette.load(cassette), start=1):  # noqa: B007 - counts
        target.put(reply)
    _say(f"{n:,} replies imported")


def _run(client: Client, evaluation: Eval, **options: Any) -> int:
    from workbench.show.page import write_report

    _say(str(client))
    done = client.run(evaluation, **options)
    assert done.folder is not None  # a run of a client always has one
    write_report(done, done.folder / "report.html")
    _say(str(done))
    _say(str(done.receipt()))
    _say(f"\nsaved in {done.folder}: table.txt table.csv receipt.txt report.html journal.jsonl run.json")
    return _exit_code(done)


def _exit_code(done: Run) -> int:
    missing = done.info.planned - len(done) + len(done.errors)
    if done.status == "complete" and not missing:
        return 0
    planned = f"{done.info.planned:,}"
    _complain(f"{missing:,} of {planned} have no answer; --resume --out {done.folder} asks them again")
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
    print(terminal(text))


def _complain(text: str) -> None:
    print(terminal(f"workbench: {text}"), file=sys.stderr)
