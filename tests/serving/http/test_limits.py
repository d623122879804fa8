"""Every limit of a server, broken: the answer tells the actual and the allowed value."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from biomatrix.entities import Molecule
from biomatrix.errors import LimitError
from biomatrix.generation.model import Model
from biomatrix.serving.faults import told_error
from biomatrix.serving.jobs.job import JobLimits, JobsFullError
from biomatrix.serving.jobs.store import JobStore
from biomatrix.serving.limits import ServingLimits
from biomatrix.serving.parsing import DirectParser
from biomatrix.serving.parsing_pool import ParsingPool
from biomatrix.serving.service import Service

SMALL = ServingLimits(
    request_bytes=2_000, text_characters=500, entities=3, atoms=10, residues=10, samples=4, new_tokens=64, seconds=0.1
)
MOLECULE, PROTEIN = {"type": "molecule"}, {"type": "protein"}
LONG = {"model": "nano", "messages": [{"role": "user", "content": "x"}], "output": "molecule_selfies"}
BROKEN: dict[str, tuple[str, dict[str, Any], int, str, float]] = {
    "request_bytes": ("/v1/check", {"entity": {**MOLECULE, "smiles": "C" * 3_000}}, 413, "request_bytes", 2_000),
    "text_characters": ("/v1/generate", {"prompt": "x" * 501}, 413, "text_characters", 500),
    "entities": ("/v1/generate", {"prompt": ["x"] * 4}, 413, "entities", 3),
    "atoms": ("/v1/check", {"entity": {**MOLECULE, "smiles": "C" * 11}}, 413, "atoms_per_molecule", 10),
    "residues": ("/v1/check", {"entity": {**PROTEIN, "sequence": "M" * 11}}, 413, "residues_per_chain", 10),
    "samples": ("/v1/generate", {"prompt": "x", "samples": 5}, 413, "samples", 4),
    "new_tokens": ("/v1/generate", {"prompt": "x", "max_new_tokens": 65}, 413, "new_tokens", 64),
    "seconds": ("/v1/chat/completions", {**LONG, "length": [60, None], "n": 4, "drafts": 1}, 400, "seconds", 0.1),
}
OF_READERS = {"parse_seconds", "compute_seconds", "parse_bytes"}
"""Walked below, and the last where workers are lost."""


@pytest.fixture(scope="module")
def small(nano: Model) -> Iterator[httpx.Client]:
    from .conftest import running

    service = Service(nano, DirectParser(SMALL), SMALL)
    with running(service) as address, httpx.Client(base_url=address, timeout=60) as client:
        yield client


def test_every_limit_is_walked() -> None:
    assert {one.name for one in fields(ServingLimits)} == BROKEN.keys() | OF_READERS


@pytest.mark.parametrize("name", BROKEN)
def test_a_limit_of_the_server(small: httpx.Client, name: str) -> None:
    path, asked, status, limit, allowed = BROKEN[name]
    answer = small.post(path, json=asked)
    told = answer.json()["error"]
    assert (answer.status_code, told["limit"]["name"], told["limit"]["allowed"]) == (status, limit, allowed)
    assert told["limit"]["actual"] > allowed


@pytest.mark.parametrize(
    ("limit", "change", "ask"),
    [
        ("parse_seconds", {"parse_seconds": 1e-5}, lambda pool: pool.parse("C", "molecule")),
        ("compute_seconds", {"compute_seconds": 1e-5}, lambda pool: pool.completed(Molecule.from_smiles("CC"))),
    ],
)
def test_a_limit_of_the_readers(limit: str, change: dict[str, Any], ask: Callable[[ParsingPool], object]) -> None:
    with ParsingPool(replace(ServingLimits(), **change), workers=1) as pool, pytest.raises(LimitError) as caught:
        ask(pool)
    told = told_error(caught.value)["limit"]
    assert (told["name"], told["allowed"]) == (limit, change[limit])
    assert told["actual"] >= told["allowed"]


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/v1/generate", {"prompt": "The ring " * 20_000}),
        ("/v1/generate/stream", {"prompt": "The ring " * 20_000}),
        ("/v1/chat/completions", {"model": "nano", "messages": [{"role": "user", "content": "The ring " * 20_000}]}),
        ("/v1/score", {"prompt": "x", "continuation": "The ring " * 20_000}),
        ("/v1/embed", {"texts": ["The ring " * 20_000]}),
    ],
)
def test_the_context_of_the_model(client: httpx.Client, nano: Model, path: str, asked: dict[str, Any]) -> None:
    answer = client.post(path, json=asked)
    assert answer.status_code == 413
    told = answer.json()["error"]["limit"]
    assert (told["name"], told["allowed"]) == ("context_length", nano.context_length)
    assert told["actual"] > nano.context_length


def test_the_items_of_a_job(serve: Callable[..., Any], tmp_path: Path) -> None:
    most = JobLimits().items
    line = json.dumps({"operation": "kinds", "input": {}})
    with serve(jobs=tmp_path / "jobs.sqlite") as address:
        sent = {"content": f"{line}\n" * (most + 1), "headers": {"content-type": "application/x-ndjson"}}
        answer = httpx.post(f"{address}/v1/jobs", **sent, timeout=60)
    assert answer.status_code == 413
    assert answer.json()["error"]["limit"] == {"name": "items", "actual": most + 1, "allowed": most}


@pytest.mark.parametrize("limit", ["waiting_items", "waiting_jobs", "file_bytes"])
def test_the_room_for_jobs(tmp_path: Path, limit: str) -> None:
    from biomatrix.serving.jobs.job import Item

    item = Item("kinds", "{}")
    JobStore(tmp_path / "jobs.sqlite").create("ann", [item])
    store = JobStore(tmp_path / "jobs.sqlite", replace(JobLimits(), **{limit: 1}))
    with pytest.raises(JobsFullError) as caught:
        store.create("ann", [item])
    store.close()
    told = told_error(caught.value)["limit"]
    assert (told["name"], told["allowed"]) == (limit, 1)
    assert told["actual"] > 1
