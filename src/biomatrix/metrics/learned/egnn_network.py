"""The property classifier of EDM, with the parameter names of its released weights.

``ehoogeboom/e3_diffusion_for_molecules`` at d28fd52, ``qm9/property_prediction/models_property.py``: an EGNN over all
pairs of atoms whose coordinates stay where they are. Legend: B molecules, N atoms, H hidden channels.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Convolution(nn.Module):
    """Messages between all pairs of atoms.

    Parameters
    ----------
    hidden : int
    attributes : int
        Input features that every layer sees again; 0 for none.
    attention : bool
        Whether messages are weighed.
    """

    def __init__(self, hidden: int, attributes: int, attention: bool) -> None:
        super().__init__()
        act = nn.SiLU()
        self.edge_mlp = nn.Sequential(nn.Linear(2 * hidden + 1, hidden), act, nn.Linear(hidden, hidden), act)
        self.node_mlp = nn.Sequential(nn.Linear(2 * hidden + attributes, hidden), act, nn.Linear(hidden, hidden))
        self.att_mlp = nn.Sequential(nn.Linear(hidden, 1), nn.Sigmoid()) if attention else None

    def forward(self, nodes: Tensor, squared: Tensor, pairs: Tensor, attributes: Tensor | None) -> Tensor:
        """Return nodes, ``[B, N, H]``.

        Parameters
        ----------
        nodes : Tensor, shape=(B, N, H)
        squared : Tensor, shape=(B, N, N, 1)
            Squared distances in Angstrom.
        pairs : Tensor, shape=(B, N, N, 1)
            1 for pairs of different atoms that are there.
        attributes : Tensor, shape=(B, N, A), optional
        """
        n = nodes.shape[1]
        first = nodes.unsqueeze(2).expand(-1, -1, n, -1)
        second = nodes.unsqueeze(1).expand(-1, n, -1, -1)
        messages = self.edge_mlp(torch.cat([first, second, squared], dim=-1))
        if self.att_mlp is not None:
            messages = messages * self.att_mlp(messages)
        heard = (messages * pairs).sum(dim=2)
        seen = [nodes, heard] if attributes is None else [nodes, heard, attributes]
        result: Tensor = nodes + self.node_mlp(torch.cat(seen, dim=-1))
        return result


class PropertyNetwork(nn.Module):
    """One property of a molecule, normalised.

    Parameters
    ----------
    elements, hidden, layers : int
        5, 128 and 7 in the released weights.
    attention, attributes : bool
        Whether messages are weighed, and whether layers see the elements again.
    """

    def __init__(self, elements: int, hidden: int, layers: int, attention: bool, attributes: bool) -> None:
        super().__init__()
        act = nn.SiLU()
        self.embedding = nn.Linear(elements, hidden)
        self.attributes = attributes
        self.layers = layers
        for layer in range(layers):
            self.add_module(f"gcl_{layer}", Convolution(hidden, elements if attributes else 0, attention))
        self.node_dec = nn.Sequential(nn.Linear(hidden, hidden), act, nn.Linear(hidden, hidden))
        self.graph_dec = nn.Sequential(nn.Linear(hidden, hidden), act, nn.Linear(hidden, 1))

    def forward(self, elements: Tensor, positions: Tensor, present: Tensor) -> Tensor:
        """Return normalised values, ``[B]``.

        Parameters
        ----------
        elements : Tensor, shape=(B, N, E)
            One-hot.
        positions : Tensor, shape=(B, N, 3)
            Angstrom.
        present : Tensor, shape=(B, N)
            1 for atoms, 0 for padding.
        """
        squared = ((positions.unsqueeze(2) - positions.unsqueeze(1)) ** 2).sum(dim=-1, keepdim=True)
        pairs = present.unsqueeze(2) * present.unsqueeze(1) * (1.0 - torch.eye(present.shape[1], device=present.device))
        nodes = self.embedding(elements)
        for layer in range(self.layers):
            convolution = self.get_submodule(f"gcl_{layer}")
            nodes = convolution(nodes, squared, pairs.unsqueeze(-1), elements if self.attributes else None)
        nodes = self.node_dec(nodes) * present.unsqueeze(-1)
        result: Tensor = self.graph_dec(nodes.sum(dim=1)).squeeze(-1)
        return result
