"""What files of proteins hold: the atoms of a backbone, with the carbonyl oxygen rebuilt from N, CA and C; FASTA."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from biomatrix.entities.protein.entity import Protein
from biomatrix.entities.structure_files.residues import THREE_LETTERS
from biomatrix.entities.title_lines import title_line
from biomatrix.errors import UnsupportedError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CARBONYL_LENGTH: Final[float] = 1.231
_LINE_LENGTH: Final[int] = 60
_ATOMS: Final[tuple[str, ...]] = ("N", "CA", "C", "O")


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
        pieces.append(f">{title_line(protein.name) or title_line(protein.chain)}\n" + "\n".join(lines) + "\n")
    return "".join(pieces)


def backbone_atoms(protein: Protein) -> Iterator[tuple[str, str, int, str, NDArray[np.float32]]]:
    """Yield name, residue name, number, insertion code and position of every atom that has a position.

    Raises
    ------
    UnsupportedError
        No atom has one.
    """
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


def check_distinct(proteins: Sequence[Protein]) -> None:
    """Raise UnsupportedError where there is no chain, or two have one identifier."""
    chains = [protein.chain for protein in proteins]
    if not chains:
        raise UnsupportedError("no chain to write")
    if len(set(chains)) < len(chains):
        raise UnsupportedError(f"two chains share an identifier, in {chains}: rename one, or write two files")


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-8), dtype=np.float32)
