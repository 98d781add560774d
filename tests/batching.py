"""A study of two prompts, and clients that send it in batches."""

from __future__ import annotations

import pytest

from workbench.client import Client
from workbench.dataset import Dataset
from workbench.evaluation import Eval
from workbench.journal import read
from workbench.prompt import Prompt
from workbench.run import JOURNAL
from workbench.score import number

DATA = Dataset.load([{"input": f"{i} + 1", "target": str(i + 1)} for i in range(12)], name="sums")
A = Prompt("Compute {{input}}", model="claude-haiku-4-5", max_tokens=30, name="a")
B = A.with_(model="claude-sonnet-4-6", name="b")
STUDY = Eval("sums", dataset=DATA, variants=[A, B], scorers=[number()])


@pytest.fixture
def place(start_emulator, tmp_path):
    """Starts emulators and clients of them, each client with a store of its own."""
    clients: list[Client] = []

    def start(running=None, **options):
        running = running or start_emulator(**options)
        clients.append(Client("k", base_url=running.url, store=tmp_path / f"store-{len(clients)}"))
        return running, clients[-1]

    yield start
    for client in clients:
        client.close()


def steps(folder):
    return [row["state"] for row in read(folder / JOURNAL)[0] if row["type"] == "batch"]


def values(run):
    return [(row.trial_id, row.text, row.value("number")) for row in run.rows]


def batches_of(client):
    return [batch.request_counts.total for batch in client.batches.list()]
