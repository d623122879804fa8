"""A chain as the network sees it: which residues are nodes, what they are said to be."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from biomatrix.structure.protein.gcp_vqvae.configuration import Behaviour
from biomatrix.structure.protein.gcp_vqvae.features import Graph, blind_types, chain_graph, residue_types
from biomatrix.structure.protein.gcp_vqvae.imputation import impute_missing


def describe_chain(
    backbone: NDArray[np.floating], sequence: str | None, behaviour: Behaviour, *, reach: int | None = None
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
    """
    resolved = np.isfinite(backbone).all(axis=(1, 2))
    if behaviour.impute:
        nodes, positions = impute_missing(backbone), np.arange(len(backbone))
    else:
        positions = np.flatnonzero(resolved)
        nodes = np.asarray(backbone, dtype=np.float32)[positions]
    nodes = nodes - nodes.mean(axis=(0, 1))
    blind = behaviour.sequence_blind or sequence is None
    types = blind_types(len(backbone)) if blind else residue_types(sequence or "")
    index = torch.from_numpy(positions)
    return chain_graph(
        torch.from_numpy(np.ascontiguousarray(nodes)),
        types[index],
        index,
        torch.from_numpy(resolved[:reach]),
        break_distance=behaviour.break_distance,
    )
