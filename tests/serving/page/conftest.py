"""The page in a real browser, over the stand-in application."""

from __future__ import annotations

import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = Path("/usr/bin/chromium")
SECONDS = 60.0


@pytest.fixture(scope="module")
def app() -> Any:
    pytest.importorskip("fastapi", reason="the extra serve is not installed")
    sys.path.insert(0, str(Path(__file__).parent))
    try:
        from stand_in import create_app
    finally:
        sys.path.pop(0)
    return create_app()


@pytest.fixture(scope="module")
def address(app: Any) -> Iterator[str]:
    uvicorn = pytest.importorskip("uvicorn", reason="the extra serve is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="critical"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + SECONDS
    while not server.started and time.monotonic() < until:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(timeout=10)


@pytest.fixture(scope="module")
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
def page(browser: Any, address: str) -> Iterator[Any]:
    """A fresh page that is ready; the test fails where anything was said on its console that is an error."""
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
    page.goto(address)
    page.wait_for_selector("body[data-ready]")
    yield page
    context.close()
    unexpected = [fault for fault in faults if not any(one in fault for one in page.expected)]
    assert unexpected == []
