"""What every test stands on: no key, no network, a store of its own, and the emulator."""

from __future__ import annotations

import os
import socket

import pytest

from workbench.testing import emulator, start_emulator

__all__ = ["emulator", "start_emulator"]

BROWSER = "tests/browser/"
LOOPBACK = ("127.", "::1", "localhost")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """With ``--dist loadgroup`` one worker does all that needs a browser: one Chromium, one JupyterLab.

    Not by ``xdist_group`` marks: pytest 9.2 keeps a test's id where pytest-xdist 3.8 does not write it.
    """
    if config.getvalue("dist") != "loadgroup":
        return None
    from xdist.scheduler import LoadGroupScheduling

    class OneBrowser(LoadGroupScheduling):
        def _split_scope(self, nodeid):
            return BROWSER if nodeid.startswith(BROWSER) else super()._split_scope(nodeid)

    return OneBrowser(config, log)


@pytest.fixture(autouse=True)
def _clean_environment(request, monkeypatch, tmp_path):
    """No credential and no setting of the machine reaches a test; the store is the test's own."""
    if request.node.get_closest_marker("live") is None:
        for name in [name for name in os.environ if name.startswith("ANTHROPIC_")]:
            monkeypatch.delenv(name)
    monkeypatch.setenv("WORKBENCH_STORE", str(tmp_path / "store"))


@pytest.fixture(autouse=True)
def dialled(request, monkeypatch):
    """Nothing but loopback may be dialled or looked up; what was tried is listed here."""
    tried: list[str] = []
    if request.node.get_closest_marker("live") is not None:
        yield tried
        return

    def guard(name: str) -> object:
        original = getattr(socket.socket, name)

        def checked(self, address):
            host = address[0] if isinstance(address, tuple) else ""
            if self.family != socket.AF_UNIX and not str(host).startswith(LOOPBACK):
                tried.append(str(host))
                raise AssertionError(f"a test dialled {address}")
            return original(self, address)

        return checked

    look_up = socket.getaddrinfo

    def checked_look_up(host, *args, **kwargs):
        name = host.decode() if isinstance(host, bytes) else host
        if name is not None and not str(name).startswith(LOOPBACK):
            tried.append(str(name))
            raise socket.gaierror(socket.EAI_NONAME, f"a test looked up {name}")
        return look_up(host, *args, **kwargs)

    monkeypatch.setattr(socket.socket, "connect", guard("connect"))
    monkeypatch.setattr(socket.socket, "connect_ex", guard("connect_ex"))
    monkeypatch.setattr(socket, "getaddrinfo", checked_look_up)
    yield tried
    assert not tried, f"dialled beyond loopback: {tried}"
