"""Molecules as SMILES: text for the base tokenizer, split into pieces a chemist would name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.base_modality import Modality, checked_tokens
from biomatrix.entities.molecule.entity import Molecule
from biomatrix.entities.molecule.modalities.reading import (
    first_problem,
    kept_atoms,
    read_smiles,
    reordered_smiles,
    settled_smiles,
)
from biomatrix.errors import DecodeError, LimitError, UnsupportedError

if TYPE_CHECKING:
    from biomatrix.entities.automaton import Automaton
    from biomatrix.entities.check import Check
    from biomatrix.entities.segment_ids import SegmentIds

MAX_CHARACTERS = 50_000
"""The longest SMILES string read or written, in characters."""

_ATOM = r"\[[^\[\]\s]+\]|Br|Cl|[BCNOPSFIbcnops*]"
_PIECE = re.compile(rf"{_ATOM}|%\(\d+\)|%\d\d|->|<-|\d|[=#$:/\\\-~.()]")
_ATOM_PIECE = re.compile(_ATOM)


def split_smiles(smiles: str) -> list[str]:
    """Return the pieces of a SMILES string: atoms, bonds, ring numbers, branch brackets.

    A character that begins no piece stands alone, so the pieces always concatenate to the string.

    Examples
    --------
    >>> split_smiles("C[C@H](N)Cl")
    ['C', '[C@H]', '(', 'N', ')', 'Cl']
    """
    pieces: list[str] = []
    position = 0
    while position < len(smiles):
        match = _PIECE.match(smiles, position)
        pieces.append(match.group() if match else smiles[position])
        position += len(pieces[-1])
    return pieces


def canonical_smiles(molecule: Molecule) -> str:
    """Return the canonical isomeric SMILES that reads back as itself, hydrogens implicit.

    Raises
    ------
    UnsupportedError
        What RDKit writes cannot be read back, or does not settle.
    """
    smiles = settled_smiles(molecule.smiles)
    if smiles is None:
        raise UnsupportedError(
            f"RDKit cannot read back the SMILES it writes for this molecule: {molecule.smiles[:80]}",
            record=molecule.name or None,
        )
    return smiles


class MoleculeSmiles(Modality):
    """The canonical isomeric SMILES of a molecule, spelled by the base tokenizer's own pieces."""

    name: ClassVar[str] = "molecule_smiles"
    kind: ClassVar[str] = "molecule"
    file_format: ClassVar[str] = "smi"
    start_token: ClassVar[str] = "<|mol_smi_start|>"
    end_token: ClassVar[str] = "<|mol_smi_end|>"
    start_description: ClassVar[str] = "Begins a molecule SMILES string"
    end_description: ClassVar[str] = "Ends a molecule SMILES string"
    spelled_as_text: ClassVar[bool] = True
    token_pattern: ClassVar[re.Pattern[str]] = re.compile(r"(?!)")
    cannot_carry: ClassVar[tuple[str, ...]] = (
        "coordinates and conformers",
        "the order of atoms, and which hydrogens were explicit",
        "groups of relative or racemic stereocentres",
        "partial charges, names and notes",
    )

    def encode(self, entity: Entity) -> list[str]:
        """Return the pieces of the canonical isomeric SMILES; they concatenate to it.

        Examples
        --------
        >>> "".join(MoleculeSmiles().encode(Molecule.from_smiles("OCC")))
        'CCO'
        """
        smiles = canonical_smiles(as_molecule(entity, self.name))
        if len(smiles) > MAX_CHARACTERS:
            raise LimitError(
                f"a SMILES of {len(smiles)} characters; at most {MAX_CHARACTERS} are written",
                limit="smiles_characters",
                actual=len(smiles),
                allowed=MAX_CHARACTERS,
            )
        return split_smiles(smiles)

    def rewrite(self, entity: Entity, number: int) -> list[str]:
        """Write a molecule with its atoms in an order drawn by the number; see :meth:`Modality.rewrite`."""
        return split_smiles(reordered_smiles("".join(self.encode(entity)), number))

    def losses(self, entity: Entity) -> tuple[str, ...]:
        """Return what this molecule loses: groups of stereocentres, axial chirality."""
        from biomatrix.entities.molecule.losses import axial_losses, group_losses

        molecule = as_molecule(entity, self.name)
        return group_losses(molecule.mol) + axial_losses(molecule.mol)

    def decode(self, tokens: Sequence[str]) -> Molecule:
        """Return the molecule that the tokens' concatenation spells, however it was cut into tokens.

        Raises
        ------
        DecodeError
            With the index of the token where the string first goes wrong.
        """
        tokens = checked_tokens(tokens)
        smiles = "".join(tokens)
        if not smiles:
            raise DecodeError("no SMILES between the control tokens", position=0)
        if len(smiles) > MAX_CHARACTERS:
            raise DecodeError(f"a SMILES of {len(smiles)} characters; at most {MAX_CHARACTERS} are read", position=0)
        fault = find_syntax_fault(smiles)
        if fault is None:
            mol = read_smiles(smiles)
            if mol is not None:
                return Molecule(mol)
            atom, reason = first_problem(smiles)
            fault = _atom_offset(smiles, atom), reason
        offset, reason = fault
        raise DecodeError(f"not a SMILES string: {reason}", position=_token_at(tokens, offset))

    def vocabulary(self) -> Mapping[str, str]:
        """Return nothing: SMILES is spelled by the base tokenizer."""
        return {}

    def automaton(self, ids: SegmentIds) -> Automaton:
        """Return which pieces may come next so that RDKit reads the whole; any pieces where no spelling is known."""
        from biomatrix.entities.molecule.smiles_automaton.automaton import SmilesAutomaton

        spelling = ids.spelling()
        return SmilesAutomaton(ids.start_id, ids.end_id, spelling) if spelling else super().automaton(ids)

    def length(self, tokens: Sequence[str]) -> int:
        """Return the number of atoms written (hydrogens on them not counted)."""
        return sum(_ATOM_PIECE.fullmatch(piece) is not None for piece in split_smiles("".join(tokens)))

    def units(self, tokens: Sequence[str]) -> list[tuple[int, ...]]:
        """Return the atoms of which each token spells a character, however the string was cut into tokens.

        Examples
        --------
        >>> MoleculeSmiles().units(["CC", "(=O", ")[O-", "]"])
        [(0, 1), (2,), (3,), (3,)]
        """
        smiles = "".join(tokens)
        kept = kept_atoms(smiles) if "[H" in smiles else None
        atom_of: list[int] = []
        atoms = 0
        for piece in split_smiles(smiles):
            is_atom = _ATOM_PIECE.fullmatch(piece) is not None
            index = atoms if kept is None or not is_atom else kept[atoms]
            atom_of += [index if is_atom else -1] * len(piece)
            atoms += is_atom
        ends = np.cumsum([len(token) for token in tokens]).tolist()
        spans = (atom_of[end - len(token) : end] for token, end in zip(tokens, ends, strict=True))
        return [tuple(dict.fromkeys(atom for atom in span if atom >= 0)) for span in spans]

    def check(self, entity: Entity) -> list[Check]:
        """Return the checks of the graph's chemistry."""
        from biomatrix.entities.molecule.checks import check_graph

        return check_graph(as_molecule(entity, self.name))


def as_molecule(entity: Entity, modality_name: str) -> Molecule:
    """Return the entity, which must be a molecule with at least one atom."""
    if not isinstance(entity, Molecule):
        raise UnsupportedError(f"{modality_name} writes a Molecule, not a {type(entity).__name__}")
    if entity.num_atoms == 0:
        raise UnsupportedError("the molecule has no atoms", record=entity.name or None)
    return entity


def find_syntax_fault(smiles: str) -> tuple[int, str] | None:
    """Return where a string first breaks SMILES syntax and how, as (character offset, reason), or None.

    Looks at pieces, branches and ring closures only; the rest is left to RDKit.
    """
    offset = 0
    open_branches: list[int] = []
    open_rings: dict[str, int] = {}
    for piece in split_smiles(smiles):
        if _PIECE.fullmatch(piece) is None:
            return offset, f"unexpected {piece!r}"
        if piece == "~":
            return offset, "~ is any bond: a query, not a molecule"
        if piece == "(":
            open_branches.append(offset)
        elif piece == ")":
            if not open_branches:
                return offset, "a branch closes that was never opened"
            open_branches.pop()
        elif piece[0] == "%" or piece.isdigit():
            number = piece.strip("%()").lstrip("0") or "0"
            if open_rings.pop(number, None) is None:
                open_rings[number] = offset
        offset += len(piece)
    if open_branches:
        return open_branches[-1], "a branch opens and never closes"
    if open_rings:
        return min(open_rings.values()), "a ring opens and never closes"
    return None


def _atom_offset(smiles: str, atom: int) -> int:
    offset = 0
    for piece in split_smiles(smiles):
        if _ATOM_PIECE.fullmatch(piece):
            if atom == 0:
                return offset
            atom -= 1
        offset += len(piece)
    return 0


def _token_at(tokens: Sequence[str], offset: int) -> int:
    for index, token in enumerate(tokens):
        offset -= len(token)
        if offset < 0:
            return index
    return max(len(tokens) - 1, 0)
