"""The text of PDB, mmCIF and FASTA files: the backbone, with the carbonyl oxygen rebuilt from N, CA and C."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from string import ascii_uppercase
from typing import TYPE_CHECKING, Final

import numpy as np

from biomatrix.entities.protein.entity import Protein
from biomatrix.entities.protein.residues import THREE_LETTERS
from biomatrix.errors import UnsupportedError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CARBONYL_LENGTH: Final[float] = 1.231
_LINE_LENGTH: Final[int] = 60
_ATOMS: Final[tuple[str, ...]] = ("N", "CA", "C", "O")
_ADVICE: Final[str] = "which the columns of a PDB file cannot hold; write .cif"
_CIF_COLUMNS: Final[tuple[str, ...]] = (
    "group_PDB", "id", "type_symbol", "label_atom_id", "label_alt_id", "label_comp_id", "label_asym_id",
    "label_entity_id", "label_seq_id", "pdbx_PDB_ins_code", "Cartn_x", "Cartn_y", "Cartn_z", "occupancy",
    "B_iso_or_equiv", "auth_seq_id", "auth_comp_id", "auth_asym_id", "auth_atom_id", "pdbx_PDB_model_num",
)  # fmt: skip
_LAST_SERIAL: Final[int] = 99_999


def carbonyl_oxygens(backbone: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return where the O of each residue lies, in the plane of its peptide bond.

    Seen from C, O lies opposite the bisector of CA and the next residue's N, 1.231 Angstrom away. At a chain end or
    break the plane is set by N, CA and C alone, with O cis to N, as in an extended chain (psi of 180 degrees).

    Parameters
    ----------
    backbone : ndarray, shape=(L, 3, 3), dtype=float32
        (N, CA, C) in Angstrom.

    Returns
    -------
    ndarray, shape=(L, 3), dtype=float32
        NaN where N, CA or C is missing.
    """
    n, ca, c = backbone[:, 0], backbone[:, 1], backbone[:, 2]
    to_alpha = _unit(ca - c)
    to_next = np.full_like(to_alpha, np.nan)
    to_next[:-1] = _unit(n[1:] - c[:-1])
    joined = np.zeros(len(n), dtype=bool)
    joined[:-1] = np.linalg.norm(n[1:] - c[:-1], axis=-1) < 2.0
    bisector = -_unit(to_alpha + to_next)
    # Without a next residue: O at 120.5 degrees from CA, in the plane of N, CA and C, on the side of N.
    in_plane = _unit((n - ca) - np.sum((n - ca) * to_alpha, axis=-1, keepdims=True) * to_alpha)
    alone = np.cos(np.radians(120.5)) * to_alpha + np.sin(np.radians(120.5)) * in_plane
    direction = np.where(joined[:, None], bisector, alone)
    direction[~np.isfinite(backbone).all(axis=(1, 2))] = np.nan
    return np.asarray(c + _CARBONYL_LENGTH * direction, dtype=np.float32)


def fasta_text(proteins: Sequence[Protein]) -> str:
    """Return FASTA, 60 letters per line; the header is the name, else the chain."""
    pieces = []
    for protein in proteins:
        lines = [protein.sequence[i : i + _LINE_LENGTH] for i in range(0, len(protein), _LINE_LENGTH)]
        pieces.append(f">{' '.join(protein.name.split()) or protein.chain}\n" + "\n".join(lines) + "\n")
    return "".join(pieces)


def pdb_text(proteins: Sequence[Protein]) -> str:
    """Return a PDB file of backbones, one chain after another, each closed by TER.

    Raises
    ------
    UnsupportedError
        No chain, two of one identifier, a chain without a structure, or a value that the columns cannot hold.
    """
    lines: list[str] = []
    serial = 0
    _check_distinct(proteins)
    for protein in proteins:
        if len(protein.chain) > 1 or not protein.chain.isascii():
            raise UnsupportedError(f"the chain identifier {protein.chain!r} is longer than one letter, {_ADVICE}")
        last = ""
        for atom, residue, number, code, xyz in _atoms(protein):
            serial += 1
            if not -999 <= number <= 9999:
                raise UnsupportedError(
                    f"residue number {number} of chain {protein.chain!r}, {_ADVICE}", position=number
                )
            if len(code) > 1:
                raise UnsupportedError(f"insertion code {code!r} of residue {number}, {_ADVICE}", position=number)
            if serial >= _LAST_SERIAL:
                raise UnsupportedError(f"more than {_LAST_SERIAL:,} atoms, {_ADVICE}")
            if not bool(((xyz > -1000) & (xyz < 10000)).all()):
                raise UnsupportedError(
                    f"a coordinate of residue {number} past 9999 Angstrom, {_ADVICE}", position=number
                )
            last = f"{residue:>3} {protein.chain or ' '}{number:>4}{code or ' '}"
            x, y, z = xyz.tolist()
            lines.append(
                f"ATOM  {serial:>5}  {atom:<3} {last}   {x:8.3f}{y:8.3f}{z:8.3f}  1.00  0.00          {atom[0]:>2}  "
            )
        serial += 1
        lines.append(f"TER   {serial:>5}      {last}")
    lines.append("END")
    return "\n".join(f"{line:<80}" for line in lines) + "\n"


def cif_text(proteins: Sequence[Protein]) -> str:
    """Return an mmCIF file of backbones: author and label identifiers, one entity per chain.

    A chain without an identifier is written with an empty author identifier, and a label identifier of its own.

    Raises
    ------
    UnsupportedError
        No chain, two of one identifier, or a chain without a structure.
    """
    from gemmi import cif

    _check_distinct(proteins)
    name = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in proteins[0].name) or "biomatrix"
    document = cif.Document()
    block = document.add_new_block(name if name.isascii() else "biomatrix")
    block.set_pair("_entry.id", cif.quote(block.name))
    # A loop is filled before the next is made: making one moves the others in memory.
    entities = block.init_loop("_entity.", ["id", "type"])
    for entity in range(1, len(proteins) + 1):
        entities.add_row([str(entity), "polymer"])
    polymers = block.init_loop("_entity_poly.", ["entity_id", "type", "pdbx_seq_one_letter_code_can", "pdbx_strand_id"])
    for entity, protein in enumerate(proteins, start=1):
        chain = cif.quote(protein.chain)
        polymers.add_row([str(entity), "'polypeptide(L)'", cif.quote(protein.sequence), chain])
    atoms = block.init_loop("_atom_site.", list(_CIF_COLUMNS))
    serial = 0
    labels = _label_chains(proteins)
    for entity, (protein, label) in enumerate(zip(proteins, labels, strict=True), start=1):
        chain = cif.quote(protein.chain)
        place = 0
        previous: tuple[int, str] | None = None
        for atom, residue, number, code, xyz in _atoms(protein):
            serial += 1
            place += (number, code) != previous
            previous = (number, code)
            position = [f"{value:.3f}" for value in xyz.tolist()]
            names = ["ATOM", str(serial), atom[0], atom, ".", residue, label, str(entity), str(place), code or "?"]
            atoms.add_row([*names, *position, "1.00", "0.00", str(number), residue, chain, atom, "1"])
    return str(document.as_string())


def _label_chains(proteins: Sequence[Protein]) -> list[str]:
    """Return a label identifier for each chain: the author's, for an empty one the first letter that is free."""
    from gemmi import cif

    taken = {protein.chain for protein in proteins}
    free = next(letter for letter in (*ascii_uppercase, "chain") if letter not in taken)
    return [cif.quote(protein.chain or free) for protein in proteins]


def _atoms(protein: Protein) -> Iterator[tuple[str, str, int, str, NDArray[np.float32]]]:
    """Yield name, residue name, number, insertion code and position of every atom that has a position."""
    if protein.backbone is None:
        raise UnsupportedError("the protein has no structure; write its sequence as .fasta")
    positions = np.concatenate([protein.backbone, carbonyl_oxygens(protein.backbone)[:, None]], axis=1)
    numbers = range(1, len(protein) + 1) if protein.residue_numbers is None else protein.residue_numbers.tolist()
    codes: Sequence[str] = protein.insertion_codes or ("",) * len(protein)
    present = np.isfinite(positions).all(axis=-1)
    if not present.any():
        raise UnsupportedError("no atom of the protein has a position; write its sequence as .fasta")
    for index, (letter, number, code) in enumerate(zip(protein.sequence, numbers, codes, strict=True)):
        for place, atom in enumerate(_ATOMS):
            if present[index, place]:
                yield atom, THREE_LETTERS[letter], number, code, positions[index, place]


def _check_distinct(proteins: Sequence[Protein]) -> None:
    chains = [protein.chain for protein in proteins]
    if not chains:
        raise UnsupportedError("no chain to write")
    if len(set(chains)) < len(chains):
        raise UnsupportedError(f"two chains share an identifier, in {chains}: rename one, or write two files")


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-8), dtype=np.float32)
