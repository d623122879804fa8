"""The GCP-VQVAE of this package against recorded values of the published code, intermediate by intermediate.

A folder of recordings holds ``reduced.json``, ``reduced_weights.safetensors`` and ``reduced_io.safetensors``, and may
hold ``reduced_batch_pair.safetensors`` and the two files of the network of published size, ``large_name_seeded*``.
Values at residues that were not measured have no meaning and are not compared.
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from biomatrix.entities.options import option
from biomatrix.entities.parity import Comparison, Parity, ParityCheck, joined
from biomatrix.entities.protein.entity import Protein
from biomatrix.entities.protein.structure.gcp_vqvae.configuration import NetworkSizes, reference_behaviour
from biomatrix.entities.protein.structure.gcp_vqvae.conversion import sizes_of
from biomatrix.entities.protein.structure.gcp_vqvae.features import Graph, chain_graph, collate, residue_types
from biomatrix.entities.protein.structure.gcp_vqvae.imputation import impute_missing
from biomatrix.entities.protein.structure.gcp_vqvae.model import GCPVQVAE
from biomatrix.entities.protein.structure.gcp_vqvae.tokenizer import GCPVQVAETokenizer
from biomatrix.errors import ParseError

MAX_LENGTH: Final = 512
"""Most residues of a chain that the published code reads."""

FEATURES, INTERMEDIATES, COORDINATES = 2e-5, 1e-5, 1e-4
"""Tolerances of features, of what the network computes, and of coordinates in Angstrom."""
IMPUTED_FEATURES = 2e-4
"""Single precision carries the positions invented for unresolved residues to about 1e-4 Angstrom only."""
LARGE_CODES = 0.005
"""Share of the codes of the large network that may differ: some lie between two rows of the codebook."""

_TINY: Final[dict[str, Any]] = {
    "gcp_layers": 1, "node_scalars": 8, "node_vectors": 4, "edge_scalars": 4, "encoder_width": 8, "encoder_depth": 1,
    "decoder_width": 8, "decoder_depth": 1, "heads": 1, "kv_heads": 1, "code_width": 4, "codebook_size": 8,
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Recording:
    """The recorded tensors of one chain.

    Parameters
    ----------
    name : str
        Of the chain, as the tensors' names begin.
    sequence : str
    tensors : mapping of str to Tensor
        Of all chains.
    """

    name: str
    sequence: str
    tensors: Mapping[str, torch.Tensor]

    def __getitem__(self, tensor: str) -> torch.Tensor:
        return self.tensors[f"{self.name}/{tensor}"]

    def __contains__(self, tensor: str) -> bool:
        return f"{self.name}/{tensor}" in self.tensors

    @property
    def raw(self) -> np.ndarray[Any, np.dtype[np.float32]]:
        """N, CA, C and O as the file gave them, ``float32 [L, 4, 3]``; NaN where missing."""
        return self["coords_raw"].numpy()

    @property
    def measured(self) -> torch.Tensor:
        """Which residues are complete, ``bool [L]``."""
        return torch.from_numpy(np.isfinite(self.raw).all(axis=(1, 2)))

    @property
    def inside(self) -> torch.Tensor:
        """Which of the residues the published code takes are complete, ``bool [min(L, 512)]``."""
        return self.measured[:MAX_LENGTH]

    @property
    def imputed(self) -> bool:
        """Whether positions had to be invented."""
        return not bool(self.measured.all())

    def protein(self) -> Protein:
        """The chain."""
        return Protein(self.sequence, self.raw[:, :3].copy(), self.name)

    def imputed_backbone(self) -> torch.Tensor:
        """The backbone as the published code feeds it to the network, ``float32 [L, 3, 3]``."""
        filled = impute_missing(self.raw)
        filled -= filled.mean(axis=(0, 1))
        return torch.from_numpy(filled[:, :3].copy())

    def graph(self, *, padded: bool = False) -> Graph:
        """The chain as the network sees it."""
        backbone = self.imputed_backbone()
        numbers = torch.arange(len(backbone))
        return chain_graph(backbone, residue_types(self.sequence), numbers, self.inside, padded=padded)


@dataclass(frozen=True, eq=False)
class Recordings:
    """A folder of recordings of the reduced network.

    Parameters
    ----------
    folder : Path
    chains : dict of str to Recording
    model : GCPVQVAE
        With the recorded weights.
    """

    folder: Path
    chains: dict[str, Recording]
    model: GCPVQVAE


def protein_parity(folder: Path, *, large: bool = False, progress: Callable[[str], None] = lambda _: None) -> Parity:
    """Compare with every recording in a folder.

    Parameters
    ----------
    folder : Path
    large : bool
        Also run the network of published size (287 million values, built from its recipe), where it was recorded:
        minutes and 2 GiB of memory.
    progress : callable
        Called with the name of the chain being compared.

    Raises
    ------
    ParseError
        The folder lacks a file, or one cannot be read.
    """
    recorded = read_recordings(folder)
    parts: list[list[ParityCheck]] = []
    for name, chain in recorded.chains.items():
        progress(name)
        parts.append(list(chain_checks(chain, recorded.model)))
    parts.append(list(batch_checks(recorded)))
    if large and (folder / "large_name_seeded_codes.json").is_file():
        progress("the network of published size")
        parts.append(list(large_checks(recorded)))
    return joined(parts)


@dataclass(frozen=True)
class ParityOptions:
    """Options of a comparison.

    Parameters
    ----------
    full : bool
        Also the network of published size.
    """

    full: bool = option(False, "also the network of published size; takes minutes.", flags="--full")


def compare_recordings(folder: Path, options: ParityOptions, progress: Callable[[str], None]) -> Parity:
    """Compare with every recording in a folder; see :func:`protein_parity`."""
    return protein_parity(folder, large=options.full, progress=progress)


COMPARISON = Comparison("folders of chains", Path.is_dir, compare_recordings, ParityOptions)
"""A folder of recorded chains, which holds its own weights."""


def read_recordings(folder: Path) -> Recordings:
    """Open a folder of recordings, weights loaded strictly."""
    try:
        facts = json.loads((folder / "reduced.json").read_text(encoding="utf-8"))
        tensors = load_file(folder / "reduced_io.safetensors")
        weights = load_file(folder / "reduced_weights.safetensors")
        chains = {name: Recording(name, fact["sequence"], tensors) for name, fact in facts["proteins"].items()}
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        reason = f"{error.strerror}: {error.filename}" if isinstance(error, OSError) and error.strerror else error
        raise ParseError(f"not a folder of recordings: {reason}", file=str(folder)) from error
    model = GCPVQVAE(sizes_of(weights))
    model.load_state_dict(weights, strict=True)
    return Recordings(folder, chains, model.eval())


@torch.no_grad()
def chain_checks(chain: Recording, model: GCPVQVAE) -> Iterator[ParityCheck]:
    """Yield every comparison of one chain with the reduced network."""
    yield from feature_checks(chain)
    if "edge_s" in chain:
        yield from edge_checks(chain)
        yield from graph_network_checks(chain, model)
        yield from transformer_checks(chain, model)
    yield from result_checks(chain, model)
    yield from tokenizer_checks(chain, model)


def feature_checks(chain: Recording) -> Iterator[ParityCheck]:
    """Yield the comparisons of imputed positions, edges and node features."""
    graph, measured = chain.graph(), chain.measured
    tolerance = IMPUTED_FEATURES if chain.imputed else FEATURES
    ours, theirs = (set(map(tuple, edges.T.tolist())) for edges in (graph.edge_index, chain["edge_index"]))
    yield ParityCheck(chain.name, "edges", float(len(ours ^ theirs)), 0.0)
    yield _codes(chain, "residue types", residue_types(chain.sequence), chain["residue_type"].long())
    places = torch.arange(MAX_LENGTH)
    masks = {"mask": places < len(chain.sequence), "nan_mask": torch.isin(places, torch.nonzero(chain.inside)[:, 0])}
    for name in (name for name in masks if name in chain):
        yield _codes(chain, name, masks[name], chain[name].bool())
    yield _close(chain, "imputed positions", chain.imputed_backbone(), chain["coords_model"], COORDINATES)
    yield _close(chain, "node scalars", graph.node_scalars[measured], chain["node_s"][measured], tolerance)
    yield _close(chain, "node vectors", graph.node_vectors[measured], chain["node_v"][measured], tolerance)


def edge_checks(chain: Recording) -> Iterator[ParityCheck]:
    """Yield the comparisons of edge features."""
    graph, order = _in_recorded_order(chain)
    alpha = chain.imputed_backbone()[:, 1]
    yield _close(chain, "pos_centered", alpha - alpha.mean(dim=0), chain["pos_centered"], FEATURES)
    yield _close(chain, "edge scalars", graph.edge_scalars[order], chain["edge_s"], FEATURES)
    yield _close(chain, "edge vectors", graph.edge_vectors[order], chain["edge_v"], FEATURES)
    yield _close(chain, "edge frames", graph.edge_frames[order], chain["frames"], FEATURES)


def graph_network_checks(chain: Recording, model: GCPVQVAE) -> Iterator[ParityCheck]:
    """Yield the comparisons inside the graph network: embedding, first messages, layers."""
    graph, order = _in_recorded_order(chain)
    nodes, edges = model.encoder.gcp_embedding(graph)
    outputs = {
        "emb.h": nodes.scalars,
        "emb.chi": nodes.vectors.transpose(1, 2),
        "emb.e": edges.scalars[order],
        "emb.xi": edges.vectors.transpose(1, 2)[order],
    }
    first: Any = model.encoder.interaction_layers[0]
    message = first.interaction(nodes, edges, graph)
    outputs |= {"msg0.h": message.scalars, "msg0.chi": message.vectors.transpose(1, 2)}
    for number, layer in enumerate(model.encoder.interaction_layers):
        nodes = layer(nodes, edges, graph)
        outputs |= {f"layer{number}.h": nodes.scalars, f"layer{number}.chi": nodes.vectors.transpose(1, 2)}
    for name, ours in outputs.items():
        yield _close(chain, name, ours, chain[name], INTERMEDIATES)


def transformer_checks(chain: Recording, model: GCPVQVAE) -> Iterator[ParityCheck]:
    """Yield the comparisons inside both transformers and the quantiser."""
    graph, network = chain.graph(), model.vqvae
    tail = network.encoder_tail(model.encoder(graph).T[None]).transpose(1, 2)
    codes = chain["codes"].long()
    rows = network.vector_quantizer.rows(codes)
    hidden = network.decoder.projector_in(rows)
    stack = network.decoder.decoder_stack(hidden[None], codes[None] >= 0)
    rotation, translation = network.decoder.affine_output_projection(stack[0])
    yield _close(chain, "tail", tail[0], chain["tail"], INTERMEDIATES)
    yield _close(chain, "blocks", network.encoder_blocks(tail, graph.valid)[0], chain["blocks"], INTERMEDIATES)
    yield _close(chain, "quantised", rows, chain["quantised"], 0.0)
    yield _close(chain, "dec.proj_in", hidden, chain["dec.proj_in"], INTERMEDIATES)
    yield _close(chain, "dec.stack", stack[0], chain["dec.stack"], INTERMEDIATES)
    rigid = torch.cat([rotation.flatten(1), translation], dim=-1)
    yield _close(chain, "rigid", rigid, chain["rigid"], COORDINATES)
    yield _close(chain, "vq_loss", torch.zeros(1), chain["vq_loss"], 0.0)  # only training has one
    yield _close(chain, "ntp_logits", network.ntp_projector_head(rows), chain["ntp_logits"], INTERMEDIATES)


def result_checks(chain: Recording, model: GCPVQVAE) -> Iterator[ParityCheck]:
    """Yield the comparisons of what leaves the network: latents, codes, coordinates."""
    graph, inside, measured = chain.graph(), chain.inside, chain.measured
    tolerance = COORDINATES if chain.imputed else INTERMEDIATES
    invariants, theirs = model.encoder(graph)[measured], chain["gcp.node_embedding"][measured]
    yield _close(chain, "gcp.node_embedding", invariants, theirs, tolerance)
    yield _close(chain, "z", model.latents(graph)[0][inside], chain["z"][inside], INTERMEDIATES)
    yield _codes(chain, "codes", model.encode(graph)[0], chain["codes"].long())
    decoded = model.decode(chain["codes"].long()[None])[0]
    yield _close(chain, "coords_out", decoded[inside], chain["coords_out"][inside], COORDINATES)


def tokenizer_checks(chain: Recording, model: GCPVQVAE) -> Iterator[ParityCheck]:
    """Yield the comparisons of what a user holds: the tokenizer with the published habits."""
    tokenizer = GCPVQVAETokenizer(model, reference_behaviour(MAX_LENGTH), "reduced", "0")
    theirs = chain["codes"]
    (ours,) = tokenizer.encode([chain.protein()])
    cut = torch.from_numpy(ours[:MAX_LENGTH]).long()
    yield _codes(chain, "tokenizer, codes", cut, theirs.long())
    yield ParityCheck(chain.name, "tokenizer, codes past the cut", float((ours[MAX_LENGTH:] >= 0).sum()), 0.0)
    (decoded,) = tokenizer.decode([theirs.numpy()])
    coded = theirs >= 0
    back = torch.from_numpy(decoded)
    yield _close(chain, "tokenizer, coordinates", back[coded], chain["coords_out"][coded], COORDINATES)
    yield ParityCheck(chain.name, "tokenizer, unresolved stay", float((~back[~coded].isnan()).sum()), 0.0)


@torch.no_grad()
def batch_checks(recorded: Recordings) -> Iterator[ParityCheck]:
    """Yield the comparisons of two chains in one batch: published features and codes depend on the batch."""
    path = recorded.folder / "reduced_batch_pair.safetensors"
    if not path.is_file():
        return
    pair = load_file(path)
    sizes = torch.bincount(pair["batch"].long()).tolist()
    of_size = {len(chain.sequence): chain for chain in recorded.chains.values()}
    chains = [of_size[size] for size in sizes if size in of_size]
    if len(chains) != len(sizes):
        raise ParseError(f"no recorded chains of {sizes} residues to put in one batch", file=str(path))
    name = " + ".join(chain.name for chain in chains)
    graphs = [chain.graph(padded=True) for chain in chains[:-1]] + [chains[-1].graph()]
    features = (collate(graphs).node_scalars - pair["node_s"]).abs().max()
    yield ParityCheck(name, "batch, node scalars", float(features), FEATURES)
    differing = (recorded.model.encode(collate(graphs, pad_to=MAX_LENGTH)) != pair["codes"]).float().mean()
    yield ParityCheck(name, "batch, codes", float(differing), 0.0)
    batched = replace(reference_behaviour(MAX_LENGTH), batch_independent=False)
    codes = GCPVQVAETokenizer(recorded.model, batched, "reduced", "0").encode([chain.protein() for chain in chains])
    wrong = sum(
        int((ours != theirs[: len(ours)].numpy()).sum()) for ours, theirs in zip(codes, pair["codes"], strict=True)
    )
    yield ParityCheck(name, "tokenizer, batch, codes", wrong / sum(sizes), 0.0)


@torch.no_grad()
def large_checks(recorded: Recordings) -> Iterator[ParityCheck]:
    """Yield the comparisons of the network of published size, its weights made by the recordings' recipe."""
    large = json.loads((recorded.folder / "large_name_seeded_codes.json").read_text(encoding="utf-8"))
    tensors = load_file(recorded.folder / "large_name_seeded.safetensors")
    network = _large_network(float(large["codebook_scale"]), tensors["codebook_mean"])
    same = total = 0
    for name, facts in large["proteins"].items():
        chain, theirs = recorded.chains[name], torch.tensor(facts["codes"])
        graph = chain.graph()
        codes = network.encode(graph)[0]
        same, total = same + int((codes == theirs).sum()), total + len(theirs)
        if f"{name}/z" not in tensors:
            continue
        outputs = {
            "z": network.latents(graph)[0],
            "gcp.node_embedding": network.encoder(graph),
            "coords_out": network.decode(theirs[None])[0],
        }
        for what, ours in outputs.items():
            yield _close(chain, f"large, {what}", ours, tensors[f"{name}/{what}"], COORDINATES)
    yield ParityCheck("all chains", "large, codes", 1.0 - same / max(total, 1), LARGE_CODES)


def _large_network(codebook_scale: float, codebook_mean: torch.Tensor) -> GCPVQVAE:
    with torch.device("meta"):
        network = GCPVQVAE(NetworkSizes())
    weights = {name: _large_tensor(name, value) for name, value in network.state_dict().items()}
    codebook = "vqvae.vector_quantizer._codebook.embed"
    weights[codebook] = weights[codebook] * codebook_scale + codebook_mean
    network = network.to_empty(device="cpu").eval()
    network.vqvae.decoder.template.copy_(GCPVQVAE(NetworkSizes(**_TINY)).vqvae.decoder.template)
    network.load_state_dict(weights, strict=True)
    return network


def _large_tensor(name: str, value: torch.Tensor) -> torch.Tensor:
    """A tensor of the large network; what the recipe leaves out keeps the value of a fresh network."""
    if name.endswith("inv_freq"):
        return 10000.0 ** -(torch.arange(0, 32, 2).float() / 32)
    if name.endswith(("cluster_size", "embed_avg")) or not value.is_floating_point():
        return torch.zeros(value.shape, dtype=value.dtype)
    values = torch.randn(value.shape, generator=torch.Generator().manual_seed(zlib.crc32(name.encode())))
    if value.dim() >= 2:
        return values if name.endswith("embed") else values / math.sqrt(math.prod(value.shape[1:]))
    return 1 + 0.1 * values if name.endswith(("gamma", "norm.weight")) else 0.02 * values


def _in_recorded_order(chain: Recording) -> tuple[Graph, list[int]]:
    """The graph, and the permutation that puts its edges in the recorded order."""
    graph = chain.graph()
    place = {tuple(edge): i for i, edge in enumerate(graph.edge_index.T.tolist())}
    return graph, [place[tuple(edge)] for edge in chain["edge_index"].T.tolist()]


def _close(chain: Recording, what: str, ours: torch.Tensor, theirs: torch.Tensor, tolerance: float) -> ParityCheck:
    same_shape = ours.shape == theirs.shape
    difference = float((ours - theirs).detach().abs().max()) if same_shape and ours.numel() else 0.0
    return ParityCheck(chain.name, what, difference if same_shape else math.inf, tolerance)


def _codes(chain: Recording, what: str, ours: torch.Tensor, theirs: torch.Tensor) -> ParityCheck:
    differing = float((ours != theirs).float().mean()) if ours.shape == theirs.shape else math.inf
    return ParityCheck(chain.name, what, differing, 0.0)
