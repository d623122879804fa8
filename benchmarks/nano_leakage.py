"""Whether anything that a model is judged by was trained on: identities of held-out records against training records.

    python benchmarks/nano_leakage.py runs/nano_corpus --trained runs/nano_corpus

The first argument is the work folder of `biomatrix corpus build` whose held-out records `benchmarks/nano.py` asks
about. Training records are those of ``--trained``: the work folder of the corpus that a model was trained on, or a
table of identities that ``--save`` once wrote of it. Entities are compared by the identity of their kind, molecules by
their heavy-atom graph, proteins by their sequence. Exits with 1 where any is on both sides. Texts that are alike word
for word, and chains that share a stretch with a training protein, are counted and do not fail: clusters of chains let
antibody frames, fusion partners and repeats through.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from biomatrix.corpus.records import Record, records_from_table
from biomatrix.entities import Molecule
from biomatrix.entities.kind_registry import kind_of
from biomatrix.errors import ConfigurationError

LABELS = ("log_solubility", "lipophilicity", "hydration")
KEPT_FIELDS = (*LABELS, "description")
STRETCH = 20
"""Residues in a row, shared by two proteins, that make them relatives."""
SCHEMA = pa.schema([(name, pa.string()) for name in ("source", "kind", "split", "identity", "fields")])


@dataclass(frozen=True)
class Entry:
    """What is compared of a record; ``placed`` says whether it has coordinates, which tables do not keep."""

    source: str
    kind: str
    split: str
    identity: str
    fields: Mapping[str, str]
    placed: bool = False


@dataclass(frozen=True)
class Line:
    """One compared set: how many are held out, and which of them were trained on."""

    name: str
    held_out: int
    shared: tuple[str, ...]
    leaks: bool = True


def entries(folder: Path, *, but: str) -> Iterator[Entry]:
    """Yield the entries of a work folder, or of a table of identities, but those of one side of the split.

    Records that were left out of the corpus, as in a test set, are not among those of a work folder once the records
    that stay have been selected.
    """
    if folder.is_file():
        for row in pq.read_table(folder, filters=[("split", "!=", but)]).to_pylist():
            yield Entry(row["source"], row["kind"], row["split"], row["identity"], json.loads(row["fields"]))
        return
    stage = folder / ("selected" if (folder / "selected").is_dir() else "records")
    paths = [done.with_name("records.parquet") for done in sorted(stage.glob("*/*/done.json"))]
    if not paths:
        raise ConfigurationError("no records of a corpus, nor a table of identities", file=str(folder))
    for path in paths:
        for batch in pq.ParquetFile(path).iter_batches(512):
            kept = batch.filter(pc.not_equal(batch["split"], but))
            yield from (entry for record in records_from_table(kept) for entry in entries_of(record))


def entries_of(record: Record) -> Iterator[Entry]:
    """Yield one entry for each entity of a record, one without identity for a text."""
    fields = {name: record.fields[name] for name in KEPT_FIELDS if name in record.fields}
    entities = [*record.parts.values()] if record.entity is None else [record.entity]
    if not entities:
        yield Entry(record.source, record.kind, record.split, "", fields)
    for entity in entities:
        placed = isinstance(entity, Molecule) and entity.has_conformer
        for kind, identity in kind_of(entity).identities(entity):
            yield Entry(record.source, kind, record.split, identity, fields, placed)


def save(found: Sequence[Entry], path: Path) -> None:
    """Write entries as a table of identities."""
    rows = [
        {"source": e.source, "kind": e.kind, "split": e.split, "identity": e.identity, "fields": json.dumps(e.fields)}
        for e in found
    ]
    pq.write_table(pa.Table.from_pylist(rows, SCHEMA), path, compression="zstd")


def compare(held: Sequence[Entry], seen: Sequence[Entry]) -> Iterator[Line]:
    """Yield a line for each set that nano is judged by.

    Parameters
    ----------
    held : sequence of Entry
        Of the corpus whose held-out records are asked about, labels held out alone among them.
    seen : sequence of Entry
        Of the corpus that was trained on, those whose labels alone are held out among them.
    """
    out = [entry for entry in held if entry.split == "held_out"]
    known = {(entry.kind, entry.identity) for entry in seen if entry.identity}
    molecules = [entry for entry in out if entry.kind == "molecule"]
    proteins = [entry for entry in out if entry.kind == "protein"]
    chains = [entry for entry in proteins if entry.source == "chains"]
    described = [entry for entry in molecules if "description" in entry.fields]
    yield _line("molecules", molecules, known)
    yield _line("molecules in 3D", [entry for entry in molecules if entry.placed], known)
    yield _line("molecules with a description", described, known)
    yield _descriptions(described, seen)
    for label in LABELS:
        yield _line(f"molecules with {label}", [entry for entry in molecules if label in entry.fields], known)
        yield _labels(label, held, seen)
    yield _line("protein sequences", proteins, known)
    yield _line("chains", chains, known)
    yield _relatives(chains, [entry for entry in seen if entry.kind == "protein"])


def _line(name: str, chosen: Sequence[Entry], known: Set[tuple[str, str]]) -> Line:
    asked = {(entry.kind, entry.identity) for entry in chosen}
    return Line(name, len(asked), tuple(sorted(identity for _, identity in asked & known)))


def _descriptions(described: Sequence[Entry], seen: Sequence[Entry]) -> Line:
    """Compare texts; molecules that differ may be described alike."""
    known = {entry.fields["description"] for entry in seen if "description" in entry.fields}
    chosen = {entry.fields["description"] for entry in described}
    return Line("descriptions, word for word", len(chosen), tuple(sorted(chosen & known)), leaks=False)


def _labels(label: str, held: Sequence[Entry], seen: Sequence[Entry]) -> Line:
    """Compare molecules whose label alone is held out with those trained on with this label."""
    known = {e.identity for e in seen if e.split == "train" and label in e.fields}
    chosen = {e.identity for e in held if e.split == "held_out_label" and label in e.fields}
    return Line(f"values of {label} held out alone", len(chosen), tuple(sorted(chosen & known)))


def _relatives(chains: Sequence[Entry], seen: Sequence[Entry]) -> Line:
    """Compare held-out chains with training proteins by stretches of residues."""
    home = {
        chain.identity[start : start + STRETCH]: chain.identity
        for chain in chains
        for start in range(len(chain.identity) - STRETCH + 1)
    }
    shared = {
        home[piece]
        for other in {entry.identity for entry in seen}
        for piece in (other[start : start + STRETCH] for start in range(len(other) - STRETCH + 1))
        if piece in home
    }
    name = f"chains that share {STRETCH} residues in a row with a training protein"
    return Line(name, len({chain.identity for chain in chains}), tuple(sorted(shared)), leaks=False)


def as_table(lines: Sequence[Line]) -> str:
    """Return the lines as a Markdown table."""
    rows = [f"| {line.name} | {line.held_out:,} | {len(line.shared):,} |" for line in lines]
    return "\n".join(["| set | held out | also trained on |", "|---|---|---|", *rows])


def main() -> int:
    """Compare, print a table, and return 1 where anything held out was trained on."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path, help="work folder of the held-out records that a model is asked about")
    parser.add_argument("--trained", type=Path, required=True, help="work folder, or table of identities, trained on")
    parser.add_argument("--save", type=Path, help="write the identities of --trained to this Parquet file")
    arguments = parser.parse_args()
    held = list(entries(arguments.work, but="train"))
    trained = list(entries(arguments.trained, but="held_out"))
    if arguments.save:
        save(trained, arguments.save)
    lines = list(compare(held, trained))
    print(as_table(lines))
    leaks = [line for line in lines if line.leaks and line.shared]
    for line in leaks:
        print(f"{line.name}: {', '.join(one[:80] for one in line.shared[:5])}", file=sys.stderr)
    if not any(line.held_out for line in lines):
        print("nothing is held out: nothing was compared", file=sys.stderr)
        return 1
    return bool(leaks)


if __name__ == "__main__":
    sys.exit(main())
