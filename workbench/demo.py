"""The study of the quickstart: two prompts for sentiment, on two models."""

from __future__ import annotations

from pathlib import Path

from workbench.dataset import Dataset
from workbench.evaluation import Eval
from workbench.prompt import Prompt, grid
from workbench.score import choice

LABELS = ("positive", "negative", "neutral")

TERSE = Prompt(
    "Review: {{input}}\n\nIs this review positive, negative or neutral?",
    model="claude-haiku-4-5",
    max_tokens=20,
)

SYSTEM = """You label the sentiment of reviews.
Answer with exactly one word, one of: positive, negative, neutral.

Review: It stopped working after two days and support never answered.
Label: negative

Review: Does what it says, nothing more.
Label: neutral

Review: I would buy it again tomorrow.
Label: positive"""

EXAMPLES = TERSE.with_(system=SYSTEM)


def study(*, limit: int | None = None) -> Eval:
    """Return the demo's eval.

    Args:
        limit: Number of samples, the first ones; all of them by default.
    """
    data = Dataset.load(shipped("sentiment.jsonl"))
    variants = grid({"terse": TERSE, "examples": EXAMPLES}, model=["claude-haiku-4-5", "claude-sonnet-4-6"])
    whole = Eval("sentiment", dataset=data, variants=variants, scorers=[choice(labels=LABELS)])
    return whole if limit is None else whole.limit(limit)


def shipped(name: str) -> Path:
    """Return the path of a file that comes with the package: in a wheel under `data/`, in a clone beside it."""
    package = Path(__file__).parent
    for folder in (package / "data", package.parent / "datasets", package.parent / "notebooks"):
        if (folder / name).is_file():
            return folder / name
    raise FileNotFoundError(name)
