"""The page in a real browser, over the real application; between the two a wire that a test can cut."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from ..http.conftest import address, nano, parsers, service

__all__ = ["address", "nano", "parsers", "service"]
CHROMIUM = Path("/usr/bin/chromium")
SECONDS = 60.0
_PIECE = 1 << 16


class Wire:
    """Carries connections to a server; :meth:`cut_after` breaks the next event stream off in its middle."""

    def __init__(self, target: str) -> None:
        parts = urlsplit(target)
        self._target = (parts.hostname or "", parts.port or 0)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._events_left: int | None = None
        self.cuts = 0
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_after(self, events: int) -> None:
        """Break the connection that carries the next event stream, once it has carried so many events."""
        self._events_left = events

    def close(self) -> None:
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                far = socket.create_connection(self._target)
                for give, take, back in ((near, far, False), (far, near, True)):
                    threading.Thread(target=self._carry, args=(give, take, back), daemon=True).start()

    def _carry(self, give: socket.socket, take: socket.socket, back: bool) -> None:
        with suppress(OSError):
            while piece := give.recv(_PIECE):
                events = piece.count(b"event: ") if back else 0
                if events and self._events_left is not None:
                    self._events_left -= events
                    if self._events_left <= 0:
                        self._events_left = None
                        self.cuts += 1
                        # a browser asks again by itself, and tells nobody, where not a byte of an answer came
                        take.sendall(piece[: len(piece) // 2])
                        break
                take.sendall(piece)
        for end in (give, take):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@pytest.fixture(scope="session")
def wire(address: str) -> Iterator[Wire]:
    carrying = Wire(address)
    yield carrying
    carrying.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not CHROMIUM.exists():
        pytest.skip(f"there is no browser at {CHROMIUM}")
    with playwright.sync_playwright() as started:
        arguments = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
        opened = started.chromium.launch(executable_path=str(CHROMIUM), args=arguments)
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Any, wire: Wire) -> Iterator[Any]:
    """A fresh page that is ready; the test fails where its console tells of an error that is not expected."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000})
    context.set_default_timeout(SECONDS * 1000)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    # Every WebGL context that is taken, so that a test can ask whether it was given back.
    context.add_init_script(
        "window.taken = []; const ask = HTMLCanvasElement.prototype.getContext;"
        "HTMLCanvasElement.prototype.getContext = function (...all) { const got = ask.apply(this, all);"
        "if (got && /^webgl/.test(all[0])) window.taken.push(got); return got; };"
    )
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.expected = []
    page.goto(wire.url)
    page.wait_for_selector("body[data-ready]")
    yield page
    context.close()
    unexpected = [fault for fault in faults if not any(one in fault for one in page.expected)]
    assert unexpected == []


@pytest.fixture
def until(page: Any) -> Callable[[str], None]:
    """Return what waits until a JavaScript expression is true; the page's policy forbids Playwright's own way."""

    def wait(expression: str) -> None:
        for _ in range(int(SECONDS / 0.1)):
            if page.evaluate(f"Boolean({expression})"):
                return
            page.wait_for_timeout(100)
        raise AssertionError(f"never true: {expression}")

    return wait
