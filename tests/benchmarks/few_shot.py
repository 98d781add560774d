"""Sentiment, asked of a base model with two and with eight examples: do more examples help it?

    workbench run tests/benchmarks/few_shot.py --base-url http://127.0.0.1:PORT --out runs/few-shot

Meant for the small real model of `local_model.py`, which goes on writing where the prompt ends.
"""

from __future__ import annotations

from pathlib import Path

import workbench as wb

EXAMPLES = [
    ("I loved every minute of it.", "positive"),
    ("The screen cracked on the first day.", "negative"),
    ("Fast delivery and a friendly driver.", "positive"),
    ("Rude staff, cold food, never again.", "negative"),
    ("My daughter plays with it every day.", "positive"),
    ("It broke within a week and nobody replied.", "negative"),
    ("Best purchase of the year.", "positive"),
    ("A waste of money.", "negative"),
]


def few_shot(n: int) -> wb.Prompt:
    shots = "\n".join(f"Review: {text}\nSentiment: {label}\n" for text, label in EXAMPLES[:n])
    return wb.Prompt(
        f"{shots}\nReview: {{{{input}}}}\nSentiment:",
        model="claude-haiku-4-5",
        max_tokens=4,
        stop_sequences=["\n"],
    )


data = wb.Dataset.load(Path(__file__).parents[2] / "datasets" / "sentiment.jsonl")

study = wb.Eval(
    "few-shot",
    dataset=data.filter(lambda sample: sample.target in {"positive", "negative"}),
    variants=wb.grid({"2 examples": few_shot(2), "8 examples": few_shot(8)}),
    scorers=[wb.score.choice(labels=["positive", "negative"])],
)
