"""Jobs over their routes: accepted or refused by line, worked on once, fetched, cancelled, kept apart by owner."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi")
from fastapi.testclient import TestClient

from biomatrix.errors import ConfigurationError
from biomatrix.serving.jobs.job import Item, JobLimits, JobsFullError
from biomatrix.serving.jobs.runner import JobRunner
from biomatrix.serving.jobs.store import JobStore
from biomatrix.serving.operations.operation import register

from .. import small_operations
from ..jobs_server import jobs_app

LINES = {"content-type": "application/x-ndjson"}


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    store = JobStore(tmp_path / "jobs.sqlite", JobLimits(items=50, waiting_items=60))
    with TestClient(jobs_app(store, JobRunner(store, small_operations.service(), threads=2))) as opened:
        yield opened
    store.close()


def ended(client: TestClient, id_: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
    for _ in range(600):
        job = client.get(f"/v1/jobs/{id_}", headers=headers).json()
        if job["ended"] is not None:
            return job
        time.sleep(0.05)
    raise AssertionError(job)


def results(client: TestClient, id_: str, **query: Any) -> list[dict[str, Any]]:
    answer = client.get(f"/v1/jobs/{id_}/results", params=query)
    assert answer.status_code == 200
    return [json.loads(line) for line in answer.text.splitlines()]


def test_one_bad_item_is_told_in_its_line_and_the_others_go_on(client: TestClient) -> None:
    inputs = [{"smiles": text} for text in ("CCO", "C1CC(", "c1ccccc1")]
    sent = client.post("/v1/jobs", json={"operation": "spell_molecule", "inputs": inputs})
    assert sent.status_code == 202
    id_ = sent.json()["id"]
    followed = results(client, id_, follow=True)
    job = ended(client, id_)
    assert (job["state"], job["done"], job["total"], job["failed"]) == ("finished", 3, 3, 1)
    assert job["rate"] > 0
    assert job["seconds_left"] == 0
    assert [line["number"] for line in followed] == [1, 2, 3]
    assert followed == results(client, id_)
    assert followed[2]["output"]["entity"]["text"] == "c1ccccc1"
    assert followed[1]["output"] is None
    assert followed[1]["error"]["type"] == "parse"
    assert job["errors"] == [{"number": 2, "message": followed[1]["error"]["message"]}]
    assert [line["number"] for line in results(client, id_, after=2)] == [3]


def test_json_lines_are_refused_by_line_before_any_is_accepted(client: TestClient) -> None:
    good = '{"operation": "spell_molecule", "input": {"smiles": "CCO"}}'
    lines = [good, '{"operation": "spel_molecule", "input": {}}', "{", good.replace("smiles", "smile"), ""]
    refused = client.post("/v1/jobs", content="\n".join(lines), headers=LINES)
    assert refused.status_code == 422
    told = refused.json()["error"]
    assert [one["record"] for one in told["records"]] == [2, 3, 4]
    assert "did you mean spell_molecule" in told["records"][0]["message"]
    assert "smiles" in told["records"][2]["message"]
    assert client.get("/v1/jobs").json() == {"jobs": []}
    accepted = client.post("/v1/jobs", content=f"{good}\n{good}\n", headers=LINES)
    assert ended(client, accepted.json()["id"])["done"] == 2
    plain = client.post("/v1/jobs?operation=spell_molecule", content='{"smiles": "C"}\n', headers=LINES)
    assert ended(client, plain.json()["id"])["state"] == "finished"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"\xff\xfe", 422),
        (b"[" * 5000, 422),
        (b"3", 422),
        (b'{"operation": "spell_molecule"}', 422),
        (b'{"operation": "spell_molecule", "inputs": {}}', 422),
        (b'{"operation": ["x"], "input": {}}', 422),
        (b'{"operation": "\\ud800", "input": {}}', 422),
        (b'{"operation": "spell_molecule", "input": {"smiles": "\\ud800"}}', 422),
        (b'{"operation": "generate", "input": {"prompt": ["a", "\\ud800"]}}', 422),
        (b'{"operation": "write_molecules", "input": {"seed": NaN}}', 422),
        (b'{"operation": "write_molecules", "inputs": [' + b"{}," * 50 + b"{}]}", 413),
        (b" " * 100_001, 413),
    ],
)
def test_what_is_no_job_is_refused_with_one_line(client: TestClient, body: bytes, status: int) -> None:
    answer = client.post("/v1/jobs", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == status, answer.text
    message = answer.json()["error"]["message"]
    assert message
    assert "\n" not in message


def test_a_form_of_another_site_makes_no_job(client: TestClient) -> None:
    body = b'{"operation": "spell_molecule", "input": {"smiles": "CCO"}}'
    assert client.post("/v1/jobs", content=body, headers={"content-type": "text/plain"}).status_code == 415


def test_the_same_key_and_body_give_the_same_job(client: TestClient) -> None:
    body = {"operation": "spell_molecule", "input": {"smiles": "CCO"}}
    key = {"Idempotency-Key": "once"}
    first, second = (client.post("/v1/jobs", json=body, headers=key) for _ in range(2))
    assert (first.status_code, second.status_code) == (202, 200)
    assert first.json()["id"] == second.json()["id"]
    other = client.post("/v1/jobs", json={**body, "input": {"smiles": "CC"}}, headers=key)
    assert other.status_code == 409
    assert client.post("/v1/jobs", json=body, headers={**key, "x-owner": "ann"}).status_code == 202


def test_an_empty_key_is_none(client: TestClient) -> None:
    body = {"operation": "spell_molecule", "input": {"smiles": "CCO"}}
    first, second = (client.post("/v1/jobs", json=body, headers={"Idempotency-Key": ""}).json() for _ in range(2))
    assert first["id"] != second["id"]
    assert client.get(f"/v1/jobs/{first['id']}/results", params={"after": 1 << 64}).status_code == 422


def test_nobody_sees_the_jobs_of_another_owner(client: TestClient) -> None:
    ann, bob = {"x-owner": "ann"}, {"x-owner": "bob"}
    id_ = client.post("/v1/jobs", json={"operation": "spell_molecule", "input": {"smiles": "CCO"}}, headers=ann).json()[
        "id"
    ]
    ended(client, id_, ann)
    for path in (f"/v1/jobs/{id_}", f"/v1/jobs/{id_}/results"):
        assert client.get(path, headers=bob).status_code == 404
        assert client.get(path, headers=ann).status_code == 200
    assert client.delete(f"/v1/jobs/{id_}", headers=bob).status_code == 404
    assert client.get("/v1/jobs", headers=bob).json() == {"jobs": []}
    assert client.delete(f"/v1/jobs/{id_}?purge=true", headers=ann).status_code == 200
    assert client.get(f"/v1/jobs/{id_}", headers=ann).status_code == 404


def test_a_cancelled_job_stops_in_the_middle_of_an_answer(client: TestClient) -> None:
    long = {"samples": 64, "least": 350, "most": 400}
    inputs = [{}, *({**long, "seed": seed} for seed in range(20))]
    id_ = client.post("/v1/jobs", json={"operation": "write_molecules", "inputs": inputs}).json()["id"]
    while client.get(f"/v1/jobs/{id_}").json()["done"] < 1:
        time.sleep(0.05)
    begun = time.monotonic()
    assert client.delete(f"/v1/jobs/{id_}").json()["state"] == "cancelled"
    quick = client.post("/v1/jobs", json={"operation": "spell_molecule", "input": {"smiles": "CCO"}}).json()["id"]
    ended(client, quick)
    assert time.monotonic() - begun < 5.0, "the threads were not free"
    job = client.get(f"/v1/jobs/{id_}").json()
    assert job["state"] == "cancelled"
    assert len(results(client, id_)) == job["done"] < 3


def test_a_waiting_job_of_another_owner_is_not_held_up_by_a_large_one(tmp_path: Path) -> None:
    with_store = JobStore(tmp_path / "jobs.sqlite")
    item = Item("spell_molecule", '{"smiles":"CCO"}')
    large, _ = with_store.create("ann", [item] * 100)
    small, _ = with_store.create("bob", [item] * 2)
    claimed = [with_store.claim("worker", 30.0) for _ in range(4)]
    assert [claim.job for claim in claimed if claim is not None] == [large.number, small.number] * 2
    with_store.close()


def test_a_lease_that_runs_out_is_taken_over_and_the_late_result_is_dropped(tmp_path: Path) -> None:
    store = JobStore(tmp_path / "jobs.sqlite")
    job, _ = store.create("", [Item("spell_molecule", "{}")])
    late = store.claim("slow", 0.0)
    time.sleep(0.01)
    taken = store.claim("quick", 30.0)
    assert late == taken is not None
    assert store.keep("quick", taken, "1", None, 2.0)
    assert not store.keep("slow", taken, "2", None, 2.0)
    assert store.results(job) == [(1, "1")]
    found = store.find("", job.id)
    assert found is not None
    assert (found.state, found.done) == ("finished", 1)
    store.close()


def test_two_processes_over_one_file_do_each_item_once(tmp_path: Path) -> None:
    stores = [JobStore(tmp_path / "jobs.sqlite") for _ in range(2)]
    job, _ = stores[0].create("", [Item("spell_molecule", json.dumps({"smiles": "C" * n})) for n in range(1, 61)])
    runners = [JobRunner(store, small_operations.service(), threads=2) for store in stores]
    for runner in runners:
        runner.start()
    while len(stores[0].results(job)) < 60:
        time.sleep(0.02)
    for runner, store in zip(runners, stores, strict=True):
        runner.stop()
        found = store.find("", job.id)
        assert found is not None
        assert (found.state, found.done, found.failed) == ("finished", 60, 0)
    lines = [json.loads(line) for _, line in stores[1].results(job)]
    assert [len(line["output"]["tokens"]) for line in lines] == list(range(1, 61))
    for store in stores:
        store.close()


def test_an_item_that_ends_every_process_is_given_up(tmp_path: Path) -> None:
    store = JobStore(tmp_path / "jobs.sqlite")
    job, _ = store.create("", [Item("spell_molecule", "{}")] * 2)
    for _ in range(5):
        claim = store.claim("dead", 30.0)
        assert claim is not None
        assert claim.number == 1
        store.sweep(lambda worker: worker == "dead")
    following = store.claim("alive", 30.0)
    assert following is not None
    assert following.number == 2
    assert "given up" in store.errors(job)[0][1]
    store.close()


def test_what_is_stopped_in_the_middle_is_begun_again(tmp_path: Path) -> None:
    store = JobStore(tmp_path / "jobs.sqlite")
    long = Item("write_molecules", '{"samples":64,"least":350,"most":400}')
    job, _ = store.create("", [long])
    runner = JobRunner(store, small_operations.service(), threads=1)
    runner.start()
    while store.find("", job.id).started is None:
        time.sleep(0.01)
    runner.stop(0.5)
    assert store.results(job) == []
    claim = store.claim("next", 30.0)
    assert claim is not None
    assert (claim.job, claim.number) == (job.number, 1)
    store.close()


def test_an_item_waits_while_the_model_is_busy(tmp_path: Path) -> None:
    calls = []

    def busy_at_first(service: Any, asked: small_operations.SpellAsked) -> small_operations.SpellTold:
        calls.append(time.monotonic())
        if len(calls) < 3:
            raise JobsFullError("many wait", "jobs", 9, 8)
        return small_operations.spell(service, asked)

    own = replace(small_operations.SPELL, name="busy_at_first", run=busy_at_first, is_tool=False)
    register(own)
    store = JobStore(tmp_path / "jobs.sqlite")
    job, _ = store.create("", [Item(own.name, '{"smiles":"CCO"}')])
    runner = JobRunner(store, small_operations.service(), threads=1)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(JobsFullError, "retry_after", 0.2)
        runner.start()
        while not store.results(job):
            time.sleep(0.02)
    runner.stop()
    assert calls[2] - calls[0] >= 0.4
    found = store.find("", job.id)
    assert found is not None
    assert (found.state, found.failed) == ("finished", 0)
    store.close()


def test_full_and_expired(tmp_path: Path) -> None:
    store = JobStore(tmp_path / "jobs.sqlite", JobLimits(waiting_items=3, waiting_jobs=2, lifetime=0.0))
    item = Item("spell_molecule", "{}")
    first, _ = store.create("", [item] * 2)
    with pytest.raises(JobsFullError, match="limit of 3"):
        store.create("", [item] * 2)
    store.create("ann", [item])
    with pytest.raises(JobsFullError, match="2 jobs are waiting"):
        store.create("bob", [item])
    with pytest.raises(JobsFullError, match="bytes"):
        JobStore(tmp_path / "jobs.sqlite", JobLimits(file_bytes=1000)).create("cid", [item])
    store.cancel("", first.id)
    time.sleep(0.01)
    store.sweep(lambda worker: False)
    assert store.find("", first.id) is None
    assert len(store.jobs("ann")) == 1
    store.close()


def test_a_file_that_holds_no_jobs_is_named_in_one_line(tmp_path: Path) -> None:
    text, foreign, broken = tmp_path / "text", tmp_path / "foreign", tmp_path / "broken"
    text.write_text("no database at all" * 100)
    with sqlite3.connect(foreign) as other:
        other.execute("CREATE TABLE people (name TEXT)")
    store = JobStore(broken)
    store.create("", [Item("spell_molecule", json.dumps({"smiles": "C" * 900}))] * 200)
    store.close()
    whole = bytearray(broken.read_bytes())
    whole[8192 : len(whole) // 2] = bytes(len(whole) // 2 - 8192)
    broken.write_bytes(whole)
    before = foreign.read_bytes()
    for path in (text, foreign, broken, tmp_path):
        with pytest.raises(ConfigurationError) as caught:
            JobStore(path)
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)
    assert foreign.read_bytes() == before
