"""GSM8K's test questions as an eval.

    GSM8K=path/to/test.jsonl workbench run tests/benchmarks/gsm8k.py --out runs/gsm8k

The file is `grade_school_math/data/test.jsonl` of github.com/openai/grade-school-math (MIT): 1,319 rows with
`question` and `answer`; the number after `####` is the gold answer.
"""

from __future__ import annotations

import os

import workbench as wb

prompt = wb.Prompt(
    "{{input}}\n\nThink step by step, then give the final number after '####'.",
    model="claude-haiku-4-5",
    max_tokens=400,
)

study = wb.Eval(
    "gsm8k",
    dataset=wb.Dataset.load(os.environ.get("GSM8K", "test.jsonl"), input="question", target="answer"),
    variants=prompt,
    scorers=[wb.score.number()],
)
