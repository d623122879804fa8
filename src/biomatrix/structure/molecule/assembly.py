"""From SELFIES symbols and codes to a molecular graph with one code an atom, and to a molecule in 3D."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import selfies
from numpy.typing import NDArray
from rdkit import Chem, rdBase

from biomatrix.entities import Molecule
from biomatrix.errors import DecodeError, LimitError
from biomatrix.structure.molecule.frames import Array
from biomatrix.structure.molecule.symbols import atom_mask, index_owners, index_symbols_after

MAX_SYMBOLS = 10_000
MAX_IDLE_BRANCHES = 64

_ATOM = re.compile(r"\[|[A-Za-z*]")
_SELFIES_ERRORS = (selfies.DecoderError, ValueError, KeyError, IndexError, RecursionError)


@dataclass(frozen=True, eq=False)
class DecodedGraph:
    """The graph a SELFIES string spells.

    Parameters
    ----------
    mol : rdkit.Chem.Mol
        Sanitised, without a conformer.
    codes : ndarray, shape=(N,), dtype=int64
        The code of each atom.
    bonds : ndarray, shape=(E, 2), dtype=int64
        The lower index first.
    notes : tuple of str
    """

    mol: Chem.Mol
    codes: NDArray[np.int64]
    bonds: NDArray[np.int64]
    notes: tuple[str, ...]


def decoded_graph(symbols: Sequence[str], codes: NDArray[np.int16], num_codes: int) -> DecodedGraph:
    """Return the graph and one code an atom; DecodeError names the first symbol at fault, counted from 0."""
    if len(symbols) != len(codes):
        raise DecodeError(f"{len(symbols)} symbols but {len(codes)} codes")
    if not symbols:
        raise DecodeError("no symbols")
    if len(symbols) > MAX_SYMBOLS:
        raise LimitError(f"{len(symbols)} symbols, the limit is {MAX_SYMBOLS}")
    if "." in symbols:
        raise DecodeError(
            "several fragments: codes place atoms within one bonded molecule", position=symbols.index(".")
        )
    outside = np.flatnonzero((codes < -1) | (codes >= num_codes))
    if len(outside):
        raise DecodeError(f"code {codes[outside[0]]} outside 0..{num_codes - 1}", position=int(outside[0]))
    smiles, places, notes = _coded_atoms_of(symbols, codes)
    atom_codes = np.asarray(codes, dtype=np.int64)[places]
    uncoded = np.flatnonzero(atom_codes < 0)
    if len(uncoded):
        place = int(places[uncoded[0]])
        raise DecodeError(f"{symbols[place]} is an atom and carries no code", position=place)
    mask = np.ones(len(codes), dtype=bool)
    mask[places] = False
    ignored = np.flatnonzero(mask & (codes >= 0))
    if len(ignored):
        notes = (*notes, f"ignored {len(ignored)} codes on symbols that place no atom, first at {ignored[0]}")
    mol = _parse(smiles)
    if mol.GetNumAtoms() != len(places):
        raise DecodeError(f"SELFIES spells {len(places)} atoms, its SMILES {mol.GetNumAtoms()}")
    bonds = np.argwhere(np.triu(Chem.GetAdjacencyMatrix(mol)))
    return DecodedGraph(mol, atom_codes, bonds, notes)


def with_positions(graph: DecodedGraph, positions: Array) -> Molecule:
    """Return the molecule with a conformer flagged 3D and the stereochemistry its geometry shows."""
    mol = Chem.Mol(graph.mol)
    conformer = Chem.Conformer(mol.GetNumAtoms())
    conformer.SetPositions(np.ascontiguousarray(positions, dtype=np.float64))
    conformer.Set3D(True)
    mol.AddConformer(conformer, assignId=True)
    Chem.AssignStereochemistryFrom3D(mol)
    return Molecule(mol, "", graph.notes)


def _coded_atoms_of(symbols: Sequence[str], codes: NDArray[np.int16]) -> tuple[str, NDArray[np.int64], tuple[str, ...]]:
    """Return what :func:`_atoms_of` does, with branches left out that find no free valence.

    SELFIES skips such a branch symbol but reads its index symbols as atoms. These carry no code, so nothing could
    place them: branch and index symbols are taken to spell nothing, first one first, and the notes say so.
    """
    owners = index_owners(symbols)
    kept = np.arange(len(symbols))
    for idle in range(MAX_IDLE_BRANCHES + 1):
        smiles, places, notes = _atoms_of([symbols[position] for position in kept.tolist()])
        places = kept[places]
        stray = next((int(place) for place in places if codes[place] < 0 and int(place) in owners), None)
        if stray is None:
            told = (f"{idle} branches find no free valence and spell nothing",) if idle else ()
            return smiles, places, (*notes, *told)
        owner = owners[stray]
        kept = kept[(kept < owner) | (kept > owner + index_symbols_after(symbols[owner]))]
    raise LimitError(
        f"more than {MAX_IDLE_BRANCHES} branches find no free valence: not a molecule worth repairing", position=stray
    )


def _atoms_of(symbols: Sequence[str]) -> tuple[str, NDArray[np.int64], tuple[str, ...]]:
    """Return the SMILES, the symbol position of each of its atoms, and what was dropped."""
    kept = [position for position, symbol in enumerate(symbols) if symbol != "[nop]"]
    try:
        smiles, attribution = selfies.decoder("".join(symbols[position] for position in kept), attribute=True)
    except _SELFIES_ERRORS as error:
        raise DecodeError(f"not SELFIES: {' '.join(str(error).split())[:200]}", position=_first_odd(symbols)) from error
    # the last symbol an output atom is attributed to is the one that placed it; the ones before are its branches
    places = [kept[item.attribution[-1].index] for item in attribution if item.attribution and _ATOM.match(item.token)]
    if not smiles or not places:
        raise DecodeError("SELFIES spells no atom")
    dropped = int(atom_mask(symbols).sum()) - len(places)
    notes = (f"{dropped} atom symbols come after the valences were full and spell nothing",) if dropped > 0 else ()
    return str(smiles), np.array(places, dtype=np.int64), notes


def _first_odd(symbols: Sequence[str]) -> int | None:
    """Return the position of the first symbol that SELFIES cannot read by itself, if there is one."""
    for position, symbol in enumerate(symbols):
        try:
            selfies.decoder(symbol)
        except _SELFIES_ERRORS:
            return position
    return None


def _parse(smiles: str) -> Chem.Mol:
    parameters: Any = Chem.SmilesParserParams()
    parameters.removeHs = False
    with rdBase.BlockLogs():
        mol = Chem.MolFromSmiles(smiles, parameters)
    if mol is None:
        raise DecodeError(f"the molecule is not one RDKit can sanitise: {smiles[:80]}")
    return mol
