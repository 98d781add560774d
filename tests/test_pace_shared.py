"""The file in which processes share their pace: private, never in the way, worthless to whoever finds it."""

from __future__ import annotations

import asyncio
import math
import os
import stat
import struct
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.service import Limit, Service, drive, request, transport
from tests.virtual import clock, run
from workbench.transport.bucket import Bucket
from workbench.transport.shared import Shared, name_of
from workbench.transport.told import Told

if TYPE_CHECKING:
    from pathlib import Path

KEY = "sk-ant-api03-canary-canary-canary"
WHO = ("https://api.example", KEY, "haiku-4.5")


def full() -> list[Bucket | None]:
    return [Bucket(Told(600, 600), None, 100.0), None, None]


def level(folder: Path, now: float = 100.0, identity: tuple[str, ...] = WHO) -> float | None:
    """Return what another process finds."""
    buckets: list[Bucket | None] = [None, None, None]
    other = Shared(folder, identity, lambda: now)
    if other.enter(buckets):
        other.leave(buckets)
    return buckets[0].level if buckets[0] is not None else None


def write(folder: Path, taken: float = 0.0) -> Shared:
    buckets = full()
    mine = Shared(folder, WHO, lambda: 100.0)
    assert mine.enter(buckets, write=True)
    bucket = buckets[0]
    assert bucket is not None
    bucket.level -= taken
    mine.leave(buckets)
    return mine


def test_what_one_takes_the_other_finds_taken(tmp_path):
    """And who asks with another key, or for another model, finds its own."""
    write(tmp_path / "pace", taken=200)

    assert level(tmp_path / "pace") == 400
    assert level(tmp_path / "pace", identity=(WHO[0], "other", WHO[2])) is None
    assert level(tmp_path / "pace", identity=(WHO[0], KEY, "opus-5")) is None


def test_nothing_is_made_before_a_limit_is_told(tmp_path):
    """A service without limits leaves no trace."""
    service = Service(told=False)

    run(drive(transport(service, shared=tmp_path / "pace"), 20))

    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX")
def test_the_files_are_private(tmp_path):
    """Folder 0700, files 0600."""
    write(tmp_path / "pace")

    assert stat.S_IMODE((tmp_path / "pace").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "pace").iterdir()} == {0o600}


def test_the_key_is_nowhere(tmp_path):
    """Neither in a file nor in a name; and another folder has another name for it."""
    service = Service({"requests": Limit(600, 15)})

    run(drive(transport(service, shared=tmp_path / "pace", key=KEY), 20))

    files = list((tmp_path / "pace").iterdir())
    assert len(files) == 2
    assert not any(b"canary" in path.read_bytes() or "canary" in path.name for path in files)
    assert name_of(tmp_path / "pace", *WHO) != name_of(tmp_path / "other", *WHO)


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root writes everywhere")
def test_a_read_only_folder_means_alone(tmp_path):
    """The run goes on at its own pace."""
    tmp_path.chmod(0o500)
    service = Service({"requests": Limit(600, 15)})
    try:
        failed = run(drive(transport(service, shared=tmp_path / "pace"), 300))
    finally:
        tmp_path.chmod(0o700)

    assert failed == []
    assert service.statuses == {200: 300}


def test_a_file_in_place_of_the_folder_means_alone(tmp_path):
    """As a full disk or a strange file system would."""
    (tmp_path / "pace").write_text("here")
    service = Service({"requests": Limit(600, 15)})

    assert run(drive(transport(service, shared=tmp_path / "pace"), 300)) == []
    assert service.statuses == {200: 300}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"garbage",
        b"\0" * 144,
        b"\xff" * 144,
        struct.pack("<8s17d", b"wbpace01", 100, time.time(), 1e-9, 1e9, -1e300, 0, 100, *[0.0] * 10),
        struct.pack("<8s17d", b"wbpace01", 100, time.time(), 10, 600, math.nan, 0, 100, *[0.0] * 10),
        struct.pack("<8s17d", b"wbpace01", 100, time.time(), 10, 600, -1e6, 0, 100, *[0.0] * 10),
        struct.pack("<8s17d", b"wbpace99", 100, time.time(), 10, 600, 5, 0, 100, *[0.0] * 10),
    ],
    ids=["empty", "short", "zeros", "ones", "tiny-rate", "nan", "deep-debt", "newer-form"],
)
def test_what_cannot_be_is_not_believed(tmp_path, data):
    """A damaged or made-up file holds nobody."""
    write(tmp_path)
    path = next(path for path in tmp_path.iterdir() if path.name != "salt")
    path.write_bytes(data)

    assert level(tmp_path) is None


@pytest.mark.parametrize("now", [50.0, 5000.0], ids=["earlier", "much-later"])
def test_before_a_restart_is_another_life(tmp_path, now):
    """The clock starts anew with the machine; what it said before says nothing."""
    write(tmp_path, taken=500)

    assert level(tmp_path, now) is None


def test_who_dies_with_the_lock_blocks_nobody(tmp_path):
    """The lock is the operating system's."""
    write(tmp_path, taken=100)
    code = (
        "import os, sys; from pathlib import Path; from workbench.transport.shared import Shared\n"
        f"shared = Shared(Path(sys.argv[1]), {WHO!r}, lambda: 100.0)\n"
        "assert shared.enter([None, None, None]); os._exit(9)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)

    assert done.returncode == 9
    assert level(tmp_path) == 500


def test_a_lock_that_is_kept_is_not_waited_for(tmp_path):
    """Somebody stopped in the middle: this process goes on alone, and does not try again at each call."""
    keeper = write(tmp_path)
    assert keeper.enter(full())
    service = Service({"requests": Limit(6000, 60)})
    began = time.monotonic()

    class Stuck(Shared):
        def __init__(self, *_: object) -> None:
            super().__init__(tmp_path, WHO, clock)

    async def go() -> None:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr("workbench.transport.paces.Shared", Stuck)
            out = transport(service, shared=tmp_path)
            await asyncio.gather(*(out.send(request(number)) for number in range(100)))

    run(go())
    keeper.leave(full())

    assert service.statuses == {200: 100}
    assert time.monotonic() - began < 5


def test_old_files_are_removed(tmp_path):
    """Of emulators long gone: their ports were others."""
    write(tmp_path)
    old = tmp_path / "0123"
    old.write_bytes(b"")
    os.utime(old, (time.time() - 200_000,) * 2)

    mine = Shared(tmp_path, (*WHO, "another"), lambda: 100.0)
    assert mine.enter(full(), write=True)
    mine.leave(full())

    assert not old.exists()
    assert (tmp_path / "salt").exists()
