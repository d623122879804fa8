"""A client that goes away frees its rows of the batch within a second, be it sent a stream or a whole answer."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from biomatrix.serving.service import Service

LONG = {"output": "molecule_selfies", "length": [1000, None]}
GENERATE = {"prompt": "Write a molecule.", "samples": 8, **LONG}
CHAT = {"model": "nano", "messages": [{"role": "user", "content": "Write a molecule."}], "n": 8, "seed": 1, **LONG}


def send(address: str, path: str, asked: dict[str, object]) -> socket.socket:
    """Return the socket over which a request has been sent."""
    at = urlsplit(address)
    body = json.dumps(asked).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: {at.netloc}\r\nContent-Type: application/json\r\n"
    sock = socket.create_connection((str(at.hostname), at.port or 80), timeout=30)
    sock.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    return sock


def seconds_until(state: Callable[[], bool], most: float) -> float:
    """Return how long it takes until something is so."""
    began = time.monotonic()
    while not state():
        assert time.monotonic() - began < most, f"not so within {most} s"
        time.sleep(0.01)
    return time.monotonic() - began


@pytest.mark.parametrize(
    ("path", "asked", "streams"),
    [
        ("/v1/generate", GENERATE, False),
        ("/v1/generate/stream", GENERATE, True),
        ("/v1/chat/completions", CHAT, False),
        ("/v1/chat/completions", {**CHAT, "stream": True}, True),
    ],
)
def test_rows_of_a_client_that_goes_are_free_within_a_second(
    address: str, service: Service, path: str, asked: dict[str, object], streams: bool
) -> None:
    load = service.model.engine.load  # type: ignore[attr-defined]
    seconds_until(lambda: load().rows == 0, 20)
    before = load().tokens
    with send(address, path, asked) as sock:
        seconds_until(lambda: load().rows > 0, 20)
        received = b""
        while streams and b"\ndata:" not in received:
            received += sock.recv(1 << 12)
        assert load().rows > 0
    assert seconds_until(lambda: load().rows == 0, 10) < 1.0
    assert load().tokens - before < 8 * 1000  # it was stopped, not ended
