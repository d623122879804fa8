"""The QM9 metrics: what hydrogens, charges, motions and unreadable answers do to them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from rdkit import Chem
from rdkit.Chem import AllChem

from biomatrix.metrics.qm9_3d.discrepancy import discrepancy
from biomatrix.metrics.qm9_3d.geometry import geometry_discrepancies, measure
from biomatrix.metrics.qm9_3d.stability import Stability, distance_stability, graph_stability
from biomatrix.metrics.qm9_3d.suite import distinct_smiles, metrics_2d, metrics_3d, rebuild
from biomatrix.metrics.qm9_3d.tables import tables

SMILES = ("CCO", "CC(=O)N", "c1ccoc1", "C#CC", "CC(C)O", "NCCO")


def embedded(smiles: str, seed: int = 7) -> Chem.Mol:
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    AllChem.EmbedMolecule(mol, randomSeed=seed)
    AllChem.MMFFOptimizeMolecule(mol)
    return mol


@pytest.fixture(scope="module")
def mols() -> list[Chem.Mol]:
    return [embedded(smiles) for smiles in SMILES]


def test_graph_stability_reads_charges_and_counts_added_hydrogens() -> None:
    assert graph_stability(Chem.MolFromSmiles("C[N+](C)(C)C")) == Stability(17, 17)
    assert graph_stability(Chem.MolFromSmiles("[NH3+]CC(=O)[O-]")).stable
    assert not graph_stability(Chem.MolFromSmiles("C[O]")).stable


def test_an_element_that_the_tables_lack_leaves_no_stable_atom() -> None:
    assert graph_stability(Chem.MolFromSmiles("C[Te]C")) == Stability(0, 3)
    assert distance_stability(Chem.MolFromSmiles("C[Te]C"))[0] == Stability(0, 3)


def test_distances_alone_spell_saturated_molecules_back(mols: list[Chem.Mol]) -> None:
    rebuilt = rebuild([mols[0]])[0]
    assert rebuilt is not None
    Chem.SanitizeMol(rebuilt)
    assert Chem.MolToSmiles(Chem.RemoveHs(rebuilt)) == "CCO"


def test_neither_motion_nor_the_order_of_atoms_changes_the_3d_metrics(mols: list[Chem.Mol]) -> None:
    rng = np.random.default_rng(0)
    turned = []
    for mol in mols:
        copy = Chem.RenumberAtoms(mol, rng.permutation(mol.GetNumAtoms()).tolist())
        rotation, _ = np.linalg.qr(rng.normal(size=(3, 3)))
        copy.GetConformer().SetPositions(copy.GetConformer().GetPositions() @ rotation.T + 20)
        turned.append(copy)
    first, second = metrics_3d(mols), metrics_3d(turned)
    assert {name: score.value for name, score in first.items()} == {name: score.value for name, score in second.items()}


def test_unreadable_answers_count_against_every_share(mols: list[Chem.Mol]) -> None:
    alone, beside = metrics_2d(mols, []), metrics_2d([*mols, None], [])
    assert beside["2d_v_and_c"].value == pytest.approx(alone["2d_v_and_c"].value * 6 / 7)
    assert beside["2d_v_and_c"].unparsable == 1
    assert beside["2d_atom_stable"].value == alone["2d_atom_stable"].value  # it has no atoms


def test_duplicates_are_not_unique_and_training_molecules_not_new() -> None:
    graphs = [Chem.MolFromSmiles(smiles) for smiles in ("CCO", "OCC", "CCN", "C.C")]
    found = metrics_2d(graphs, ["CCN"])
    assert [found[f"2d_{name}"].value for name in ("validity", "v_and_c", "v_and_u", "v_and_u_and_n")] == [
        1,
        0.75,
        0.75,
        0.5,
    ]


def test_official_3d_novelty_never_matches_and_the_corrected_one_does(mols: list[Chem.Mol]) -> None:
    found = metrics_3d(mols[:1], ["CCO"])
    assert (found["3d_v_and_u_and_n"].value, found["3d_v_and_u_and_n_corrected"].value) == (1.0, 0.0)


def test_nothing_is_undefined() -> None:
    assert all(math.isnan(score.value) for score in metrics_2d([], []).values())
    assert metrics_3d([None], [])["3d_mol_stable"].value == 0.0


def test_plain_smiles_are_distinct_and_leave_out_what_cannot_be_read() -> None:
    mols = [Chem.MolFromSmiles("C[C@H](N)O"), Chem.MolFromSmiles("C[C@@H](N)O"), None]
    assert distinct_smiles([*mols, Chem.MolFromSmiles("CN(C)(C)(C)C", sanitize=False)]) == ["CC(N)O"]


def test_geometry_is_zero_from_itself_and_the_mean_leaves_absent_symbols_out(mols: list[Chem.Mol]) -> None:
    found = geometry_discrepancies(mols, mols)
    assert found["3d_bond_length_mmd"].value == pytest.approx(0.0, abs=1e-5)
    assert math.isnan(found["3d_bond_length_mmd:C2C"].value)
    assert found["3d_bond_length_mmd"].denominator == 7
    assert all(math.isnan(geometry_discrepancies([], mols)[f"3d_{kind}_mmd"].value) for kind in ("bond_angle",))


def test_an_angle_is_looked_for_at_the_end_of_each_bond() -> None:
    mol = embedded("CO")
    ways = sum((bond.GetEndAtom().GetDegree() - 1) for bond in mol.GetBonds())
    everything = {symbol for symbol, values in measure([mol], "bond_angle").items() if len(values)}
    assert ways == sum(
        1 for bond in mol.GetBonds() for other in bond.GetEndAtom().GetBonds() if other.GetIdx() != bond.GetIdx()
    )
    assert everything <= set(tables().symbols["bond_angle"])


def test_discrepancy_equals_the_plain_sum_of_kernels() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=30), rng.normal(loc=0.5, size=40)
    pooled = np.concatenate([a, b])
    h = ((pooled[:, None] - pooled) ** 2).sum() / (70 * 69) / 4

    def mean_kernel(x: np.ndarray, y: np.ndarray) -> float:
        return float(sum(np.exp(-((x[:, None] - y) ** 2) / (h * 2**i)) for i in range(5)).mean())

    plain = mean_kernel(a, a) + mean_kernel(b, b) - 2 * mean_kernel(a, b)
    assert discrepancy(a, b) == pytest.approx(plain, abs=1e-5)
    assert discrepancy(a[::-1], b) == pytest.approx(discrepancy(a, b), abs=1e-6)


def test_discrepancy_of_nothing_nan_constants_and_large_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    assert math.isnan(discrepancy([], [1.0]))
    assert math.isnan(discrepancy([math.nan], [1.0]))
    assert discrepancy([1.0, 1.0], [1.0]) == 0.0
    monkeypatch.setattr("biomatrix.metrics.qm9_3d.discrepancy.MOST_VALUES", 100)
    many = np.linspace(0, 1, 3000)
    assert discrepancy(many, many[:50], seed=1) == discrepancy(many, many[:50], seed=1)
    assert discrepancy(many, many[:50], seed=1) != discrepancy(many, many[:50], seed=2)


def test_bond_orders_follow_the_tables_strictly() -> None:
    assert tables().order("C", "C", 1.639) == 1
    assert tables().order("C", "C", 1.64) == 0
    assert tables().order("C", "C", 1.35) == 2
    assert tables().order("C", "C", 1.2) == 3
    assert tables().order("B", "C", 1.0) == 0
