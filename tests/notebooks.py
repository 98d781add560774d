"""Runs the committed notebooks anew and writes them as they are to be committed.

    python -m tests.notebooks [NAME …]        # e.g. 03_compare_models; all of them by default

Each runs top to bottom in a fresh kernel, on the emulator, with a store of its own. What depends on the
machine or on a kernel is left out: metadata, and the widgets themselves: where no kernel is, JupyterLab would
show an error in the place of what stands beside them.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted([*(ROOT / "notebooks").glob("*.ipynb"), *(ROOT / "evals").glob("*.ipynb")])
WIDGET = "application/vnd.jupyter.widget-view+json"
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def run(path: Path) -> None:
    """Run the notebook at *path* and write it."""
    notebook = nbformat.read(path, 4)
    resources = {"metadata": {"path": str(path.parent)}}
    NotebookClient(notebook, timeout=300, resources=resources, store_widget_state=False).execute()
    for number, cell in enumerate(notebook.cells):
        cell.metadata = {}
        cell.id = f"{path.stem[:2]}-{number:02}"
        for output in cell.get("outputs", []):
            output.metadata = {}
            output.get("data", {}).pop(WIDGET, None)
    notebook.metadata = METADATA
    nbformat.write(notebook, path)


def main(names: list[str]) -> None:
    """Run those named, or all."""
    for name in [name for name in os.environ if name.startswith("ANTHROPIC_")]:
        del os.environ[name]
    with tempfile.TemporaryDirectory() as store:
        os.environ["WORKBENCH_STORE"] = store
        for path in NOTEBOOKS:
            if not names or path.stem in names:
                run(path)
                print(path.relative_to(ROOT), f"{path.stat().st_size / 1000:.0f} kB")  # noqa: T201 - a script


if __name__ == "__main__":
    main(sys.argv[1:])
