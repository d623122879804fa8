"""Thousands of malformed and hostile requests to a server, and thousands of good ones: refusals alone, memory flat.

    python benchmarks/serving_fuzz.py --hostile 20000 --good 10000

Prints counts by status and kind of request, and memory before and after each part. Exits with 1 where a hostile
request is answered with anything but a 4xx, a good one with anything but 200, the server dies, or memory grows by more
than a tenth.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Callable

import httpx
from fuzzing.serving_requests import hostile
from serving_load import resident, server

GROWTH = 1.10
SETTLE = 2_000
"""Requests before the first look at memory: what is kept for later requests has then been made."""


def send_hostile(client: httpx.Client, number: int) -> tuple[str, bool]:
    """Send one hostile request; return what happened, in words, and whether it was refused as it should be."""
    asked = hostile(number)
    try:
        answer = client.request(asked.method, asked.path, headers=asked.headers, content=asked.body)
    except httpx.WriteError:
        return f"{asked.what}: refused before it was sent whole", True
    return f"{asked.what}: {answer.status_code}", 400 <= answer.status_code < 500


def send_good(client: httpx.Client, number: int) -> tuple[str, bool]:
    """Send one good request."""
    rng = random.Random(number)
    molecule = {"type": "molecule", "smiles": rng.choice(["CCO", "c1ccccc1O", "CC(=O)Oc1ccccc1C(=O)O"])}
    path, body = rng.choice(
        [
            ("/v1/check", {"entity": molecule}),
            ("/v1/encode", {"entity": molecule}),
            ("/v1/generate", {"prompt": ["Describe ", molecule], "max_new_tokens": 2, "seed": number}),
        ]
    )
    answer = client.post(path, json=body)
    return f"{path}: {answer.status_code}", answer.status_code == 200


def part(
    name: str, send: Callable[[httpx.Client, int], tuple[str, bool]], count: int, client: httpx.Client, process: int
) -> bool:
    """Send requests of one sort and print what happened; return whether all is as it should be."""
    found: Counter[str] = Counter()
    wrong: list[str] = []
    before = 0.0
    settle = min(SETTLE, count // 4)
    began = time.monotonic()
    for number in range(count):
        if number == settle:
            before = resident(process)
        what, right = send(client, number)
        found[what] += 1
        if not right:
            wrong.append(f"{number} {what}")
    after = resident(process)
    flat = after <= GROWTH * before
    print(f"{name}: {count:,} in {time.monotonic() - began:.0f} s; memory {before:,.0f} MB to {after:,.0f} MB")
    for what, times in sorted(found.items()):
        print(f"  {times:6,} {what}")
    print(f"  wrong: {len(wrong)} {wrong[:10]}; memory {'flat' if flat else 'GREW'}")
    return not wrong and flat


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hostile", type=int, default=20_000)
    parser.add_argument("--good", type=int, default=10_000)
    arguments = parser.parse_args()
    with server("--at-most", f"request_bytes={2**20}") as (url, process, ready):
        print(f"ready after {ready:.1f} s")
        with httpx.Client(base_url=url, timeout=120) as client:
            sound = part("hostile", send_hostile, arguments.hostile, client, process.pid)
            sound &= part("good", send_good, arguments.good, client, process.pid)
            alive = client.get("/health/ready").status_code == 200 and process.poll() is None
    print("alive" if alive else "DEAD")
    sys.exit(0 if sound and alive else 1)


if __name__ == "__main__":
    main()
