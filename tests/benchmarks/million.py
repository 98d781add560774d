"""What a million samples takes: arithmetic from the catalog, and the same run simulated. Nothing is sent.

    python tests/benchmarks/million.py                    # 500 tokens in, 100 out; half a minute of CPU

The simulation starts a call as soon as a slot is free and the tier's limits on requests, input and output
tokens let it go (each a bucket that refills evenly and holds one second's worth). Lengths are drawn
(log-normal, sigma 0.5), a call takes 0.6 s and 1/80 s for every output token. The clock is a number.
"""

from __future__ import annotations

import argparse
import heapq
import math
import random
from decimal import Decimal

from workbench.catalog import catalog

TIERS = ("start", "build", "scale")
FIRST_S, TOKEN_S, SIGMA = 0.6, 1 / 80, 0.5


def limits(tier: str, group: str) -> dict[str, int]:
    rows = catalog().rate_limits["current"]["tiers"][tier]["models"]["rows"]
    return next(row for row in rows if row["model_group"] == group)


def bound(samples: int, tokens_in: int, tokens_out: int, limit: dict[str, int]) -> tuple[float, str]:
    """Hours by the limit that binds, and its name."""
    minutes = {
        "requests": samples / limit["rpm"],
        "input": samples * tokens_in / limit["itpm"],
        "output": samples * tokens_out / limit["otpm"],
    }
    name = max(minutes, key=lambda n: minutes[n])
    return minutes[name] / 60, name


def simulated(samples: int, tokens_in: int, tokens_out: int, limit: dict[str, int], width: int) -> float:
    """Hours of the simulated run."""
    draw = random.Random(1)
    shift = SIGMA**2 / 2
    rates = [limit[name] / 60 for name in ("rpm", "itpm", "otpm")]
    free = [0.0] * width  # when each slot is free
    ready = [0.0] * 3  # when each bucket is empty of debt
    for _ in range(samples):
        used_in = draw.lognormvariate(math.log(tokens_in) - shift, SIGMA)
        used_out = draw.lognormvariate(math.log(tokens_out) - shift, SIGMA)
        now = max(free[0], *(at - 1 for at in ready))
        needs = (1.0, used_in, used_out)
        ready = [max(at, now) + n / rate for at, n, rate in zip(ready, needs, rates, strict=True)]
        heapq.heapreplace(free, now + FIRST_S + used_out * TOKEN_S)
    return max(free) / 3600


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=1_000_000)
    parser.add_argument("--tokens-in", type=int, default=500)
    parser.add_argument("--tokens-out", type=int, default=100)
    parser.add_argument("--model", default="claude-haiku-4-5")
    given = parser.parse_args()
    n, tokens_in, tokens_out = given.samples, given.tokens_in, given.tokens_out
    prices = catalog().model(given.model).prices
    live = n * (tokens_in * prices.input + tokens_out * prices.output) / 1_000_000
    half = live * Decimal(str(catalog().modifiers["batch"]["value"]))
    print(f"{n:,} samples, {tokens_in} tokens in, {tokens_out} out, {given.model}")
    print(f"live ${live:,.0f}, by batch ${half:,.0f} in {-(-n // 100_000)} batches\n")
    print(
        "| tier | requests / input / output a minute | binds | wall by arithmetic | in flight | simulated |"
    )
    print("| --- | --- | --- | ---: | ---: | ---: |")
    latency = FIRST_S + tokens_out * TOKEN_S
    for tier in TIERS:
        limit = limits(tier, catalog().group(given.model))
        hours, name = bound(n, tokens_in, tokens_out, limit)
        width = math.ceil(1.5 * n / (hours * 3600) * latency)
        found = simulated(n, tokens_in, tokens_out, limit, width)
        shown = f"{limit['rpm']:,} / {limit['itpm']:,} / {limit['otpm']:,}"
        print(f"| {tier} | {shown} | {name} | {hours:.1f} h | {width} | {found:.1f} h |")


if __name__ == "__main__":
    main()
