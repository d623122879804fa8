"""Sequences for backbones by ProteinMPNN, as the evaluation of DPLM-2 asks for them: temperature 0.1, seed 38.

The weights are the released ones. The draws are not those of the released script, which spends random numbers on
filling the network before it draws; the distribution is the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

from biomatrix.errors import WeightsError
from biomatrix.metrics.geometry import place_atom
from biomatrix.metrics.learned.weights import load_strictly, read_tensors

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from torch import Tensor

    from biomatrix.metrics.learned.protein_mpnn_network import ProteinMPNNNetwork

TEMPERATURE: Final = 0.1
SEED: Final = 38
NEIGHBOURS: Final = 48
"""Of the released weights whose file does not say."""
_C_O, _CA_C_O = 1.231, np.deg2rad(120.1)


class ProteinMPNN:
    """ProteinMPNN, loaded.

    Parameters
    ----------
    network : ProteinMPNNNetwork
    """

    def __init__(self, network: ProteinMPNNNetwork) -> None:
        self._network = network

    @classmethod
    def load(cls, source: str | Path, device: str = "cpu") -> Self:
        """Return it from a released ``.pt`` file or from what `convert` wrote."""
        return cls(_network(read_tensors(Path(source), "ProteinMPNN"), Path(source)).eval().to(device))

    def design(
        self, backbones: Sequence[ArrayLike], designs: int = 1, temperature: float = TEMPERATURE, seed: int = SEED
    ) -> Iterator[list[str]]:
        """Yield sequences for each backbone.

        Parameters
        ----------
        backbones : sequence of array, shape=(L, 3, 3) or (L, 4, 3)
            N, CA, C and, if it is there, O, in Angstrom; a residue with a missing (NaN) atom becomes X.
        designs : int
            How many sequences for each.
        temperature : float
            Of the draws; positive.
        seed : int
            Each backbone draws from this seed, so that its designs do not depend on what comes before it.
        """
        import torch

        for backbone in backbones:
            generator = torch.Generator().manual_seed(seed)
            atoms, known = prepared(backbone)
            with torch.inference_mode():
                drawn = [self._draw(atoms, known, temperature, generator) for _ in range(designs)]
            yield drawn  # outside, or whoever takes it would go on in inference mode

    def _draw(self, atoms: NDArray[np.float32], known: NDArray[np.float32], temperature: float, generator: Any) -> str:
        import torch

        from biomatrix.metrics.learned.protein_mpnn_network import ALPHABET

        device = next(self._network.parameters()).device
        x, mask = torch.from_numpy(atoms).to(device), torch.from_numpy(known).to(device)
        order = torch.argsort((mask.cpu() + 0.0001) * torch.randn(len(known), generator=generator).abs())
        residues = _decode(self._network, x, mask, order, temperature, generator)
        return "".join(ALPHABET[index] for index in residues)


def _decode(
    network: ProteinMPNNNetwork, x: Tensor, known: Tensor, order: Tensor, temperature: float, generator: Any
) -> list[int]:
    """Return residue indices drawn one after the other; X where a residue is not known."""
    import torch

    nodes, edges, neighbours = network.encode(x, known)
    rank = torch.argsort(order).to(x.device)
    before = (rank[neighbours] < rank[:, None]).float() * known[:, None]
    states = [nodes, *(torch.zeros_like(nodes) for _ in network.decoder_layers)]
    embedded, unknown = torch.zeros_like(nodes), network.W_out.out_features - 1
    residues = [unknown] * len(x)
    for at in order.tolist():
        row = slice(at, at + 1)
        if known[at]:
            for depth, layer in enumerate(network.decoder_layers):
                messages = network.messages(
                    states[depth], nodes, embedded, edges[row], neighbours[row], before[row], known[row]
                )
                states[depth + 1][row] = layer(states[depth][row], messages, known[row])
            logits = network.W_out(states[-1][at])[:unknown] / temperature  # never X
            residues[at] = int(torch.multinomial(logits.softmax(dim=-1).cpu(), 1, generator=generator))
        embedded[at] = network.W_s.weight[residues[at]]
    return residues


def prepared(backbone: ArrayLike) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return N, CA, C and O with zeros where a residue lacks an atom, ``float32 [L, 4, 3]``, and 1 where it does not.

    An oxygen that is not given is placed in the peptide plane.
    """
    atoms = np.asarray(backbone, dtype=np.float64)
    if atoms.shape[1] == 3:
        atoms = np.concatenate([atoms, _oxygens(atoms)[:, None]], axis=1)
    known = np.asarray(np.isfinite(atoms).all(axis=(1, 2)))
    return np.where(known[:, None, None], atoms, 0.0).astype(np.float32), known.astype(np.float32)


def _oxygens(atoms: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return O opposite the next N; of the last residue, and before a gap, as in a strand."""
    n, ca, c = atoms.transpose(1, 0, 2)
    flat = place_atom(n, ca, c, _C_O, _CA_C_O, np.deg2rad(-45.0))
    bonded = np.linalg.norm(n[1:] - c[:-1], axis=1) < 2.0
    opposite = place_atom(n[1:], ca[:-1], c[:-1], _C_O, _CA_C_O, np.pi)
    flat[:-1][bonded] = opposite[bonded]
    return flat


def convert(source: str | Path, target: str | Path) -> None:
    """Write the weights of a released ``.pt`` file as safetensors; the number of neighbours goes with them."""
    from safetensors.torch import save_file

    network = _network(read_tensors(Path(source), "ProteinMPNN"), Path(source))
    tensors = {name: tensor.contiguous() for name, tensor in network.state_dict().items()}
    save_file({**tensors, "num_edges": _as_tensor(network.features.neighbours)}, target)


def _as_tensor(value: int) -> Tensor:
    import torch

    return torch.tensor(value)


def _network(content: Mapping[str, Any], path: Path) -> ProteinMPNNNetwork:
    """Return the network that a file's tensors describe."""
    from biomatrix.metrics.learned.protein_mpnn_network import ProteinMPNNNetwork

    neighbours = int(content.get("num_edges", NEIGHBOURS))
    tensors = dict(content.get("model_state_dict", content))
    tensors.pop("num_edges", None)
    if "W_s.weight" not in tensors:
        raise WeightsError("no weights of ProteinMPNN: W_s.weight is missing", file=str(path))
    hidden = int(tensors["W_s.weight"].shape[1])
    layers = len({name.split(".")[1] for name in tensors if name.startswith("encoder_layers.")})
    network = ProteinMPNNNetwork(hidden, layers, neighbours)
    load_strictly(network, tensors, path)
    return network
