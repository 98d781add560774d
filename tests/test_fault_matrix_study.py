"""A study under faults, against a server in a process of its own: a short form of the benchmark."""

from __future__ import annotations

import pytest

from tests.benchmarks.faults import under
from workbench.transport import Limits


@pytest.mark.parametrize(
    "fault", ["http_529", "reset_before_response", "json_null", "stream_fin_mid", "stream_overloaded_mid"]
)
def test_a_study_gets_through_and_counts_what_the_server_counts(fault):
    """Every sample ends as an answer or an error, and what we call paid is what was billed."""
    outcome = under(fault, samples=20, rate=0.3, seed=4, limits=Limits(idle_s=1, stream_idle_s=1))

    assert outcome.injected > 0
    assert outcome.stopped == ""
    assert outcome.done + outcome.errors == 20
    assert outcome.done >= 16
    assert outcome.consistent, outcome
