"""What users hold: chains to codes and back, in batches of similar length."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from biomatrix.entities.protein.entity import Protein
from biomatrix.entities.protein.structure.gcp_vqvae.closing import close_bonds
from biomatrix.entities.protein.structure.gcp_vqvae.configuration import Behaviour
from biomatrix.entities.protein.structure.gcp_vqvae.conversion import ARCHITECTURE, network_from
from biomatrix.entities.protein.structure.gcp_vqvae.features import Graph, collate
from biomatrix.entities.protein.structure.gcp_vqvae.inputs import describe_chain, with_phantom_residues
from biomatrix.entities.protein.structure.gcp_vqvae.model import GCPVQVAE
from biomatrix.entities.protein.structure.gcp_vqvae.pose import in_pose
from biomatrix.entities.protein.structure.gcp_vqvae.refinement import refined_codes
from biomatrix.entities.protein.structure.gcp_vqvae.windows import join_backbones, join_codes, windows
from biomatrix.entities.protein.structure.tokenizer import ProteinStructureTokenizer
from biomatrix.entities.tokenizer_folder import StoredWeights
from biomatrix.errors import ConfigurationError, LimitError, UnsupportedError

_MAX_RESIDUES = 40_000
"""Longest chain accepted at all; the longest known protein has 35,000 residues."""
_LEAST_FILLED = 0.9
"""Share of a batch that residues take up: more padding costs more than the batch saves."""


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
    residues_a_batch : int
        Padded residues that go through the network at once.
    """

    architecture = ARCHITECTURE

    def __init__(
        self, model: GCPVQVAE, behaviour: Behaviour, name: str, fingerprint: str, *, residues_a_batch: int = 2048
    ) -> None:
        super().__init__(name, fingerprint)
        self.model = model.eval()
        self.behaviour = behaviour
        self.residues_a_batch = residues_a_batch

    @classmethod
    def from_weights(cls, stored: StoredWeights) -> GCPVQVAETokenizer:
        """Build the tokenizer from a folder that was read and checked; every tensor must be there and fit."""
        model, behaviour = network_from(stored)
        return cls(model, behaviour, stored.name, stored.fingerprint)

    def with_behaviour(self, behaviour: Behaviour) -> GCPVQVAETokenizer:
        """Return a tokenizer of the same network used differently; its name and fingerprint say so."""
        if behaviour == self.behaviour:
            return self
        return GCPVQVAETokenizer(
            self.model,
            behaviour,
            f"{self.name} (altered)",
            f"{self.fingerprint}-altered",
            residues_a_batch=self.residues_a_batch,
        )

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

    @torch.no_grad()
    def encode(self, proteins: Sequence[Protein], *, pad_to: int | None = None) -> list[NDArray[np.int16]]:
        """Codes of each chain.

        Parameters
        ----------
        proteins : sequence of Protein
            Chains with a backbone.
        pad_to : int, optional
            Pad every batch to this length, as the published code pads to its ``max_length``: the same codes, slower.

        Returns
        -------
        list of ndarray, shape=(L,), dtype=int16
            -1 where the residue is unresolved; L is that of the chain unless the behaviour says otherwise.

        Raises
        ------
        UnsupportedError
            A protein has no backbone at all.
        LimitError
            A chain is longer than ``behaviour.max_length`` and the behaviour is to refuse.
        """
        pieces: list[Protein] = []
        plans: list[list[tuple[int, int]]] = []
        for index, protein in enumerate(proteins):
            self._check(protein, index)
            if self.behaviour.phantom_residues:
                protein = with_phantom_residues(protein)
            if self.model.sizes.posed and protein.backbone is not None:
                protein = replace(protein, backbone=in_pose(protein.backbone))  # the whole chain, before it is cut
            plans.append(self._ranges(len(protein), index, protein.name))
            pieces.extend(_slice(protein, start, end) for start, end in plans[-1])
        coded = iter(self._encode_pieces(pieces, pad_to or self._padding(self._reach)))
        joined = [join_codes([next(coded) for _ in plan], plan) for plan in plans]
        return joined if self.behaviour.unresolved == "keep" else [codes[codes >= 0] for codes in joined]

    @torch.inference_mode()
    def decode(self, codes: Sequence[ArrayLike], *, pad_to: int | None = None) -> list[NDArray[np.float32]]:
        """Backbones of code arrays.

        Parameters
        ----------
        codes : sequence of int array, shape=(L,)
            -1 or a code; any such array decodes.
        pad_to : int, optional
            As for `encode`.

        Returns
        -------
        list of ndarray, shape=(L, 3, 3), dtype=float32
            (N, CA, C) in Angstrom, NaN where the code is -1.

        Raises
        ------
        DecodeError
            A code out of range.
        LimitError
            More codes than ``behaviour.max_length`` and the behaviour is not windows.
        """
        arrays = [array.astype(np.int16) for array in self.checked(codes)]
        for index, array in enumerate(arrays):
            if len(array) > _MAX_RESIDUES:
                raise LimitError(f"{len(array)} codes, the limit is {_MAX_RESIDUES}", record=index + 1)
        plans = [self._ranges(len(array), index, None, decoding=True) for index, array in enumerate(arrays)]
        pieces = [array[start:end] for array, plan in zip(arrays, plans, strict=True) for start, end in plan]
        decoded = iter(self._decode_pieces(pieces, pad_to or self._padding(self.behaviour.max_length)))
        posed = self.model.sizes.posed
        joined = [join_backbones([next(decoded) for _ in plan], plan, lay=not posed) for plan in plans]
        return close_bonds(joined) if self.behaviour.close_bonds else joined

    def _encode_pieces(self, pieces: Sequence[Protein], pad_to: int | None) -> list[NDArray[np.int16]]:
        coded = [np.full(len(piece), -1, dtype=np.int16) for piece in pieces]
        known = [index for index, piece in enumerate(pieces) if piece.resolved[: self._reach].any()]
        longest = 0 if self.behaviour.batch_independent else max(map(len, pieces), default=0)
        for chosen in self._buckets([len(pieces[index]) for index in known], pad_to):
            graphs = [self.graph(pieces[known[i]], padded=len(pieces[known[i]]) < longest) for i in chosen]
            graph = collate(graphs, pad_to=pad_to).to(self.device)
            codes = self._codes(graph, [pieces[known[i]] for i in chosen]).cpu().numpy()
            for row, i in zip(codes, chosen, strict=True):
                length = min(len(coded[known[i]]), codes.shape[1])
                coded[known[i]][:length] = row[:length]
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
        known = [index for index, piece in enumerate(pieces) if (piece >= 0).any()]
        for chosen in self._buckets([len(pieces[index]) for index in known], pad_to):
            length = max(pad_to or 0, *(len(pieces[known[i]]) for i in chosen))
            padded = np.full((len(chosen), length), -1, dtype=np.int64)
            for row, i in enumerate(chosen):
                padded[row, : len(pieces[known[i]])] = pieces[known[i]]
            coords = self.model.decode(torch.from_numpy(padded).to(self.device)).cpu().numpy()
            for row, i in enumerate(chosen):
                piece = pieces[known[i]]
                decoded[known[i]][piece >= 0] = coords[row, : len(piece)][piece >= 0]
        return decoded

    def graph(self, protein: Protein, *, padded: bool = False) -> Graph:
        """Describe one chain as the network sees it, posed already if it is to be; a residue must be resolved."""
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

        Distances across a seam are less certain than within a window; empty for chains that pass in one piece.
        """
        ranges = self._ranges(length, 0, None, decoding=True)
        return [(second[0], first[1]) for first, second in pairwise(ranges)]

    @property
    def _reach(self) -> int:
        """Residues of one piece that the transformer of the encoder sees."""
        return self.behaviour.encoded_length or self.behaviour.max_length

    def _padding(self, length: int) -> int | None:
        return length if self.behaviour.padding == "max_length" else None

    def _ranges(self, length: int, index: int, name: str | None, *, decoding: bool = False) -> list[tuple[int, int]]:
        """The pieces a chain passes through in."""
        behaviour = self.behaviour
        size, overlap = behaviour.max_length, behaviour.overlap
        if behaviour.encoded_length is not None and not decoding:
            size, overlap = behaviour.encoded_length, behaviour.encoded_length // 2
        if length <= size or (behaviour.long_chains == "cut" and not decoding):
            return [(0, length)]
        if behaviour.long_chains == "windows":
            return windows(length, size, overlap)
        raise LimitError(
            f"{length} residues, these weights take {behaviour.max_length} in one piece: cut the chain, or use "
            "with_behaviour(...) with long_chains='windows'",
            record=name or index + 1,
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

    def _check(self, protein: Protein, index: int) -> None:
        if protein.backbone is None:
            raise UnsupportedError("the protein has no structure to encode", record=protein.name or index + 1)
        if np.shape(protein.backbone) != (len(protein.sequence), 3, 3):
            raise ConfigurationError(
                f"backbone of shape {np.shape(protein.backbone)} for {len(protein.sequence)} residues",
                record=protein.name or index + 1,
            )
        if len(protein) > _MAX_RESIDUES:
            raise LimitError(f"{len(protein)} residues, the limit is {_MAX_RESIDUES}", record=protein.name or index + 1)


def _slice(protein: Protein, start: int, end: int) -> Protein:
    """Residues of a chain as a chain."""
    if (start, end) == (0, len(protein)) or protein.backbone is None:
        return protein
    return Protein(protein.sequence[start:end], protein.backbone[start:end], protein.name, protein.chain)
