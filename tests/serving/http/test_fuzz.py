"""Malformed and hostile requests are answered with a refusal, and the server answers the next good one."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import httpx

sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))

from fuzzing.serving_requests import hostile

COUNT = 300


def test_hostile_requests_are_refused(client: httpx.Client) -> None:
    found: Counter[int] = Counter()
    wrong = []
    for number in range(COUNT):
        asked = hostile(number)
        answer = client.request(asked.method, asked.path, headers=asked.headers, content=asked.body)
        found[answer.status_code] += 1
        if not 400 <= answer.status_code < 500:
            wrong.append((number, asked.what, answer.status_code, asked.body[:80], answer.text[:120]))
        elif "/docs" not in asked.path:
            assert answer.json()["error"]["message"], number
    assert not wrong
    assert len(found) >= 5
    good = client.post("/v1/check", json={"entity": {"type": "molecule", "smiles": "CCO"}})
    assert good.status_code == 200
