"""MoleculeNet tables, and plain NumPy baselines over fingerprints that need no extra package.

Ridge and logistic regression over Morgan counts and nine descriptors of RDKit, bagged, so that the spread of the bags
tells how hard a molecule is.
"""

from __future__ import annotations

import csv
import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem
from rdkit.Chem import Crippen, Descriptors, rdFingerprintGenerator, rdMolDescriptors
from rdkit.rdBase import BlockLogs

from biomatrix.entities.molecule.identity import graph_key

Floats = NDArray[np.float64]
FINGERPRINTS = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=1024)
BAGS = 10
TABLES = {
    "ESOL": ("esol", "smiles", "logSolubility"),
    "Lipophilicity": ("lipo", "smiles", "lipo"),
    "FreeSolv": ("freesolv", "smiles", "freesolv"),
    "BBBP": ("bbbp", "smiles", "p_np"),
    "BACE": ("bace", "mol", "Class"),
    "Tox21 SR-MMP": ("tox21", "smiles", "SR-MMP"),
}
"""Each task's file, and its columns of SMILES and label."""


@dataclass(frozen=True, eq=False)
class Labelled:
    """Molecules with a label each, one of each graph: the first."""

    smiles: list[str]
    labels: Floats


def read_table(shared: Path, name: str) -> Labelled:
    """Return the molecules of a task that RDKit reads and that have a label."""
    file, structure, label = TABLES[name]
    smiles: dict[str, str] = {}
    labels: list[float] = []
    with gzip.open(shared / f"data/molecule/moleculenet/{file}.csv.gz", "rt", newline="") as stream, BlockLogs():
        for row in csv.DictReader(stream):
            mol = Chem.MolFromSmiles(row[structure]) if row[label] else None
            if mol is None or mol.GetNumAtoms() == 0 or (key := graph_key(mol)) in smiles:
                continue
            smiles[key] = row[structure]
            labels.append(float(row[label]))
    return Labelled(list(smiles.values()), np.array(labels))


def features(smiles: list[str]) -> Floats:
    """Return what describes molecules to the baselines, ``float64 [n, 1034]``, a constant among it."""
    rows = []
    with BlockLogs():
        for text in smiles:
            mol = Chem.MolFromSmiles(text)
            counts = np.log1p(FINGERPRINTS.GetCountFingerprintAsNumPy(mol).astype(np.float64))
            described = [
                Crippen.MolLogP(mol), Descriptors.MolWt(mol) / 100, rdMolDescriptors.CalcTPSA(mol) / 50,
                rdMolDescriptors.CalcNumHBD(mol), rdMolDescriptors.CalcNumHBA(mol), mol.GetNumHeavyAtoms() / 10,
                rdMolDescriptors.CalcNumRotatableBonds(mol), rdMolDescriptors.CalcNumAromaticRings(mol),
                rdMolDescriptors.CalcFractionCSP3(mol), 1.0,
            ]  # fmt: skip
            rows.append(np.concatenate([counts, described]))
    return np.array(rows)


def ridge(x: Floats, y: Floats, penalty: float = 20.0) -> Floats:
    """Return the weights of ridge regression, ``float64 [F]``."""
    return np.asarray(np.linalg.solve(x.T @ x + penalty * np.eye(x.shape[1]), x.T @ y))


def logistic(x: Floats, y: Floats, penalty: float = 3.0) -> Floats:
    """Return the weights of penalised logistic regression, ``float64 [F]``, by ten Newton steps."""
    weights = np.zeros(x.shape[1])
    for _ in range(10):
        chance = chance_of(x @ weights)
        curvature = (x * (chance * (1 - chance))[:, None]).T @ x + penalty * np.eye(x.shape[1])
        weights -= np.linalg.solve(curvature, x.T @ (chance - y) + penalty * weights)
    return weights


def chance_of(log_odds: Floats) -> Floats:
    """Return the probability of log-odds."""
    return np.asarray(np.exp(-np.logaddexp(0.0, -log_odds)))


def bagged(x: Floats, y: Floats, new: Floats, generator: np.random.Generator) -> tuple[Floats, Floats]:
    """Return the mean and the standard deviation of the predictions of ridges fitted on resampled records."""
    draws = (generator.integers(len(y), size=len(y)) for _ in range(BAGS))
    predictions = np.array([new @ ridge(x[draw], y[draw]) for draw in draws])
    return predictions.mean(axis=0), predictions.std(axis=0, ddof=1)
