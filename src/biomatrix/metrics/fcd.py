"""The Frechet ChemNet distance, through the ``fcd_torch`` package, whose wheel holds the weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from biomatrix.errors import ConfigurationError
from biomatrix.metrics.molecule_sets import MoleculeSet, molecule_set
from biomatrix.metrics.scores import Score, Scores

if TYPE_CHECKING:
    from numpy.typing import NDArray

FEWEST: Final = 2
"""Fewer molecules have no covariance. Below about 600 the value is rough, for there are 512 activations, and the matrix
square root may fail."""
_IMAGINARY: Final = 1e-3
_RIDGE: Final = 1e-6


def fcd(generated: Sequence[str], reference: Sequence[str], device: str = "cpu") -> Scores:
    """Return the Frechet distance between the ChemNet activations of two sets of SMILES, duplicates counted.

    Parameters
    ----------
    generated, reference : sequence of str
        SMILES; invalid ones are left out.
    device : str
        Where ChemNet runs.

    Returns
    -------
    mapping of str to Score
        ``fcd``; NaN where a side has fewer than two molecules or the square root of the covariances fails.

    Raises
    ------
    ConfigurationError
        ``fcd_torch`` is not installed.
    """
    molecules, known = molecule_set(generated), molecule_set(reference)
    enough = min(len(molecules.valid), len(known.valid)) >= FEWEST
    value = _distance(molecules, known, device) if enough else float("nan")
    counts = len(molecules.smiles), molecules.empty, molecules.unparsable
    return {"fcd": Score(value, *counts, len(molecules.valid))}


def _distance(molecules: MoleculeSet, known: MoleculeSet, device: str) -> float:
    network = _chemnet(device)
    return frechet_distance(*_moments(network, molecules), *_moments(network, known))


def _chemnet(device: str) -> Any:
    try:
        from fcd_torch import FCD
    except ImportError:
        raise ConfigurationError("the fcd-torch package is not installed; run: pip install fcd-torch") from None
    return FCD(device=device, n_jobs=1)


def _moments(network: Any, molecules: MoleculeSet) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean and covariance of the activations; each distinct molecule is run once, and weighs its count."""
    activations = _activations(network, list(molecules.counts))
    weights = np.array(list(molecules.counts.values()))
    return np.average(activations, axis=0, weights=weights), np.cov(activations.T, fweights=weights)


def _activations(network: Any, smiles: list[str]) -> NDArray[np.float64]:
    """Return ``float64 [n, 512]``, run in float32."""
    import torch
    from fcd_torch.utils import SmilesDataset, todevice

    data = SmilesDataset(smiles, canonize=False)
    found = []
    with todevice(network.model, network.device), torch.inference_mode():
        for start in range(0, len(smiles), network.batch_size):
            rows = np.stack([data[i] for i in range(start, min(start + network.batch_size, len(smiles)))])
            batch = torch.from_numpy(rows).transpose(1, 2).float().to(network.device)
            found.append(network.model(batch).cpu().numpy())
    return np.concatenate(found).astype(np.float64)


def frechet_distance(
    mean: NDArray[np.float64],
    covariance: NDArray[np.float64],
    other_mean: NDArray[np.float64],
    other_covariance: NDArray[np.float64],
) -> float:
    """Return the squared Frechet distance of two Gaussians; NaN where the matrix square root is not real.

    Parameters
    ----------
    mean, other_mean : ndarray, shape=(d,), dtype=float64
    covariance, other_covariance : ndarray, shape=(d, d), dtype=float64
    """
    from scipy.linalg import sqrtm

    root = sqrtm(covariance @ other_covariance)
    if not np.isfinite(root).all():
        ridge = np.eye(len(covariance)) * _RIDGE
        root = sqrtm((covariance + ridge) @ (other_covariance + ridge))
    if np.iscomplexobj(root) and not np.allclose(np.diagonal(root).imag, 0.0, atol=_IMAGINARY):
        return float("nan")
    apart = mean - other_mean
    return float(apart @ apart + np.trace(covariance) + np.trace(other_covariance) - 2.0 * np.trace(root).real)
