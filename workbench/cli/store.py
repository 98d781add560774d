"""`workbench cache`: the store of paid replies, and cassettes."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workbench.cli.ending import complain, say
from workbench.errors import StoreError, UsageError, WireError
from workbench.report.words import plural

if TYPE_CHECKING:
    from workbench.cache import Store

cache = typer.Typer(help="The store of paid replies, and cassettes.", no_args_is_help=True)
StoreOption = Annotated[Path | None, typer.Option(help="The store's folder; default in the user's cache.")]


@cache.command()
def stats(store: StoreOption = None) -> None:
    """Say what the store holds."""
    say(str(_opened(store).stats()))


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
    say(f"{plural(deleted, 'reply')} deleted")


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
    say(str(_opened(store).explain(body)))


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
    say(str(written))
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
    say(f"{plural(kept, 'reply')} imported into {target.path}")


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
        complain(f"warning: {warning.message}")
    return store
