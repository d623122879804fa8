"""Protein backbones: one token per residue, ``<S 153>``; ``<S -1>`` where a residue is unresolved."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.base_modality import Modality, checked_tokens
from biomatrix.entities.grammar import Grammar
from biomatrix.entities.protein.entity import Protein
from biomatrix.errors import BioMatrixError, DecodeError, UnsupportedError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from biomatrix.entities.check import Check
    from biomatrix.entities.protein.structure.tokenizer import ProteinStructureTokenizer

UNRESOLVED = "<S -1>"


class ProteinStructure(Modality):
    """The backbone (N, CA, C) of one chain as codes of a structure tokenizer.

    Parameters
    ----------
    tokenizer : ProteinStructureTokenizer, str or Path
        The tokenizer, or the shipped name or folder to open it from when it is first needed.
    """

    name: ClassVar[str] = "protein_structure"
    kind: ClassVar[str] = "protein"
    file_format: ClassVar[str] = "pdb"
    needs_structure: ClassVar[bool] = True
    needs_tokenizer: ClassVar[bool] = True
    start_token: ClassVar[str] = "<|prot_3d_start|>"
    end_token: ClassVar[str] = "<|prot_3d_end|>"
    start_description: ClassVar[str] = "Begins a protein 3D structure"
    end_description: ClassVar[str] = "Ends a protein 3D structure"
    token_pattern: ClassVar[re.Pattern[str]] = re.compile(r"<S (?:-1|0|[1-9]\d*)>")
    counts: ClassVar[str | None] = "residue"
    cannot_carry: ClassVar[tuple[str, ...]] = (
        "residue types: a decoded chain is all X",
        "side chains, hydrogens and the oxygens of the backbone",
        "ligands, waters, ions and other chains",
        "where the chain lies in space",
        "coordinates finer than the tokenizer's stated error",
        "atoms of residues that miss one of N, CA and C",
        "the chain's identifier, residue numbers and insertion codes",
        "B-factors, occupancies, name and notes",
    )

    def __init__(self, tokenizer: ProteinStructureTokenizer | str | Path = "default") -> None:
        self._source = tokenizer

    @cached_property
    def tokenizer(self) -> ProteinStructureTokenizer:
        """The structure tokenizer, opened when first needed."""
        if not isinstance(self._source, str | Path):
            return self._source
        from biomatrix.entities.protein.structure.tokenizer import ProteinStructureTokenizer

        return ProteinStructureTokenizer.from_pretrained(self._source)

    def encode(self, entity: Entity) -> list[str]:
        """Return one token per residue. Raises UnsupportedError for a chain without coordinates."""
        (tokens,) = self.encode_each([entity])
        if isinstance(tokens, BioMatrixError):
            raise tokens
        return tokens

    def decode(self, tokens: Sequence[str]) -> Protein:
        """Return a chain of unknown residues with a backbone, NaN where the token is ``<S -1>``.

        Raises
        ------
        DecodeError
            With the index of the first token that is no code of the tokenizer.
        """
        (protein,) = self.decode_each([tokens])
        if isinstance(protein, BioMatrixError):
            raise protein
        return protein

    def encode_each(self, entities: Sequence[Entity]) -> list[list[str] | BioMatrixError]:
        """Encode many chains in one batch: for each its tokens, or the error that refused it."""
        results: list[list[str] | BioMatrixError] = []
        accepted: list[tuple[int, Protein]] = []
        for slot, entity in enumerate(entities):
            try:
                accepted.append((slot, _resolved_chain(entity)))
                results.append([])
            except BioMatrixError as error:
                results.append(error)
        batch = self.tokenizer.encode_each([protein for _, protein in accepted]) if accepted else []
        for (slot, protein), codes in zip(accepted, batch, strict=True):
            if isinstance(codes, BioMatrixError):
                results[slot] = codes
            elif (codes < 0).all():
                results[slot] = UnsupportedError(
                    "no residue has a frame: N, CA and C lie on one line", record=protein.name or None
                )
            else:
                results[slot] = [self._tokens[code] for code in codes.tolist()]
        return results

    def decode_each(self, sequences: Sequence[Sequence[str]]) -> list[Protein | BioMatrixError]:
        """Decode many token lists in one batch: for each its chain, or the error that refused it."""
        results: list[Protein | BioMatrixError] = []
        accepted: list[tuple[int, NDArray[np.int16]]] = []
        for slot, tokens in enumerate(sequences):
            try:
                accepted.append((slot, self._codes(tokens)))
                results.append(Protein(""))
            except BioMatrixError as error:
                results.append(error)
        batch = self.tokenizer.decode_each([codes for _, codes in accepted]) if accepted else []
        for (slot, codes), backbone in zip(accepted, batch, strict=True):
            if isinstance(backbone, BioMatrixError):
                results[slot] = backbone
                continue
            lost = np.flatnonzero((codes >= 0) & ~np.isfinite(backbone).all(axis=(1, 2)))
            if len(lost):
                results[slot] = DecodeError("the codes place no finite coordinates", position=int(lost[0]))
            else:
                results[slot] = Protein("X" * len(codes), backbone)
        return results

    def vocabulary(self) -> Mapping[str, str]:
        """Return every code of the tokenizer and the unresolved token, each described by its own string."""
        return {token: token for token in self._code_of}

    def code_of(self, token: str) -> int | None:
        """Return the code of a residue; None for the unresolved token."""
        match = self.token_pattern.fullmatch(token)
        return None if match is None or token == UNRESOLVED else int(token[len("<S ") : -1])

    def geometry(self, token: str) -> NDArray[np.float64] | None:
        """Return the tokenizer's features of the code, ``float64 [features]``; None for the unresolved token."""
        code = self._code_of.get(token, -1)
        return None if code < 0 else np.asarray(self.tokenizer.code_features[code])

    def grammar(self) -> Grammar:
        """Return the grammar: one or more residues, at least one of them resolved.

        States: 0 before any residue, 1 once one is resolved, 2 while none is.
        Classes: 0 a code, 1 unresolved.
        """
        return Grammar(
            transitions=np.array([[1, 2], [1, 1], [1, 2]], dtype=np.int16),
            accepting=np.array([False, True, False]),
            counted=np.array([True, True]),
        )

    def token_class(self, token: str) -> int:
        """Return 1 for the unresolved token, 0 for any code."""
        return int(token == UNRESOLVED)

    def length(self, tokens: Sequence[str]) -> int:
        """Return the number of residues, unresolved ones included."""
        return len(tokens)

    def check(self, entity: Entity) -> list[Check]:
        """Return whether the backbone's geometry is that of a protein."""
        from biomatrix.entities.protein.checks import check_backbone

        if not isinstance(entity, Protein):
            raise UnsupportedError(f"{self.name} checks a Protein, not a {type(entity).__name__}")
        return check_backbone(entity)

    @cached_property
    def _code_of(self) -> dict[str, int]:
        return {f"<S {code}>": code for code in range(-1, self.tokenizer.num_codes)}

    @cached_property
    def _tokens(self) -> list[str]:
        return [f"<S {code}>" for code in (*range(self.tokenizer.num_codes), -1)]  # [-1] is the last

    def _codes(self, tokens: Sequence[str]) -> NDArray[np.int16]:
        tokens = checked_tokens(tokens)
        if not tokens:
            raise DecodeError("no structure tokens between the control tokens", position=0)
        codes = [self._code_of.get(token) for token in tokens]
        if None in codes:
            index = codes.index(None)
            raise DecodeError(
                f"not one of the {self.tokenizer.num_codes} structure codes of the tokenizer "
                f"{self.tokenizer.name!r}: {tokens[index]!r}",
                position=index,
            )
        array = np.array(codes, dtype=np.int16)
        if not (array >= 0).any():
            raise DecodeError("every residue is unresolved", position=0)
        return array


def _resolved_chain(entity: Entity) -> Protein:
    if not isinstance(entity, Protein):
        raise UnsupportedError(f"protein_structure writes a Protein, not a {type(entity).__name__}")
    entity = entity.checked()
    if not entity.resolved.any():
        reason = "no residue has all of N, CA and C" if entity.has_structure else "the chain has no coordinates"
        raise UnsupportedError(reason, record=entity.name or None)
    return entity
