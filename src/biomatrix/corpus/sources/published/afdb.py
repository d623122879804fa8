"""The AlphaFold Protein Structure Database: tar archives of mmCIF models, or FoldComp databases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np
from pydantic import Field

from biomatrix.corpus.holdout import split_of
from biomatrix.corpus.records import Record
from biomatrix.corpus.sources.archive_members import Member
from biomatrix.corpus.sources.archive_tables import TarTable
from biomatrix.corpus.sources.foldcomp_tables import FoldcompTable
from biomatrix.corpus.sources.published.published_source import PublishedSource
from biomatrix.corpus.sources.tables import Table
from biomatrix.entities import Protein
from biomatrix.entities.limits import DEFAULT_LIMITS
from biomatrix.entities.protein.files.chains import choose, protein_chains, to_protein
from biomatrix.entities.protein.files.entry_facts import EntryFacts, entry_facts
from biomatrix.entities.settings import Section
from biomatrix.entities.structure_files.reading import read_atom_table
from biomatrix.errors import LimitError, ParseError

_MODEL: Final = re.compile(r"(AF-\w+-F\d+)-model_v\d+")
_ALPHA: Final = re.compile(r"^ATOM  .{6} CA .{44}(.{5}\d)", re.MULTILINE)


class ModelSettings(Section):
    """Which models are kept.

    Parameters
    ----------
    least_plddt : float
        The least mean pLDDT over the residues of a model, 0 to 100.
    """

    least_plddt: float = Field(default=70.0, ge=0, le=100)


class AfdbSource(PublishedSource):
    """Models as proteins with name, organism and mean pLDDT; PDB members of archives are passed over."""

    settings_form: ClassVar[type[Section]] = ModelSettings
    settings: ModelSettings

    def table(self, path: Path) -> Table:
        """Return the models of an archive, or of a database, beside which its index lies."""
        if path.with_name(path.name + ".index").is_file():
            return FoldcompTable(path)
        return TarTable(path, lambda name: name.endswith((".cif.gz", ".cif")))

    def expand(self, table: Table, number: int, row: Member | tuple[str, Any]) -> Iterator[tuple[str, Any]]:
        """Yield the one model, by its name without the version of the database."""
        name = Path(row[0]).name
        found = _MODEL.match(name)
        yield (name if found is None else found[1]), row

    def record(self, identifier: str, row: Member | tuple[str, str | ParseError]) -> Record:
        """Return the record of a model.

        Raises
        ------
        ParseError
            It is broken, or holds other than one chain.
        LimitError
            Its mean pLDDT is under the setting.
        """
        protein, facts, label = _from_archive(row, identifier) if isinstance(row, Member) else _from_text(*row)
        if facts.confidence is None:
            raise ParseError("no pLDDT")
        if facts.confidence < self.settings.least_plddt:
            raise LimitError(f"a mean pLDDT under {self.settings.least_plddt:g}")
        fields = {
            "name": facts.chain_names.get(label, ""),
            "organism": facts.chain_organisms.get(label, ""),
            "plddt": f"{facts.confidence:.2f}",
        }
        kept = {name: value for name, value in fields.items() if value}
        return Record(self.name, identifier, Protein.kind, split_of(protein), kept, protein)


def _from_archive(member: Member, name: str) -> tuple[Protein, EntryFacts, str]:
    content = member.unpacked(DEFAULT_LIMITS)
    facts = entry_facts(content, "cif")
    protein, label = _chain(content, "cif", name)
    return protein, facts, label


def _from_text(name: str, text: str | ParseError) -> tuple[Protein, EntryFacts, str]:
    """Return the model of a FoldComp database; its pLDDT stands where PDB files have B factors."""
    if isinstance(text, ParseError):
        raise text
    protein, label = _chain(text.encode(), "pdb", name)
    values = [float(value) for value in _ALPHA.findall(text)]
    return protein, EntryFacts(confidence=float(np.mean(values)) if values else None), label


def _chain(content: bytes, file_format: str, name: str) -> tuple[Protein, str]:
    atoms = read_atom_table(content, file_format, DEFAULT_LIMITS)
    chain, notes = choose(protein_chains(atoms), None, atoms)
    return to_protein(chain, atoms, name, DEFAULT_LIMITS, notes), chain.label
