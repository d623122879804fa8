"""How full packed rows are, by what documents they hold and how long they are.

    python benchmarks/packing.py                                 # synthetic lengths
    python benchmarks/packing.py --corpus runs/nano_corpus/shards/train

Documents are ordered by the computed permutation and packed a window at a time, as training does. Printed are the mean
length, the documents of a window, the share of the rows' tokens that hold a document, the documents longer than
a row (which are cut there; a corpus built for the row's length has none), and documents packed per second.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from biomatrix.corpus.order import WindowedOrder
from biomatrix.corpus.packing import fill, pack, packing_window
from biomatrix.corpus.shards import TokenShards

CAPACITIES = (2048, 8192)
LEAST = 8192


def synthetic(count: int, longest: int, seed: int) -> dict[str, NDArray[np.int64]]:
    """Return lengths of short molecules, proteins, text up to ``longest``, and mixtures of them."""
    rng = np.random.default_rng(seed)
    parts = {
        "SMILES (mean 60)": np.clip(rng.gamma(4.0, 15.0, count), 4, longest),
        "proteins (to 2,048)": np.clip(rng.lognormal(5.7, 0.6, count), 30, min(2048, longest)),
        "text (to the row)": np.clip(rng.lognormal(6.5, 1.1, count), 16, longest),
    }
    stacked = np.array(list(parts.values()))
    parts["a third of each"] = stacked[rng.integers(0, 3, count), np.arange(count)]
    parts["1 in 20 is text"] = stacked[rng.choice(3, count, p=(0.65, 0.3, 0.05)), np.arange(count)]
    return {name: lengths.astype(np.int64) for name, lengths in parts.items()}


def report(name: str, lengths: NDArray[Any], capacity: int, windows: int) -> None:
    """Print the line of one corpus and row length, over its first windows."""
    inputs = np.maximum(np.asarray(lengths, dtype=np.int64) - 1, 0)  # the last token of a document is only predicted
    long = int((inputs > capacity).sum())
    inputs = np.minimum(inputs[inputs > 0], capacity)
    order = WindowedOrder(len(inputs), packing_window(inputs, capacity, LEAST), seed=0)
    held = rows_filled = documents = 0.0
    begin = time.perf_counter()
    for window in range(min(windows, order.windows)):
        members = inputs[order.members(0, window)]
        rows = pack(members, capacity)
        held += fill(members, rows, capacity) * len(rows)
        rows_filled += len(rows)
        documents += len(members)
    rate = documents / (time.perf_counter() - begin)
    figures = f"{inputs.mean():8.0f} {order.window:9,d} {100 * held / rows_filled:8.2f}% {long:7,d} {rate:12,.0f}"
    print(f"{name:24s} {capacity:6,d} {figures}", flush=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, help="a corpus folder whose lengths are packed too")
    parser.add_argument("--documents", type=int, default=200_000)
    parser.add_argument("--windows", type=int, default=3, help="windows that are packed")
    arguments = parser.parse_args()
    print(f"{'documents':24s} {'row':>6s} {'mean':>8s} {'window':>9s} {'full':>9s} {'longer':>7s} {'per second':>12s}")
    for capacity in CAPACITIES:
        for name, lengths in synthetic(arguments.documents, capacity, seed=1).items():
            report(name, lengths, capacity, arguments.windows)
        if arguments.corpus:
            report("corpus", TokenShards(arguments.corpus).lengths, capacity, arguments.windows)


if __name__ == "__main__":
    main()
