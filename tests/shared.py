"""Material that may lie beside a checkout; tests that use it skip where it does not."""

from __future__ import annotations

from pathlib import Path

SHARED = Path(__file__).parents[2] / "shared"
CATALOG = SHARED / "api" / "catalog.json"
BODIES = SHARED / "data" / "requests" / "requests.jsonl"
