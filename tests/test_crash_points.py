"""A run that stops at any write, fsync or rename: nothing that was reported is lost, and it can go on."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from tests.runs import Service, go
from workbench.errors import WorkbenchError
from workbench.run import INFO, Run


class PowerCutError(BaseException):
    """The moment after which nothing happens any more."""


class Disk:
    """A real folder that knows what of it would survive a power cut.

    Files survive with the content of their last fsync, names with the last fsync of their folder; anything
    else is gone. A count of writes, fsyncs, renames and truncations decides where it stops.

    Args:
        root: The folder; it is there, come what may.
        stop_at: The number, from 1, of the operation that does not happen.
        error: With an errno, that operation fails with it and all later ones work; else all ends there.
    """

    def __init__(self, root: Path, *, stop_at: int, error: int | None = None) -> None:
        root.mkdir()
        self.root = root
        self.operations = 0
        self._stop_at = stop_at
        self._error = error
        self._content: dict[int, bytes] = {}
        self._held = root.with_name(f"{root.name}-held")
        self._names: dict[int, dict[str, tuple[int, bool]]] = {}

    @property
    def stopped(self) -> bool:
        """Whether the operation that does not happen was reached."""
        return self.operations >= self._stop_at

    def wire(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Put this disk under the system calls."""
        pwrite, fsync, replace, ftruncate = os.pwrite, os.fsync, os.replace, os.ftruncate

        def torn_pwrite(descriptor, data, at):
            self._count(lambda: pwrite(descriptor, bytes(data[: len(data) // 2]), at))
            return pwrite(descriptor, data, at)

        def counted_fsync(descriptor):
            self._count()
            fsync(descriptor)
            self._survives(descriptor)

        def counted_replace(old, new):
            self._count()
            replace(old, new)

        def counted_ftruncate(descriptor, length):
            self._count()
            ftruncate(descriptor, length)

        monkeypatch.setattr(os, "pwrite", torn_pwrite)
        monkeypatch.setattr(os, "fsync", counted_fsync)
        monkeypatch.setattr(os, "replace", counted_replace)
        monkeypatch.setattr(os, "ftruncate", counted_ftruncate)

    def _count(self, torn=lambda: None) -> None:
        self.operations += 1
        if self._error is None and self.stopped:
            if self.operations == self._stop_at:
                torn()
            raise PowerCutError
        if self.operations == self._stop_at:
            raise OSError(self._error, os.strerror(self._error or 0))

    def _survives(self, descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        own = os.fstat(descriptor).st_ino
        if path.is_dir():
            self._names[own] = {e.name: (e.inode(), e.is_dir()) for e in os.scandir(path)}
        else:
            if own not in self._content:  # a second name, so that no later file gets its number
                self._held.mkdir(exist_ok=True)
                os.link(path, self._held / str(own))
            self._content[own] = path.read_bytes()

    def after_power_cut(self, target: Path) -> Path:
        """Write what survived to *target*."""
        self._restore(self.root.stat().st_ino, target)
        return target

    def _restore(self, folder: int, target: Path) -> None:
        target.mkdir(parents=True)
        for name, (inode, is_folder) in self._names.get(folder, {}).items():
            if is_folder:
                self._restore(inode, target / name)
            elif not name.endswith(".tmp"):
                (target / name).write_bytes(self._content.get(inode, b""))


class Sitting:
    """One run on a `Disk`: what was asked, and what was reported as done."""

    def __init__(self, disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
        self.service = Service()
        self.done: set[str] = set()
        self.error: BaseException | None = None
        with monkeypatch.context() as patch:
            disk.wire(patch)
            try:
                go(self.service, disk.root / "run", concurrency=4, on_event=self._hear)
            except (PowerCutError, Exception) as error:  # noqa: BLE001 - the test judges it
                self.error = error

    def _hear(self, event) -> None:
        if event.kind == "finished":
            self.done.add(event.trial)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The table of a run that nothing befell, and the number of operations it takes."""
    root = tmp_path_factory.mktemp("whole") / "disk"
    disk = Disk(root, stop_at=10**9)
    with pytest.MonkeyPatch.context() as monkeypatch:
        sitting = Sitting(disk, monkeypatch)
    assert sitting.error is None
    return Run.load(root / "run").summary().to_csv(), disk.operations


def operations():
    """Every operation of the run: it takes about 50, in whatever batches its records came."""
    return range(1, 76)


def goes_on(folder: Path, first: Sitting, table: str, *, knows: bool = True) -> None:
    """Check that the run in *folder* lost nothing it had reported, and ends as if nothing had happened.

    With *knows* it knows of every call that was sent; else the disk may not have had the last of them.
    """
    before = Run.load(folder) if (folder / INFO).exists() else None
    kept = {row.trial_id for row in before.rows} if before else set()
    assert first.done <= kept

    second = Service()
    again = go(second, folder, resume=True)

    assert again.summary().to_csv() == table
    assert len(second.asked) == 20 - len(kept)
    in_doubt = len(first.service.asked) - len(kept)
    assert in_doubt <= (again.info.perhaps_paid if knows else 20)
    assert again.info.perhaps_paid <= 4
    assert (folder / "table.csv").read_text() == table


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
@pytest.mark.parametrize("stop_at", operations())
def test_a_power_cut_loses_nothing_that_was_reported(tmp_path, monkeypatch, whole, stop_at):
    """What was never synced is gone, names included: every result told of is there, the table the same."""
    table, _ = whole
    disk = Disk(tmp_path / "disk", stop_at=stop_at)

    first = Sitting(disk, monkeypatch)

    assert isinstance(first.error, PowerCutError) == disk.stopped
    goes_on(disk.after_power_cut(tmp_path / "after") / "run", first, table, knows=False)


@pytest.mark.parametrize("stop_at", operations())
def test_a_kill_loses_nothing_that_was_reported(tmp_path, monkeypatch, whole, stop_at):
    """What was written stays, the last write torn in the middle: the same."""
    table, _ = whole
    disk = Disk(tmp_path / "disk", stop_at=stop_at)

    first = Sitting(disk, monkeypatch)

    goes_on(disk.root / "run", first, table)


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC], ids=["EIO", "ENOSPC"])
@pytest.mark.parametrize("stop_at", operations())
def test_a_failing_disk_ends_in_a_typed_error(tmp_path, monkeypatch, whole, stop_at, number):
    """One operation fails: the run ends with an error of ours or not at all, and can be gone on with."""
    table, _ = whole
    disk = Disk(tmp_path / "disk", stop_at=stop_at, error=number)

    first = Sitting(disk, monkeypatch)

    assert first.error is None or isinstance(first.error, WorkbenchError)
    assert disk.stopped or first.error is None
    goes_on(disk.root / "run", first, table)


def test_every_operation_of_a_run_is_stopped_at(whole):
    """The numbers above reach to the end of the run."""
    assert 10 < whole[1] < max(operations())
