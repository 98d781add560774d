"""The study of the quickstart: two prompts for sentiment, on two models."""

from __future__ import annotations

from pathlib import Path

from workbench.dataset import Dataset
from workbench.evaluation import Eval
from workbench.prompt import Prompt, grid
from workbench.score import choice

LABELS = ("positive", "negative", "neutral")

OPEN = Prompt(
    "What does the writer of this review feel?\n\n{{input}}",
    model="claude-haiku-4-5",
    max_tokens=40,
)

LABELLED = OPEN.with_(
    system="You label reviews. Answer with exactly one word: positive, negative or neutral.",
)


def study(*, limit: int | None = None) -> Eval:
    """Return the demo's eval.

    Args:
        limit: Number of samples, the first ones; all of them by default.
    """
    data = Dataset.load(shipped("datasets") / "sentiment.jsonl")
    variants = grid({"open": OPEN, "labels": LABELLED}, model=["claude-haiku-4-5", "claude-sonnet-4-6"])
    whole = Eval("sentiment", dataset=data, variants=variants, scorers=[choice(labels=LABELS)])
    return whole if limit is None else whole.limit(limit)


def shipped(name: str) -> Path:
    """Return a folder that comes with the package, `datasets` or `notebooks`: in a wheel, or in a clone."""
    package = Path(__file__).parent
    for folder in (package / "data" / name, package.parent / name):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"{name}: not in this installation; install the package anew")
