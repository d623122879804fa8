"""Many clients at once against a server in a process of its own, each answer compared with the one given alone.

    python benchmarks/serving_load.py --clients 64 --seconds 60

Starts ``biomatrix serve`` with the shipped model, asks every request of a fixed set alone, then by many clients at
once in random order. Prints the time to ready, idle memory, requests a second alone and under load, their ratio, the
median and 95% times, the time to the first token idle and under load. Exits with 1 where an answer is lost, mixed up
or a 5xx other than 503; 503 and 429 are counted apart.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import httpx

STREAMED = {"prompt": "Make a molecule.", "output": "molecule_selfies", "seed": 1}
LOOSE = ("seconds", "id", "created")
"""What differs between two equal answers."""
TOLERANCE = 1e-3
"""Of log-probabilities in nats and what follows from them: a batch is summed in another order than one row."""

LOGPROB = re.compile(r"logprob[^.\n]*\n?-?\d+\.\d+")
"""As the titles and the data of files state it."""


class Asked(NamedTuple):
    """One request of the set."""

    path: str
    body: dict[str, Any]


def requests_of(count: int) -> list[Asked]:
    """Return mixed requests: texts, molecules by three modalities, proteins, constraints, scores and checks."""
    found = []
    for seed in range(count):
        rng = random.Random(seed)
        molecule = {
            "type": "molecule",
            "smiles": rng.choice(["CCO", "c1ccccc1O", "CC(=O)Oc1ccccc1C(=O)O", "CCN(CC)CC"]),
        }
        found.append(
            rng.choice(
                [
                    Asked("/v1/generate", {"prompt": "Make a molecule.", "output": "molecule_selfies", "seed": seed}),
                    Asked("/v1/generate", {"prompt": "Make a molecule.", "output": "molecule_smiles", "seed": seed}),
                    Asked(
                        "/v1/generate",
                        {
                            "prompt": "Make one.",
                            "output": "molecule_selfies",
                            "constraints": ["elements=C6N1"],
                            "seed": seed,
                        },
                    ),
                    Asked(
                        "/v1/generate",
                        {"prompt": "Make a protein.", "output": "protein_sequence", "length": 30, "seed": seed},
                    ),
                    Asked("/v1/generate", {"prompt": ["Describe ", molecule], "max_new_tokens": 40, "seed": seed}),
                    Asked("/v1/check", {"entity": molecule}),
                    Asked("/v1/score", {"prompt": "Make a molecule.", "continuation": [molecule]}),
                    Asked(
                        "/v1/chat/completions",
                        {
                            "model": "nano",
                            "messages": [{"role": "user", "content": "Hello"}],
                            "max_tokens": 30,
                            "seed": seed,
                        },
                    ),
                ]
            )
        )
    return found


@contextmanager
def server(*arguments: str) -> Iterator[tuple[str, subprocess.Popen[str], float]]:
    """Run ``biomatrix serve``; yield its address, its process and the seconds until it was ready."""
    with tempfile.TemporaryDirectory() as cache:
        began = time.monotonic()
        command = [sys.executable, "-m", "biomatrix", "serve", "--port", "0", *arguments]
        environment = {**os.environ, "XDG_CACHE_HOME": cache}
        log = Path(cache) / "log"
        with log.open("w") as told:
            process = subprocess.Popen(command, stderr=told, text=True, env=environment)
        try:
            while (found := re.search(r"served at (http://\S+)", log.read_text())) is None:
                if process.poll() is not None:
                    raise SystemExit(log.read_text())
                time.sleep(0.02)
            yield found[1], process, time.monotonic() - began
        finally:
            process.terminate()
            process.wait(60)


def resident(process: int) -> float:
    """Return the memory of a process and its children in MB, shared pages counted once."""
    children = subprocess.run(["pgrep", "-P", str(process)], capture_output=True, text=True, check=False).stdout.split()
    own = Path(f"/proc/{process}/smaps_rollup").read_text()
    total = int(re.findall(r"^Pss:\s+(\d+)", own, re.MULTILINE)[0]) / 1024
    return total + sum(resident(int(child)) for child in children)


def same(one: Any, other: Any) -> bool:
    """Return whether two answers are the same: every text, token and entity exactly, numbers within the tolerance."""
    if isinstance(one, dict) and isinstance(other, dict):
        names = (one.keys() | other.keys()) - set(LOOSE)
        return all(name in one and name in other and same(one[name], other[name]) for name in names)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= TOLERANCE * max(1.0, abs(one))
    if isinstance(one, str) and isinstance(other, str):
        return LOGPROB.sub("", one) == LOGPROB.sub("", other)
    return bool(one == other)


@dataclass
class Tally:
    """What happened under load."""

    seconds: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    mixed: int = 0
    lost: int = 0


async def first_token(client: httpx.AsyncClient, seed: int) -> float:
    """Return the seconds to the first token of a stream."""
    began = time.monotonic()
    async with client.stream("POST", "/v1/generate/stream", json={**STREAMED, "seed": seed}) as answer:
        async for line in answer.aiter_lines():
            if line == "event: token":
                return time.monotonic() - began
    return float("nan")


async def ask(client: httpx.AsyncClient, asked: Asked, expected: Any, tally: Tally) -> Any:
    """Ask once and compare."""
    began = time.monotonic()
    try:
        answer = await client.post(asked.path, json=asked.body)
    except httpx.HTTPError:
        tally.lost += 1
        return None
    tally.statuses[answer.status_code] += 1
    if answer.status_code != 200:
        await asyncio.sleep(float(answer.headers.get("retry-after", 1)))
        return None
    tally.seconds.append(time.monotonic() - began)
    given = answer.json()
    tally.mixed += expected is not None and not same(given, expected)
    return given


async def under_load(url: str, table: list[Asked], expected: list[Any], clients: int, seconds: float) -> Tally:
    """Ask by many clients at once for some seconds; one in sixteen requests is a stream."""
    tally = Tally()
    end = time.monotonic() + seconds
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)

    async def one(number: int) -> None:
        rng = random.Random(number)
        while time.monotonic() < end:
            if rng.randrange(16) == 0:
                tally.first.append(await first_token(client, rng.randrange(1_000)))
                continue
            place = rng.randrange(len(table))
            await ask(client, table[place], expected[place], tally)

    async with httpx.AsyncClient(base_url=url, timeout=120, limits=limits) as client:
        await asyncio.gather(*(one(number) for number in range(clients)))
    return tally


async def measure(url: str, process: subprocess.Popen[str], arguments: argparse.Namespace) -> bool:
    """Measure and print; return whether nothing was lost or mixed up."""
    table = requests_of(arguments.requests)
    alone = Tally()
    async with httpx.AsyncClient(base_url=url, timeout=120) as client:
        for asked in table[:8]:
            await ask(client, asked, None, Tally())
        idle = [await first_token(client, seed) for seed in range(5)]
        print(f"idle memory {resident(process.pid):,.0f} MB with its readers")
        began = time.monotonic()
        expected = [await ask(client, asked, None, alone) for asked in table]
        rate_alone = len(table) / (time.monotonic() - began)
    if set(alone.statuses) != {200}:
        print(f"FAILED alone: {dict(alone.statuses)}")
        return False
    began = time.monotonic()
    tally = await under_load(url, table, expected, arguments.clients, arguments.seconds)
    rate = len(tally.seconds) / (time.monotonic() - began)
    print(f"one at a time {rate_alone:.2f} requests/s, {arguments.clients} clients {rate:.2f}: ", end="")
    print(f"{rate / rate_alone:.1f} times")
    print(f"seconds a request: alone {told(alone.seconds)}; under load {told(tally.seconds)}")
    print(f"seconds to the first token: idle {told(idle)}; under load {told(tally.first)}")
    print(f"statuses {dict(tally.statuses)}, lost {tally.lost}, mixed up {tally.mixed}")
    print(f"memory {resident(process.pid):,.0f} MB")
    faults = sum(count for status, count in tally.statuses.items() if status >= 500 and status != 503)
    return not (tally.lost or tally.mixed or faults)


def told(seconds: list[float]) -> str:
    """Return the median and the 95% value."""
    ordered = sorted(seconds)
    if not ordered:
        return "none"
    return f"median {ordered[len(ordered) // 2]:.3f}, 95% {ordered[int(0.95 * (len(ordered) - 1))]:.3f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--requests", type=int, default=96, help="different requests in the set")
    arguments = parser.parse_args()
    with server() as (url, process, ready):
        print(f"ready after {ready:.1f} s")
        sound = asyncio.run(measure(url, process, arguments))
    sys.exit(0 if sound else 1)


if __name__ == "__main__":
    main()
