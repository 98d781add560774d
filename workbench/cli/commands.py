"""The commands, and `main`."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import traceback
from pathlib import Path
from typing import Annotated, Literal

import typer

from workbench.cli.ending import INTERRUPTED, explain_end, say, warnings_as_lines
from workbench.cli.store import cache
from workbench.cli.study import at_once, client_for, folders, given_folder, resume_study, run_study
from workbench.errors import UsageError

Mode = Literal["live", "refresh", "replay", "off"]
Via = Literal["messages", "batch", "auto"]

app = typer.Typer(
    help="Evaluation and prompt workbench for the Claude API.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
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
    str | None,
    typer.Option(metavar="N|auto", help="Requests in flight at once; default as before, else 16."),
]
BaseUrlOption = Annotated[str | None, typer.Option(help="Another server, e.g. a local model.")]


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with the codes of the README."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in words or bool(os.environ.get("WORKBENCH_DEBUG"))
    with warnings_as_lines(debug=debug):
        try:
            words = [word for word in words if word != "--debug"]
            code = app(words, prog_name="workbench", standalone_mode=False)
        except typer.Exit as stop:
            code = stop.exit_code if stop.exit_code != INTERRUPTED else explain_end(KeyboardInterrupt())
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - whatever it was, the user gets a line
            if debug:
                traceback.print_exception(error)
            code = explain_end(error)
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
    words = [sys.executable, "-m", "jupyterlab", "--ServerApp.ip=127.0.0.1"]
    words += [f"--ServerApp.root_dir={_quickstart().resolve()}"]
    words += ["--LabApp.default_url=/lab/tree/notebooks/01_quickstart.ipynb"]
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
        say(str(client))
        folder = given_folder(out, resume=resume) or new_folder(evaluation.name)
        raise typer.Exit(
            run_study(client, evaluation, out=folder, resume=resume, again="workbench demo --mode replay")
        )


@app.command()
def serve(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 picks a free one.")] = 8787,
    latency: Annotated[str | None, typer.Option(help="Seconds, or TTFT,PER_TOKEN seconds.")] = None,
    limits: Annotated[str | None, typer.Option(metavar="TIER", help="Enforce a tier's rate limits.")] = None,
    script: Annotated[Path | None, typer.Option(help="JSON lines of rules: what to answer to what.")] = None,
    lenient: Annotated[bool, typer.Option("--lenient", help="Answer what the API would refuse.")] = False,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME[:RATE[:TIMES]]", help="What goes wrong; repeatable; `list` names them all."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Which requests the faults hit.")] = 0,
    storm: Annotated[
        str | None,
        typer.Option(metavar="START:SECONDS:STATUS", help="Refuse all for a while, e.g. 0:10:529."),
    ] = None,
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Keep message batches there, over a restart.")
    ] = None,
    batch_seconds: Annotated[
        float | None, typer.Option(min=0, help="How long a message batch takes; default the latency.")
    ] = None,
) -> None:
    """Serve the emulator on loopback; prints `listening on http://127.0.0.1:PORT` when ready."""
    from workbench import emulator

    if fault == ["list"]:
        from workbench.emulator.faults import listing

        say(listing())
        return
    emulator.serve(
        port,
        latency=latency,
        limits=limits,
        script=script,
        lenient=lenient,
        faults=fault or (),
        seed=seed,
        storm=storm,
        batch_s=batch_seconds,
        data=data,
    )


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
    via: Annotated[
        Via | None,
        typer.Option(help="batch: half the price, within a day. auto: batch where --deadline leaves time."),
    ] = None,
    deadline: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", help="When batches are canceled, and the rest asked live."),
    ] = None,
    auto_cache: Annotated[
        bool | None, typer.Option("--auto-cache", help="Give prompts without breakpoints those that pay.")
    ] = None,
    cluster: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Send from the workers of a Dask scheduler.")
    ] = None,
) -> None:
    """Run every eval that PATH defines; leaves a folder with journal, tables, receipt and report."""
    from workbench.loading import load_evals

    given = given_folder(out, resume=resume)
    studies = load_evals(path)
    worst, told = 0, ""
    for study, folder in zip(studies, folders(studies, given, path), strict=True):
        say("") if told else None
        evaluation = study.evaluation if limit is None else study.evaluation.limit(limit)
        with client_for(study, base_url=base_url, mode=mode) as client:
            if str(client) != told:
                told = str(client)
                say(told)
            code = run_study(
                client,
                evaluation,
                out=folder,
                again=f"workbench run {shlex.quote(str(path))} --mode replay",
                concurrency=at_once(concurrency) or study.options.get("concurrency", 16),
                budget_usd=budget_usd or study.options.get("budget_usd"),
                check=check,
                resume=resume,
                via=via or study.options.get("via", "messages"),
                deadline_s=deadline or study.options.get("deadline_s"),
                auto_cache=auto_cache or study.options.get("auto_cache", False),
                cluster=cluster,
            )
        worst = max(worst, code)
    raise typer.Exit(worst)


@app.command()
def resume(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The folder of an unfinished run.")],
    mode: Annotated[Mode | None, typer.Option(help="Default: as the run was begun.")] = None,
    concurrency: ConcurrencyOption = None,
    base_url: BaseUrlOption = None,
    budget_usd: Annotated[
        str | None, typer.Option(metavar="DOLLARS", help="Another cap for the whole run.")
    ] = None,
    check: Annotated[bool, typer.Option(help="Lint before anything is sent.")] = True,
) -> None:
    """Go on with a run from nothing but its folder; what was answered is not asked again."""
    raise typer.Exit(
        resume_study(
            folder,
            base_url=base_url,
            mode=mode,
            check=check,
            concurrency=at_once(concurrency),
            budget_usd=budget_usd,
        )
    )


@app.command()
def models(
    refresh: Annotated[bool, typer.Option("--refresh", help="Overlay the live Models API.")] = False,
    base_url: BaseUrlOption = None,
) -> None:
    """List the models: context, prices, cache minimum, thinking, effort, lifecycle."""
    from workbench.catalog import catalog

    if not refresh:
        say(str(catalog()))
        return
    from workbench.client import Client

    with Client(base_url=base_url) as client:
        say(str(client.models.refresh()))


@app.command()
def salvage(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The folder of a run.")],
) -> None:
    """Keep the whole records of a damaged journal; the damaged file stays beside it."""
    from workbench import journal
    from workbench.run import JOURNAL

    say(str(journal.salvage(folder / JOURNAL)))


def _quickstart() -> Path:
    """Return the folder that holds `notebooks` and `datasets`."""
    from workbench.demo import shipped

    folder = shipped("notebooks").parent
    if folder.name != "data":
        return folder
    own = Path("workbench-quickstart")  # a wheel's files are not the user's to edit: give them copies
    for part in ("notebooks", "datasets"):
        if not (own / part).exists():
            shutil.copytree(shipped(part), own / part)
    return own
