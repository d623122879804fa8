"""What it saves to encode once: an epoch that reads kept vectors beside one that encodes in the loader.

    python benchmarks/soft_cache.py MOLECULES.smi
    python benchmarks/soft_cache.py MOLECULES.smi --encoders morgan nano,kind=molecule --entities 3000 --batch 32

One epoch in random order, in batches: in the loader each batch is encoded when it is asked for, as a batch and not one
by one; from the store its rows are copied from mapped memory by their keys, which were made when the store was built
and travel with the examples. Both yield the same vectors, which is checked. Building the store is timed apart: it is
done once, whatever the number of epochs. Processor time; the epochs take turns, and the ratio is the median of its own.
Target: at least 20 times. Without a file, molecules are made up from the fragments of a list.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray
from timing import verdict

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.encoder import Encoder
from biomatrix.entities.molecule.entity import Molecule
from biomatrix.entities.records import read_entities
from biomatrix.entities.rejects import Reject
from biomatrix.soft.encoders import open_encoder
from biomatrix.soft.vectors import VectorStore

TARGET = 20.0
PIECES = ("CC", "C(=O)N", "c1ccccc1", "C1CCNCC1", "C(=O)O", "CO", "C(F)", "n1ccnc1", "C(C)(C)", "S(=O)(=O)")


def entities_of(path: Path | None, count: int, seed: int) -> list[Entity]:
    """Return so many entities of a file, or molecules made of pieces one after another."""
    if path is None:
        draw = np.random.default_rng(seed)
        made = ("C" + "".join(draw.choice(PIECES, draw.integers(2, 8))) for _ in range(count))
        return [Molecule.from_smiles(smiles) for smiles in made]
    found: list[Entity] = []
    for one in read_entities(path):
        if not isinstance(one, Reject):
            found.append(one)
        if len(found) == count:
            break
    return found


def batches(count: int, size: int, seed: int) -> Iterator[NDArray[np.int64]]:
    """Yield the numbers of an epoch's batches."""
    order = np.random.default_rng(seed).permutation(count)
    for start in range(0, count, size):
        yield order[start : start + size]


def seconds_of_epoch(rows: Iterator[NDArray[np.float32]]) -> float:
    """Return the processor seconds in which an epoch is made: every number of every batch lies in memory then."""
    start = time.process_time()
    for _ in rows:
        pass
    return time.process_time() - start


def measure(encoder: Encoder, entities: list[Entity], batch: int, repeats: int) -> bool:
    """Print the figures of one encoder, and return whether the target is met."""
    with tempfile.TemporaryDirectory() as folder:
        store = VectorStore(folder, encoder)
        start = time.process_time()
        added = store.add(entities, batch_size=batch)
        built = time.process_time() - start
        refused = {number for number, _ in added.refused}
        kept = [one for number, one in enumerate(entities) if number not in refused]
        keys = [encoder.key(one) for one in kept]
        store = VectorStore(folder, encoder)  # as another process opens it
        some = slice(0, 4 * batch)
        np.testing.assert_allclose(store.rows(keys[some]), encoder.encode(kept[some], batch), atol=1e-5)
        ratios, costs = [], []
        for seed in range(repeats):
            encoded = seconds_of_epoch(
                encoder.encode([kept[number] for number in chosen], batch) for chosen in batches(len(kept), batch, seed)
            )
            read_again = seconds_of_epoch(
                store.rows([keys[number] for number in chosen]) for chosen in batches(len(kept), batch, seed)
            )
            ratios.append(encoded / max(read_again, 1e-9))
            costs.append((encoded, read_again))
        size = sum(path.stat().st_size for path in store.folder.iterdir())
    loader, cached = (median(column) for column in zip(*costs, strict=True))
    print(f"{encoder.spec}: {len(kept):,} entities, {encoder.k} x {encoder.d}, {len(refused)} refused")
    print(f"  build once {built:.2f} s, {added.new:,} different entities, {size / 2**20:.1f} MiB")
    print(f"  an epoch: in the loader {loader:.3f} s, from the store {cached:.4f} s")
    return verdict("from the store, times as fast", median(ratios), TARGET, "times", at_most=False)


def main() -> None:
    """Measure every encoder; ends with 1 where one misses the target."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, nargs="?", help="entities, in any format that biomatrix reads")
    parser.add_argument("--encoders", nargs="+", default=["morgan", "nano,kind=molecule"])
    parser.add_argument("--entities", type=int, default=1000)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--repeats", type=int, default=3)
    settings = parser.parse_args()
    entities = entities_of(settings.file, settings.entities, seed=0)
    met = [measure(open_encoder(spec), entities, settings.batch, settings.repeats) for spec in settings.encoders]
    sys.exit(0 if all(met) else 1)


if __name__ == "__main__":
    main()
