"""Whom a server lets in, how often, how much, and what every answer carries."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from biomatrix.errors import ConfigurationError
from biomatrix.serving.keys import Key, KeyRing, add_key, new_key, read_keys
from biomatrix.serving.problems import Problem
from biomatrix.serving.rates import Rates
from biomatrix.serving.settings import ServingSettings

CHECK = {"entity": {"type": "molecule", "smiles": "CCO"}}


def refusal(answer: httpx.Response) -> str:
    told = answer.json()["error"]
    assert set(told) >= {"type", "message", "where", "limit"}
    assert "\n" not in told["message"]
    return str(told["type"])


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, str]:
    file = tmp_path / "keys.txt"
    secret, key = new_key("alice", rate=600, concurrency=8)
    add_key(file, key)
    return file, secret


def test_keys_are_kept_as_hashes_and_found_again(keys: tuple[Path, str]) -> None:
    file, secret = keys
    assert secret not in file.read_text()
    assert file.stat().st_mode & 0o077 == 0
    ring = KeyRing(read_keys(file))
    found = ring.find(secret)
    assert found is not None
    assert found.name == "alice"
    assert ring.find(secret[:-1]) is None
    assert ring.find("") is None
    with pytest.raises(ConfigurationError, match="there already"):
        add_key(file, new_key("alice")[1])
    for line in (
        "bob",
        "bob:xyz",
        f"bob:{'0' * 64}:0",
        f"bob:{'0' * 64}:1:1:1",
        f"bob:{'0' * 64}:{'1' * 5000}",
        "",
        "bob::",
    ):
        file.write_text(line + "\n")
        with pytest.raises(ConfigurationError) as refused:
            read_keys(file)
        assert "xyz" not in str(refused.value)
    file.write_text("# every key was withdrawn\n  # and this is a remark too\n\t\n")
    add_key(file, new_key("bob")[1])
    assert [key.name for key in read_keys(file)] == ["bob"]


def test_a_bucket_fills_evenly_and_requests_at_once_are_counted() -> None:
    now = 0.0
    rates = Rates(lambda: now)
    key = Key("a", "", rate=60, concurrency=2)
    rates.enter(key)
    rates.enter(key)
    with pytest.raises(Problem, match="under way"):
        rates.enter(key)
    for _ in range(58):
        rates.leave(key)
        rates.enter(key)
    rates.leave(key)
    with pytest.raises(Problem) as refused:
        rates.enter(key)
    assert refused.value.status == 429
    assert refused.value.retry_after == pytest.approx(1.0)
    now = 1.0
    rates.enter(key)


def test_strangers_are_let_in_only_by_word() -> None:
    for settings in ({"host": "0.0.0.0"}, {"host": "::"}, {"host": "192.168.1.5"}, {"host": "example.org"}):
        with pytest.raises(ConfigurationError, match="--keys"):
            ServingSettings(**settings).check()
        ServingSettings(no_auth=True, **settings).check()
    for host in ("127.0.0.1", "localhost", "::1", "127.8.8.8"):
        ServingSettings(host=host).check()


def test_a_key_opens_and_limits(serve: Callable[..., Any], keys: tuple[Path, str]) -> None:
    file, secret = keys
    file.write_text(file.read_text().replace(":600:8", ":4:8"))
    shown = {"authorization": f"Bearer {secret}"}
    with serve(keys=file) as url, httpx.Client(base_url=url, timeout=30) as client:
        for path in ("/v1/models", "/v1/tasks", "/metrics", "/mcp", "/v1/nothing"):
            answer = client.get(path)
            assert (answer.status_code, refusal(answer)) == (401, "auth")
            assert answer.headers["www-authenticate"] == "Bearer"
        for wrong in ("Bearer x", f"Basic {secret}", f"Bearer {secret}x", "Bearer \u00e9".encode()):
            assert client.get("/v1/models", headers={"authorization": wrong}).status_code == 401
        for path in ("/health/live", "/health/ready", "/docs", "/openapi.json"):
            assert client.get(path).status_code == 200
        statuses = [client.get("/v1/models", headers=shown).status_code for _ in range(5)]
        assert statuses == [200] * 4 + [429]
        refused = client.get("/v1/models", headers=shown)
        assert refusal(refused) == "rate"
        assert int(refused.headers["retry-after"]) > 5


def test_every_answer_carries_its_headers(client: httpx.Client) -> None:
    for answer in (
        client.get("/v1/models"),
        client.get("/nothing"),
        client.post("/v1/check", json={}),
        client.post("/v1/check", content=b"x" * 2**21, headers={"content-type": "application/json"}),
        client.get("/docs"),
    ):
        policy = answer.headers["content-security-policy"]
        assert "unsafe-inline" not in policy
        assert "default-src" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["x-request-id"]
        assert "access-control-allow-origin" not in answer.headers
    assert client.get("/v1/models", headers={"x-request-id": "mine-1"}).headers["x-request-id"] == "mine-1"
    assert client.get("/v1/models", headers={"x-request-id": "a b"}).headers["x-request-id"] != "a b"


def test_other_sites_may_not_ask(client: httpx.Client, address: str) -> None:
    assert client.get("/v1/models", headers={"origin": address}).status_code == 200
    for headers in ({"host": "[::1"}, {"origin": "http://["}):
        assert client.get("/v1/models", headers=headers).status_code == 400
    for headers in ({"origin": "https://evil.example"}, {"origin": "null"}, {"host": "evil.example"}):
        assert client.get("/v1/models", headers=headers).status_code == 403
    form = client.post("/v1/check", content='{"entity": 1}', headers={"content-type": "text/plain"})
    assert form.status_code == 415


def test_listed_sites_may_ask(serve: Callable[..., Any]) -> None:
    listed = {"origin": "https://lab.example"}
    asks = {**listed, "access-control-request-method": "POST", "access-control-request-headers": "content-type"}
    with serve(origins=("https://lab.example",)) as url, httpx.Client(base_url=url) as client:
        assert client.options("/v1/check", headers=asks).status_code == 200
        answer = client.get("/v1/models", headers=listed)
        assert answer.headers["access-control-allow-origin"] == "https://lab.example"
        assert client.get("/v1/models", headers={"origin": "https://other.example"}).status_code == 403


def test_bodies_end_at_the_limit_whatever_they_say(client: httpx.Client, address: str) -> None:
    headers = {"content-type": "application/json"}
    answer = client.post("/v1/check", content=b"x" * 2**21, headers=headers)
    assert answer.status_code == 413
    assert answer.json()["error"]["limit"] == {"name": "request_bytes", "actual": 2**21, "allowed": 2**20}
    chunks = (b"x" * 2**16 for _ in range(64))
    assert client.post("/v1/check", content=chunks, headers=headers).status_code == 413
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as raw:
        raw.sendall(f"POST /v1/check HTTP/1.1\r\nhost: {host}\r\ncontent-length: 9{'0' * 15}\r\n\r\n".encode())
        assert b" 413 " in raw.recv(4096)
    assert client.get("/health/live").status_code == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"[" * 100_000, 400),
        (b'{"a":' * 200 + b"1" + b"}" * 200, 400),
        (b'{"seed": NaN}', 400),
        (b'{"seed": Infinity}', 400),
        (b'{"seed": 1e999}', 400),
        (b'{"seed": ' + b"9" * 5_000 + b"}", 400),
        (b'{"a": "\\ud800"}', 422),
        (b"\xff\xfe", 400),
        (b"null", 400),
        (b"", 400),
        (b'{"entity": {"type": "molecule", "smiles": "\\u0000"}}', 422),
        (b'{"entity": {"type": "molecule", "smiles": 1}}', 422),
        (b'{"entity": {"type": "nothing", "smiles": "C"}}', 422),
    ],
)
def test_odd_json_is_refused(client: httpx.Client, body: bytes, status: int) -> None:
    answer = client.post("/v1/check", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == status
    refusal(answer)


def test_a_request_that_takes_too_long_or_finds_no_place(serve: Callable[..., Any], service: Any) -> None:
    from dataclasses import replace

    slow = {"model": "nano", "prompt": "The", "max_tokens": 1_500, "n": 3}
    short = replace(service, limits=replace(service.limits, seconds=0.2))
    with serve(service=short) as url, httpx.Client(base_url=url, timeout=60) as client:
        answer = client.post("/v1/completions", json=slow)
        assert answer.status_code == 400
        assert answer.json()["error"]["limit"]["name"] == "seconds"
    with (
        serve(generating_threads=1, waiting_requests=0) as url,
        httpx.Client(base_url=url, timeout=60) as client,
        client.stream("POST", "/v1/completions", json={**slow, "n": 1, "stream": True}) as first,
    ):
        assert first.status_code == 200
        next(first.iter_lines())
        second = client.post("/v1/completions", json={**slow, "n": 1, "max_tokens": 1})
        assert (second.status_code, refusal(second)) == (503, "busy")
        assert int(second.headers["retry-after"]) >= 1


def test_a_client_that_goes_frees_its_rows(client: httpx.Client, service: Any) -> None:
    asked = {"model": "nano", "prompt": "The", "max_tokens": 1_500, "n": 4, "stream": True}
    while service.model.engine.load().rows:
        time.sleep(0.05)  # what other tests left running
    with client.stream("POST", "/v1/completions", json=asked) as answer:
        next(answer.iter_lines())
        assert service.model.engine.load().rows
    began = time.monotonic()
    while service.model.engine.load().rows:
        time.sleep(0.01)
        assert time.monotonic() - began < 2.0  # the whole answer would take much longer; a step takes milliseconds


def test_the_log_holds_no_sequences_unless_asked(
    client: httpx.Client, serve: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    secret = {"entity": {"type": "molecule", "smiles": "CC(=O)NCCSecret"}}
    with caplog.at_level(logging.DEBUG, logger="biomatrix"):
        assert client.post("/v1/check", json=secret).status_code == 422
        assert "/v1/check 422" in caplog.text
        assert "Secret" not in caplog.text
        with serve(log_content=True) as url:
            httpx.post(f"{url}/v1/check", json=secret)
        assert "Secret" in caplog.text


def test_a_rule_of_the_laboratory_stands_before_the_model(serve: Callable[..., Any], service: Any) -> None:
    from dataclasses import replace

    from biomatrix.generation.model import Model
    from biomatrix.serving.screening import ScreenedEngine

    def no_toxins(request: Any) -> str | None:
        refused = any(getattr(part, "sequence", "") == "MKWWWWK" or "toxin" in str(part) for part in request.parts)
        return "toxins are not made here" if refused else None

    screened = Model(ScreenedEngine(service.model.engine, no_toxins, "lab:no_toxins"), "nano")
    with serve(service=replace(service, model=screened)) as url, httpx.Client(base_url=url, timeout=60) as client:
        for path, body in (
            ("/v1/completions", {"model": "nano", "prompt": "a toxin", "max_tokens": 1}),
            ("/v1/completions", {"model": "nano", "prompt": "a toxin", "max_tokens": 1, "stream": True}),
            ("/v1/generate", {"prompt": "a toxin"}),
            ("/v1/generate/stream", {"prompt": "a toxin"}),
            ("/v1/score", {"prompt": "a toxin", "continuation": "x"}),
            ("/v1/score", {"prompt": "x", "continuation": "a toxin"}),
            ("/v1/embed", {"texts": ["x", "a toxin"]}),
            ("/v1/embed", {"entities": [{"type": "protein", "sequence": "MKWWWWK"}]}),
        ):
            answer = client.post(path, json=body)
            assert answer.status_code == 403
            assert "lab:no_toxins" in answer.json()["error"]["message"]
        assert client.post("/v1/completions", json={"model": "nano", "prompt": "a", "max_tokens": 1}).status_code == 200
        assert client.post("/v1/score", json={"prompt": "a", "continuation": "b"}).status_code == 200
        assert client.post("/v1/embed", json={"entities": [{"type": "protein", "sequence": "MK"}]}).status_code == 200
