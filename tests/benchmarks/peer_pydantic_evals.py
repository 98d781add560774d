"""A data set through pydantic-evals, the official SDK as its task; `peers.py` runs it.

python peer_pydantic_evals.py DATA.jsonl URL CONCURRENCY
"""

from __future__ import annotations

import argparse
import asyncio
import json
from pathlib import Path
from typing import Any


async def evaluate(rows: list[dict[str, Any]], options: argparse.Namespace) -> int:
    """Return how many samples were answered."""
    from anthropic import AsyncAnthropic
    from pydantic_evals import Case, Dataset  # type: ignore[import-not-found]
    from pydantic_evals.evaluators import EqualsExpected  # type: ignore[import-not-found]

    client = AsyncAnthropic(api_key="k", base_url=options.url)

    async def task(question: str) -> str:
        turns: Any = [{"role": "user", "content": question}]
        message: Any = await client.messages.create(model=options.model, max_tokens=256, messages=turns)
        return str(message.content[0].text)

    cases = [Case(name=str(r["id"]), inputs=r["input"], expected_output=r["target"]) for r in rows]
    data = Dataset(name="bench", cases=cases, evaluators=[EqualsExpected()])
    report = await data.evaluate(task, max_concurrency=options.concurrency, progress=False)
    return len(report.cases)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data")
    parser.add_argument("url")
    parser.add_argument("concurrency", type=int)
    parser.add_argument("--model", default="claude-haiku-4-5")
    options = parser.parse_args()
    rows = [json.loads(line) for line in Path(options.data).read_text("utf-8").splitlines()]
    print(json.dumps({"done": asyncio.run(evaluate(rows, options))}))


if __name__ == "__main__":
    main()
