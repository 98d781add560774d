"""The queue where no kernel is: how far grading went and what was said, but no names and nothing to grade."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.report.words import EMULATED, plural, visible
from workbench.show.agreement import agreement as agreement_html
from workbench.show.agreement import preference as preference_html
from workbench.show.h import join, tag
from workbench.show.parts import Column, table
from workbench.show.safe import Html, text
from workbench.show.tables import notes, title

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.report.agreement import Agreement, Preference

GO_ON = "To go on grading, run this cell again in a live notebook: the grades so far are kept beside the run."
IN_MEMORY = (
    "This run has no folder: grades are lost with the kernel. "
    "Save it first, run.save(folder), and grade the folder: GradeQueue(folder)."
)


def still(
    name: str,
    progress: str,
    counts: Sequence[tuple[str, int]],
    found: Sequence[Agreement | Preference],
    remarks: Sequence[str],
    *,
    emulated: bool,
) -> tuple[Html, str]:
    """Return the HTML and the text of a queue.

    Args:
        name: The study's.
        progress: ``12 of 60 graded``.
        counts: Grades by label.
        found: What the grades say, where they say something.
        remarks: Sentences on what is in no item, and how to go on.
        emulated: Whether the emulator made any of the answers.
    """
    said = [*remarks, *([EMULATED] if emulated and not found else [])]
    shown = [(label, f"{count:,}") for label, count in counts] if any(n for _, n in counts) else []
    html = join(
        [
            title(f"{name} · {progress}"),
            table([Column("grade"), Column("count", number=True)], [[text(a), b] for a, b in shown])
            if shown
            else None,
            findings(found) if found else None,
            notes(said),
        ]
    )
    most = max((len(visible(label)) for label, _ in shown), default=0)
    lines = "\n".join(f"{visible(label):{most}}  {count:>6}" for label, count in shown)
    parts = [f"{visible(name)} · {progress}", lines, *map(str, found), "\n".join(said)]
    return html, "\n\n".join(part for part in parts if part)


def findings(found: Sequence[Agreement | Preference]) -> Html:
    """Return what the grades say, one below the other."""
    from workbench.report.agreement import Agreement

    if not found:
        return tag("p", 'Nobody to compare with: name a judge, queue.agreement("name").', cls="wb-dim")
    return join(
        tag("div", agreement_html(noun) if isinstance(noun, Agreement) else preference_html(noun))
        for noun in found
    )


def progress(done: int, total: int, *, pairs: bool) -> str:
    """Return how far grading went.

    >>> progress(12, 60, pairs=False)
    '12 of 60 answers graded'
    """
    return f"{done:,} of {plural(total, 'pair' if pairs else 'answer')} graded"
