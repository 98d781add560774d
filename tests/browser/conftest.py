"""A real Chromium, and a real JupyterLab for it to open: nothing of the developer's own settings leaks in."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import pytest

from tests.browser.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
PATIENCE_MS = 120_000
"""What is waited for takes a second or two; a busy machine may take its time."""

QUIET = {
    "@jupyterlab/apputils-extension/notification": '{"fetchNews": "false", "checkForUpdates": false}',
    # A cell out of view would have no elements to look at.
    "@jupyterlab/notebook-extension/tracker": '{"windowingMode": "none"}',
}
"""Settings of JupyterLab: no pop-up over the page, every cell in it."""

IDLE = """() => {
  const shown = window.jupyterapp?.shell.currentWidget;
  return shown?.sessionContext?.session?.kernel?.status === 'idle';
}"""


CANCELED = "Canceled future for create_subshell_request message before replies were done"
"""JupyterLab's own, at a kernel's restart: it had asked the old kernel for a thread to hear widgets on, and
nobody waits for the answer any more. No message of ours, and nothing that a page could catch."""

OVER = r"""last => /^\[\d+\]:/.test(last.textContent)
  || [...document.querySelectorAll("[data-mime-type='application/vnd.jupyter.stderr']")]
    .some(output => output.textContent.includes('Traceback'))"""
"""The last cell has its number, or some cell ended in an error and the rest will not run."""


# Not for the session: while it is open, Playwright's own event loop runs in this thread.
@pytest.fixture(scope="package")
def browser():
    """A Chromium; without one the tests are skipped, but in CI they fail."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("playwright is not installed")
    if not Path(CHROMIUM).exists():
        missing(f"{CHROMIUM} is not there; CHROMIUM names another one")
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


def missing(what: str) -> None:
    """Skip where a developer lacks a browser; a CI that skipped would look like one that passed."""
    if os.environ.get("CI"):
        pytest.fail(f"{what}, and CI must run the browser tests", pytrace=False)
    pytest.skip(what)


@dataclass(frozen=True, slots=True)
class Lab:
    """A running JupyterLab and the folder it serves."""

    url: str
    token: str
    root: Path

    def write(self, name: str, *sources: str) -> str:
        """Write a notebook of code cells; return its name."""
        cells = [nbformat.v4.new_code_cell(source) for source in sources]
        # Without a kernel's name JupyterLab asks for one, and waits.
        kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
        nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), self.root / name)
        return name


@pytest.fixture(scope="package")
def lab(tmp_path_factory):
    """A JupyterLab that serves copies of this repository's notebooks, their outputs cleared."""
    with serving(tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("served")) as served:
        yield served


@contextlib.contextmanager
def serving(home: Path, root: Path) -> Iterator[Lab]:
    """Start a JupyterLab of its own on *root*, and end it."""
    copy_notebooks(root)
    for name, value in QUIET.items():
        setting = home / f"config/lab/user-settings/{name}.jupyterlab-settings"
        setting.parent.mkdir(parents=True, exist_ok=True)
        setting.write_text(value)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    served = Lab(f"http://127.0.0.1:{port}", secrets.token_hex(16), root)
    log = home / "server.log"
    with log.open("wb") as out:
        command = [sys.executable, "-m", "jupyterlab", *options(served, port)]
        server = subprocess.Popen(
            command, stdout=out, stderr=out, env=environment(home), start_new_session=True
        )
    try:
        wait_until_up(served, server, log)
        yield served
    finally:
        stop(server)


def copy_notebooks(root: Path) -> None:
    """Copy what the notebooks need; without their outputs, so that none can be taken for a new one."""
    for folder in ("notebooks", "evals", "datasets"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("runs", ".*"))
    for path in root.rglob("*.ipynb"):
        notebook = nbformat.read(path, 4)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        nbformat.write(notebook, path)


def options(served: Lab, port: int) -> list[str]:
    """Return the server's options; the page gets ``window.jupyterapp``, so that tests run commands."""
    return [
        "--no-browser",
        "--allow-root",
        "--expose-app-in-browser",
        "--ip=127.0.0.1",
        f"--port={port}",
        "--ServerApp.port_retries=0",
        f"--IdentityProvider.token={served.token}",
        f"--ServerApp.root_dir={served.root}",
    ]


def environment(home: Path) -> dict[str, str]:
    """Return an environment with folders of its own and no key."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ANTHROPIC_")}
    folders = {
        "HOME": "",
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "IPYTHONDIR": "ipython",
        "WORKBENCH_STORE": "store",
    }
    own = {name: str(home / folder) for name, folder in folders.items()}
    return {**kept, **own, "PYTHONPATH": str(ROOT), "NO_PROXY": "127.0.0.1,localhost"}


def wait_until_up(served: Lab, server: subprocess.Popen[bytes], log: Path) -> None:
    """Ask the server until it answers."""
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while True:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"{served.url}/api/status?token={served.token}", timeout=5).close()
            return
        if server.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"JupyterLab did not start:\n{log.read_text()[-3000:]}", pytrace=False)
        time.sleep(0.1)


def stop(server: subprocess.Popen[bytes]) -> None:
    """End the server, which ends its kernels; after a while its process group."""
    server.send_signal(signal.SIGTERM)
    try:
        server.wait(20)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait(5)


class LabPage:
    """A page that reaches only the server, and notes whatever else it tried."""

    def __init__(self, browser, lab: Lab, **context) -> None:
        self.lab = lab
        self.outside: list[str] = []
        self.problems: list[str] = []
        self.dialogs: list[str] = []
        self.context = browser.new_context(viewport={"width": 1280, "height": 900}, **context)
        self.context.set_default_timeout(PATIENCE_MS)
        self.context.route("**/*", self._route)
        self.page = self.context.new_page()
        self.page.on("pageerror", self._broken)
        self.page.on("dialog", self._dismiss)

    def open(self, path: str) -> None:
        """Open a notebook and wait for its kernel."""
        self.page.goto(f"{self.lab.url}/lab/tree/{path}?token={self.lab.token}&reset")
        self.page.wait_for_selector(".jp-Notebook .jp-Cell")
        self.page.wait_for_function(IDLE)

    def command(self, name: str) -> None:
        """Run a command of JupyterLab, as its menu does."""
        self.page.evaluate("name => { void window.jupyterapp.commands.execute(name); }", name)

    def restart_and_run_all(self) -> None:
        """Choose Restart Kernel and Run All Cells, confirm, and wait until the last cell is done."""
        self.command("notebook:restart-run-all")
        self.page.locator(".jp-Dialog").get_by_role("button", name="Confirm").click()
        last = self.page.locator(".jp-CodeCell").last.locator(".jp-InputPrompt")
        self.page.wait_for_function(OVER, arg=last.element_handle())
        self.page.wait_for_function(IDLE)
        assert self.errors() == []

    def output(self, cell: int):
        """Return the outputs of a code cell, counted from 0; -1 is the last."""
        return self.page.locator(".jp-CodeCell").nth(cell).locator(".jp-Cell-outputArea")

    def table(self, heading: str):
        """Return the table with this column, once it is there."""
        headed = self.page.get_by_role("columnheader", name=heading, exact=True)
        found = self.page.get_by_role("table").filter(has=headed)
        found.wait_for()
        return found

    def poke(self) -> None:
        """Open every fold of the outputs, scroll through them, and move the pointer over what is there."""
        self.page.evaluate("document.querySelectorAll('.wb details').forEach(fold => { fold.open = true; })")
        for view in self.page.locator(".wb").all()[:5]:
            view.hover(force=True)
        self.page.wait_for_timeout(300)

    def errors(self) -> list[str]:
        """Return what cells wrote to stderr, and the errors that ended them."""
        kinds = ("application/vnd.jupyter.stderr", "application/vnd.jupyter.error")
        found = self.page.locator(", ".join(f".jp-OutputArea-output[data-mime-type='{k}']" for k in kinds))
        return list(found.all_inner_texts())

    def _route(self, route) -> None:
        if route.request.url.startswith((self.lab.url, "data:", "blob:")):
            route.continue_()
        else:
            self.outside.append(route.request.url)
            route.abort()

    def _broken(self, error) -> None:
        if str(error).removeprefix("Error: ") != CANCELED:
            self.problems.append(str(error))

    def _dismiss(self, dialog) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()


@pytest.fixture
def page(browser, lab):
    """A page of JupyterLab in a fresh profile."""
    opened = LabPage(browser, lab)
    yield opened
    opened.context.close()


@pytest.fixture
def stage(browser, tmp_path):
    """A bare page for one rich view."""
    opened = Stage(browser, tmp_path)
    yield opened
    opened.close()
