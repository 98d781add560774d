"""A study of two prompts, a service in the process that answers it, and its run."""

from __future__ import annotations

import asyncio
import random

from workbench.dataset import Dataset
from workbench.evaluation import Eval
from workbench.prompt import Prompt
from workbench.reply import Reply, Timing
from workbench.runner import record
from workbench.score import exact
from workbench.wire import Message

DATA = Dataset.load([{"input": f"{i} + 1", "target": str(i + 1)} for i in range(10)], name="sums")
A = Prompt("Solve: {{input}}", model="claude-haiku-4-5", max_tokens=9, name="a")
B = A.with_(model="claude-sonnet-4-6", name="b")
STUDY = Eval("sums", dataset=DATA, variants=[A, B], scorers=[exact()])


def answer(request, *, draw=0, source="live"):
    """Return the reply that this request always gets."""
    seed = random.Random(f"{request.key}{draw}")
    n = int(request.messages[0].content.split()[1])
    body = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": request.model,
        "content": [{"type": "text", "text": str(n + (seed.random() < 0.8))}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 20, "output_tokens": 5},
    }
    timing = Timing(total_s=seed.uniform(0.2, 2), ttft_s=0.1, recorded_at="2026-11-22T10:00:00+00:00")
    return Reply(request, Message.model_validate(body), timing, source, "emulator", "req_1", draw)


class Service:
    """Answers, counts, and fails where it is told to."""

    def __init__(self, fail=None, *, source="live", wait=0):
        self.asked = []
        self.flying = self.most = 0
        self._fail = fail or (lambda number: None)
        self._source = source
        self._wait = wait

    async def __call__(self, request, *, draw, permit):
        if self._source != "live":
            return self._answer(request, draw, self._ask(request, draw))
        async with permit(request) as lease:
            lease.sends()
            number = self._ask(request, draw)
            self.flying += 1
            self.most = max(self.most, self.flying)
            try:
                if self._wait is not None:
                    await asyncio.sleep(self._wait)
                reply = self._answer(request, draw, number)
                lease.answered(reply)
                return reply
            finally:
                self.flying -= 1

    def _ask(self, request, draw):
        self.asked.append((request.key, draw))
        return len(self.asked)

    def _answer(self, request, draw, number):
        if error := self._fail(number):
            raise error
        return answer(request, draw=draw, source=self._source)


def go(service, folder, study=STUDY, **options):
    return asyncio.run(record(study, service, folder=folder, **options))
