"""The metrics of 3D molecules on QM9."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from biomatrix.errors import ParseError
from biomatrix.metrics.parity.fixture_files import Fixture
from biomatrix.metrics.qm9_3d.discrepancy import discrepancy
from biomatrix.metrics.qm9_3d.geometry import geometry_discrepancies
from biomatrix.metrics.qm9_3d.stability import Stability, distance_stability, graph_stability
from biomatrix.metrics.qm9_3d.suite import metrics_2d, metrics_3d
from biomatrix.metrics.scores import Scores
from biomatrix.metrics.valence_rules import read_smiles

if TYPE_CHECKING:
    from rdkit import Chem

REPOSITORY: Final = "acharkq/NExT-Mol"
METRIC: Final = "QM9 2D/3D atom and molecule stability"
_NAMES: Final = {
    "mol_stable": "mol_stable",
    "atom_stable": "atom_stable",
    "Validity": "validity",
    "Complete": "v_and_c",
    "Unique": "v_and_u",
    "Novelty": "v_and_u_and_n",
}


def values(fixture: Fixture) -> dict[str, Any]:
    """Return the shares, the stability of each molecule and the discrepancies, by the fixture's names."""
    from rdkit import Chem

    inputs = fixture.inputs
    generated, reference = (
        [Chem.MolFromMolBlock(block, removeHs=False) for block in inputs[f"{side}_molblocks"]]
        for side in ("generated", "reference")
    )
    train = [Chem.MolToSmiles(_read(smiles)) for smiles in inputs["train_smiles"]]
    graphs = [_read(smiles) for smiles in inputs["stability_2d_smiles"]]
    apart = geometry_discrepancies(generated, reference)
    return {
        "metrics_2d_on_RemoveHs_mols": _shares(metrics_2d([Chem.RemoveHs(mol) for mol in generated], train), "2d"),
        "metrics_3d": _shares(metrics_3d(generated, train), "3d"),
        "per_molecule_3d_stability": [_row(distance_stability(mol)[0]) for mol in generated],
        "stability_2d": [_row(graph_stability(mol)) for mol in graphs],
        "mmd_bond_length": _discrepancies(apart, "bond_length"),
        "mmd_bond_angle": _discrepancies(apart, "bond_angle"),
        "mmd_dihedral": _discrepancies(apart, "dihedral_angle"),
        "mmd_1d_example": discrepancy(inputs["mmd_1d_source"], inputs["mmd_1d_target"]),
    }


def _read(smiles: str) -> Chem.Mol:
    """Return a molecule of the fixture; ParseError where it is none."""
    mol = read_smiles(smiles)
    if mol is None:
        raise ParseError(f"a fixture with what is no molecule: {smiles[:60]!r}")
    return mol


def _shares(scores: Scores, prefix: str) -> dict[str, float]:
    return {name: scores[f"{prefix}_{ours}"].value for name, ours in _NAMES.items()}


def _row(found: Stability) -> list[bool | int]:
    return [found.stable, found.stable_atoms, found.atoms]


def _discrepancies(scores: Scores, kind: str) -> dict[str, float]:
    start = f"3d_{kind}_mmd"
    named = {
        name.removeprefix(f"{start}:"): score.value for name, score in scores.items() if name.startswith(f"{start}:")
    }
    return named | {f"{kind}_mean": scores[start].value}
