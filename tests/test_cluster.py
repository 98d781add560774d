"""A study on a Dask cluster: the same table, one journal, and a worker's death loses nothing."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from typing import Any

import pytest

from workbench.client import Client
from workbench.client.cluster import Cluster
from workbench.dataset import Dataset
from workbench.errors import APIError, NotFoundError, UsageError
from workbench.evaluation import Eval
from workbench.prompt import Prompt
from workbench.score import number
from workbench.transport import Limits

distributed = pytest.importorskip("distributed")
pytestmark = pytest.mark.xdist_group("cluster")  # its workers are processes: one cluster is enough


@pytest.fixture(scope="module")
def cluster():
    """Two worker processes on this machine."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0", host="127.0.0.1"
    ) as local:
        yield local


@pytest.fixture
def dask(cluster):
    """A client of the cluster, with both workers there."""
    cluster.scale(2)
    with distributed.Client(cluster) as client:
        client.wait_for_workers(2, timeout=30)
        yield client


@pytest.fixture
def server(start_emulator):
    """An emulator that takes a moment."""
    return start_emulator(latency=0.05)


def study(n: int, **fields: Any) -> Eval:
    """Return sums to be solved."""
    prompt = Prompt("{{input}}", **{"model": "claude-haiku-4-5", "max_tokens": 30, **fields})
    rows = [{"id": f"s{i}", "input": f"What is {i} + {i}?", "target": str(2 * i)} for i in range(n)]
    return Eval("sums", dataset=Dataset.load(rows), variants=prompt, scorers=[number()])


def client_of(server: Any) -> Client:
    """Return a client that keeps nothing beside its runs."""
    return Client(base_url=server.url, store=False)


def test_the_table_is_that_of_one_process(server, dask, tmp_path):
    """Same answers, same scores, same order; every call was billed once."""
    here = client_of(server).run(study(40), out=tmp_path / "here")
    before = server.ledger()["billed"]

    there = client_of(server).run(study(40), out=tmp_path / "there", cluster=dask)

    assert [(r.trial_id, r.text, r.passed) for r in there.rows] == [
        (r.trial_id, r.text, r.passed) for r in here.rows
    ]
    assert server.ledger()["billed"] - before == 40


def test_a_worker_that_dies_loses_nothing(server, dask, tmp_path):
    """What it had returned is kept; what it had in hand is asked by another and counted as perhaps paid."""
    pid = next(iter(dask.run(os.getpid).values()))
    client = client_of(server)
    seen = threading.Event()

    def kill() -> None:
        seen.wait(20)
        os.kill(pid, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    run = client.run(
        study(200),
        out=tmp_path / "run",
        cluster=dask,
        concurrency=16,
        on_event=lambda event: seen.set() if event.done > 30 else None,
    )
    killer.join()

    lost = sum(row.timing.lost for row in run.rows)
    assert (run.status, len(run), len(run.errors)) == ("complete", 200, 0)
    assert 0 < lost <= 32
    assert 200 <= server.ledger()["billed"] <= 200 + lost


def test_an_error_arrives_as_itself(server, dask):
    """Typed, with the service's own words."""

    async def ask() -> None:
        sender = Cluster(dask, server.url, limits=Limits(), attempts=1)
        try:
            await sender.send(Prompt("Hi", model="claude-nobody-1", max_tokens=3).render(), total_s=5)
        finally:
            await sender.aclose()

    with pytest.raises(NotFoundError, match="model: claude-nobody-1"):
        asyncio.run(ask())


def test_a_cluster_without_workers_is_not_waited_for_ever(cluster, server, monkeypatch):
    """It says what is missing; the run can be resumed."""
    monkeypatch.setattr("workbench.client.cluster.PATIENCE_S", 0.3)
    monkeypatch.setattr("workbench.client.cluster.LOOK_S", 0.1)
    monkeypatch.setattr(Cluster, "_known", lambda _: ())

    async def ask() -> None:
        sender = Cluster(cluster, server.url, limits=Limits(), attempts=1)
        try:
            await sender.send(Prompt("Hi", model="claude-haiku-4-5", max_tokens=3).render())
        finally:
            await sender.aclose()

    with pytest.raises(APIError, match=r"no worker for 0\.3 s; start one and resume"):
        asyncio.run(ask())


def test_a_client_of_async_code_is_refused():
    """Its calls cannot be made from another loop."""

    class Asynchronous(distributed.Client):  # type: ignore[misc,name-defined]
        asynchronous = True

        def __init__(self) -> None:
            pass

        def __del__(self) -> None:
            pass

    with pytest.raises(UsageError, match="asynchronous=True"):
        Cluster(Asynchronous(), "http://127.0.0.1:1", limits=Limits(), attempts=1)


def test_limits_are_divided_and_divided_anew(server, dask, tmp_path):
    """Each of two workers takes half of the rate; the last one left takes all."""
    client = client_of(server)
    client.run(study(8), out=tmp_path / "two", cluster=dask, concurrency=8)
    halves = set(dask.run(_shares, server.url).values())

    dask.retire_workers(dask.scheduler_info(n_workers=-1)["workers"].keys() - {_first(dask)})
    deadline = time.monotonic() + 20
    while len(dask.scheduler_info(n_workers=-1)["workers"]) > 1 and time.monotonic() < deadline:
        time.sleep(0.1)
    client.run(study(8), out=tmp_path / "one", cluster=dask, concurrency=8)

    assert halves == {0.5}
    assert set(dask.run(_shares, server.url).values()) == {1.0}


def _first(dask: Any) -> str:
    return str(min(dask.scheduler_info(n_workers=-1)["workers"]))


def _shares(url: str) -> float:
    from workbench import sync
    from workbench.client import cluster

    async def share() -> float:
        found = (t for t in cluster._transports.values() if t.endpoint.base_url == url)
        return float(next(found).pace.share)

    return sync.run(share())
