"""A run as one HTML file: no script, nothing loaded, readable in ten years."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from workbench.prompt import Prompt
from workbench.report.charts import SVG
from workbench.report.words import EMULATED, origin_words, plural
from workbench.run import write
from workbench.show import to_bundle
from workbench.show.h import join, tag
from workbench.show.money import bill
from workbench.show.parts import Column, fold, more, style, table
from workbench.show.request import untitled
from workbench.show.run import ending, errors, failures
from workbench.show.safe import Html, escape, text
from workbench.show.tables import figures, notes, origin, verdict
from workbench.show.values import elided

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.run import Run

_PLACE: Final = re.compile(r"@@[A-Z]+@@")

PROMPTS: Final = 12
"""Variants whose prompt is shown in full."""


def write_report(run: Run, path: str | Path, *, command: str | None = None) -> Path:
    """Write the report of *run* to *path*, at once or not at all.

    Args:
        run: Complete or not.
        path: An HTML file.
        command: How the run was started, for the reader who wants to do it again.
    """
    target = Path(path)
    write(target, report_page(run, command=command))
    return target


def report_page(run: Run, *, command: str | None = None) -> str:
    """Return a complete HTML document; the same run gives the same page."""
    body = join([_head(run), *_findings(run), *_method(run, command)])
    return fill("page.html", {"TITLE": escape(f"{run.name} · report"), "STYLE": style(), "BODY": body})


def fill(name: str, parts: Mapping[str, Html]) -> str:
    """Return a skeleton of this folder with each ``@@PLACE@@`` replaced.

    What is put in is never read again, so a text that looks like a place stays a text.

    Raises:
        ValueError: A place that is not in the skeleton exactly once, or one that nothing fills.
    """
    skeleton = files("workbench.show").joinpath(name).read_text("utf-8")
    found = [place.strip("@") for place in _PLACE.findall(skeleton)]
    if sorted(found) != sorted(parts):
        raise ValueError(f"{name} has the places {found}, and {sorted(parts)} were given")
    return _PLACE.sub(lambda place: parts[place.group().strip("@")], skeleton)


def _head(run: Run) -> Html:
    summary = run.summary()
    origins = _origins(run)
    return join(
        [
            tag("h1", text(run.name)),
            tag("p", text(summary.title.removeprefix(f"{run.name} · ")), cls="wb-dim"),
            origin(EMULATED) if "emulator" in origins else None,
            origin(f"Answers of different origin are mixed: {_list(origins)}.") if len(origins) > 1 else None,
            ending(run),
            verdict(summary.verdict),
        ]
    )


def _origins(run: Run) -> list[str]:
    """Return who answered; an error is nobody's answer."""
    return sorted({row.origin for row in run.rows if row.error is None})


def _findings(run: Run) -> list[Html | None]:
    summary, receipt = run.summary(), run.receipt()
    return [
        tag("h2", "Results"),
        figures(summary),
        *_charts(run),
        tag("h2", "Receipt"),
        bill(receipt),
        notes(note for note in receipt.notes if note != EMULATED),
        *_prompt_cache(run),
        tag("h2", "Failures and errors"),
        errors(run.errors),
        failures(run.failures) or tag("p", "no answer was judged a failure", cls="wb-dim"),
    ]


def _charts(run: Run) -> list[Html]:
    """Return cost against quality, and the scores, where there is something to draw."""
    charts = (run.plot.pareto(), run.plot.scores())
    drawn = [to_bundle(chart).get(SVG) for chart in charts if chart.parts]
    return [tag("p", Html(picture)) for picture in drawn if picture is not None]


def _prompt_cache(run: Run) -> list[Html | None]:
    """Return what the prompt cache did, where it had a part."""
    found = run.cache()
    if not found.used:
        return []
    return [
        tag("h2", "Prompt cache"),
        tag("p", text(found.table.title.removeprefix("prompt cache · "))),
        figures(found.table),
        notes(note for note in found.table.notes if note != EMULATED),
    ]


def _method(run: Run, command: str | None) -> list[Html | None]:
    return [
        tag("h2", "Prompts"),
        *(fold(text(v["name"]), _prompt(v["prompt"])) for v in run.info.variants[:PROMPTS]),
        more(len(run.info.variants) - PROMPTS, "variants"),
        tag("h2", "Method"),
        notes(note for note in run.summary().notes if note != EMULATED),
        table([Column(""), Column("")], _facts(run)),
        tag("h2", "Do it again"),
        *_again(run, command),
    ]


def _prompt(body: Mapping[str, Any]) -> Html:
    return untitled(Prompt.from_wire(elided(dict(body), 3000)))


def _facts(run: Run) -> list[list[Html | str]]:
    info, rows = run.info, run.rows
    sources = {name: sum(row.source == name for row in rows) for name in ("live", "store", "cassette")}
    answered = " · ".join(f"{count:,} {name}" for name, count in sources.items() if count)
    facts: dict[str, object] = {
        "Answered by": _list(_origins(run)) or "nobody yet",
        "Came from": answered or "nowhere yet",
        "Models": ", ".join(sorted({row.model for row in rows})),
        "Trials": f"{plural(len(info.variants), 'variant')}, {plural(info.samples, 'sample')}, "
        f"{plural(info.epochs, 'epoch')}; {len(rows):,} of {info.planned:,} done",
        "Dataset": f"{info.dataset.get('name', '?')} · sha256 {info.dataset.get('sha256', '?')}",
        "Scorers": ", ".join(f"{s['name']} ({s['kind']})" for s in info.scorers),
        "API version": ", ".join(sorted({row.api_version for row in rows})),
        "Study": info.fingerprint,
        "Started": info.started or "unknown",
        "Made with": f"claude-workbench {info.version}",
    }
    return [[name, text(value)] for name, value in facts.items() if value]


def _again(run: Run, command: str | None) -> list[Html]:
    folder = run.folder.name if run.folder is not None else "FOLDER"
    steps = {
        "The same table from the recorded answers, with no key and no network": command
        or "workbench run PATH --mode replay",
        "This run in Python, from the folder this page lies in": f'wb.Run.load("{folder}")',
    }
    return [join([tag("p", text(why)), tag("pre", how, cls="wb-code")]) for why, how in steps.items()]


def _list(origins: list[str]) -> str:
    return ", ".join(map(origin_words, origins))
