"""Runs made by hand, for views and reports: nothing is sent."""

from __future__ import annotations

from tests.hostile import TEXTS
from workbench.prompt import Prompt
from workbench.reply import Timing
from workbench.run import Result, Run, RunInfo
from workbench.score import Score

MADE = "2026-11-22T10:00:00+00:00"

SYSTEM = """You sort support tickets. Answer with one label, nothing else.

Examples:
- I was charged twice → billing
- The app crashes → technical"""

LONG = "I think this is other, because the customer asks about opening hours and not about an invoice."

JUDGES = frozenset({"choice"})


def study_run(*, samples: int = 60, origin: str = "emulator") -> Run:
    """Return a run of three variants, of which every fifth answer is wrong and every 37th an error."""
    variants = {
        "haiku-4-5": _prompt("claude-haiku-4-5"),
        "sonnet-4-6": _prompt("claude-sonnet-4-6"),
        "sonnet-4-6 · effort high": _prompt("claude-sonnet-4-6", effort="high"),
    }
    rows: list[Result] = []
    for sample in range(samples):
        for place, (name, prompt) in enumerate(variants.items()):
            index = len(rows)
            wrong = sample % (5 + 3 * place) == 0
            said = LONG if wrong else "billing"
            score = Score(
                float(not wrong),
                "expected billing, got other" if wrong else "",
                "other" if wrong else "billing",
            )
            trial = {"variant": name, "sample_id": f"t-{sample:03}", "index": index, "origin": origin}
            rows.append(
                _failed(trial) if index % 37 == 5 else _answered(trial, prompt, said, {"choice": score})
            )
    info = _info("support-triage", variants, samples)
    return Run(info, tuple(rows))


def hostile_run() -> Run:
    """Return a run in which every name, text, label and error is hostile."""
    variants = {text: Prompt(text.replace("{{", "{"), model=text, max_tokens=1).wire() for text in TEXTS[:8]}
    rows = []
    for index, text in enumerate(TEXTS):
        trial = {"variant": TEXTS[index % 8], "sample_id": text, "index": index, "origin": f"url:{text}"}
        prompt = {"model": text}
        judged = {"choice": Score(0.0, text, text), text: Score(None, text, text)}
        rows.append(_answered(trial, prompt, text, judged))
        rows.append(_failed({**trial, "epoch": 1}, text))
    return Run(_info(TEXTS[0], variants, len(TEXTS), scorer=TEXTS[1]), tuple(rows))


def _prompt(model: str, **fields: str) -> dict[str, object]:
    system = [{"type": "text", "text": SYSTEM, "cache_control": {"type": "ephemeral"}}]
    ask = "Ticket:\n{{input}}\n\nWhich department: billing, technical or other?"
    return Prompt(ask, model=model, max_tokens=40, system=system, **fields).wire()


def _info(name: str, variants: dict[str, dict[str, object]], samples: int, scorer: str = "length") -> RunInfo:
    return RunInfo(
        name=name,
        fingerprint="5f1d" * 16,
        variants=tuple({"name": key, "prompt": prompt} for key, prompt in variants.items()),
        dataset={"name": name, "rows": samples, "sha256": "ab12" * 16},
        scorers=({"name": "choice", "kind": "binary"}, {"name": scorer, "kind": "measure"}),
        status="complete",
        started=MADE,
        finished=MADE,
        version="0.1.0",
    )


def _answered(trial, prompt, said, scores) -> Result:
    usage = {"input_tokens": 31, "output_tokens": 8, "cache_read_input_tokens": 1200}
    body = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": prompt["model"],
        "content": [{"type": "text", "text": said}],
        "stop_reason": "end_turn",
        "usage": usage,
    }
    timing = Timing(ttft_s=0.3, total_s=0.9, recorded_at=MADE)
    return Result(
        **{"epoch": 0, **trial},
        key="0" * 64,
        model=prompt["model"],
        body=body,
        scores=scores,
        timing=timing,
        request_id=f"req_{trial['index']:06}",
        judges=JUDGES,
        input=f"Ticket {trial['sample_id']}: I was charged twice this month.",
        target="billing",
    )


def _failed(
    trial, said: str = "This request would exceed your rate limit of 50,000 input tokens per minute"
) -> Result:
    error = {
        "type": "rate_limit_error",
        "message": said,
        "status": 429,
        "request_id": f"req_{trial['index']:06}",
    }
    return Result(**{"epoch": 0, **trial}, key="0" * 64, model="claude-haiku-4-5", error=error, judges=JUDGES)
