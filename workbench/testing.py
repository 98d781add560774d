"""The emulator as pytest fixtures, for the tests of whoever calls the Claude API.

In a ``conftest.py``::

    from workbench.testing import emulator, start_emulator
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from workbench import emulator as emulators

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from workbench.emulator import Running

__all__ = ["emulator", "start_emulator"]


@pytest.fixture(scope="session")
def emulator() -> Iterator[Running]:
    """One emulator for all tests, on a free loopback port: no limits, no latency, no script.

    Its ``url`` goes into a client's ``base_url``, its ``ledger`` tells what was asked and billed.
    """
    with emulators.start_in_thread() as running:
        yield running


@pytest.fixture
def start_emulator() -> Iterator[Callable[..., Running]]:
    """Start emulators with options of `workbench.emulator.start_in_thread`; they stop with the test."""
    started: list[Running] = []

    def start(**options: Any) -> Running:
        started.append(emulators.start_in_thread(**options))
        return started[-1]

    yield start
    for running in started:
        running.stop()
