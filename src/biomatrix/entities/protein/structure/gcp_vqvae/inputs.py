"""A chain as the network sees it: which residues are nodes, and of which types."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from biomatrix.entities.protein.entity import Protein
from biomatrix.entities.protein.structure.gcp_vqvae.configuration import Behaviour
from biomatrix.entities.protein.structure.gcp_vqvae.features import (
    Graph,
    blind_types,
    bonded_nodes,
    chain_graph,
    residue_types,
)
from biomatrix.entities.protein.structure.gcp_vqvae.imputation import impute_missing
from biomatrix.entities.protein.structure.gcp_vqvae.pose import pose_features
from biomatrix.errors import LimitError

_CERTAIN_GAP = 5
_UNKNOWN_DISTANCE = 5.0
_SLACK = 1.2
_CA_SPACING = 3.8
_MOST_RESIDUES = 40_000


def describe_chain(
    backbone: NDArray[np.floating],
    sequence: str | None,
    behaviour: Behaviour,
    *,
    reach: int | None = None,
    padded: bool = False,
    posed: bool = False,
) -> Graph:
    """Return the graph of a chain.

    Parameters
    ----------
    backbone : ndarray, shape=(L, 3, 3)
        (N, CA, C) in Angstrom, NaN where unresolved; at least one residue resolved.
    sequence : str or None
        Only read where the behaviour is not blind to it.
    behaviour : Behaviour
    reach : int, optional
        Residues that the transformer of the encoder sees; all when not given.
    padded : bool
        See `chain_graph`.
    posed : bool
        Also describe where residues stand: the backbone is that of a chain in its pose, or a stretch of one.
    """
    resolved = np.isfinite(backbone).all(axis=(1, 2))
    if behaviour.impute:
        nodes, positions = impute_missing(backbone), np.arange(len(backbone))
    else:
        positions = np.flatnonzero(resolved)
        nodes = np.asarray(backbone, dtype=np.float32)[positions]
    index = torch.from_numpy(positions)
    standing = torch.from_numpy(np.ascontiguousarray(nodes, dtype=np.float32)) if posed else None
    nodes = nodes - nodes.mean(axis=(0, 1))
    blind = behaviour.sequence_blind or sequence is None
    types = blind_types(len(backbone)) if blind else residue_types(sequence or "")
    graph = chain_graph(
        torch.from_numpy(np.ascontiguousarray(nodes)),
        types[index],
        index,
        torch.from_numpy(resolved[:reach]),
        break_distance=behaviour.break_distance,
        padded=padded,
    )
    if standing is None:
        return graph
    bonded = bonded_nodes(standing[:, 1], index, behaviour.break_distance)
    return replace(graph, pose=pose_features(standing, bonded))


def with_phantom_residues(protein: Protein) -> Protein:
    """Return the chain with the unresolved residues that the published corpus inserts where numbers jump.

    A jump by ``n + 1`` inserts ``n`` residues; past five, no more than 1.2 times the distance between the flanking CA
    (5 Angstrom where one is missing) has room for at 3.8 Angstrom per residue.

    Raises
    ------
    LimitError
        More than 40,000 residues with the inserted ones.
    """
    numbers, backbone = protein.residue_numbers, protein.backbone
    if numbers is None or backbone is None or len(protein) < 2:
        return protein
    gaps = np.maximum(np.diff(numbers.astype(np.int64)) - 1, 0)
    distance = np.linalg.norm(np.diff(backbone[:, 1].astype(np.float64), axis=0), axis=-1)
    distance = np.where(np.isfinite(distance), distance, _UNKNOWN_DISTANCE)
    room = np.maximum(np.floor(_SLACK * distance / _CA_SPACING) - 1, 0).astype(np.int64)
    inserted = np.where(gaps > _CERTAIN_GAP, np.minimum(gaps, room), gaps)
    if not inserted.any():
        return protein
    place = np.arange(len(protein)) + np.concatenate([[0], np.cumsum(inserted)])
    length = int(place[-1]) + 1
    if length > _MOST_RESIDUES:
        raise LimitError(f"{length} residues with those its numbering leaves out", record=protein.name or None)
    letters, full = np.full(length, "X"), np.full((length, 3, 3), np.nan, dtype=np.float32)
    letters[place], full[place] = list(protein.sequence), backbone
    return Protein("".join(letters), full, protein.name, protein.chain)
