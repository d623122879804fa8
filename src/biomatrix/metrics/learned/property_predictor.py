"""Solubility, blood-brain barrier and hERG predictors of one's own, behind one method.

The published numbers of MolOpt-Instructions rest on a closed service. No predictor that is read here gives numbers that
may be put beside them; two of them may be compared with each other where both used the same predictor.

A source is either a folder (or hub id) of a transformers sequence classifier over SMILES, with one output for a value
or two for a class, or a ``.safetensors`` file of a network over Morgan fingerprints: ``weight_0``, ``bias_0``,
``weight_1`` and so on, layer by layer with ReLU between; radius 2, as many bits as ``weight_0`` has columns; and
``sigmoid``, 1 where the output is a probability.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self, TypeAlias

import numpy as np

from biomatrix.errors import WeightsError
from biomatrix.metrics.learned.weights import from_pretrained, quiet_loading, read_tensors
from biomatrix.metrics.valence_rules import read_smiles

if TYPE_CHECKING:
    from numpy.typing import NDArray

Predict: TypeAlias = "Callable[[Sequence[str]], NDArray[np.float64]]"
_BATCH: Final = 32


class PropertyPredictor:
    """A predictor of one property, loaded.

    Parameters
    ----------
    predict : callable
        Takes SMILES that RDKit reads and returns one value for each.
    """

    def __init__(self, predict: Predict) -> None:
        self._predict = predict

    @classmethod
    def load(cls, source: str | Path, device: str = "cpu") -> Self:
        """Return it from a classifier's folder or hub id, or from the file of a fingerprint network."""
        if str(source).endswith(".safetensors"):
            return cls(_fingerprint_network(Path(source)))
        return cls(_classifier(source, device))

    def predict(self, smiles: Sequence[str]) -> NDArray[np.float64]:
        """Return the value of each molecule, ``float64 [n]``; NaN where a SMILES is empty or cannot be read."""
        from biomatrix.metrics.molecule_sets import parse

        readable = [i for i, each in enumerate(smiles) if parse(each) is not None]
        values = np.full(len(smiles), np.nan)
        if readable:
            values[readable] = self._predict([smiles[i] for i in readable])
        return values


def _classifier(source: str | Path, device: str) -> Predict:
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    tokenizer = from_pretrained(AutoTokenizer.from_pretrained, source, "the property predictor")
    with quiet_loading():
        network = from_pretrained(AutoModelForSequenceClassification.from_pretrained, source, "the property predictor")
    network = network.eval().to(device)

    def predict(smiles: Sequence[str]) -> NDArray[np.float64]:
        found = []
        for start in range(0, len(smiles), _BATCH):
            inputs = tokenizer(list(smiles[start : start + _BATCH]), padding=True, truncation=True, return_tensors="pt")
            with torch.inference_mode():
                logits = network(**inputs.to(device)).logits
            found.append(logits[:, 0] if logits.shape[1] == 1 else logits.softmax(dim=-1)[:, 1])
        return np.asarray(torch.cat(found).double().cpu().numpy())

    return predict


def _fingerprint_network(path: Path) -> Predict:
    tensors = {name: tensor.double().numpy() for name, tensor in read_tensors(path, "the property predictor").items()}
    depth = len(tensors) // 2
    if not depth or any(f"{part}_{i}" not in tensors for part in ("weight", "bias") for i in range(depth)):
        raise WeightsError("no fingerprint network: weight_0 and bias_0 and so on are wanted", file=str(path))
    layers = [(tensors[f"weight_{i}"], tensors[f"bias_{i}"]) for i in range(depth)]
    probability = bool(tensors.get("sigmoid", np.zeros(1)).any())

    def predict(smiles: Sequence[str]) -> NDArray[np.float64]:
        state = _fingerprints(smiles, int(layers[0][0].shape[1]))
        for weight, bias in layers:
            state = np.maximum(state, 0.0) @ weight.T + bias  # fingerprints are not negative: nothing is cut at first
        value = state[:, 0]
        return np.asarray(1.0 / (1.0 + np.exp(-value)) if probability else value)

    return predict


def _fingerprints(smiles: Sequence[str], bits: int) -> NDArray[np.float64]:
    from rdkit.Chem.rdFingerprintGenerator import GetMorganGenerator

    generator: Any = GetMorganGenerator(radius=2, fpSize=bits)
    return np.stack([generator.GetFingerprintAsNumPy(read_smiles(each)).astype(np.float64) for each in smiles])
