"""Made-up records of three kinds in three formats, with repeats and rows of a test set among them, and their recipe."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

SHARES: Final = {"protein": 7, "text": 2, "molecule": 1}
"""Of ten records, how many are of each kind."""
RESIDUES: Final = 40
WORDS: Final = 20
PIECES: Final = 6
WRITTEN_TOGETHER: Final = 5000
"""Records in memory at a time."""
REPEATED: Final = 0.02
"""The share of records that repeat one of the first of their kind."""
TESTED: Final = 50
"""The first records of each kind, which stand in the test set too."""
_LETTERS: Final = np.array(list("ACDEFGHIKLMNPQRSTVWY"))
_SYLLABLES: Final = ["ba", "co", "di", "fu", "ge", "ha", "ki", "lo", "mi", "nu", "pe", "ra", "so", "ti", "ve", "zu"]
_LEXICON: Final = np.array([a + b + c for a in _SYLLABLES for b in _SYLLABLES for c in _SYLLABLES])
_CHAIN: Final = np.array(["C", "CC", "O", "N", "C(C)", "C(=O)", "C(=O)N", "C(N)", "C(F)", "C(Cl)", "S", "CCO"])
_RINGS: Final = np.array(["c1ccccc1", "c1ccncc1", "C1CCCCC1", "C1CCNCC1", "c1ccoc1", "c1ccsc1"])


def write_records(folder: Path, count: int, seed: int = 0) -> None:
    """Write ``count`` records into a folder, kinds in the given shares, with one batch of them in memory at a time.

    Proteins go to FASTA, texts to JSON lines, molecules to Parquet; the test set to CSV files.
    """
    rng = np.random.default_rng(seed)
    schema = pa.schema([("id", pa.string()), ("smiles", pa.string()), ("name", pa.string())])
    with ExitStack() as files:
        fasta = files.enter_context((folder / "proteins.fasta").open("w"))
        lines = files.enter_context((folder / "texts.jsonl").open("w"))
        table = files.enter_context(pq.ParquetWriter(folder / "molecules.parquet", schema))
        for kind, rows in _batches(count, rng):
            if kind == "protein":
                fasta.writelines(f">{name} protein {name}\n{content}\n" for name, content in rows)
            elif kind == "text":
                lines.writelines(json.dumps({"id": name, "text": content}) + "\n" for name, content in rows)
            else:
                named = [{"id": name, "smiles": content, "name": f"compound {name}"} for name, content in rows]
                table.write_table(pa.Table.from_pylist(named, schema))
            if rows[0][0] == f"{kind[0]}0":
                _write_test_set(folder / f"tested_{kind}.csv", rows[:TESTED])


def _batches(count: int, rng: np.random.Generator) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield the kind, and the id and content of each record, of batch after batch."""
    known: dict[str, list[str]] = {}
    for first in range(0, count, WRITTEN_TOGETHER):
        for kind, share in SHARES.items():
            before, each = (rows * share // 10 for rows in (first, min(WRITTEN_TOGETHER, count - first)))
            contents = _MAKERS[kind](each, rng)
            earlier = known.setdefault(kind, contents)
            for place in np.flatnonzero(rng.random(each) < REPEATED).tolist():
                contents[place] = earlier[int(rng.integers(len(earlier)))]
            yield kind, [(f"{kind[0]}{before + row}", content) for row, content in enumerate(contents)]


def _proteins(count: int, rng: np.random.Generator) -> list[str]:
    return ["".join(row) for row in _LETTERS[rng.integers(0, len(_LETTERS), (count, RESIDUES))]]


def _texts(count: int, rng: np.random.Generator) -> list[str]:
    frequent = np.minimum(rng.zipf(1.3, (count, WORDS)), len(_LEXICON)) - 1
    return [" ".join(row).capitalize() + "." for row in _LEXICON[frequent]]


def _molecules(count: int, rng: np.random.Generator) -> list[str]:
    chains = _CHAIN[rng.integers(0, len(_CHAIN), (count, PIECES))]
    return [f"C{''.join(chain)}{ring}" for chain, ring in zip(chains, rng.choice(_RINGS, count), strict=True)]


_MAKERS: Final[dict[str, Callable[[int, np.random.Generator], list[str]]]] = {
    "protein": _proteins,
    "text": _texts,
    "molecule": _molecules,
}


def _write_test_set(path: Path, rows: list[tuple[str, str]]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("id", "content"), *rows])


def recipe(slice_rows: int = 5000) -> dict[str, Any]:
    """Return the recipe over the files: filters, exact and near duplicates, the test set, two views a molecule."""
    shared = {"licence": ["CC0-1.0"], "origin": "made up"}
    held = [
        {"name": f"tested_{kind}", "reader": "csv", "files": [f"tested_{kind}.csv"], "kind": kind, **_columns(kind)}
        for kind in SHARES
    ]
    sources: list[dict[str, Any]] = [
        {"name": "proteins", "reader": "fasta", "files": ["proteins.fasta"], "kind": "protein"},
        {"name": "texts", "reader": "jsonl", "files": ["texts.jsonl"], "kind": "text", "id": "id"},
        {"name": "molecules", "reader": "parquet", "files": ["molecules.parquet"], "kind": "molecule", "id": "id"},
    ]
    sources[0]["fields"] = {"description": "name"}
    sources[1]["fields"] = {"text": "text"}
    sources[2] |= {"entity": "smiles", "fields": {"name": "name"}}
    return {
        "name": "scale",
        "slice_rows": slice_rows,
        "sources": [{**source, **shared} for source in sources],
        "views": {"text": 1.0, "protein_sequence": 1.0, "molecule_smiles": 1.0, "molecule_selfies": 1.0},
        "tasks": {"name_molecule": 0.5},
        "modalities": ["protein_sequence", "molecule_smiles", "molecule_selfies"],
        "vocabulary": {"text_entries": 1000, "text_characters": 1_000_000, "smiles_characters": 300_000},
        "filters": [{"name": "text_length"}, {"name": "molecule_size"}, {"name": "protein_length"}],
        "deduplication": {"exact": True, "near": {"text": 0.8}},
        "decontamination": {"sets": held},
    }


def _columns(kind: str) -> dict[str, Any]:
    return {"id": "id", **({"fields": {"content": "text"}} if kind == "text" else {"entity": "content"})}


def as_toml(value: Any, *, top: bool = True) -> str:
    """Return a recipe as TOML: a line for each key, tables within a line."""
    if isinstance(value, dict):
        pairs = [f"{key} = {as_toml(each, top=False)}" for key, each in value.items()]
        return "\n".join(pairs) + "\n" if top else f"{{ {', '.join(pairs)} }}"
    if isinstance(value, list):
        return f"[{', '.join(as_toml(each, top=False) for each in value)}]"
    return json.dumps(value)
