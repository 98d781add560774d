"""The loop that people write: AsyncAnthropic as it comes, a semaphore, an exact match; `peers.py` runs it.

python peer_sdk.py DATA.jsonl URL CONCURRENCY [--mark]
"""

from __future__ import annotations

import argparse
import asyncio
import json
from pathlib import Path
from typing import Any


async def loop(rows: list[dict[str, Any]], options: argparse.Namespace) -> list[bool | None]:
    """Return for every sample whether its answer was right, or None where there is none."""
    import anthropic

    client: Any = anthropic.AsyncAnthropic(api_key="k", base_url=options.url)
    places = asyncio.Semaphore(options.concurrency)

    async def one(row: dict[str, Any]) -> bool | None:
        mark = {"cache_control": {"type": "ephemeral"}} if options.mark else {}
        system = {"system": [{"type": "text", "text": row["system"], **mark}]} if row["system"] else {}
        turns = [{"role": "user", "content": row["input"]}]
        async with places:
            try:
                message = await client.messages.create(
                    model=options.model, max_tokens=256, messages=turns, **system
                )
            except anthropic.APIError:
                return None
        return bool(message.content[0].text == row["target"])

    return await asyncio.gather(*map(one, rows))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data")
    parser.add_argument("url")
    parser.add_argument("concurrency", type=int)
    parser.add_argument("--model", default="claude-haiku-4-5")
    parser.add_argument("--mark", action="store_true", help="a breakpoint behind the system prompt")
    options = parser.parse_args()
    rows = [json.loads(line) for line in Path(options.data).read_text("utf-8").splitlines()]
    found = asyncio.run(loop(rows, options))
    print(json.dumps({"right": found.count(True), "failed": found.count(None)}))


if __name__ == "__main__":
    main()
