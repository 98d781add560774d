"""files.py: the old file or the new one."""

from __future__ import annotations

import os
import stat

import pytest

from workbench import files


def test_a_file_is_written_and_replaced(tmp_path):
    """The second content is all there is."""
    path = tmp_path / "a.txt"

    files.write(path, b"first, and longer")
    files.write(path, b"second")

    assert path.read_bytes() == b"second"
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]


def test_what_cannot_be_written_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    """A disk that fails at the last moment costs the new content only."""
    path = tmp_path / "a.txt"
    files.write(path, b"old")

    def fsync(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(OSError, match="No space left"):
        files.write(path, b"new")

    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_a_file_is_as_private_as_its_owner_wants(tmp_path):
    """The process's umask holds: prompts are not shown to others who may not read them."""
    before = os.umask(0o077)
    try:
        files.write(tmp_path / "a.txt", b"private")
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == 0o600
