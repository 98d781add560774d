"""Compare with a file of tests/golden/; ``WORKBENCH_GOLDEN=1`` writes it instead."""

from __future__ import annotations

import os
import re
from pathlib import Path

from workbench.show.parts import style

FOLDER = Path(__file__).parent / "golden"


def check(name: str, actual: str) -> None:
    """Assert that *actual* is what the golden file *name* holds."""
    path = FOLDER / name
    if os.environ.get("WORKBENCH_GOLDEN"):
        FOLDER.mkdir(exist_ok=True)
        path.write_text(actual, encoding="utf-8")
    assert path.exists(), f"no golden file {name}: run once with WORKBENCH_GOLDEN=1 and read what it wrote"
    assert actual == path.read_text(encoding="utf-8"), (
        f"{name} differs; if it should, WORKBENCH_GOLDEN=1 rewrites it"
    )


def pretty(html: str) -> str:
    """Put each block on a line of its own, so that a golden file reads well in a review."""
    without = html.replace(f"<style>{style()}</style>", "<style>…</style>")
    return (
        re.sub(r"(?=<(?:h[1-4]|p|table|tr|details|div|pre|ol|li|tbody|tfoot)\b)", "\n", without).strip()
        + "\n"
    )
