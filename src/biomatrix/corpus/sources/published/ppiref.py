"""PPIRef: interfaces of two chains of the Protein Data Bank, each in a PDB file of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from biomatrix.corpus.holdout import split_of
from biomatrix.corpus.records import INTERACTION, Record
from biomatrix.corpus.sources.archive_members import Member, is_zip
from biomatrix.corpus.sources.archive_tables import ZipTable
from biomatrix.corpus.sources.published.published_source import PublishedSource
from biomatrix.corpus.sources.source_lines import readable
from biomatrix.corpus.sources.tables import RowTable, Table
from biomatrix.entities.files.opening import read_bytes
from biomatrix.entities.limits import DEFAULT_LIMITS
from biomatrix.entities.protein.files.chains import choose, protein_chains, to_protein
from biomatrix.entities.structure_files.reading import read_atom_table
from biomatrix.errors import ParseError


class PpirefSource(PublishedSource):
    """Pairs of chains in the one frame of their file: residues at the interface alone, as the files hold them."""

    def table(self, path: Path) -> Table:
        """Return the members of the published archive, or one PDB file."""
        with readable(path):
            return ZipTable(path, lambda name: name.endswith(".pdb")) if is_zip(path) else RowTable([path])

    def expand(self, table: Table, number: int, row: Member | Path) -> Iterator[tuple[str, Any]]:
        """Yield the one pair, by entry and chains."""
        yield Path(row.name).name.removesuffix(".gz").removesuffix(".pdb"), row

    def record(self, identifier: str, row: Member | Path) -> Record:
        """Return the pair in the order of the file's name; ParseError where name or file have not two chains."""
        _, *chains = identifier.split("_")
        if len(chains) != 2 or chains[0] == chains[1]:
            raise ParseError(f"the name {identifier!r} is not one of an entry and two chains")
        content = row.unpacked(DEFAULT_LIMITS) if isinstance(row, Member) else read_bytes(row)
        atoms = read_atom_table(content, "pdb", DEFAULT_LIMITS)
        found = protein_chains(atoms)
        if len(found) != 2:
            raise ParseError(f"{len(found)} protein chains in the file, where its name says two")
        parts = {}
        for place, name in enumerate(chains, start=1):
            chain, notes = choose(found, name, atoms)
            parts[f"protein_{place}"] = to_protein(chain, atoms, f"{identifier}:{name}", DEFAULT_LIMITS, notes)
        return Record(self.name, identifier, INTERACTION, split_of(*parts.values()), {}, None, parts)
