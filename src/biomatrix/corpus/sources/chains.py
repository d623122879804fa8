"""Protein chains with their backbone coordinates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from biomatrix.corpus.records import Record, Split
from biomatrix.corpus.sources.base import Provenance, Source
from biomatrix.corpus.sources.tables import ParquetTable, Table, parquet_rows
from biomatrix.entities import Protein, Reject
from biomatrix.entities.protein.files.chain_table import EXAMPLE_IDS, ChainRecord, chain_rows
from biomatrix.errors import LimitError, ParseError, UnsupportedError

CHAINS = "protein/structures/chains.parquet"
MAX_RESIDUES = 1024

REPOSITORY_LICENCES = {
    "psipred/cgdms": "MIT",
    "wengong-jin/RefineGNN": "MIT",
    "octavian-ganea/equidock_public": "MIT",
    "degrado-lab/PoseBusters-Benchmark": "MIT",
    "bjing2016/EigenFold": "MIT",
    "Kortemme-Lab/loop_modeling": "MIT",
    "Kortemme-Lab/ddg": "MIT",
    "Kortemme-Lab/covariation": "MIT",
    "LPDI-EPFL/masif": "Apache-2.0",
    "gitter-lab/metl-pub": "MIT",
    "schrodinger/public_binding_free_energy_benchmark": "MIT",
    "biotite-dev/biotite": "BSD-3-Clause",
    "microsoft/evodiff": "MIT",
    "haddocking/haddock3": "Apache-2.0",
    "prody/ProDy": "MIT",
    "biopython/biopython": "BSD-3-Clause",
    "RosettaCommons/RFdiffusion2": "BSD-3-Clause",
    "maabuu/posebusters": "BSD-3-Clause",
}
"""The repositories whose chains may be used; the coordinates themselves are PDB, CC0."""


@cache
def held_out_clusters(root: Path) -> frozenset[int]:
    """Return the 30 % identity clusters that hold a validation, test, benchmark or example chain."""
    return frozenset(
        row["cluster30"]
        for row in parquet_rows(root / CHAINS, ("id", "cluster30", "split", "benchmark"))
        if row["split"] != "train" or row["benchmark"] or row["id"] in EXAMPLE_IDS
    )


class ChainTable(Table):
    """A table of chains; its rows are chain records, broken ones rejects."""

    def starts(self) -> Iterator[int | None]:
        return ParquetTable(self.path, ["id"]).starts()

    def rows(self, first: int = 0, start: int | None = None) -> Iterator[ChainRecord | Reject]:
        return chain_rows(self.path, first=first)


class ChainSource(Source):
    """The chain table: training clusters give the training records, validation clusters the held-out ones."""

    def table(self, path: Path) -> Table:
        return ChainTable(path)

    def expand(self, table: Table, number: int, row: ChainRecord | Reject) -> Iterator[tuple[str, Any]]:
        yield str(row.record if isinstance(row, Reject) else row.protein.name), row

    def record(self, identifier: str, row: ChainRecord | Reject) -> Record:
        if isinstance(row, Reject):
            raise ParseError(row.reason)
        self._check(row)
        fields = {"licence": REPOSITORY_LICENCES[row.source], "repository": row.source}
        split: Split = "train" if row.split == "train" else "held_out"
        return Record(self.name, identifier, "protein", split, fields, row.protein)

    def _check(self, row: ChainRecord) -> None:
        if row.source not in REPOSITORY_LICENCES:
            raise UnsupportedError(f"the terms of {row.source} do not allow shipping what is trained on it")
        if row.split == "test":
            raise UnsupportedError("in the test split")
        if row.benchmark:
            raise UnsupportedError(f"in a benchmark: {', '.join(row.benchmark)}")
        if row.split == "train" and row.cluster in held_out_clusters(self.root):
            raise UnsupportedError("in a cluster with a held-out, benchmark or example chain")
        if len(row.protein) > MAX_RESIDUES:
            raise LimitError(f"{len(row.protein)} residues: the corpus takes at most {MAX_RESIDUES}")


class HeldOutChainSource(Source):
    """The sequences of clusters that training does not read: a test set, near which no sequence is trained on."""

    def table(self, path: Path) -> Table:
        return ParquetTable(path, ["id", "sequence", "cluster30"])

    def expand(self, table: Table, number: int, row: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        yield str(row["id"]), row

    def record(self, identifier: str, row: Mapping[str, Any]) -> Record:
        """Return the record of a held-out chain; UnsupportedError for one that is trained on."""
        if row["cluster30"] not in held_out_clusters(self.root):
            raise UnsupportedError("in a training cluster")
        return Record(self.name, identifier, "protein", "held_out", {}, Protein(row["sequence"], name=identifier))


def _chains(root: Path) -> Source:
    return ChainSource(
        "chains",
        Provenance(
            ("CC0-1.0", "MIT", "Apache-2.0", "BSD-3-Clause"),
            "PDB chains from " + ", ".join(sorted(REPOSITORY_LICENCES)),
            (CHAINS,),
            "training clusters without benchmark chains; validation clusters are held out; test is not read",
            category="protein",
            part="3d",
        ),
        root,
    )


def _held_out_chains(root: Path) -> Source:
    terms = _chains(root).provenance
    return HeldOutChainSource(
        "held_out_chains", Provenance(terms.licence, terms.origin, terms.files, "what training does not read"), root
    )


CHAIN_SOURCES: dict[str, Callable[[Path], Source]] = {"chains": _chains}
CHAIN_TEST_SETS: dict[str, Callable[[Path], Source]] = {"held_out_chains": _held_out_chains}
"""What decontamination reads: no source of a corpus."""
