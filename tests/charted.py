"""Runs of any number of variants whose scores, prices and times differ, for charts; nothing is sent."""

from __future__ import annotations

import random
from dataclasses import replace

from tests.studies import JUDGES, MADE
from workbench.prompt import Prompt
from workbench.reply import Timing
from workbench.run import Result, Run, RunInfo
from workbench.score import Score

MODELS = ("claude-haiku-4-5", "claude-sonnet-4-6", "claude-opus-4-6")


def charted_run(
    variants: int | list[str] = 3,
    *,
    samples: int = 60,
    epochs: int = 1,
    origin: str = "claude_api",
    scorers: tuple[tuple[str, str], ...] = (("choice", "binary"), ("length", "measure")),
    model: str | None = None,
    planned: bool = True,
    seed: int = 7,
) -> Run:
    """Return a run; every 41st call ended in an error.

    Args:
        variants: Their names, or how many.
        samples: How many.
        epochs: How often each.
        origin: Who answered.
        scorers: Name and kind of each.
        model: Of all variants; default three in turn.
        planned: Whether reads and writes of the prompt cache were planned.
        seed: Of the random numbers.
    """
    names = [f"variant-{n + 1:02}" for n in range(variants)] if isinstance(variants, int) else variants
    rng = random.Random(seed)
    rows: list[Result] = []
    for sample in range(samples):
        ease = rng.random()
        for epoch in range(epochs):
            for place, name in enumerate(names):
                asked = model or MODELS[place % 3]
                row = _answered(
                    rng, name, place, model=asked, sample=sample, epoch=epoch, ease=ease, scorers=scorers
                )
                row = replace(row, index=len(rows), origin=origin)
                if planned:
                    row = replace(row, expected={"read": 1200, "write": 0, "total": 1240})
                if len(rows) % 41 == 17:
                    row = replace(row, body=None, scores={}, error={"type": "api_error", "message": "no"})
                rows.append(row)
    prompt = Prompt("{{input}}", model=model or MODELS[0], max_tokens=9).wire()
    info = RunInfo(
        name="support-triage",
        variants=tuple({"name": name, "prompt": prompt} for name in names),
        dataset={"name": "support-triage", "rows": samples, "sha256": "ab12" * 16},
        scorers=tuple({"name": name, "kind": kind} for name, kind in scorers),
        epochs=epochs,
        status="complete",
        started=MADE,
    )
    return Run(info, tuple(rows))


def _answered(rng, name, place, *, model, sample, epoch, ease, scorers) -> Result:
    right = ease < 0.62 + 0.035 * (place % 9) + rng.gauss(0, 0.08)
    out = rng.randint(20, 90) * (1 + place % 4)
    first = rng.lognormvariate(-1.2 + 0.3 * (place % 4), 0.35)
    total = first + out / 55 * rng.lognormvariate(0, 0.3)
    read = rng.choice((1200, 1200, 1200, 0))
    usage = {
        "input_tokens": 31 + 15 * place,
        "output_tokens": out,
        "cache_read_input_tokens": read,
        "cache_creation_input_tokens": 1200 - read,
    }
    body = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [{"type": "text", "text": "billing"}],
        "stop_reason": "end_turn",
        "usage": usage,
    }
    values = {
        "binary": float(right),
        "score": round(rng.random() * 0.4 + 0.6 * right, 3),
        "measure": float(out),
    }
    return Result(
        name,
        f"t-{sample:03}",
        epoch,
        0,
        "0" * 64,
        model,
        body,
        scores={scorer: Score(values[kind], "", "") for scorer, kind in scorers},
        timing=Timing(ttft_s=first, total_s=total, recorded_at=MADE),
        judges=JUDGES,
    )
