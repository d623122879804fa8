"""From SELFIES symbols and codes to a molecular graph with one code per atom, and to a molecule in 3D."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem, rdBase

from biomatrix.entities.molecule.entity import Molecule
from biomatrix.entities.molecule.selfies import (
    SelfiesGraph,
    atom_mask,
    charges_of,
    elements_of,
    index_owners,
    index_symbols_after,
    read_symbols,
)
from biomatrix.entities.molecule.structure.frames import Array
from biomatrix.errors import DecodeError, LimitError
from biomatrix.metrics.stereochemistry import assign_from_conformer

MAX_SYMBOLS = 10_000
MAX_IDLE_BRANCHES = 64

_PARAMETERS: Any = Chem.SmilesParserParams()
_PARAMETERS.removeHs = False
_BARE: Any = Chem.SmilesParserParams()
_BARE.removeHs = _BARE.sanitize = _BARE.parseName = _BARE.allowCXSMILES = False


@dataclass(frozen=True, eq=False)
class DecodedGraph:
    """The graph a SELFIES string spells.

    Parameters
    ----------
    mol : rdkit.Chem.Mol
        Sanitised, without a conformer until :func:`with_positions` gives it one.
    codes : ndarray, shape=(N,), dtype=int64
        The code of each atom.
    bonds : ndarray, shape=(E, 2), dtype=int64
        The lower index first, sorted.
    notes : tuple of str
        What was ignored on the way, one sentence each.
    atom_symbols : tuple of str, length N
        The SELFIES symbols of the atoms; empty where they are not known.
    """

    mol: Chem.Mol
    codes: NDArray[np.int64]
    bonds: NDArray[np.int64]
    notes: tuple[str, ...]
    atom_symbols: tuple[str, ...] = ()

    @cached_property
    def elements(self) -> NDArray[np.int64]:
        """The atomic number of each atom, ``int64 [N]``."""
        return elements_of(self.atom_symbols)

    @cached_property
    def charges(self) -> NDArray[np.int64]:
        """The formal charge of each atom, ``int64 [N]``."""
        return charges_of(self.atom_symbols)


def decoded_graph(
    symbols: Sequence[str], codes: NDArray[np.int16], num_codes: int, *, fragments: bool = False
) -> DecodedGraph:
    """Return the graph and one code per atom; DecodeError names the first symbol at fault, counted from 0.

    Parameters
    ----------
    symbols : sequence of str, length S
    codes : ndarray, shape=(S,), dtype=int16
        The code of each atom symbol, -1 elsewhere.
    num_codes : int
        The size of the codebook.
    fragments : bool
        Accept several fragments, because codes place them.

    Raises
    ------
    DecodeError
        Symbols that spell no molecule, a code outside the codebook, or an atom without a code.
    LimitError
        More than ``MAX_SYMBOLS`` symbols, or more than ``MAX_IDLE_BRANCHES`` branches without a free valence.
    """
    if len(symbols) != len(codes):
        raise DecodeError(f"{len(symbols)} symbols but {len(codes)} codes")
    if not symbols:
        raise DecodeError("no symbols")
    if len(symbols) > MAX_SYMBOLS:
        raise LimitError(
            f"{len(symbols)} symbols, the limit is {MAX_SYMBOLS}",
            limit="symbols",
            actual=len(symbols),
            allowed=MAX_SYMBOLS,
        )
    if "." in symbols and not fragments:
        raise DecodeError(
            "several fragments: codes place atoms within one bonded molecule", position=symbols.index(".")
        )
    outside = np.flatnonzero((codes < -1) | (codes >= num_codes))
    if len(outside):
        raise DecodeError(f"code {codes[outside[0]]} outside 0..{num_codes - 1}", position=int(outside[0]))
    graph, places, notes = _coded_atoms_of(symbols, codes)
    atom_codes = codes[places].astype(np.int64)
    if atom_codes.min() < 0:
        place = int(places[np.argmax(atom_codes < 0)])
        raise DecodeError(f"{symbols[place]} is an atom and carries no code", position=place)
    if np.count_nonzero(codes >= 0) > len(places):
        mask = codes >= 0
        mask[places] = False
        ignored = np.flatnonzero(mask)
        notes = (*notes, f"ignored {len(ignored)} codes on symbols that place no atom, first at {ignored[0]}")
    mol = _parse(graph.smiles)
    if mol.GetNumAtoms() != len(places):
        raise DecodeError(f"SELFIES spells {len(places)} atoms, its SMILES {mol.GetNumAtoms()}")
    return DecodedGraph(mol, atom_codes, graph.bonds, notes, graph.atom_symbols)


def with_positions(graph: DecodedGraph, positions: Array) -> Molecule:
    """Return the molecule with a conformer flagged 3D and the stereochemistry its geometry shows.

    The molecule takes over ``graph.mol``; from the second call on the same graph it gets a copy.
    """
    mol = graph.mol
    if mol.GetNumConformers():
        mol = Chem.Mol(mol)
        mol.RemoveAllConformers()
    conformer = Chem.Conformer(mol.GetNumAtoms())
    conformer.SetPositions(np.ascontiguousarray(positions, dtype=np.float64))
    conformer.Set3D(True)
    mol.AddConformer(conformer, assignId=True)
    assign_from_conformer(mol)
    return Molecule(mol, "", graph.notes)


def _coded_atoms_of(
    symbols: Sequence[str], codes: NDArray[np.int16]
) -> tuple[SelfiesGraph, NDArray[np.int64], tuple[str, ...]]:
    """Return the graph, the symbol position of each atom, and notes, with idle branches left out.

    SELFIES skips a branch symbol that finds no free valence but reads its index symbols as atoms. These carry no code,
    so nothing could place them: branch and index symbols are left out, the first branch first, and the notes
    say so.
    """
    kept = np.arange(len(symbols))
    owners: dict[int, int] | None = None
    for idle in range(MAX_IDLE_BRANCHES + 1):
        chosen = [symbols[position] for position in kept.tolist()] if idle else symbols
        try:
            graph = read_symbols(chosen)
        except DecodeError as error:
            raise DecodeError(error.message, position=int(kept[int(error.position or 0)])) from error
        if not graph.smiles:
            raise DecodeError("SELFIES spells no atom")
        places = kept[graph.places]
        stray = None
        if codes[places].min() < 0:
            owners = index_owners(symbols) if owners is None else owners
            stray = next((place for place in places[codes[places] < 0].tolist() if place in owners), None)
        if stray is None or owners is None:
            idle_notes = (f"{idle} branches find no free valence and spell nothing",) if idle else ()
            return graph, places, (*_dropped_notes(chosen, graph), *idle_notes)
        owner = owners[stray]
        kept = kept[(kept < owner) | (kept > owner + index_symbols_after(symbols[owner]))]
    raise LimitError(
        f"more than {MAX_IDLE_BRANCHES} branches find no free valence: not a molecule worth repairing", position=stray
    )


def _dropped_notes(symbols: Sequence[str], graph: SelfiesGraph) -> tuple[str, ...]:
    dropped = int(np.count_nonzero(atom_mask(symbols))) - len(graph.places)
    return (f"{dropped} atom symbols come after the valences were full and spell nothing",) if dropped > 0 else ()


def _parse(smiles: str) -> Chem.Mol:
    with rdBase.BlockLogs():
        if "@" in smiles:
            mol = Chem.MolFromSmiles(smiles, _PARAMETERS)
        else:  # no centres to clean up, and positions give the stereochemistry later: sanitising alone is quicker
            mol = Chem.MolFromSmiles(smiles, _BARE)
            if mol is not None and Chem.SanitizeMol(mol, catchErrors=True) != Chem.SanitizeFlags.SANITIZE_NONE:
                mol = None
    if mol is None:
        raise DecodeError(f"the molecule is not one RDKit can sanitise: {smiles[:80]}")
    return mol
