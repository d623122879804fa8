"""What users hold: chains to codes and back, in batches of similar length."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from biomatrix.entities.protein.entity import Protein
from biomatrix.entities.protein.structure.gcp_vqvae.closing import close_bonds
from biomatrix.entities.protein.structure.gcp_vqvae.configuration import Behaviour, to_mapping
from biomatrix.entities.protein.structure.gcp_vqvae.conversion import ARCHITECTURE, network_from, stored_tensors
from biomatrix.entities.protein.structure.gcp_vqvae.features import Graph, collate
from biomatrix.entities.protein.structure.gcp_vqvae.inputs import describe_chain, with_phantom_residues
from biomatrix.entities.protein.structure.gcp_vqvae.model import GCPVQVAE
from biomatrix.entities.protein.structure.gcp_vqvae.pose import in_pose
from biomatrix.entities.protein.structure.gcp_vqvae.refinement import refined_codes
from biomatrix.entities.protein.structure.gcp_vqvae.windows import join_backbones, join_codes, windows
from biomatrix.entities.protein.structure.tokenizer import ProteinStructureTokenizer
from biomatrix.entities.tokenizer_folder import StoredWeights, fingerprint_of
from biomatrix.errors import ConfigurationError, LimitError, UnsupportedError

_MAX_RESIDUES = 40_000
"""Longest chain accepted at all; the longest known protein has 35,000 residues."""
_LEAST_FILLED = 0.9
"""Share of a batch that residues take up: more padding costs more than the batch saves."""


@dataclass(frozen=True, eq=False)
class PlannedChain:
    """A chain as the network sees it, and the half-open ranges of residues that are encoded in one piece."""

    chain: Protein
    plan: list[tuple[int, int]]


@dataclass(frozen=True, eq=False)
class PlannedCodes:
    """Codes of a chain, ``int16 [L]``, and the half-open ranges of them that are decoded in one piece."""

    codes: NDArray[np.int16]
    plan: list[tuple[int, int]]


class GCPVQVAETokenizer(ProteinStructureTokenizer):
    """The learned tokenizer of Pourmirzaei et al. (2025).

    Codes of a chain do not depend on the other chains of a batch, beyond the rounding of float32 matrix products. As
    the published encoder is used (see `as_published`), they depend on the sequence.

    Parameters
    ----------
    model : GCPVQVAE
        The network.
    behaviour : Behaviour
        What is done around it.
    name, fingerprint : str
        See `ProteinStructureTokenizer`.
    config : mapping, optional
        The description the weights came with.
    half : bool
        Whether the weights are stored as float16.
    residues_a_batch : int
        Padded residues that go through the network at once.
    pad_to : int, optional
        Pad every batch to this length; see `padded`.
    """

    architecture: ClassVar[str] = ARCHITECTURE

    def __init__(
        self,
        model: GCPVQVAE,
        behaviour: Behaviour,
        name: str,
        fingerprint: str,
        *,
        config: Mapping[str, Any] | None = None,
        half: bool = False,
        residues_a_batch: int = 2048,
        pad_to: int | None = None,
    ) -> None:
        settings = {"sizes": to_mapping(model.sizes), "behaviour": to_mapping(behaviour)}
        super().__init__(name, fingerprint, {"settings": settings} if config is None else config)
        self.model = model.eval()
        self.behaviour = behaviour
        self.residues_a_batch = residues_a_batch
        self.pad_to = pad_to
        self.half = half

    @classmethod
    def from_weights(cls, stored: StoredWeights) -> Self:
        """Build the tokenizer from a folder that was read and checked; every tensor must be there and fit."""
        model, behaviour = network_from(stored)
        half = any(tensor.dtype == np.float16 for tensor in stored.tensors.values())
        return cls(model, behaviour, stored.name, stored.fingerprint, config=stored.config, half=half)

    def tensors(self) -> Mapping[str, NDArray[Any]]:
        """Return the weights of the network, as wide as they were read."""
        return stored_tensors(self.model, half=self.half)

    def with_behaviour(self, behaviour: Behaviour) -> GCPVQVAETokenizer:
        """Return a tokenizer of the same network used differently; its name and fingerprint say so."""
        if behaviour == self.behaviour:
            return self
        settings = {**self.config.get("settings", {}), "behaviour": to_mapping(behaviour)}
        weights = str(self.config.get("sha256", self.fingerprint))
        return self._again(
            behaviour=behaviour,
            name=f"{self.name} (altered)",
            fingerprint=fingerprint_of(self.architecture, settings, weights),
            config={**self.config, "settings": settings},
        )

    def padded(self, pad_to: int | None) -> GCPVQVAETokenizer:
        """Return a tokenizer of the same network that pads every batch to a length, as the published code pads.

        The same codes, slower.
        """
        return self._again(pad_to=pad_to)

    def _again(self, **changes: Any) -> GCPVQVAETokenizer:
        """Return a tokenizer of the same network, with changes."""
        same = {
            "behaviour": self.behaviour,
            "name": self.name,
            "fingerprint": self.fingerprint,
            "config": self.config,
            "half": self.half,
            "residues_a_batch": self.residues_a_batch,
            "pad_to": self.pad_to,
        }
        return GCPVQVAETokenizer(self.model, **{**same, **changes})

    def as_published(self) -> GCPVQVAETokenizer:
        """Return a tokenizer of the same network with the published habits.

        The sequence is fed to the encoder, unresolved residues become imputed nodes, which moves measured N atoms after
        gaps, and long chains are cut silently.
        """
        return self.with_behaviour(
            replace(
                self.behaviour,
                sequence_blind=False,
                impute=True,
                break_distance=None,
                long_chains="cut",
                encoded_length=None,
                refinements=0,
                close_bonds=False,
            )
        )

    @property
    def device(self) -> torch.device:
        """Where the network computes; move it by ``tokenizer.model.to(...)``."""
        return self.model.vqvae.vector_quantizer.codebook.embed.device

    @property
    def num_codes(self) -> int:
        """Codes are 0 to ``num_codes - 1``."""
        return self.model.sizes.codebook_size

    @property
    def code_features(self) -> NDArray[np.float64]:
        """The rows of the codebook, each dimension scaled to unit variance, ``float64 [num_codes, code_width]``."""
        rows = self.model.vqvae.vector_quantizer.codebook.embed[0].double().cpu().numpy()
        spread = rows.std(axis=0)
        return np.asarray((rows - rows.mean(axis=0)) / np.where(spread > 0, spread, 1.0))

    def prepare(self, entity: Protein) -> PlannedChain:
        """Return a chain as the network sees it, and the pieces it is encoded in.

        Raises
        ------
        UnsupportedError
            The protein has no backbone at all.
        ConfigurationError
            The backbone has another number of residues than the sequence.
        LimitError
            The chain is longer than ``behaviour.max_length`` and the behaviour is to refuse, or than 40,000 residues.
        """
        _check(entity)
        chain = with_phantom_residues(entity) if self.behaviour.phantom_residues else entity
        if self.model.sizes.posed and chain.backbone is not None:
            chain = replace(chain, backbone=in_pose(chain.backbone))  # the whole chain, before it is cut
        return PlannedChain(chain, self._ranges(len(chain)))

    @torch.no_grad()
    def encode_batch(self, prepared: Sequence[PlannedChain]) -> list[NDArray[np.int16]]:
        """Return the codes of each chain, ``int16 [L]``; L is that of the chain unless the behaviour says otherwise."""
        pieces = [_slice(one.chain, start, end) for one in prepared for start, end in one.plan]
        coded = iter(self._encode_pieces(pieces, self.pad_to or self._padding(self._reach)))
        joined = [join_codes([next(coded) for _ in one.plan], one.plan) for one in prepared]
        return joined if self.behaviour.unresolved == "keep" else [codes[codes >= 0] for codes in joined]

    def prepare_codes(self, codes: ArrayLike) -> PlannedCodes:
        """Return codes, ``int16 [L]``, and the pieces they are decoded in.

        Raises
        ------
        DecodeError
            A code out of range.
        LimitError
            More codes than ``behaviour.max_length`` and the behaviour is not windows, or more than 40,000.
        """
        array = super().prepare_codes(codes).astype(np.int16)
        if len(array) > _MAX_RESIDUES:
            raise LimitError(f"{len(array)} codes, the limit is {_MAX_RESIDUES}")
        return PlannedCodes(array, self._ranges(len(array), decoding=True))

    @torch.inference_mode()
    def decode_batch(self, prepared: Sequence[PlannedCodes]) -> list[NDArray[np.float32]]:
        """Return the backbones of code arrays, ``float32 [L, 3, 3]`` in Angstrom."""
        pieces = [one.codes[start:end] for one in prepared for start, end in one.plan]
        decoded = iter(self._decode_pieces(pieces, self.pad_to or self._padding(self.behaviour.max_length)))
        posed = self.model.sizes.posed
        joined = [join_backbones([next(decoded) for _ in one.plan], one.plan, lay=not posed) for one in prepared]
        return close_bonds(joined) if self.behaviour.close_bonds else joined

    def _encode_pieces(self, pieces: Sequence[Protein], pad_to: int | None) -> list[NDArray[np.int16]]:
        coded = [np.full(len(piece), -1, dtype=np.int16) for piece in pieces]
        indices = [index for index, piece in enumerate(pieces) if piece.resolved[: self._reach].any()]
        longest = 0 if self.behaviour.batch_independent else max(map(len, pieces), default=0)
        for chosen in self._buckets([len(pieces[index]) for index in indices], pad_to):
            graphs = [self.graph(pieces[indices[i]], padded=len(pieces[indices[i]]) < longest) for i in chosen]
            graph = collate(graphs, pad_to=pad_to).to(self.device)
            codes = self._codes(graph, [pieces[indices[i]] for i in chosen]).cpu().numpy()
            for row, i in zip(codes, chosen, strict=True):
                length = min(len(coded[indices[i]]), codes.shape[1])
                coded[indices[i]][:length] = row[:length]
        return coded

    def _codes(self, graph: Graph, pieces: Sequence[Protein]) -> torch.Tensor:
        """Codes of a batch, int64 [B, T]."""
        if not self.behaviour.refinements:
            return self.model.encode(graph)
        target = torch.zeros(*graph.valid.shape, 3, 3)
        for row, piece in zip(target, pieces, strict=True):
            length = min(len(piece), len(row))
            row[:length] = torch.from_numpy(np.array(piece.backbone, dtype=np.float32)[:length])
        return refined_codes(self.model, graph, target.to(self.device), self.behaviour.refinements)

    def _decode_pieces(self, pieces: Sequence[NDArray[np.int16]], pad_to: int | None) -> list[NDArray[np.float32]]:
        decoded = [np.full((len(piece), 3, 3), np.nan, dtype=np.float32) for piece in pieces]
        indices = [index for index, piece in enumerate(pieces) if (piece >= 0).any()]
        for chosen in self._buckets([len(pieces[index]) for index in indices], pad_to):
            length = max(pad_to or 0, *(len(pieces[indices[i]]) for i in chosen))
            padded = np.full((len(chosen), length), -1, dtype=np.int64)
            for row, i in enumerate(chosen):
                padded[row, : len(pieces[indices[i]])] = pieces[indices[i]]
            coords = self.model.decode(torch.from_numpy(padded).to(self.device)).cpu().numpy()
            for row, i in enumerate(chosen):
                piece = pieces[indices[i]]
                decoded[indices[i]][piece >= 0] = coords[row, : len(piece)][piece >= 0]
        return decoded

    def graph(self, protein: Protein, *, padded: bool = False) -> Graph:
        """Describe a chain of at least one resolved residue as the network sees it; posed already if the network is."""
        backbone = np.asarray(protein.backbone, dtype=np.float32)
        return describe_chain(
            backbone,
            protein.sequence,
            self.behaviour,
            reach=self._reach,
            padded=padded,
            posed=self.model.sizes.posed,
        )

    def seams(self, length: int) -> list[tuple[int, int]]:
        """Return the stretches of a chain, half-open, in which two decoded windows were superposed and blended.

        Distances across a seam are less certain than within a window; empty for chains decoded in one piece.
        """
        ranges = self._ranges(length, decoding=True)
        return [(second[0], first[1]) for first, second in pairwise(ranges)]

    @property
    def _reach(self) -> int:
        """Residues of one piece that the transformer of the encoder sees."""
        return self.behaviour.encoded_length or self.behaviour.max_length

    def _padding(self, length: int) -> int | None:
        return length if self.behaviour.padding == "max_length" else None

    def _ranges(self, length: int, *, decoding: bool = False) -> list[tuple[int, int]]:
        """Return the pieces in which a chain is encoded or decoded."""
        behaviour = self.behaviour
        size, overlap = behaviour.max_length, behaviour.overlap
        if behaviour.encoded_length is not None and not decoding:
            size, overlap = behaviour.encoded_length, behaviour.encoded_length // 2
        if length <= size or (behaviour.long_chains == "cut" and not decoding):
            return [(0, length)]
        if behaviour.long_chains == "windows":
            return windows(length, size, overlap)
        raise LimitError(
            f"{length} residues, these weights take {behaviour.max_length} in one piece: cut the chain, or "
            "choose weights for longer ones (in Python, with_behaviour reads it in windows)",
            limit="residues_at_once",
            actual=length,
            allowed=behaviour.max_length,
        )

    def _buckets(self, lengths: Sequence[int], pad_to: int | None) -> Iterator[list[int]]:
        """Indices of chains of similar length, no more than fit a batch once padded, little of it padding."""
        batch: list[int] = []
        residues = 0
        for i in sorted(range(len(lengths)), key=lambda i: lengths[i]):
            padded = (len(batch) + 1) * max(lengths[i], pad_to or 0)
            wasteful = pad_to is None and residues + lengths[i] < _LEAST_FILLED * padded
            if batch and (padded > self.residues_a_batch or wasteful):
                yield batch
                batch, residues = [], 0
            batch.append(i)
            residues += lengths[i]
        if batch:
            yield batch


def _check(protein: Protein) -> None:
    if protein.backbone is None:
        raise UnsupportedError("the protein has no structure to encode")
    if np.shape(protein.backbone) != (len(protein.sequence), 3, 3):
        raise ConfigurationError(f"backbone of shape {np.shape(protein.backbone)} for {len(protein.sequence)} residues")
    if len(protein) > _MAX_RESIDUES:
        message = f"{len(protein)} residues, the limit is {_MAX_RESIDUES}"
        raise LimitError(message, limit="residues_at_once", actual=len(protein), allowed=_MAX_RESIDUES)


def _slice(protein: Protein, start: int, end: int) -> Protein:
    """Residues of a chain as a chain."""
    if (start, end) == (0, len(protein)) or protein.backbone is None:
        return protein
    return Protein(protein.sequence[start:end], protein.backbone[start:end], protein.name, protein.chain)
