"""Are many callers served quicker by one running batch?

    python benchmarks/continuous_batching.py
    python benchmarks/continuous_batching.py --requests 64 --threads 16

The same mixed requests (every modality and text, with and without a length, two temperatures, greedy) are answered by
``nano`` in three ways within one process, which take turns:

- one at a time: one caller after the other, as where a lock guards the model;
- batch at a time: whoever waits is answered in one batch; who comes meanwhile waits for all of it to end;
- continuous: `biomatrix.generation.shared_model`, asked by so many threads.

Printed are requests and tokens a second, requests for each processor second (on a machine that others use), the time
to the first token and to the whole answer (median and 95th percentile), and how many answers differ from those given
one at a time. The target is 5 times the requests a second of one at a time. Then the time to the first token of one
caller on an idle model, the same while another caller writes 256 samples, and how long many jobs of one call take in
fixed batches and where finished rows are replaced.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from queue import Queue
from threading import Thread
from typing import Any

TARGET = 5.0
OUTPUTS = (
    ("molecule_smiles", None),
    ("molecule_selfies", None),
    ("molecule_structure", None),
    ("protein_sequence", (20, 60)),
    ("protein_structure", 40),
    (None, None),
)
"""What is asked for, and its length."""
WORDS = ("Make a molecule.", "Write a protein that binds to it, please, and then say what it is.", "Continue.")


@dataclass
class Served:
    """What came of all requests in one way: answers, and seconds from asking to the first token and to the answer."""

    answers: list[Any] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    turns: int = 0
    wall: float = 0.0
    processor: float = 0.0

    @property
    def tokens(self) -> int:
        return sum(len(answer.token_ids) - answer.given for answer in self.answers)


def requests(count: int) -> list[Any]:
    """Return mixed requests of one sample."""
    from biomatrix.generation import Request, Sampling

    found = []
    for number in range(count):
        output, length = OUTPUTS[number % len(OUTPUTS)]
        sampling = Sampling(seed=number, temperature=(1.0, 0.7, 1.0, 0.0)[number % 4])
        most = None if length else 80
        found.append(
            Request(
                WORDS[number % 3], output, length, sampling=sampling, max_new_tokens=most, drafts=1 if output else None
            )
        )
    return found


def one_at_a_time(model: Any, asked: Sequence[Any]) -> Iterator[tuple[int, Any, float, float]]:
    """Yield number, answer, seconds to the first token and to the answer of each request."""
    for number, request in enumerate(asked):
        yield number, *streamed(model, request)


def continuous(model: Any, asked: Sequence[Any], threads: int) -> Iterator[tuple[int, Any, float, float]]:
    """Yield the same of a model that many threads ask."""
    with ThreadPoolExecutor(threads) as pool:
        found = pool.map(lambda request: streamed(model, request), asked)
        for number, one in enumerate(found):
            yield number, *one


def streamed(model: Any, request: Any) -> tuple[Any, float, float]:
    """Return an answer, and the seconds to its first token and to its end."""
    began, first = time.perf_counter(), 0.0
    for event in model.engine.stream(request):
        if not first and type(event).__name__ not in ("SegmentOpened", "Refused"):
            first = time.perf_counter() - began
    return event.answer, first, time.perf_counter() - began


def batch_at_a_time(model: Any, asked: Sequence[Any], threads: int) -> Iterator[tuple[int, Any, float, float]]:
    """Yield the same of a model that takes whatever waits as one batch; a first token is there when its batch is."""
    line: Queue[tuple[Any, Future[Any]] | None] = Queue()

    def serve() -> None:
        while (one := line.get()) is not None:
            batch = [one]
            while not line.empty() and len(batch) < 64:
                following = line.get()
                if following is None:
                    return
                batch.append(following)
            for (answer,), (_, future) in zip(
                model.engine.generate([request for request, _ in batch]), batch, strict=True
            ):
                future.set_result(answer)

    def ask(request: Any) -> tuple[Any, float, float]:
        began = time.perf_counter()
        future: Future[Any] = Future()
        line.put((request, future))
        answer = future.result()
        seconds = time.perf_counter() - began
        return answer, seconds, seconds

    server = Thread(target=serve)
    server.start()
    with ThreadPoolExecutor(threads) as pool:
        for number, one in enumerate(pool.map(ask, asked)):
            yield number, *one
    line.put(None)
    server.join()


def serve(way: Callable[[], Iterator[tuple[int, Any, float, float]]], into: Served) -> None:
    """Answer all requests in one way."""
    into.turns += 1
    wall, processor = time.perf_counter(), time.process_time()
    for _, answer, first, whole in way():
        into.answers.append(answer)
        into.first.append(first)
        into.whole.append(whole)
    into.wall += time.perf_counter() - wall
    into.processor += time.process_time() - processor


def print_served(name: str, served: Served, like: Served) -> None:
    """Print a line of what came of a way, beside those answered one at a time."""
    count = len(served.answers)
    differ = sum(answer.token_ids != alone.token_ids for answer, alone in compared(served, like))
    rate, busy = count / served.wall, count / served.processor
    single, single_busy = len(like.answers) / like.wall, len(like.answers) / like.processor
    print(
        f"  {name:16} {rate:6.2f} requests/s ({rate / single:5.2f} times), {served.tokens / served.wall:7.1f} tokens/s"
    )
    print(f"  {'':16} {busy:6.2f} requests per processor second ({busy / single_busy:5.2f} times)")
    print(f"  {'':16} first token {spread(served.first)}, answer {spread(served.whole)}")
    print(f"  {'':16} {differ} of {len(list(compared(served, like)))} answers differ from those given one at a time")


def compared(served: Served, like: Served) -> Iterator[tuple[Any, Any]]:
    """Yield the answers of a way to requests that were also asked one at a time, and those."""
    each, few = len(served.answers) // served.turns, len(like.answers) // like.turns
    for turn in range(served.turns):
        yield from zip(served.answers[turn * each : turn * each + few], like.answers[:few], strict=True)


def spread(seconds: Sequence[float]) -> str:
    """Return median and 95th percentile."""
    ordered = sorted(seconds)
    return f"{1000 * statistics.median(ordered):,.0f} / {1000 * ordered[int(0.95 * (len(ordered) - 1))]:,.0f} ms"


def print_fairness(model: Any, alone: float) -> None:
    """Print the time to the first token of one caller beside another that asks for 256 samples."""
    from biomatrix.generation import Request, Sampling

    many = Request(WORDS[0], "protein_structure", 60, num_samples=256, sampling=Sampling(seed=1))
    other = Thread(target=model.engine.generate, args=([many],))
    other.start()
    while model.engine.load().rows < 8:
        time.sleep(0.01)
    seconds = [streamed(model, request)[1] for request in requests(12)]
    print(f"  beside 256 samples of another caller: first token {spread(seconds)}; idle {1000 * alone:,.0f} ms")
    other.join()


def print_replaced(model: Any, count: int) -> None:
    """Print what replacing finished rows is worth to one call with many jobs."""
    from biomatrix.generation.decoding import decode_jobs

    plans = model.engine._plans(requests(count))
    jobs = [job for plan in plans for job in plan.jobs]
    network = model.engine.writer.network
    seconds: dict[str, float] = {"fixed": 0.0, "replaced": 0.0}
    for _ in range(2):
        began = time.process_time()
        fixed = [one for first in range(0, count, 64) for one in decode_jobs(network, jobs[first : first + 64], 64)]
        seconds["fixed"] += time.process_time() - began
        began = time.process_time()
        replaced = decode_jobs(network, jobs, 64)
        seconds["replaced"] += time.process_time() - began
        differ = sum(a.ids != b.ids for a, b in zip(fixed, replaced, strict=True))
    times = seconds["fixed"] / seconds["replaced"]
    print(f"  {count} jobs of one call, 64 rows: {times:.2f} times as fast where finished rows are replaced")
    print(f"  ({seconds['fixed'] / 2:.1f} and {seconds['replaced'] / 2:.1f} processor seconds; {differ} differ)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="nano")
    parser.add_argument("--requests", type=int, default=256)
    parser.add_argument("--threads", type=int, default=64, help="callers at once")
    parser.add_argument("--turns", type=int, default=2)
    parser.add_argument("--alone", type=int, default=48, help="requests of a turn that are asked one at a time")
    options = parser.parse_args()
    import biomatrix as bm
    from biomatrix.generation import shared_model

    model = bm.load(options.model, device="cpu")
    shared = shared_model(bm.load(options.model, device="cpu"))
    asked = requests(options.requests)
    few = asked[: options.alone]
    model.engine.generate(asked[:12])
    for request in asked[:12]:
        shared.engine.generate([request])
    single, batched, running = Served(), Served(), Served()
    for _ in range(options.turns):
        serve(lambda: one_at_a_time(model, few), single)
        serve(lambda: batch_at_a_time(model, asked, options.threads), batched)
        serve(lambda: continuous(shared, asked, options.threads), running)
    print(f"{options.requests} requests from {options.threads} threads:")
    for name, served in (("one at a time", single), ("batch at a time", batched), ("continuous", running)):
        print_served(name, served, single)
    ratio = (len(running.answers) / running.wall) / (len(single.answers) / single.wall)
    met = "met" if ratio >= TARGET else "MISSED"
    print(f"  TARGET at least {TARGET:g} times one at a time; measured {ratio:.1f}: {met}")
    print_fairness(shared, statistics.median(single.first))
    shared.engine.close(10.0)
    print_replaced(model, max(256, options.requests))


if __name__ == "__main__":
    main()
