"""A graph scorer of links: regions and genes as nodes, candidate pairs as edges, attention as the score.

In the manner of SCRIPT and scReGAT: every edge starts from a prior that falls with distance; in a first round regions
and genes read their neighbours by attention along the edges, so that regions compete for a gene and genes for a region;
the attention logit of the second round is the score. It is trained on tested pairs, not on expression: the public
cells cover too little of the genome for that.

Legend: P edges, R regions, G genes, D width, F features of an edge or node.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, dropout, leaky_relu

from biomatrix.errors import ConfigurationError, WeightsError
from biomatrix.links.features import ACCESSIBILITY, MARKS, UBIQUITOUS, Columns, stacked

EDGE: Final = ("log_distance", "genes_between", "nearest_gene")
REGION: Final = (ACCESSIBILITY, "other_promoter")
GRAPHS: Final[Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "graph_accessibility": (REGION, ()),
    "graph_marks": ((*REGION, *MARKS.values()), (UBIQUITOUS,)),
}
"""By name, the features of regions and of genes."""
DECAY: Final = 0.87
"""The exponent by which contact falls with distance, from which the prior starts."""
_STEEPNESS: Final = 0.2


@dataclass(frozen=True, eq=False)
class LinkGraph:
    """Candidate pairs as edges between regions and genes.

    Parameters
    ----------
    region, gene : Tensor, shape=(P,), dtype=int64
        The node at either end.
    edge : Tensor, shape=(P, F)
    of_region : Tensor, shape=(R, F)
    of_gene : Tensor, shape=(G, F)
        A gene's own features, else a zero. How many candidates it has is left out: in tested pairs that tells the
        study, not the gene.
    """

    region: Tensor
    gene: Tensor
    edge: Tensor
    of_region: Tensor
    of_gene: Tensor

    @classmethod
    def of_pairs(
        cls,
        columns: Columns,
        region: NDArray[Any],
        gene: NDArray[Any],
        features: tuple[tuple[str, ...], tuple[str, ...]],
    ) -> LinkGraph:
        """Return the graph of pairs; a node's features are those of its first pair.

        Parameters
        ----------
        columns : mapping
            As :mod:`biomatrix.links.features` names them.
        region, gene : ndarray, shape=(P,)
            What tells nodes apart: numbers or names.
        features : (tuple of str, tuple of str)
            Of regions and of genes.
        """
        _, first_region, regions = np.unique(region, return_index=True, return_inverse=True)
        _, first_gene, genes = np.unique(gene, return_index=True, return_inverse=True)
        own = stacked(columns, features[1])[first_gene] if features[1] else np.zeros((len(first_gene), 1))
        parts = (stacked(columns, EDGE), stacked(columns, features[0])[first_region], own)
        made = (torch.from_numpy(np.ascontiguousarray(part)).float() for part in parts)
        return cls(torch.from_numpy(regions.reshape(-1)), torch.from_numpy(genes.reshape(-1)), *made)


class LinkAttention(nn.Module):
    """Two rounds of attention along the edges of a graph.

    Parameters
    ----------
    of_region, of_gene : int
        Features of the nodes.
    width : int
    """

    edge_mean: Tensor
    edge_scale: Tensor
    region_mean: Tensor
    region_scale: Tensor
    gene_mean: Tensor
    gene_scale: Tensor

    def __init__(self, of_region: int, of_gene: int, width: int = 16) -> None:
        super().__init__()
        self.region, self.gene = nn.Linear(of_region, width), nn.Linear(of_gene, width)
        self.first_edge, self.second_edge = nn.Linear(len(EDGE), width), nn.Linear(len(EDGE), width)
        self.to_gene, self.to_region = nn.Linear(width, width, bias=False), nn.Linear(width, width, bias=False)
        self.query_region, self.query_gene = nn.Linear(width, width), nn.Linear(width, width)
        self.first_score, self.second_score = nn.Linear(width, 1), nn.Linear(width, 1)
        self.decay = nn.Parameter(torch.tensor([DECAY, DECAY]))
        for name, size in (("edge", len(EDGE)), ("region", of_region), ("gene", of_gene)):
            self.register_buffer(f"{name}_mean", torch.zeros(size))
            self.register_buffer(f"{name}_scale", torch.ones(size))

    def forward(self, graph: LinkGraph, drop: float = 0.0) -> Tensor:
        """Return the attention logit of every edge in the second round, ``float32 [P]``."""
        edge = (graph.edge - self.edge_mean) / self.edge_scale
        region_RD = torch.tanh(self.region((graph.of_region - self.region_mean) / self.region_scale))
        gene_GD = torch.tanh(self.gene((graph.of_gene - self.gene_mean) / self.gene_scale))
        region_RD, gene_GD = (dropout(nodes, drop, self.training) for nodes in (region_RD, gene_GD))
        mixed = leaky_relu(region_RD[graph.region] + gene_GD[graph.gene] + self.first_edge(edge), _STEEPNESS)
        logit_P = self.first_score(mixed)[:, 0] - self.decay[0] * edge[:, 0]
        read_GD = _attended(logit_P, graph.gene, self.to_gene(region_RD)[graph.region], len(gene_GD))
        read_RD = _attended(logit_P, graph.region, self.to_region(gene_GD)[graph.gene], len(region_RD))
        region_RD, gene_GD = region_RD + read_RD, gene_GD + read_GD
        query = self.query_region(region_RD)[graph.region] + self.query_gene(gene_GD)[graph.gene]
        mixed = leaky_relu(query + self.second_edge(edge), _STEEPNESS)
        scores: Tensor = self.second_score(dropout(mixed, drop, self.training))[:, 0] - self.decay[1] * edge[:, 0]
        return scores


def _attended(logit_P: Tensor, node: Tensor, value_PD: Tensor, nodes: int) -> Tensor:
    """Return for each node the mean of its edges' values, weighted by the softmax of their logits, ``[nodes, D]``."""
    highest = torch.full((nodes,), -torch.inf).scatter_reduce(0, node, logit_P.detach(), "amax")
    weight = torch.exp(logit_P - highest[node])
    total = torch.zeros(nodes).index_add(0, node, weight)
    return torch.zeros(nodes, value_PD.shape[1]).index_add(0, node, (weight / total[node])[:, None] * value_PD)


@dataclass(frozen=True, eq=False)
class GraphScorer:
    """Networks that score together: the mean of their logits.

    Parameters
    ----------
    name : str
        A key of :data:`GRAPHS`.
    members : tuple of LinkAttention
    about : mapping
        Its data and figures. JSON values.
    """

    name: str
    members: tuple[LinkAttention, ...]
    about: Mapping[str, Any] = field(default_factory=dict)

    def score(self, columns: Columns, region: NDArray[Any], gene: NDArray[Any]) -> NDArray[np.float64]:
        """Return the log-odds that each pair is a link, ``float64 [P]``; pairs are read as one graph."""
        graph = LinkGraph.of_pairs(columns, region, gene, GRAPHS[self.name])
        with torch.no_grad():
            found = torch.stack([member.eval()(graph) for member in self.members]).mean(dim=0)
        return found.double().numpy()

    def save(self, folder: Path) -> None:
        """Write ``NAME.safetensors``, with what it is in its metadata."""
        folder.mkdir(parents=True, exist_ok=True)
        tensors = {
            f"{number}.{name}": value.contiguous()
            for number, member in enumerate(self.members)
            for name, value in member.state_dict().items()
        }
        told = {"name": self.name, "members": str(len(self.members)), "about": json.dumps(self.about)}
        save_file(tensors, folder / f"{self.name}.safetensors", told)

    @classmethod
    def from_file(cls, path: Path) -> GraphScorer:
        """Return a scorer from its file; WeightsError where it is none."""
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(path, "pt") as file:
                told = file.metadata() or {}
            tensors = load_file(path)
            name, count = told["name"], int(told["members"])
            if name not in GRAPHS or not 0 < count <= 64:
                raise WeightsError(f"no graph scorer {name!r}", file=str(path))
            members = tuple(untrained(name) for _ in range(count))
            for number, member in enumerate(members):
                start = f"{number}."
                member.load_state_dict(
                    {key.removeprefix(start): value for key, value in tensors.items() if key.startswith(start)}
                )
            return cls(name, members, json.loads(told["about"]))
        except (OSError, KeyError, ValueError, RuntimeError, SafetensorError) as error:
            raise WeightsError(f"no graph scorer of links: {str(error)[:200]}", file=str(path)) from error


def untrained(name: str) -> LinkAttention:
    """Return a network for a key of :data:`GRAPHS`."""
    of_region, of_gene = GRAPHS[name]
    return LinkAttention(len(of_region), max(len(of_gene), 1))


@dataclass(frozen=True)
class GraphTraining:
    """How a graph scorer is trained: whole graphs at once, by Adam, for a fixed number of steps.

    Parameters
    ----------
    steps : int
    rate : float
    decay : float
        Of weights.
    drop : float
        Share of node features left out in a step.
    seeds : tuple of int
        A network each.
    """

    steps: int = 80
    rate: float = 0.01
    decay: float = 0.01
    drop: float = 0.2
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)


def fitted_graph(
    name: str,
    columns: Columns,
    region: NDArray[Any],
    gene: NDArray[Any],
    truth: NDArray[np.bool_],
    training: GraphTraining | None = None,
) -> GraphScorer:
    """Return the scorer that was trained on pairs; the same pairs and seeds give the same one.

    Raises
    ------
    ConfigurationError
        There is no such graph, or all pairs are true or none is.
    """
    if name not in GRAPHS:
        raise ConfigurationError(f"no graph scorer {name!r}; there are: {', '.join(GRAPHS)}")
    if truth.all() or not truth.any():
        raise ConfigurationError("a scorer is fitted on true and on false pairs; these are all of one sort")
    settings = training or GraphTraining()
    graph = LinkGraph.of_pairs(columns, region, gene, GRAPHS[name])
    target = torch.from_numpy(truth.astype(np.float32))
    return GraphScorer(name, tuple(_member(name, graph, target, settings, seed) for seed in settings.seeds))


def _member(name: str, graph: LinkGraph, target: Tensor, settings: GraphTraining, seed: int) -> LinkAttention:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = untrained(name)
        for part, values in (("edge", graph.edge), ("region", graph.of_region), ("gene", graph.of_gene)):
            getattr(network, f"{part}_mean").copy_(values.mean(dim=0))
            getattr(network, f"{part}_scale").copy_(values.std(dim=0).clamp_min(1e-3))
        with torch.no_grad():
            network.second_score.bias.fill_(float(torch.logit(target.mean())))
        optimiser = torch.optim.AdamW(network.parameters(), settings.rate, weight_decay=settings.decay)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, settings.steps)
        network.train()
        for _ in range(settings.steps):
            optimiser.zero_grad()
            loss = binary_cross_entropy_with_logits(network(graph, settings.drop), target)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
    return network.eval()


def node_names(*parts: Sequence[object] | NDArray[Any]) -> NDArray[np.object_]:
    """Return one name per pair from what tells its node apart, such as cell type and gene.

    Examples
    --------
    >>> node_names(["K562", "K562"], ["MYC", "GATA1"]).tolist()
    ['K562|MYC', 'K562|GATA1']
    """
    return np.array(["|".join(map(str, one)) for one in zip(*parts, strict=True)], dtype=object)
