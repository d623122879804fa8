"""Properties of generated conformers by the EGNN classifier of EDM, and how far they are from what was asked for.

The released folder holds ``args.pickle``, which is never opened: every size is read from the tensors. The mean and the
mean absolute deviation of the property, which turn the output into units, are of the training data and go with the
converted weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

from biomatrix.errors import ConfigurationError, WeightsError
from biomatrix.metrics.answer_counts import checked_pairs
from biomatrix.metrics.learned.weights import load_strictly, read_tensors
from biomatrix.metrics.scores import Scores, mean_score

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rdkit import Chem

    from biomatrix.metrics.learned.egnn_network import PropertyNetwork

ELEMENTS: Final = ("H", "C", "N", "O", "F")
CV_PER_ATOM: Final = 2.981
"""cal/(mol K): the thermochemical reference that EDM takes off Cv for each atom."""
MILLI_ELECTRONVOLTS: Final = 1000.0
"""What energies in eV are multiplied by where they are reported."""
_BATCH: Final = 64


class PropertyClassifier:
    """The classifier of one property, loaded.

    Parameters
    ----------
    network : PropertyNetwork
    mean, deviation : float
        Of the property over the training data, in its unit.
    """

    def __init__(self, network: PropertyNetwork, mean: float, deviation: float) -> None:
        self._network = network
        self.mean, self.deviation = mean, deviation

    @classmethod
    def load(cls, source: str | Path, device: str = "cpu") -> Self:
        """Return it from what `convert` wrote."""
        path = Path(source)
        tensors = read_tensors(path, "the EGNN classifier")
        if not {"mean", "mad"} <= tensors.keys():
            raise ConfigurationError(
                f"{path}: no mean and mad of the property beside the weights; convert the released file with"
                " biomatrix.metrics.learned.egnn.convert"
            )
        mean, deviation = float(tensors.pop("mean")), float(tensors.pop("mad"))
        return cls(_network(tensors, path).eval().to(device), mean, deviation)

    def predict(self, mols: Sequence[Chem.Mol | None]) -> NDArray[np.float64]:
        """Return the property of each conformer, ``float64 [n]``, in the unit of ``mean``.

        Parameters
        ----------
        mols : sequence of (rdkit.Chem.Mol or None)
            With explicit hydrogens and one conformer. NaN comes back for None, and where there is no conformer or an
            element beside :data:`ELEMENTS`.
        """
        readable = [i for i, mol in enumerate(mols) if mol is not None and _readable(mol)]
        values = np.full(len(mols), np.nan)
        for start in range(0, len(readable), _BATCH):
            chosen = readable[start : start + _BATCH]
            values[chosen] = self._run([mols[i] for i in chosen])
        return values

    def _run(self, mols: Sequence[Any]) -> NDArray[np.float64]:
        import torch

        device = next(self._network.parameters()).device
        longest = max(mol.GetNumAtoms() for mol in mols)
        elements = np.zeros((len(mols), longest, len(ELEMENTS)), dtype=np.float32)
        positions, present = (
            np.zeros((len(mols), longest, 3), dtype=np.float32),
            np.zeros((len(mols), longest), np.float32),
        )
        for row, mol in enumerate(mols):
            n = mol.GetNumAtoms()
            elements[row, np.arange(n), [ELEMENTS.index(atom.GetSymbol()) for atom in mol.GetAtoms()]] = 1.0
            coordinates = np.asarray(mol.GetConformer().GetPositions())
            positions[row, :n], present[row, :n] = coordinates - coordinates.mean(axis=0), 1.0
        inputs = [torch.from_numpy(array).to(device) for array in (elements, positions, present)]
        with torch.inference_mode():
            output = self._network(*inputs).double().cpu().numpy()
        return np.asarray(output * self.deviation + self.mean)


def conditional_mae(predicted: Sequence[float], asked: Sequence[float], scale: float = 1.0) -> Scores:
    """Return the mean absolute difference between predicted and asked-for values.

    Parameters
    ----------
    predicted : sequence of float
        NaN where there was no conformer: left out, and counted.
    asked : sequence of float
        In the same unit; Cv with `CV_PER_ATOM` taken off for each atom.
    scale : float
        `MILLI_ELECTRONVOLTS` where energies are in eV.

    Returns
    -------
    mapping of str to Score
        ``mae``.

    Raises
    ------
    ValueError
        The numbers differ.
    """
    checked_pairs(asked, predicted)
    error = scale * np.abs(np.asarray(predicted, dtype=np.float64) - np.asarray(asked, dtype=np.float64))
    return {"mae": mean_score(error, unparsable=int(np.isnan(error).sum()))}


def convert(source: str | Path, target: str | Path, mean: float, deviation: float) -> None:
    """Write the weights of a released ``best_checkpoint.npy`` as safetensors, mean and deviation beside them."""
    import torch
    from safetensors.torch import save_file

    network = _network(read_tensors(Path(source), "the EGNN classifier"), Path(source))
    numbers = {"mean": torch.tensor(mean, dtype=torch.float64), "mad": torch.tensor(deviation, dtype=torch.float64)}
    save_file({**{name: tensor.contiguous() for name, tensor in network.state_dict().items()}, **numbers}, target)


def _readable(mol: Chem.Mol) -> bool:
    return bool(mol.GetNumConformers()) and all(atom.GetSymbol() in ELEMENTS for atom in mol.GetAtoms())


def _network(tensors: Mapping[str, Any], path: Path) -> PropertyNetwork:
    from biomatrix.metrics.learned.egnn_network import PropertyNetwork

    if not {"embedding.weight", "gcl_0.node_mlp.0.weight"} <= tensors.keys():
        raise WeightsError("no weights of the EGNN classifier: embedding.weight is missing", file=str(path))
    hidden, elements = map(int, tensors["embedding.weight"].shape)
    if elements != len(ELEMENTS):
        raise WeightsError(f"the classifier tells {elements} elements apart, not {', '.join(ELEMENTS)}", file=str(path))
    layers = len({name.split(".")[0] for name in tensors if name.startswith("gcl_")})
    attributes = int(tensors["gcl_0.node_mlp.0.weight"].shape[1]) > 2 * hidden
    network = PropertyNetwork(elements, hidden, layers, "gcl_0.att_mlp.0.weight" in tensors, attributes)
    load_strictly(network, tensors, path)
    return network
