"""Molecules in 3D: joint tokens of a SELFIES symbol and a structure code, ``[C 132]``, ``[Ring1 -1]``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.base_modality import Modality, checked_tokens
from biomatrix.entities.grammar import Grammar
from biomatrix.entities.molecule.embedding import NO_CONFORMER
from biomatrix.entities.molecule.entity import Molecule
from biomatrix.entities.molecule.modalities.selfies_symbols import DOT, check_symbols, default_alphabet
from biomatrix.entities.molecule.modalities.smiles import as_molecule
from biomatrix.entities.molecule.selfies import index_symbols_after, read_symbols
from biomatrix.entities.molecule.selfies.rules import INDEX_SYMBOLS
from biomatrix.errors import BioMatrixError, ConfigurationError, DecodeError, UnsupportedError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from biomatrix.entities.automaton import Automaton
    from biomatrix.entities.check import Check
    from biomatrix.entities.molecule.structure.tokenizer import MoleculeCodes, MoleculeStructureTokenizer
    from biomatrix.entities.segment_ids import SegmentIds

_JOINT = re.compile(r"\[([^\[\]\s]+) (-1|0|[1-9]\d*)\]")

# Classes of tokens. ATOM carries a code, the next four carry -1; a branch or ring with a code may come nowhere; a dot
# stands between fragments.
ATOM, ONE_INDEX, TWO_INDICES, THREE_INDICES, INDEX_ONLY, MISCODED, BETWEEN = range(7)


class MoleculeStructure(Modality):
    """A molecule's graph and conformer, one joint token per SELFIES symbol.

    The symbols spell the graph without stereo marks; handedness and double-bond geometry live in the codes,
    and a decoded molecule gets its stereochemistry from its own coordinates.

    Decoding accepts what an encoder writes and two things more, which the molecule's notes then record: atom
    tokens that follow a filled valence spell nothing, as in SELFIES, and neither do branches that find no free
    valence, with their index symbols. A code on a symbol that is not an atom, an atom without a code, or a branch or
    ring that lacks its index symbols is an error with the token's index.

    Parameters
    ----------
    tokenizer : MoleculeStructureTokenizer, str or Path
        The tokenizer, or the shipped name or folder to open it from when it is first needed.
    verify : bool
        Decode what was encoded and compare. A molecule whose stereochemistry the codes would change (strained cages of
        small rings; about 1 in 100 of these) is encoded again by geometry alone, and refused if that fails too. This
        costs the time of decoding.
    """

    name: ClassVar[str] = "molecule_structure"
    kind: ClassVar[str] = "molecule"
    file_format: ClassVar[str] = "sdf"
    needs_structure: ClassVar[bool] = True
    needs_tokenizer: ClassVar[bool] = True
    open_ended: ClassVar[bool] = True
    start_token: ClassVar[str] = "<|mol_3d_start|>"
    end_token: ClassVar[str] = "<|mol_3d_end|>"
    start_description: ClassVar[str] = "Begins a molecule 3D structure"
    end_description: ClassVar[str] = "Ends a molecule 3D structure"
    token_pattern: ClassVar[re.Pattern[str]] = re.compile(r"\[[^\[\]\s]+ (?:-1|0|[1-9]\d*)\]")
    text_tokens: ClassVar[tuple[str, ...]] = (DOT,)
    cannot_carry: ClassVar[tuple[str, ...]] = (
        "isotopes",
        "that a stereocentre or double bond is left open: the side its conformer takes comes back",
        "groups of relative or racemic stereocentres",
        "exactly how fragments of a salt or mixture lie to one another",
        "where the molecule lies in space, and conformers beyond the first",
        "coordinates finer than the tokenizer's stated error",
        "the order of atoms, and atom map numbers",
        "partial charges, name and notes",
    )

    def __init__(self, tokenizer: MoleculeStructureTokenizer | str | Path = "default", verify: bool = True) -> None:
        self._source = tokenizer
        self._verify = verify

    @cached_property
    def tokenizer(self) -> MoleculeStructureTokenizer:
        """The structure tokenizer, opened when first needed."""
        if not isinstance(self._source, str | Path):
            return self._source
        from biomatrix.entities.molecule.structure.tokenizer import MoleculeStructureTokenizer

        return MoleculeStructureTokenizer.from_pretrained(self._source)

    def encode(self, entity: Entity) -> list[str]:
        """Return one token per SELFIES symbol; every explicit atom carries a code.

        Raises
        ------
        UnsupportedError
            No conformer, wildcards, valences outside SELFIES' rules, or stereochemistry that
            the codes would change.
        """
        (tokens,) = self.encode_each([entity])
        if isinstance(tokens, BioMatrixError):
            raise tokens
        return tokens

    def losses(self, entity: Entity) -> tuple[str, ...]:
        """Return what this molecule loses: isotopes, map numbers, groups, marks that its conformer does not show."""
        from biomatrix.entities.molecule.losses import structure_losses

        return structure_losses(_with_conformer(entity))

    def decode(self, tokens: Sequence[str]) -> Molecule:
        """Return the molecule in 3D, hydrogens as the tokens say, stereochemistry from the coordinates.

        Raises
        ------
        DecodeError
            With the index of the first token at fault.
        """
        (molecule,) = self.decode_each([tokens])
        if isinstance(molecule, BioMatrixError):
            raise molecule
        return molecule

    def encode_each(self, entities: Sequence[Entity]) -> list[list[str] | BioMatrixError]:
        """Encode many molecules in one batch: for each its tokens, or the error that refused it."""
        results: list[list[str] | BioMatrixError] = []
        accepted: list[tuple[int, Molecule]] = []
        for slot, entity in enumerate(entities):
            try:
                accepted.append((slot, _with_conformer(entity)))
                results.append([])
            except BioMatrixError as error:
                results.append(error)
        molecules = [molecule for _, molecule in accepted]
        batch = self.tokenizer.encode_each(molecules) if molecules else []
        for (slot, _), codes in zip(accepted, batch, strict=True):
            results[slot] = codes if isinstance(codes, BioMatrixError) else join(codes)
        if self._verify and accepted:
            encodings = [(slot, molecule, codes) for (slot, molecule), codes in zip(accepted, batch, strict=True)]
            self._refuse_changed(encodings, results)
        return results

    def rewrite(self, entity: Entity, number: int) -> list[str] | None:
        """Write a further conformer of a molecule, None where it has fewer; see :meth:`Modality.rewrite`."""
        (tokens,) = self.rewrite_each([entity], number)
        if isinstance(tokens, BioMatrixError):
            raise tokens
        return tokens

    def rewrite_each(self, entities: Sequence[Entity], number: int) -> list[list[str] | BioMatrixError | None]:
        """Write a further conformer of each molecule that has so many; see :meth:`Modality.rewrite`."""
        others = [_further_conformer(entity, number) for entity in entities]
        written = iter(self.encode_each([other for other in others if other is not None]))
        return [None if other is None else next(written) for other in others]

    def decode_each(self, sequences: Sequence[Sequence[str]]) -> list[Molecule | BioMatrixError]:
        """Decode many token lists in one batch: for each its molecule, or the error that refused it."""
        results: list[Molecule | BioMatrixError | None] = [None] * len(sequences)
        accepted: list[tuple[int, MoleculeCodes]] = []
        for slot, tokens in enumerate(sequences):
            try:
                accepted.append((slot, self._split(tokens)))
            except BioMatrixError as error:
                results[slot] = error
        batch = self.tokenizer.decode_each([codes for _, codes in accepted]) if accepted else []
        for (slot, _), molecule in zip(accepted, batch, strict=True):
            results[slot] = molecule if isinstance(molecule, BioMatrixError) else _finite(molecule)
        return [result for result in results if result is not None]

    def vocabulary(self) -> Mapping[str, str]:
        """Return the tokens that carry no code: branches, rings and index symbols, described by themselves.

        Only a corpus shows which symbols occur with which codes.
        """
        symbols = {*INDEX_SYMBOLS, *filter(index_symbols_after, default_alphabet())}
        tokens = sorted(f"{symbol[:-1]} -1]" for symbol in symbols)
        return {token: token for token in tokens}

    def code_of(self, token: str) -> int | None:
        """Return the code of a joint token; None where it carries none."""
        parts = split_joint(token)
        return None if parts is None or parts[1] < 0 else parts[1]

    def geometry(self, token: str) -> NDArray[np.float64] | None:
        """Return the tokenizer's features of the token's code, ``float64 [F]``; None where it carries none."""
        parts = split_joint(token)
        if parts is None or not 0 <= parts[1] < self.tokenizer.num_codes:
            return None
        return np.asarray(self.tokenizer.code_features[parts[1]])

    def grammar(self) -> Grammar:
        """Return the grammar of atoms with codes, and N index tokens with -1 after a branch or ring of that number.

        States: 0 at the start, 1 between, 2 to 4 owing one to three index tokens, 5 after a dot. Classes: an atom
        with a code; a branch or ring owing one, two, three; any other symbol with -1; a branch or ring with a code,
        which may come nowhere; the dot. Valences need more than a finite automaton: decoding notes what they cut off.
        """
        return Grammar(
            transitions=np.array(
                [
                    [1, -1, -1, -1, -1, -1, -1],
                    [1, 2, 3, 4, -1, -1, 5],
                    [-1, 1, 1, 1, 1, -1, -1],
                    [-1, 2, 2, 2, 2, -1, -1],
                    [-1, 3, 3, 3, 3, -1, -1],
                    [1, -1, -1, -1, -1, -1, -1],
                ],
                dtype=np.int16,
            ),
            accepting=np.array([False, True, False, False, False, False]),
            counted=np.array([True, False, False, False, False, False, False]),
        )

    def token_class(self, token: str) -> int:
        """Return ATOM, the number of indices a branch or ring owes, INDEX_ONLY, MISCODED or BETWEEN."""
        if token == DOT:
            return BETWEEN
        parts = split_joint(token)
        if parts is None:
            raise DecodeError(f"not a joint token of a SELFIES symbol and a code: {token!r}")
        symbol, code = parts
        index_count = index_symbols_after(symbol)
        if code >= 0:
            return MISCODED if index_count else ATOM
        return index_count or INDEX_ONLY

    def automaton(self, ids: SegmentIds) -> Automaton:
        """Return the automaton of the derivation, of which every token has effect; a length is one of atoms."""
        from biomatrix.entities.molecule.selfies_automaton import SelfiesAutomaton

        parts = [(split_joint(token), id_) for token, id_ in ids.tokens.items()]
        entries = [
            (symbol, code >= 0, code < 0 and symbol != DOT, id_)
            for (symbol, code), id_ in ((part, id_) for part, id_ in parts if part is not None)
        ]
        inside = np.array(list(ids.tokens.values()), dtype=np.int64)
        return SelfiesAutomaton(
            self.name, ids.start_id, ids.end_id, inside, entries, atoms_count=True, dots=self._places_fragments
        )

    @property
    def _places_fragments(self) -> bool:
        """Whether the tokenizer reads several fragments; taken to do so where it is not at hand."""
        try:
            return bool(getattr(self.tokenizer, "places_fragments", True))
        except BioMatrixError:
            return True

    def bound_by(self, automaton: Automaton, tokens: Sequence[str], sibling: Modality) -> tuple[Automaton, int | None]:
        """Return the automaton of exactly the molecule that the other segment spells.

        Its hydrogens are explicit, or none where the vocabulary has no tokens for them.

        Raises
        ------
        ConfigurationError
            The segment spells no molecule, SELFIES has none such, or the vocabulary lacks a symbol of it.
        """
        from biomatrix.entities.molecule.selfies_automaton import exact_graph

        try:
            molecule = as_molecule(sibling.decode(tokens), self.name)
            try:
                return exact_graph(automaton, molecule), None
            except ConfigurationError:
                with suppress(ConfigurationError):
                    return exact_graph(automaton, molecule, hydrogens=False), None
                raise
        except BioMatrixError as error:
            raise ConfigurationError(error.message) from None

    def length(self, tokens: Sequence[str]) -> int:
        """Return the number of atoms: tokens that carry a code."""
        return sum(token != DOT and not token.endswith(" -1]") for token in tokens)

    def units(self, tokens: Sequence[str]) -> list[tuple[int, ...]]:
        """Return the atom that each token places; branches, rings, indices and idle symbols place none."""
        placed: list[tuple[int, ...]] = [()] * len(tokens)
        for atom, place in enumerate(read_symbols([symbol for symbol, _ in _all_parts(tokens)]).places.tolist()):
            placed[place] = (atom,)
        return placed

    def check(self, entity: Entity) -> list[Check]:
        """Return the checks of the graph's chemistry and of the conformer's geometry."""
        from biomatrix.entities.molecule.checks import check_geometry, check_graph

        molecule = as_molecule(entity, self.name)
        return check_graph(molecule) + check_geometry(molecule)

    def _refuse_changed(
        self,
        encodings: Sequence[tuple[int, Molecule, MoleculeCodes | BioMatrixError]],
        results: list[list[str] | BioMatrixError],
    ) -> None:
        """Encode again, by geometry alone, what would come back as another stereoisomer; refuse what still would."""
        coded = [(slot, mol, codes) for slot, mol, codes in encodings if not isinstance(codes, BioMatrixError)]
        changed = _changed(self.tokenizer, coded)
        if not changed:
            return
        closer = self.tokenizer.by_geometry_alone()
        if closer is not None:
            second_codes = closer.encode_each([molecule for _, molecule, _ in changed])
            rewritten = [
                (slot, molecule, codes)
                for (slot, molecule, _), codes in zip(changed, second_codes, strict=True)
                if not isinstance(codes, BioMatrixError)
            ]
            for slot, _, codes in rewritten:
                results[slot] = join(codes)
            changed = _changed(self.tokenizer, rewritten)
        for slot, molecule, reason in changed:
            results[slot] = UnsupportedError(reason, record=molecule.name or None)

    def _split(self, tokens: Sequence[str]) -> MoleculeCodes:
        from biomatrix.entities.molecule.structure.tokenizer import MoleculeCodes

        tokens = checked_tokens(tokens)
        parts = _all_parts(tokens)
        symbols = tuple(symbol for symbol, _ in parts)
        check_symbols(symbols)
        codes = [code for _, code in parts]
        for index, code in enumerate(codes):
            if code >= self.tokenizer.num_codes:
                raise DecodeError(
                    f"code {code} of {tokens[index]!r} is not one of the {self.tokenizer.num_codes} of the "
                    f"tokenizer {self.tokenizer.name!r}",
                    position=index,
                )
        self._check_alignment(tokens)
        return MoleculeCodes(symbols, np.array(codes, dtype=np.int16))

    def _check_alignment(self, tokens: Sequence[str]) -> None:
        transitions = self._transitions
        state = 0
        for index, token in enumerate(tokens):
            state = transitions[state][self.token_class(token)]
            if state < 0:
                raise DecodeError(_misalignment(tokens, index), position=index)
        if state != 1:
            raise DecodeError(
                "a branch or ring lacks its index tokens, or a dot its fragment", position=len(tokens) - 1
            )

    @cached_property
    def _transitions(self) -> list[list[int]]:
        rows: list[list[int]] = self.grammar().transitions.tolist()
        return rows


@lru_cache(maxsize=131_072)
def split_joint(token: str) -> tuple[str, int] | None:
    """Return the SELFIES symbol and the code of a joint token, or None if it is none.

    Examples
    --------
    >>> split_joint("[=N+1 66]")
    ('[=N+1]', 66)
    """
    if token == DOT:
        return DOT, -1
    match = _JOINT.fullmatch(token)
    return (f"[{match[1]}]", int(match[2])) if match and len(match[2]) < 6 else None


def join(codes: MoleculeCodes) -> list[str]:
    """Return the joint tokens of symbols and codes."""
    pairs = zip(codes.symbols, codes.codes.tolist(), strict=True)
    return [f"{symbol[:-1]} {code}]" if symbol != DOT else DOT for symbol, code in pairs]


def _changed(
    tokenizer: MoleculeStructureTokenizer, coded: Sequence[tuple[int, Molecule, MoleculeCodes]]
) -> list[tuple[int, Molecule, str]]:
    """Return the molecules that do not come back as the stereoisomer they were, and why, by their slots."""
    from biomatrix.metrics.stereochemistry import shown_alike

    changes = []
    decoded = tokenizer.decode_each([codes for _, _, codes in coded])
    for (slot, molecule, _), back in zip(coded, decoded, strict=True):
        if isinstance(back, BioMatrixError):
            changes.append((slot, molecule, f"its codes do not decode: {back.message}"))
        elif not shown_alike(molecule.mol, back.mol):
            changes.append((slot, molecule, f"the codes would change the stereochemistry of {molecule.smiles[:80]}"))
    return changes


def _all_parts(tokens: Sequence[str]) -> list[tuple[str, int]]:
    parts: list[tuple[str, int]] = []
    for index, token in enumerate(tokens):
        part = split_joint(token)
        if part is None:
            raise DecodeError(f"not a joint token of a SELFIES symbol and a code: {token!r}", position=index)
        parts.append(part)
    return parts


def _misalignment(tokens: Sequence[str], index: int) -> str:
    token = tokens[index]
    if token == DOT:
        return "a dot stands where no fragment has ended"
    if not token.endswith(" -1]"):
        if index_symbols_after(token.split(" ")[0] + "]"):
            return f"{token!r} is a branch or ring and must carry -1"
        return f"{token!r} stands where an index with -1 must"
    if index == 0:
        return f"{token!r} cannot begin a molecule: an atom with a code must"
    return f"{token!r} stands where an atom must, and carries no code"


def _with_conformer(entity: Entity) -> Molecule:
    molecule = as_molecule(entity, "molecule_structure")
    if not molecule.has_conformer:
        raise UnsupportedError(NO_CONFORMER, record=molecule.name or None)
    return molecule


def _further_conformer(entity: Entity, number: int) -> Molecule | None:
    """Return a molecule with its conformer of that number, from 0, as the only one; None where it has fewer."""
    molecule = as_molecule(entity, "molecule_structure")
    conformers = list(molecule.mol.GetConformers())
    if number >= len(conformers):
        return None
    return molecule.with_coordinates(conformers[number].GetPositions())


def _finite(molecule: Molecule) -> Molecule | DecodeError:
    coordinates = molecule.coordinates
    if coordinates is None or not np.isfinite(coordinates).all():
        return DecodeError("the codes place no finite coordinates", position=0)
    return molecule
