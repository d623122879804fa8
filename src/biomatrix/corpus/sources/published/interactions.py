"""Records of a ligand and a protein with what was measured between them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from biomatrix.corpus.holdout import split_of
from biomatrix.corpus.records import INTERACTION, Record
from biomatrix.corpus.sources.molecule_records import SIZES, check_molecule, parse_smiles
from biomatrix.corpus.sources.published.published_source import PublishedSource
from biomatrix.entities import Molecule, Protein
from biomatrix.errors import LimitError, ParseError

_LONGEST: Final = 4000
_VALUE: Final = re.compile(r"(?P<relation>[<>~]=?|=)?\s*(?P<value>\d+(\.\d*)?([eE][-+]?\d+)?|\.\d+)")


class Measured(NamedTuple):
    """A measured value with what stands before it: ``=``, ``<``, ``>``, ``<=``, ``>=``, ``~``."""

    relation: str
    value: str

    @property
    def text(self) -> str:
        """The two together."""
        return f"{self.relation} {self.value}"


class LigandProteinSource(PublishedSource):
    """A published table of ligands and proteins."""

    largest: Mapping[str, int] = {**SIZES, "residues": _LONGEST}

    def pair(
        self, identifier: str, ligand: tuple[str, str], protein: tuple[str, str], fields: Mapping[str, str]
    ) -> Record:
        """Return the record of a pair.

        Parameters
        ----------
        identifier : str
            The record's id.
        ligand : tuple of str
            SMILES and name.
        protein : tuple of str
            Sequence and name.
        fields : mapping of str to str
            What is known of the two together; fields without a value are left out.

        Raises
        ------
        ParseError
            If one of them is missing or broken.
        LimitError, UnsupportedError
            If one of them is outside what the corpus covers.
        """
        mol = parse_smiles(ligand[0])
        check_molecule(mol, self.largest)
        letters = "".join(protein[0].split()).upper()
        if not letters:
            raise ParseError("no protein sequence in the row")
        if len(letters) > self.largest["residues"]:
            raise LimitError(f"{len(letters)} residues: the corpus takes at most {self.largest['residues']}")
        parts = {
            "ligand": Molecule.from_rdkit(mol, name=ligand[1]),
            "protein": Protein.from_sequence(letters, name=protein[1]),
        }
        kept = {name: value for name, value in fields.items() if value}
        return Record(self.name, identifier, INTERACTION, split_of(*parts.values()), kept, parts=parts)


def measured(text: Any) -> Measured | None:
    """Return a value with its relation, None where there is none.

    Examples
    --------
    >>> measured(" >10000"), measured("12.5"), measured("")
    (Measured(relation='>', value='10000'), Measured(relation='=', value='12.5'), None)
    """
    found = _VALUE.fullmatch(str(text or "").strip())
    return None if found is None else Measured(found["relation"] or "=", found["value"])


def negative_log(value: str, unit: float) -> str:
    """Return -log10 of a concentration in ``unit`` mol/l, to two decimals; empty where it is not above zero.

    Examples
    --------
    >>> negative_log("10", 1e-9)
    '8.00'
    """
    concentration = float(value) * unit
    return f"{-math.log10(concentration):.2f}" if 0 < concentration < math.inf else ""
