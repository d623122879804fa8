"""The real files that mutants are made of, cut to a few records; bundled examples where no data folder is at hand."""

from __future__ import annotations

import csv
import gzip
import io
import json
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from biomatrix.conversion import encode_to_lines
from biomatrix.entities import Entity, Molecule, kinds
from biomatrix.entities.tokenizer_folder import weights_root
from fuzzing.ours import entries

LARGEST: Final = 90_000
"""Bytes; larger files only make the same mutants slower."""
MOST: Final = 15
"""Files of one format, drawn by the hash of their names."""
BINARY: Final = ("bcif", "parquet", "safetensors")
_REPOSITORY: Final = Path(__file__).parents[2]
_TOKENIZERS: Final = ("anchored-4096", "geometric-256")
"""Small ones: weights are read whole for each mutant."""


@dataclass(frozen=True)
class Seed:
    """One file: its format, a name for reports, its bytes."""

    format: str
    name: str
    content: bytes

    @property
    def binary(self) -> bool:
        return self.format in BINARY


def seeds(shared: Path | None = None) -> list[Seed]:
    """Return the files, at least one of each format."""
    found = [*_bundled(), *_settings()]
    if shared is not None:
        found += _of_data(shared / "data")
    return found


def _bundled() -> Iterator[Seed]:
    molecules = [
        "CC(=O)Oc1ccccc1C(=O)O aspirin",
        "C[C@H](N)C(=O)O alanine",
        "F/C=C/F difluoroethene",
        "[Na+].[Cl-] salt",
    ]
    yield Seed("smi", "bundled", "\n".join(molecules).encode() + b"\n")
    yield Seed("selfies", "bundled", b"[C][C][O] ethanol\n[C][=C][C][=C][C][=C][Ring1][=Branch1] benzene\n[C][N]\n")
    table = "smiles,name\n" + "\n".join(line.replace(" ", ",") for line in molecules) + "\n"
    yield Seed("csv", "bundled", table.encode())
    yield Seed("fasta", "bundled", b">sp|P1|ONE first\nMKTAYIAKQRQISFVKSHFSRQ\nLEERLGLIEVQ\n>two\nGGSGGXW\n")
    mixed = b">pdb|1abc|A mol:protein\nMKTAYIAKQRQISFVKSHFSRQ\n>r|rna\nACGUUGCAUCGA\n>P1;code\na title\nMKWVTFISLL*\n"
    yield Seed("fasta", "bundled mixed", mixed)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        embedded = [Molecule.from_smiles(line.split()[0]).embed(seed=0) for line in molecules[:2]]
        for one in embedded:
            one.to_file(place / "one.sdf")
            yield Seed("mol", f"bundled {one.smiles}", (place / "one.sdf").read_bytes().split(b"$$$$")[0])
        yield Seed("sdf", "bundled", (place / "one.sdf").read_bytes() * 2)
        (place / "m.smi").write_text("\n".join(molecules), encoding="utf-8")
        (place / "p.fasta").write_text(">one\nMKTAYIAK\n>two\nGGSX\n", encoding="utf-8")
        lines = b""
        for source in ("m.smi", "p.fasta"):
            encode_to_lines(str(place / source), place / "t.jsonl")
            lines += (place / "t.jsonl").read_bytes()
        yield Seed("jsonl", "bundled", lines)
        bare = b"".join(json.loads(line)["text"].encode() + b"\n" for line in lines.splitlines())
        yield Seed("jsonl", "bundled, bare lines", bare)
        for kind in kinds():
            for example in kind.samples():
                if kind.name == "protein" and example.entity.has_structure:
                    for extension in ("pdb", "cif", "bcif"):
                        path = place / f"one.{extension}"
                        example.entity.to_file(path)
                        yield Seed(extension, f"bundled {example.stem}", path.read_bytes())


def _settings() -> Iterator[Seed]:
    """Yield the recipes, and the files of folders of structure tokenizers; their names are paths."""
    for path in sorted((_REPOSITORY / "recipes").glob("*.toml")):
        yield Seed("toml", str(path), path.read_bytes())
    for name in _TOKENIZERS:
        root = weights_root("protein")
        assert root is not None
        yield Seed("json", str(root / name), (root / name / "config.json").read_bytes())
        yield Seed("safetensors", str(root / name), (root / name / "model.safetensors").read_bytes())


def _of_data(data: Path) -> Iterator[Seed]:
    counts: Counter[str] = Counter()
    for path in sorted(data.rglob("*"), key=lambda path: sha256(path.name.encode()).digest()):
        name = path.name.lower().removesuffix(".gz")
        extension = Path(name).suffix.lstrip(".")
        if extension not in ("smi", "sdf", "mol", "mol2", "pdb", "cif", "bcif", "fasta", "csv", "parquet"):
            continue
        if counts[extension] == MOST:
            continue
        content = _head(path, extension)
        if content is not None and 0 < len(content) <= LARGEST and _is_read(content, extension):
            counts[extension] += 1
            yield Seed(extension, str(path.relative_to(data)), content)


def _is_read(content: bytes, extension: str) -> bool:
    """Return whether the unchanged file gives an entity: mutants of any other, such as RNA, are all refused."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"file.{extension}"
        path.write_bytes(content)
        return any(isinstance(one, Entity) for one in entries(path, extension))


def _head(path: Path, extension: str) -> bytes | None:
    """Return the first records of a file, or None where it is no file for a reader here."""
    if extension == "parquet":
        return _parquet_head(path)
    whole = gzip.decompress(path.read_bytes()) if path.name.endswith(".gz") else path.read_bytes()
    if extension == "csv":
        return _csv_head(whole)
    if extension == "sdf":
        return b"$$$$".join(whole.split(b"$$$$")[:3]) + b"$$$$\n"
    if extension == "mol2":
        return b"@<TRIPOS>MOLECULE".join(whole.split(b"@<TRIPOS>MOLECULE")[:4])
    if extension == "fasta":
        return b"\n>".join(whole.split(b"\n>")[:6]) + b"\n"
    return b"".join(islice(whole.splitlines(keepends=True), 20)) if extension == "smi" else whole


def _csv_head(whole: bytes) -> bytes | None:
    text = b"".join(islice(whole.splitlines(keepends=True), 12)).decode("utf-8", "replace")
    names = {"smiles", "SMILES", "Smiles", "canonical_smiles"}
    header = next(csv.reader(io.StringIO(text)), [])
    return text.encode() if names & set(header) else None


def _parquet_head(path: Path) -> bytes | None:
    file = pq.ParquetFile(path)
    columns = set(file.schema_arrow.names)
    wanted = ({"id", "mol_block"}, {"id", "sequence", "coords"}, {"id", "atomic_numbers", "positions", "bonds"})
    if not any(one <= columns for one in wanted):
        return None
    table = pa.Table.from_batches([next(file.iter_batches(batch_size=12))])
    target = io.BytesIO()
    pq.write_table(table, target)
    return target.getvalue()
