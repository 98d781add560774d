"""The public names: sorted, complete, documented."""

from __future__ import annotations

import subprocess
import sys

import pytest

import workbench as wb


def test_all_is_sorted():
    """A reader finds a name where the alphabet puts it."""
    assert sorted(wb.__all__) == wb.__all__


@pytest.mark.parametrize("name", wb.__all__)
def test_every_public_name_exists_and_is_documented(name):
    """`help(wb.name)` says something."""
    assert (getattr(wb, name).__doc__ or "").strip()


@pytest.mark.parametrize("name", ["catalog", "cost", "estimate", "gate", "lint"])
def test_functions_win_over_modules_of_the_same_name(name):
    """`wb.cost(...)` works whichever module was imported first."""
    code = f"import workbench.{name}, workbench as wb; assert callable(wb.{name})"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_unknown_names_are_attribute_errors():
    """A typo is told at once."""
    with pytest.raises(AttributeError, match="Promt"):
        wb.Promt  # noqa: B018


@pytest.mark.parametrize("heavy", ["pandas", "scipy", "matplotlib", "ipywidgets", "httpx", "genai_prices"])
def test_the_import_loads_nothing_heavy(heavy):
    """`import workbench` is for everyone; what is heavy is loaded when it is used."""
    code = f"import sys, workbench; sys.exit({heavy!r} in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
