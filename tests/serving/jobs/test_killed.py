"""A server that is killed with jobs queued: after a restart all of them end, each with one result."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("fastapi")
httpx = pytest.importorskip("httpx")

SERVER = Path(__file__).parents[1] / "jobs_server.py"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def started(path: Path, port: int) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, str(SERVER), str(path), str(port)])
    for _ in range(1200):
        assert process.poll() is None
        try:
            httpx.get(f"http://127.0.0.1:{port}/v1/jobs")
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return process
    raise AssertionError("the server did not start")


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [15, pytest.param(100, marks=pytest.mark.exhaustive)])
def test_killed_with_many_jobs_queued_it_ends_them_all_and_none_twice(tmp_path: Path, jobs: int) -> None:
    watched = jobs // 5
    port = free_port()
    server = started(tmp_path / "jobs.sqlite", port)
    before: dict[str, str] = {}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60.0) as client:

        def lines(id_: str) -> str:
            return str(client.get(f"/v1/jobs/{id_}/results").text)

        try:
            ids = []
            for seed in range(jobs):
                body = {"operation": "write_molecules", "input": {"seed": seed}}
                sent = client.post("/v1/jobs", json=body, headers={"Idempotency-Key": str(seed)})
                ids.append(sent.json()["id"])
            while sum(client.get(f"/v1/jobs/{id_}").json()["done"] for id_ in ids[:watched]) <= watched // 2:
                time.sleep(0.02)
            before = {id_: lines(id_) for id_ in ids[:watched]}
            os.kill(server.pid, signal.SIGKILL)
            server.wait()
            begun = time.monotonic()
            server = started(tmp_path / "jobs.sqlite", port)
            again = client.post("/v1/jobs", json=body, headers={"Idempotency-Key": str(jobs - 1)})
            assert (again.status_code, again.json()["id"]) == (200, ids[-1])
            shown = []
            while time.monotonic() - begun < 240.0:
                shown = [client.get(f"/v1/jobs/{id_}").json() for id_ in ids]
                if all(job["ended"] is not None for job in shown):
                    break
                time.sleep(0.5)
            assert [(job["state"], job["done"], job["failed"]) for job in shown] == [("finished", 1, 0)] * jobs
            assert len(client.get("/v1/jobs?limit=1000").json()["jobs"]) == jobs
            for id_ in ids:
                after = lines(id_)
                assert [json.loads(line)["number"] for line in after.splitlines()] == [1]
                assert before.get(id_, "") in ("", after), "it was run again"
        finally:
            server.kill()
            server.wait()
