"""One task through inspect-ai, with the Python it is installed in; `peers.py` runs it.

    python peer_inspect.py DATA.jsonl URL CONCURRENCY [--cache] [--cache-prompt]

CONCURRENCY 0 leaves Inspect its own adaptive one. Its logs go to the working directory.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data")
    parser.add_argument("url")
    parser.add_argument("concurrency", type=int)
    parser.add_argument("--model", default="claude-haiku-4-5")
    parser.add_argument("--cache", action="store_true", help="its cache of answers")
    parser.add_argument("--cache-prompt", action="store_true", help="the service's prompt cache")
    options = parser.parse_args()
    os.environ.update(ANTHROPIC_API_KEY="k", ANTHROPIC_BASE_URL=options.url, INSPECT_DISPLAY="none")

    from inspect_ai import Task  # type: ignore[import-not-found]
    from inspect_ai import eval as evaluate
    from inspect_ai.dataset import Sample  # type: ignore[import-not-found]
    from inspect_ai.model import ChatMessageSystem, ChatMessageUser  # type: ignore[import-not-found]
    from inspect_ai.scorer import exact  # type: ignore[import-not-found]
    from inspect_ai.solver import generate  # type: ignore[import-not-found]

    samples = []
    for line in Path(options.data).read_text("utf-8").splitlines():
        row = json.loads(line)
        system = [ChatMessageSystem(content=row["system"])] if row["system"] else []
        turns = [*system, ChatMessageUser(content=row["input"])]
        samples.append(Sample(id=row["id"], input=turns, target=row["target"]))
    more: dict[str, Any] = {"cache_prompt": True} if options.cache_prompt else {}
    if options.concurrency:
        more.update(max_connections=options.concurrency, max_samples=options.concurrency)
    task = Task(dataset=samples, solver=generate(cache=options.cache), scorer=exact())
    model = f"anthropic/{options.model}"
    log = evaluate(task, model=model, max_tokens=256, display="none", log_dir="logs", **more)[0]
    done = log.results.completed_samples if log.results else 0
    print(json.dumps({"status": log.status, "done": done}))


if __name__ == "__main__":
    main()
