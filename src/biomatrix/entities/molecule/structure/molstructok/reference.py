"""The published tokenizer exactly as published, including where it stops and where it is wrong.

What a chemist would call a fault is kept on purpose: comparing with published numbers, or reading the output of a
published model, needs the same answers. An error quotes the message of the published code at that point.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import ClassVar, Self

import numpy as np
import selfies
from numpy.typing import NDArray
from rdkit import Chem, rdBase

from biomatrix.entities.molecule.entity import Molecule
from biomatrix.entities.molecule.selfies import atom_mask
from biomatrix.entities.molecule.structure.assembly import DecodedGraph
from biomatrix.entities.molecule.structure.frames import Array
from biomatrix.entities.molecule.structure.graph import OrderedGraph
from biomatrix.entities.molecule.structure.inputs import PreparedMolecule
from biomatrix.entities.molecule.structure.molstructok.closed_loop import batch_references
from biomatrix.entities.molecule.structure.molstructok.descriptors import descriptors
from biomatrix.entities.molecule.structure.molstructok.tokenizer import MolStrucTok
from biomatrix.entities.molecule.structure.tokenizer import Decoder, MoleculeCodes
from biomatrix.entities.tokenizer_folder import StoredWeights
from biomatrix.errors import DecodeError, UnsupportedError

FEWEST_ATOMS = 5
"""The published encoder computes unused descriptors that need four other atoms around each atom."""

_TOKEN = re.compile(r"\[([^\[\]]*)\]")
_INT16 = np.iinfo(np.int16)


def parse_tokens(text: str) -> MoleculeCodes:
    """Read structure tokens as the published code does.

    Bracket groups are read wherever they stand; everything between them is ignored, dots included. Within a
    group the first word is the symbol and the second the code; codes are not checked here, only clipped to 16 bits.

    Parameters
    ----------
    text : str
        Such as ``"[H 3][C 0][#C 6]"``.

    Raises
    ------
    DecodeError
        A group without a code, or with a code that is not a whole number; ``position`` counts groups from 0.
    """
    groups = _groups(text)
    if not groups:
        return MoleculeCodes((), np.zeros(0, dtype=np.int16))
    try:
        symbols, codes = zip(*map(_read, groups), strict=True)
    except (IndexError, ValueError) as error:
        position = next(k for k, group in enumerate(groups) if not _readable(group))
        raise DecodeError(_stop_message(f"{type(error).__name__}: {error}"), position=position) from error
    return MoleculeCodes(symbols, np.array(codes, dtype=np.int16))


def token_text(codes: MoleculeCodes) -> str:
    """Write structure tokens as the published code does: ``[symbol code]`` groups with nothing between them."""
    pairs = zip(codes.symbols, codes.codes.tolist(), strict=True)
    return "".join([f"{symbol[:-1]} {code}]" for symbol, code in pairs])


class PublishedMolStrucTok(MolStrucTok):
    """The published tokenizer, its behaviour in every corner case included.

    Open loop and branch decoder unless requested otherwise. Decoded conformers are flagged 2D, as published: read their
    positions with ``molecule.mol.GetConformer()``.
    """

    variant: ClassVar[str] = "reference"

    @classmethod
    def from_weights(
        cls,
        stored: StoredWeights,
        *,
        closed_loop: bool | None = None,
        decoder: Decoder | None = None,
        reference: bool = True,
    ) -> Self:
        """Build the tokenizer from weights that were read; open loop and branch decoder by default."""
        return super().from_weights(stored, closed_loop=bool(closed_loop), decoder=decoder or "branch")

    def prepare(self, entity: Molecule) -> PreparedMolecule:
        """Return a molecule in SELFIES order; fragments lose their dot, isotopes are dropped without a note."""
        mol = entity.mol
        if not mol.GetNumConformers():
            raise UnsupportedError(_stop_message("ValueError: Bad Conformer Id"))
        smiles = str(Chem.MolToSmiles(mol, canonical=True, kekuleSmiles=True, isomericSmiles=False))
        order = np.array(list(mol.GetPropsAsDict(True, True)["_smilesAtomOutputOrder"]), dtype=np.int64)
        try:
            text = selfies.encoder(smiles)
        except selfies.EncoderError as error:
            raise UnsupportedError(_stop_message(f"EncoderError: {error}")) from error
        symbols = tuple(symbol for symbol in selfies.split_selfies(text) if symbol != ".")
        rank = np.empty_like(order)
        rank[order] = np.arange(len(order))
        bonds = np.sort(rank[np.argwhere(np.triu(Chem.GetAdjacencyMatrix(mol)))], axis=1)
        _refuse_what_has_no_references(len(order), bonds)
        positions = np.asarray(mol.GetConformer().GetPositions(), dtype=np.float64)[order]
        return PreparedMolecule(OrderedGraph(symbols, order, bonds), atom_mask(symbols), positions, (), mol)

    def describe(self, inputs: Sequence[PreparedMolecule]) -> Array:
        """Return the descriptors of all atoms; NaN where reference atoms lie exactly on a line."""
        positions, references, starts = batch_references(inputs)
        values = descriptors(positions, references, starts)
        later = np.flatnonzero(np.arange(len(positions)) - starts >= 3)
        focal, first, second = (positions[references[later, column] + starts[later]] for column in range(3))
        undefined = _on_one_line(focal, first, second) | (values[later, 0] == 0.0)
        values[later[undefined]] = np.nan
        return values

    def prepare_codes(self, codes: MoleculeCodes) -> DecodedGraph:
        """Return the graph and every code but -1, in order; only the number of codes is compared with the atoms."""
        text = "".join(symbol for symbol in codes.symbols if symbol != ".")
        atom_codes = codes.codes[codes.codes != -1].astype(np.int64)
        try:
            smiles = selfies.decoder(text)
        except selfies.DecoderError as error:
            raise DecodeError(_stop_message(f"DecoderError: {error}")) from error
        if not len(atom_codes):
            raise DecodeError(_stop_message("RuntimeError: no codes, so indices that are not whole numbers"))
        if atom_codes.min() < 0 or atom_codes.max() >= self.num_codes:
            raise DecodeError(_stop_message("IndexError: index out of range in self"))
        mol = _parse_smiles(str(smiles))
        if mol.GetNumAtoms() != len(atom_codes):
            raise DecodeError(
                _stop_message(f"AssertionError: num_atoms: {mol.GetNumAtoms()}, len(feats): {len(atom_codes)}")
            )
        return DecodedGraph(mol, atom_codes, np.argwhere(np.triu(Chem.GetAdjacencyMatrix(mol))), ())

    def positions_of(self, graphs: Sequence[DecodedGraph]) -> list[Array]:
        """Return where codes place atoms; NaN for atoms from the fourth on that descend from atom 0."""
        placed = super().positions_of(graphs)
        for graph, positions in zip(graphs, placed, strict=True):
            positions[_descendants_of_first(len(positions), graph.bonds)] = np.nan
        return placed

    def molecule_of(self, graph: DecodedGraph, positions: Array) -> Molecule:
        """Return the molecule with a conformer flagged 2D, its stereochemistry not read from the geometry."""
        mol = Chem.Mol(graph.mol)
        conformer = Chem.Conformer(mol.GetNumAtoms())
        conformer.SetPositions(np.ascontiguousarray(positions, dtype=np.float64))
        conformer.Set3D(False)
        mol.AddConformer(conformer, assignId=True)
        return Molecule(mol)


def _groups(text: str) -> list[str]:
    """Return the contents of each innermost pair of brackets."""
    groups = text[1:-1].split("][")
    tight = text.startswith("[") and text.endswith("]") and text.count("[") == text.count("]") == len(groups)
    return groups if tight else _TOKEN.findall(text)  # nothing between the groups: splitting is several times faster


@lru_cache(maxsize=1 << 16)
def _read(group: str) -> tuple[str, int]:
    """Return the symbol and code of a bracket group, the code clipped to 16 bits: larger ones are in no codebook."""
    words = group.split()
    return f"[{words[0]}]", min(max(int(words[1]), _INT16.min), _INT16.max)


def _readable(group: str) -> bool:
    try:
        _read(group)
    except (IndexError, ValueError):
        return False
    return True


def _stop_message(reason: str) -> str:
    return f"the published tokenizer stops here with {' '.join(reason.split())}"


def _parents(size: int, bonds: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the bonded earlier atom of largest index of each atom, -1 where there is none."""
    parents = np.full(size, -1, dtype=np.int64)
    np.maximum.at(parents, bonds[:, 1], bonds[:, 0])
    return parents


def _refuse_what_has_no_references(size: int, bonds: NDArray[np.int64]) -> None:
    """Raise UnsupportedError where the published table of reference atoms cannot be made or is too short.

    An atom without an earlier bonded one adds no row to that table; the first three atoms always have one, so
    fragments that begin among them pass.
    """
    parents = _parents(size, bonds)
    if size >= FEWEST_ATOMS:
        if (parents[3:] == 0).any():
            raise UnsupportedError(_stop_message("AssertionError: atom 0 is the focal atom of an atom after the third"))
        orphans = np.flatnonzero(parents[3:] < 0) + 3
        if not len(orphans):
            return
        if (parents[3:] >= orphans[0]).any():
            raise UnsupportedError(_stop_message("IndexError: list index out of range"))
        rows = size - len(orphans)
        raise UnsupportedError(
            _stop_message(f"IndexError: index {rows} is out of bounds for dimension 0 with size {rows}")
        )
    shape = (size, max(size - 1, 0), 3)
    raise UnsupportedError(_stop_message(f"AssertionError: Expected more than 4 neighbors (in dim=1), got {shape}"))


def _on_one_line(focal: Array, first: Array, second: Array) -> NDArray[np.bool_]:
    """Return which three atoms give 0 / 0 for their plane: there ``local_frames`` would choose one."""
    towards, across = first - focal, second - focal
    with np.errstate(invalid="ignore", divide="ignore"):
        u = towards / np.sqrt((towards * towards).sum(axis=1))[:, None]
        rest = across - (across * u).sum(axis=1)[:, None] * u
        return np.asarray(~((rest * rest).sum(axis=1) > 0.0))


def _descendants_of_first(size: int, bonds: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which atoms from the fourth on have atom 0 as focal atom, and all atoms placed on those."""
    parents = _parents(size, bonds)
    lost = np.zeros(size, dtype=bool)
    if not (parents[3:] == 0).any():
        return lost
    for atom in range(3, size):
        lost[atom] = parents[atom] == 0 or lost[parents[atom]]
    return lost


def _parse_smiles(smiles: str) -> Chem.Mol:
    """Return the molecule of a SMILES string; a failure to sanitise it is ignored."""
    mol = Chem.MolFromSmiles(smiles, sanitize=False)
    if mol is None:
        raise DecodeError(_stop_message(f"a SMILES that RDKit cannot read: {smiles[:80]}"))
    with rdBase.BlockLogs():
        Chem.SanitizeMol(mol, catchErrors=True)
    return mol


__all__ = ["FEWEST_ATOMS", "PublishedMolStrucTok", "parse_tokens", "token_text"]
