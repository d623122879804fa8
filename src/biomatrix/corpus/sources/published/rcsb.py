"""The Protein Data Bank: entries in mmCIF or BinaryCIF, each protein chain a record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from biomatrix.corpus.holdout import split_of
from biomatrix.corpus.records import Record
from biomatrix.corpus.sources.file_runs import FileRunSource
from biomatrix.corpus.sources.published.published_source import PublishedSource
from biomatrix.corpus.sources.tables import Table
from biomatrix.entities import Protein
from biomatrix.entities.files.opening import read_bytes
from biomatrix.entities.files.unpacking import without_packing
from biomatrix.entities.limits import DEFAULT_LIMITS
from biomatrix.entities.protein.files.chains import ChainRecord, protein_chains, to_protein
from biomatrix.entities.protein.files.entry_facts import EntryFacts, entry_facts
from biomatrix.entities.structure_files.atom_table import AtomTable
from biomatrix.entities.structure_files.reading import read_atom_table
from biomatrix.errors import BioMatrixError, UnsupportedError


class EntryChain(NamedTuple):
    """A chain of an entry that was read."""

    chain: ChainRecord
    atoms: AtomTable
    facts: EntryFacts


class RcsbSource(FileRunSource, PublishedSource):
    """Chains with sequence and backbone; chains of one sequence in an entry give the first of them.

    An entry's name is that of its file, so that of a broken one is known too.
    """

    def expand(self, table: Table, number: int, row: Path) -> Iterator[tuple[str, Any]]:
        """Yield the chains of one entry as proteins with facts, or the reason why there are none."""
        plain = without_packing(row.name)
        entry = plain.rpartition(".")[0] or plain
        try:
            content = read_bytes(row)
            file_format = "bcif" if plain.lower().endswith(".bcif") else "cif"
            facts = entry_facts(content, file_format)
            atoms = read_atom_table(content, file_format, DEFAULT_LIMITS)
            chains = protein_chains(atoms)
            if not chains:
                raise UnsupportedError("no protein chain in the entry")
        except BioMatrixError as error:
            yield entry, error
            return
        yield from self._distinct(entry, [EntryChain(chain, atoms, facts) for chain in chains])

    def _distinct(self, entry: str, chains: list[EntryChain]) -> Iterator[tuple[str, Any]]:
        """Yield one chain of each sequence, with the number of its copies, and those that are broken."""
        copies: dict[str, tuple[str, Protein, EntryChain, int]] = {}
        for one in chains:
            name = f"{entry}_{one.chain.chain}"
            try:
                protein = replace(to_protein(one.chain, one.atoms, name, DEFAULT_LIMITS), name=name)
            except BioMatrixError as error:
                yield name, error
                continue
            first = copies.get(protein.sequence, (name, protein, one, 0))
            copies[protein.sequence] = (*first[:3], first[3] + 1)
        for name, protein, one, count in copies.values():
            yield name, (protein, one, count)

    def record(self, identifier: str, row: tuple[Protein, EntryChain, int] | BioMatrixError) -> Record:
        """Return the record of a chain; the reason is raised where it could not be read."""
        if isinstance(row, BioMatrixError):
            raise row
        protein, one, copies = row
        facts, label = one.facts, one.chain.label
        fields = {
            "name": facts.chain_names.get(label, ""),
            "organism": facts.chain_organisms.get(label, ""),
            "title": facts.title,
            "method": facts.method,
            "resolution": "" if facts.resolution is None else f"{facts.resolution:g} Å",
            "released": facts.released,
            "copies": str(copies) if copies > 1 else "",
        }
        kept = {name: value for name, value in fields.items() if value}
        return Record(self.name, identifier, Protein.kind, split_of(protein), kept, protein)
