"""Words beside numbers: the same for what reads the same, and none that only a program understands."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.charted import charted_run
from workbench.report.agreement import agreement, preference
from workbench.report.charts.parts import Rows
from workbench.report.sentences import Contrast, verdict
from workbench.show.agreement import preference as shown
from workbench.stats import tango


@pytest.mark.parametrize("n", range(5, 200))
def test_no_difference_is_told_alike_for_any_number_of_samples(n):
    """Both ends read the same, whatever their last bit is."""
    said = verdict(Contrast("a", "b", tango(0, 0, n), 1.0))

    assert said.startswith(f"{n} samples cannot tell b from a: a difference beyond ±")


def test_one_label_names_what_was_graded():
    """What this cannot show is said of pairs, or of answers."""
    said = agreement({"s/0": ("tie", "tie")}, ("a", "tie", "b"), a="human", b="choice", unit="pair")

    assert "these pairs cannot show" in said.verdict


def test_the_interval_of_the_side_has_its_own_name():
    """It is the exact one; beside it stands another."""
    asked = preference([("s1", 1.0, True), ("s2", 0.0, True)], a="haiku", b="sonnet")
    unknown = preference([("s1", 1.0, None)], a="haiku", b="sonnet")

    assert asked.details[0] == "Ties are in no rate; Wilson interval, for the side the Clopper-Pearson one."
    assert unknown.details[0] == "Ties are in no rate; Wilson interval."


def test_a_heading_keeps_the_names_of_variants_whole():
    """A variant of a grid has a dot in its name."""
    found = preference([("s1", 1.0, True)], a="labels · haiku", b="open · haiku")

    assert "labels · haiku or open · haiku<small> · 1 pair graded" in bare(shown(found))


def bare(html: str) -> str:
    """Return markup without what only keeps directions apart."""
    return html.replace("<bdi>", "").replace("</bdi>", "")


def test_half_of_a_difference_takes_four_times_the_samples():
    """Not one more."""
    for seed in range(20):
        row = charted_run(2, seed=seed).plot.power().rows[0]
        assert row["n_for_half"] == 4 * row["n"]


def test_times_are_told_as_finely_as_their_axis_is_drawn():
    """Of answers that take hundredths of a second, too."""
    run = charted_run(1)
    quick = [
        replace(row, timing=replace(row.timing, total_s=row.timing.total_s / 50))
        if row.error is None
        else row
        for row in run.rows
    ]
    [rows] = [part for part in replace(run, rows=tuple(quick)).plot.latency().parts if isinstance(part, Rows)]
    p50, p95 = rows.rows[0].words.splitlines()

    assert "<" not in p50 + p95
    assert len({*p50.replace("(", " ").split()}) > 4, p50
