"""Backbones as codes of a structure tokenizer: one token per residue, and one for residues that are not resolved."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

import numpy as np

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.base_modality import Modality, checked_tokens
from biomatrix.entities.grammar import Grammar
from biomatrix.errors import BioMatrixError, DecodeError, UnsupportedError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from biomatrix.entities.structure_tokenizer import StructureTokenizer

EntityT = TypeVar("EntityT", bound=Entity)


class CodedBackbone(Modality, Generic[EntityT]):
    """The backbone of one chain as codes of a structure tokenizer.

    Parameters
    ----------
    tokenizer : StructureTokenizer, str or Path
        The tokenizer, or the shipped name or folder to open it from when it is first needed.
    """

    needs_structure: ClassVar[bool] = True
    needs_tokenizer: ClassVar[bool] = True
    token_word: ClassVar[str]
    """The first word of each token, ``S`` in ``<S 153>``; -1 stands for a residue that is not resolved."""
    frame_atoms: ClassVar[str]
    """The atoms that a residue must have, in words."""

    def __init__(self, tokenizer: StructureTokenizer[Any, Any, Any, Any] | str | Path = "default") -> None:
        self._source = tokenizer

    @classmethod
    @abstractmethod
    def tokenizer_class(cls) -> type[StructureTokenizer[Any, Any, Any, Any]]:
        """Return the class that opens a tokenizer by name."""

    @abstractmethod
    def resolved_chain(self, entity: Entity) -> EntityT:
        """Return the chain, checked. Raises UnsupportedError where no residue has its frame's atoms."""

    @abstractmethod
    def made(self, backbone: NDArray[np.float32]) -> EntityT:
        """Return a chain of unknown residues with a decoded backbone."""

    @cached_property
    def tokenizer(self) -> Any:
        """The structure tokenizer, opened when first needed."""
        if not isinstance(self._source, str | Path):
            return self._source
        return self.tokenizer_class().from_pretrained(self._source)

    def encode(self, entity: Entity) -> list[str]:
        """Return one token per residue. Raises UnsupportedError for a chain without coordinates."""
        (tokens,) = self.encode_each([entity])
        if isinstance(tokens, BioMatrixError):
            raise tokens
        return tokens

    def decode(self, tokens: Sequence[str]) -> EntityT:
        """Return a chain of unknown residues with a backbone, NaN where the token is the unresolved one.

        Raises
        ------
        DecodeError
            With the index of the first token that is no code of the tokenizer.
        """
        (chain,) = self.decode_each([tokens])
        if isinstance(chain, BioMatrixError):
            raise chain
        return chain

    def encode_each(self, entities: Sequence[Entity]) -> list[list[str] | BioMatrixError]:
        """Encode many chains in one batch: for each its tokens, or the error that refused it."""
        results: list[list[str] | BioMatrixError] = []
        accepted: list[tuple[int, EntityT]] = []
        for slot, entity in enumerate(entities):
            try:
                accepted.append((slot, self.resolved_chain(entity)))
                results.append([])
            except BioMatrixError as error:
                results.append(error)
        batch = self.tokenizer.encode_each([chain for _, chain in accepted]) if accepted else []
        for (slot, chain), codes in zip(accepted, batch, strict=True):
            if isinstance(codes, BioMatrixError):
                results[slot] = codes
            elif (codes < 0).all():
                results[slot] = UnsupportedError(
                    f"no residue has a frame: {self.frame_atoms} lie on one line", record=chain.name or None
                )
            else:
                results[slot] = [self._tokens[code] for code in codes.tolist()]
        return results

    def decode_each(self, sequences: Sequence[Sequence[str]]) -> list[EntityT | BioMatrixError]:
        """Decode many token lists in one batch: for each its chain, or the error that refused it."""
        read: list[NDArray[np.int16] | BioMatrixError] = []
        for tokens in sequences:
            try:
                read.append(self._codes(tokens))
            except BioMatrixError as error:
                read.append(error)
        accepted = [codes for codes in read if not isinstance(codes, BioMatrixError)]
        backbones = iter(self.tokenizer.decode_each(accepted) if accepted else [])
        return [one if isinstance(one, BioMatrixError) else self._chain(one, next(backbones)) for one in read]

    def _chain(
        self, codes: NDArray[np.int16], backbone: NDArray[np.float32] | BioMatrixError
    ) -> EntityT | BioMatrixError:
        """Return what decoding gave as a chain, or why it is none."""
        if isinstance(backbone, BioMatrixError):
            return backbone
        lost = np.flatnonzero((codes >= 0) & ~np.isfinite(backbone).all(axis=(1, 2)))
        if len(lost):
            return DecodeError("the codes place no finite coordinates", position=int(lost[0]))
        return self.made(backbone)

    def vocabulary(self) -> Mapping[str, str]:
        """Return every code of the tokenizer and the unresolved token, each described by its own string."""
        return {token: token for token in self._code_of}

    def code_of(self, token: str) -> int | None:
        """Return the code of a residue; None for the unresolved token."""
        match = self.token_pattern.fullmatch(token)
        return None if match is None or token == self.unresolved else int(token[len(self.token_word) + 2 : -1])

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
        return int(token == self.unresolved)

    def length(self, tokens: Sequence[str]) -> int:
        """Return the number of residues, unresolved ones included."""
        return len(tokens)

    def units(self, tokens: Sequence[str]) -> list[tuple[int, ...]]:
        """Return the residue of each token."""
        return [(place,) for place in range(len(tokens))]

    @property
    def unresolved(self) -> str:
        """The token of a residue that is not resolved."""
        return self._token(-1)

    def _token(self, code: int) -> str:
        return f"<{self.token_word} {code}>"

    @cached_property
    def _code_of(self) -> dict[str, int]:
        return {self._token(code): code for code in range(-1, self.tokenizer.num_codes)}

    @cached_property
    def _tokens(self) -> list[str]:
        return [self._token(code) for code in (*range(self.tokenizer.num_codes), -1)]  # [-1] is the last

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
