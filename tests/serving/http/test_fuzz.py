"""Malformed and hostile requests are answered with a refusal, and the server answers the next good one."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import httpx
import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))

from fuzzing.serving_requests import hostile


@pytest.mark.parametrize(
    "numbers", [range(120), pytest.param(range(120, 1000), marks=pytest.mark.exhaustive)], ids=["part", "whole"]
)
def test_hostile_requests_are_refused(client: httpx.Client, numbers: range) -> None:
    found: Counter[int] = Counter()
    wrong = []
    for number in numbers:
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
