"""Molecules as SELFIES: one token per symbol, ``[C][=Branch1]``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np
from rdkit import Chem
from rdkit.rdBase import BlockLogs

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.base_modality import Modality, checked_tokens
from biomatrix.entities.grammar import Grammar
from biomatrix.entities.molecule.entity import Molecule
from biomatrix.entities.molecule.modalities.reading import (
    first_problem,
    kept_atoms,
    random_smiles,
    read_smiles,
    settled_smiles,
)
from biomatrix.entities.molecule.modalities.selfies_symbols import (
    DOT,
    MAX_SYMBOLS,
    SYMBOL,
    check_symbols,
    default_alphabet,
)
from biomatrix.entities.molecule.modalities.smiles import as_molecule
from biomatrix.entities.molecule.queries import wildcards
from biomatrix.entities.molecule.selfies import index_symbols_after, read_symbols, symbols_of_smiles
from biomatrix.errors import BioMatrixError, ConfigurationError, DecodeError, LimitError, UnsupportedError
from biomatrix.metrics.coordination import NOT_TETRAHEDRAL
from biomatrix.metrics.marked_atoms import mapped_atoms, marked_atoms

if TYPE_CHECKING:
    from biomatrix.entities.automaton import Automaton
    from biomatrix.entities.check import Check
    from biomatrix.entities.segment_ids import SegmentIds

_OTHER_ORDERS: Final = 8
"""Orders of atoms that are tried where the vocabulary lacks a symbol of the encoder's."""


class MoleculeSelfies(Modality):
    """The SELFIES string of a molecule, stereochemistry, charges and isotopes kept."""

    name: ClassVar[str] = "molecule_selfies"
    kind: ClassVar[str] = "molecule"
    file_format: ClassVar[str] = "selfies"
    start_token: ClassVar[str] = "<|mol_sfi_start|>"
    end_token: ClassVar[str] = "<|mol_sfi_end|>"
    start_description: ClassVar[str] = "Begins a molecule SELFIES string"
    end_description: ClassVar[str] = "Ends a molecule SELFIES string"
    token_pattern: ClassVar[re.Pattern[str]] = SYMBOL
    open_ended: ClassVar[bool] = True
    text_tokens: ClassVar[tuple[str, ...]] = (DOT,)
    cannot_carry: ClassVar[tuple[str, ...]] = (
        "coordinates and conformers",
        "the order of atoms, and which hydrogens were explicit",
        "atom map numbers",
        "groups of relative or racemic stereocentres",
        "partial charges, names and notes",
    )

    def encode(self, entity: Entity) -> list[str]:
        """Return the symbols; fragments are separated by a dot, which is a token of the base tokenizer.

        The string is read back before it is returned, so what SELFIES cannot express exactly is refused.

        Raises
        ------
        UnsupportedError
            Wildcard atoms, dative bonds, valences outside SELFIES' rules, or stereochemistry it would change.

        Examples
        --------
        >>> MoleculeSelfies().encode(Molecule.from_smiles("CC#N"))
        ['[C]', '[C]', '[#N]']
        """
        return self._checked(entity, *self._unchecked(entity))

    def _unchecked(self, entity: Entity) -> tuple[list[str], str]:
        """Return the symbols of a molecule, not read back yet, and its SMILES string."""
        molecule = as_molecule(entity, self.name)
        with BlockLogs():
            mol = without_atom_maps(Chem.RemoveHs(molecule.mol))
        label = molecule.name or None
        if wildcards(mol):
            raise UnsupportedError(f"SELFIES has no wildcard atom: {molecule.smiles[:80]}", record=label)
        marked = next((atom for atom in marked_atoms(mol) if atom.GetChiralTag() in NOT_TETRAHEDRAL), None)
        if marked is not None:
            raise UnsupportedError(
                f"SELFIES marks tetrahedral centres and double bonds; {marked.GetSymbol()} is marked as a centre of "
                f"another shape: {molecule.smiles[:80]}",
                record=label,
            )
        return list(symbols_of_graph(mol, label)), str(Chem.MolToSmiles(mol))

    def _checked(self, entity: Entity, symbols: list[str], smiles: str) -> list[str]:
        """Return symbols that read back as the molecule of a SMILES string; UnsupportedError where they do not."""
        if settled_smiles(read_symbols(symbols).smiles) != settled_smiles(smiles):
            label = as_molecule(entity, self.name).name or None
            raise UnsupportedError(f"SELFIES would change this molecule: {smiles[:80]}", record=label)
        return symbols

    def rewrite(self, entity: Entity, number: int) -> list[str]:
        """Write a molecule with its atoms in an order drawn by the number; see :meth:`Modality.rewrite`."""
        symbols, smiles = self._unchecked(entity)
        other = random_smiles(read_symbols(symbols).smiles, number, kekule=True)
        return self._checked(
            entity, list(symbols_of_smiles(other)), smiles
        )  # once, at the end, for all steps on the way

    def losses(self, entity: Entity) -> tuple[str, ...]:
        """Return what this molecule loses: groups of stereocentres, axial chirality, atom map numbers."""
        from biomatrix.entities.molecule.losses import axial_losses, group_losses, map_losses

        molecule = as_molecule(entity, self.name)
        return group_losses(molecule.mol) + axial_losses(molecule.mol) + map_losses(molecule.mol)

    def decode(self, tokens: Sequence[str]) -> Molecule:
        """Return the molecule that the symbols spell.

        Raises
        ------
        DecodeError
            With the index of an unknown symbol, or of the atom whose chemistry RDKit refuses; index 0 where
            the symbols derive no atom at all.
        """
        tokens = checked_tokens(tokens)
        check_symbols(tokens)
        smiles = read_symbols(tokens).smiles
        mol = read_smiles(smiles) if smiles else None
        if mol is None or mol.GetNumAtoms() == 0:
            raise _refusal(tokens, smiles)
        return Molecule(mol)

    def vocabulary(self) -> Mapping[str, str]:
        """Return a default alphabet, each symbol described by its own literal string."""
        return self._alphabet

    @cached_property
    def _alphabet(self) -> dict[str, str]:
        return {symbol: symbol for symbol in default_alphabet()}

    def grammar(self) -> Grammar:
        """Return the grammar of symbols, with exactly N index symbols after a branch or ring of that number.

        Any sequence of symbols is a SELFIES string; this allows those that an encoder writes. States: 0 at
        the start, 1 between, 2 to 4 owing one to three index symbols, 5 after a dot. Classes: 0 a symbol that
        may be an atom or an index, 1 to 3 a branch or ring with that many index symbols, 4 the dot.
        """
        return Grammar(
            transitions=np.array(
                [
                    [1, -1, -1, -1, -1],
                    [1, 2, 3, 4, 5],
                    [1, 1, 1, 1, -1],
                    [2, 2, 2, 2, -1],
                    [3, 3, 3, 3, -1],
                    [1, -1, -1, -1, -1],
                ],
                dtype=np.int16,
            ),
            accepting=np.array([False, True, False, False, False, False]),
            counted=np.array([True, True, True, True, False]),
        )

    def token_class(self, token: str) -> int:
        """Return 1 to 3 for a branch or ring symbol, 4 for the dot, 0 for any other symbol."""
        return 4 if token == DOT else index_symbols_after(token)

    def automaton(self, ids: SegmentIds) -> Automaton:
        """Return the automaton of the derivation, of which every symbol has effect; a length is one of symbols."""
        from biomatrix.entities.molecule.selfies_automaton import SelfiesAutomaton

        entries = [(token, token != DOT, token != DOT, id_) for token, id_ in ids.tokens.items()]
        inside = np.array(list(ids.tokens.values()), dtype=np.int64)
        return SelfiesAutomaton(self.name, ids.start_id, ids.end_id, inside, entries, atoms_count=False)

    def bound_by(self, automaton: Automaton, tokens: Sequence[str], sibling: Modality) -> tuple[Automaton, int | None]:
        """Return the automaton of one string of the molecule that the other segment spells.

        The string is that of the encoder. Where the vocabulary lacks a symbol of it, it is one of other orders of the
        atoms, whose symbols may differ by a bond or a handedness.

        Raises
        ------
        ConfigurationError
            The segment spells no molecule, SELFIES has none such, or the vocabulary lacks a symbol of every order.
        """
        from biomatrix.entities.molecule.selfies_automaton import exact_string

        try:
            molecule = sibling.decode(tokens)
            symbols = self.encode(molecule)
        except BioMatrixError as error:
            raise ConfigurationError(error.message) from None
        try:
            return exact_string(automaton, symbols), None
        except ConfigurationError:
            for number in range(_OTHER_ORDERS):
                with suppress(BioMatrixError):
                    return exact_string(automaton, self.rewrite(molecule, number)), None
            raise

    def length(self, tokens: Sequence[str]) -> int:
        """Return the number of symbols."""
        return sum(token != DOT for token in tokens)

    def units(self, tokens: Sequence[str]) -> list[tuple[int, ...]]:
        """Return the atom that each symbol places; branches, rings and symbols past a filled valence place none."""
        graph = read_symbols(tokens)
        kept = kept_atoms(graph.smiles) if "[H" in graph.smiles else None
        placed: list[tuple[int, ...]] = [()] * len(tokens)
        for atom, place in enumerate(graph.places.tolist()):
            index = atom if kept is None else kept[atom]
            placed[place] = (index,) if index >= 0 else ()
        return placed

    def check(self, entity: Entity) -> list[Check]:
        """Return the checks of the graph's chemistry."""
        from biomatrix.entities.molecule.checks import check_graph

        return check_graph(as_molecule(entity, self.name))


def symbols_of_graph(mol: Chem.Mol, record: str | None = None) -> tuple[str, ...]:
    """Return the SELFIES symbols of a molecular graph from its canonical Kekulé SMILES, atoms in that order.

    Raises
    ------
    UnsupportedError
        SELFIES cannot express it.
    LimitError
        The SMILES has more than `MAX_SYMBOLS` characters.
    """
    kekule = Chem.Mol(mol)
    Chem.Kekulize(kekule, clearAromaticFlags=True)
    smiles = Chem.MolToSmiles(kekule, kekuleSmiles=True)
    if len(smiles) > MAX_SYMBOLS:
        raise LimitError(
            f"a SMILES of {len(smiles)} characters; at most {MAX_SYMBOLS} are written",
            limit="smiles_characters",
            actual=len(smiles),
            allowed=MAX_SYMBOLS,
            record=record,
        )
    try:
        return symbols_of_smiles(smiles)
    except UnsupportedError as error:
        raise error.at(record=record) from error


def without_atom_maps(mol: Chem.Mol) -> Chem.Mol:
    """Return the molecule itself, or a copy with its atom map numbers removed."""
    if not mapped_atoms(mol):
        return mol
    copy = Chem.Mol(mol)
    for atom in mapped_atoms(copy):
        atom.SetAtomMapNum(0)
    return copy


def _refusal(tokens: Sequence[str], smiles: str) -> DecodeError:
    if not smiles:
        return DecodeError("these SELFIES symbols derive no atom", position=0)
    positions = read_symbols(tokens).places.tolist()
    atom, reason = first_problem(smiles)
    place = positions[atom] if atom < len(positions) else 0
    return DecodeError(f"RDKit refuses {smiles[:80]}: {reason}", position=place)
