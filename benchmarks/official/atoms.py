"""Backbones at hand as lines of PDB and mmCIF files that are as long as those of whole proteins.

Coordinates of side chains are not at hand: their atoms stand at the alpha carbon, so that a file has the lines that a
reader must go through. No reader of the corpus takes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

THREE = {
    "A": "ALA", "R": "ARG", "N": "ASN", "D": "ASP", "C": "CYS", "Q": "GLN", "E": "GLU", "G": "GLY", "H": "HIS",
    "I": "ILE", "L": "LEU", "K": "LYS", "M": "MET", "F": "PHE", "P": "PRO", "S": "SER", "T": "THR", "W": "TRP",
    "Y": "TYR", "V": "VAL",
}  # fmt: skip
_SIDE_CHAINS = {
    "A": "CB", "R": "CB CG CD NE CZ NH1 NH2", "N": "CB CG OD1 ND2", "D": "CB CG OD1 OD2", "C": "CB SG",
    "Q": "CB CG CD OE1 NE2", "E": "CB CG CD OE1 OE2", "G": "", "H": "CB CG ND1 CD2 CE1 NE2", "I": "CB CG1 CG2 CD1",
    "L": "CB CG CD1 CD2", "K": "CB CG CD CE NZ", "M": "CB CG SD CE", "F": "CB CG CD1 CD2 CE1 CE2 CZ", "P": "CB CG CD",
    "S": "CB OG", "T": "CB OG1 CG2", "W": "CB CG CD1 CD2 NE1 CE2 CE3 CZ2 CZ3 CH2",
    "Y": "CB CG CD1 CD2 CE1 CE2 CZ OH", "V": "CB CG1 CG2",
}  # fmt: skip
_MISSING = -32768


class Chain(NamedTuple):
    """A chain: identifier, sequence, and N, CA, C, O of each residue, shape (n, 4, 3), Angstrom, nan where missing."""

    name: str
    sequence: str
    backbone: Any


def decoded(values: Sequence[int], origin: Sequence[float]) -> Any:
    """Return coordinates that are kept as hundredths of an Angstrom from an origin, shape (n, 4, 3)."""
    given = np.asarray(values, dtype=float).reshape(-1, 4, 3)
    return np.where(given == _MISSING, np.nan, given / 100 + np.asarray(origin))


def _atoms(chain: Chain) -> Iterator[tuple[int, str, str, Any]]:
    """Yield the residue's number from 1, its letter, the atom's name and place."""
    for number, (letter, places) in enumerate(zip(chain.sequence, chain.backbone, strict=True), start=1):
        if letter not in THREE or np.isnan(places[:3]).any():
            continue
        for name, place in zip(("N", "CA", "C", "O"), places, strict=True):
            if not np.isnan(place).any():
                yield number, letter, name, place
        for name in _SIDE_CHAINS[letter].split():
            yield number, letter, name, places[1]


def pdb_lines(chains: Sequence[Chain]) -> str:
    """Return the atoms of chains as a PDB file."""
    lines, serial = [], 0
    for chain in chains:
        for number, letter, name, (x, y, z) in _atoms(chain):
            serial += 1
            lines.append(
                f"ATOM  {serial % 100000:5d}  {name:<3} {THREE[letter]} {chain.name:1}{number:4d}    "
                f"{x:8.3f}{y:8.3f}{z:8.3f}  1.00 90.00          {name[0]:>2}  \n"
            )
        lines.append("TER\n")
    return "".join([*lines, "END\n"])


_SITE = (
    "group_PDB", "id", "type_symbol", "label_atom_id", "label_alt_id", "label_comp_id", "label_asym_id",
    "label_entity_id", "label_seq_id", "pdbx_PDB_ins_code", "Cartn_x", "Cartn_y", "Cartn_z", "occupancy",
    "B_iso_or_equiv", "pdbx_formal_charge", "auth_seq_id", "auth_comp_id", "auth_asym_id", "auth_atom_id",
    "pdbx_PDB_model_num",
)  # fmt: skip


def _loop(category: str, columns: Sequence[str], rows: Sequence[str]) -> str:
    return "\n".join(["loop_", *(f"{category}.{column}" for column in columns), *rows, "#", ""])


def cif_text(entry: str, chains: Sequence[Chain], items: Sequence[tuple[str, str]]) -> str:
    """Return chains as an mmCIF file with the items given, a polymer to each chain.

    The residues are listed once more, as the table of residues of an entry does.
    """
    site, scheme, serial = [], [], 0
    for entity, chain in enumerate(chains, start=1):
        last = 0
        for number, letter, name, (x, y, z) in _atoms(chain):
            serial += 1
            residue = THREE[letter]
            site.append(
                f"ATOM {serial} {name[0]} {name} . {residue} {chain.name} {entity} {number} ? {x:.3f} {y:.3f} {z:.3f} "
                f"1.00 90.00 ? {number} {residue} {chain.name} {name} 1"
            )
            if number != last:
                scheme.append(f"{chain.name} {entity} {number} {residue} {number} {number} {number} {residue} . n")
                last = number
    ids = range(1, len(chains) + 1)
    return "".join([
        f"data_{entry}\n_entry.id {entry}\n",
        *(f"{name} {value}\n" for name, value in items),
        _loop("_entity", ("id", "type", "pdbx_description"), [f"{one} polymer 'protein {one}'" for one in ids]),
        _loop("_struct_asym", ("id", "entity_id"), [f"{one.name} {at}" for at, one in enumerate(chains, 1)]),
        _loop(
            "_entity_poly",
            ("entity_id", "type", "pdbx_seq_one_letter_code_can", "pdbx_strand_id"),
            [f"{at} 'polypeptide(L)' {one.sequence} {one.name}" for at, one in enumerate(chains, 1)],
        ),
        _loop(
            "_pdbx_poly_seq_scheme",
            ("asym_id", "entity_id", "seq_id", "mon_id", "ndb_seq_num", "pdb_seq_num", "auth_seq_num", "pdb_mon_id",
             "pdb_ins_code", "hetero"),
            scheme,
        ),
        _loop("_atom_site", _SITE, site),
    ])  # fmt: skip
