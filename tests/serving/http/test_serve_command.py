"""``biomatrix serve`` as a process: ready in seconds, refusals in one line, an orderly end."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

COMMAND = [sys.executable, "-m", "biomatrix", "serve"]


def refused(*arguments: str) -> str:
    ended = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False, timeout=120)
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    return line


def test_what_makes_no_sense_is_one_line(tmp_path: Path) -> None:
    assert "--keys" in refused("--host", "0.0.0.0")
    assert "atoms" in refused("--at-most", "atom=5")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert "cannot be listened on" in refused("--port", str(taken.getsockname()[1]))


def test_a_key_is_printed_once_and_kept_as_a_hash(tmp_path: Path) -> None:
    file = tmp_path / "keys.txt"
    made = subprocess.run(
        [*COMMAND, "keys", "new", "bob", "--file", str(file)], capture_output=True, text=True, check=True, timeout=120
    )
    assert re.fullmatch(r"bmx-[\w-]{43}\n", made.stdout)
    assert made.stdout.strip() not in file.read_text()


@pytest.mark.slow
def test_a_server_is_soon_ready_and_ends_in_order(tmp_path: Path) -> None:
    began = time.monotonic()
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    with subprocess.Popen([*COMMAND, "--port", "0"], stderr=subprocess.PIPE, text=True, env=environment) as server:
        assert server.stderr is not None
        line = next(line for line in server.stderr if "is served at" in line)
        ready = time.monotonic() - began
        url = re.search(r"http://[\d.:]+", line)
        assert url is not None
        body = {"entity": {"type": "molecule", "smiles": "CCO"}}
        assert httpx.post(f"{url[0]}/v1/check", json=body, timeout=60).status_code == 200
        asked = {"model": "nano", "prompt": "The", "max_tokens": 60, "stream": True}
        with httpx.stream("POST", f"{url[0]}/v1/completions", json=asked, timeout=60) as answer:
            lines = answer.iter_lines()
            next(lines)
            server.send_signal(signal.SIGTERM)
            assert "data: [DONE]" in list(lines)  # accepted work is finished
        assert server.wait(30) in (0, 128 + signal.SIGTERM, -signal.SIGTERM)
    assert ready < 60  # 6 on a quiet machine: benchmarks/serving_load.py prints it


@pytest.mark.slow
def test_a_server_ends_though_a_thread_is_stuck(tmp_path: Path) -> None:
    program = [sys.executable, str(Path(__file__).with_name("stuck_server.py")), "serve"]
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    with subprocess.Popen(
        [*program, "--port", "0", "--stop-seconds", "1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    ) as server:
        try:
            assert server.stdout is not None
            assert server.stderr is not None
            line = next(line for line in server.stderr if "is served at" in line)
            url = re.search(r"http://([\d.]+):(\d+)", line)
            assert url is not None
            body = b'{"seconds": 600}'
            with socket.create_connection((url[1], int(url[2])), timeout=60) as asking:
                asking.sendall(
                    f"POST /v1/hang HTTP/1.1\r\nHost: {url[1]}:{url[2]}\r\nContent-Type: application/json\r\n"
                    f"Content-Length: {len(body)}\r\n\r\n".encode()
                    + body
                )
                assert server.stdout.readline() == "hanging\n"
                server.send_signal(signal.SIGTERM)
                began = time.monotonic()
                assert server.wait(60) in (1, 128 + signal.SIGTERM, -signal.SIGTERM)
                assert time.monotonic() - began < 15  # 1 to finish work, 5 to end in order
        finally:
            server.kill()
