"""Molecules with a conformer, read from the records that a corpus was drawn from."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from biomatrix.corpus.records import Split, read_batches, records_from_table
from biomatrix.corpus.slices import read_done
from biomatrix.entities import Molecule
from biomatrix.errors import ConfigurationError
from training_runs.settings import RunCorpus

_PARSED_TOGETHER = 64
_SHARE = 4
"""A slice gives at most so many times its equal share: many hold no molecules in 3D."""


def conformers(corpus: RunCorpus, split: Split, most: int, seed: int) -> list[Molecule]:
    """Return at most so many molecules with a conformer, spread over the slices of records of a corpus.

    Raises
    ------
    ConfigurationError
        The records are gone, or hold no such molecule.
    """
    places = _slices(corpus)
    order = np.random.default_rng([seed, len(places)]).permutation(len(places))
    each = -(-_SHARE * most // max(len(places), 1))
    found: list[Molecule] = []
    for place in order.tolist():
        found += islice(_of_slice(places[place], split), min(each, most - len(found)))
    if not found:
        raise ConfigurationError(
            f"no molecule with a conformer among the records ({split}); keep the folder of records beside the shards",
            file=str(corpus.work or corpus.folder),
        )
    return found


def _slices(corpus: RunCorpus) -> list[Path]:
    """Return the files of the records that the shards were drawn from, each once."""
    if corpus.work is None:
        return []
    kept = corpus.work / "selected"
    records = kept if kept.is_dir() else corpus.work / "records"
    done = [read_done(corpus.folder / name) or {} for name, _ in corpus.shards.shard_sizes]
    named = {(str(one["source"]), str(one["records"])) for one in done if "source" in one and "records" in one}
    paths = [records / source / name / "records.parquet" for source, name in sorted(named)]
    return [path for path in paths if path.is_file()]


def _of_slice(path: Path, split: Split) -> Iterator[Molecule]:
    for batch in read_batches(path):
        wanted = pc.and_(pc.equal(batch["split"], split), pc.equal(batch["kind"], "molecule"))
        rows = pa.Table.from_batches([batch]).filter(wanted)
        for first in range(0, rows.num_rows, _PARSED_TOGETHER):
            for record in records_from_table(rows.slice(first, _PARSED_TOGETHER)):
                if isinstance(record.entity, Molecule) and record.entity.has_conformer:
                    yield record.entity
