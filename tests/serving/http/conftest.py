"""Servers for tests: the shipped model behind the real application, in this process or on a port of its own."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")

import httpx
import uvicorn

from biomatrix.generation.model import Model
from biomatrix.generation.model import load as load_model
from biomatrix.serving.app import create_app
from biomatrix.serving.limits import ServingLimits
from biomatrix.serving.opening import shared_by_threads
from biomatrix.serving.parsing_pool import ParsingPool
from biomatrix.serving.service import Service
from biomatrix.serving.settings import ServingSettings

LIMITS = ServingLimits(request_bytes=2**20, parse_seconds=5.0)


@pytest.fixture(scope="session")
def parsers() -> Iterator[ParsingPool]:
    with ParsingPool(LIMITS, workers=1) as pool:
        yield pool


@pytest.fixture(scope="session")
def nano() -> Model:
    return shared_by_threads(load_model("nano"), ServingSettings())


@pytest.fixture(scope="session")
def service(nano: Model, parsers: ParsingPool) -> Service:
    return Service(nano, parsers, LIMITS)


@contextmanager
def running(service: Service, **settings: Any) -> Iterator[str]:
    """Serve on a free port of loopback; yield the address."""
    app = create_app(replace(ServingSettings(port=0, limits=service.limits), **settings), service)
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=5))
    thread = threading.Thread(target=lambda: server.run(sockets=[listening]), daemon=True)
    thread.start()
    deadline = time.monotonic() + 60
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(20)


@pytest.fixture(scope="session")
def address(service: Service) -> Iterator[str]:
    with running(service) as url:
        yield url


@pytest.fixture(scope="session")
def client(address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address, timeout=60) as one:
        yield one


@pytest.fixture
def serve(service: Service) -> Callable[..., Any]:
    """Return what serves with other settings, in a ``with`` statement."""
    return lambda **settings: running(settings.pop("service", service), **settings)
