"""Reference atoms and atom symbols."""

from __future__ import annotations

import numpy as np
import pytest
import selfies
from rdkit import Chem

from biomatrix.entities import Molecule
from biomatrix.entities.molecule.selfies import atom_mask
from biomatrix.entities.molecule.structure.assembly import DecodedGraph, decoded_graph, with_positions
from biomatrix.entities.molecule.structure.frames import local_frames, local_points
from biomatrix.entities.molecule.structure.graph import ordered_graph, reference_atoms
from biomatrix.entities.molecule.structure.inputs import PreparedMolecule, prepare
from biomatrix.entities.molecule.structure.molstructok.descriptors import descriptors
from biomatrix.entities.molecule.structure.molstructok.placement import Forest, place


def test_references_of_a_branched_chain() -> None:
    bonds = np.array([[0, 1], [1, 2], [2, 3], [1, 4], [0, 5], [3, 6]])
    references = reference_atoms([7], [bonds])
    assert references[3:].tolist() == [[2, 1, 0], [1, 0, 2], [0, 1, 2], [3, 2, 1]]
    both = reference_atoms([7, 7], [bonds, bonds])
    np.testing.assert_array_equal(both, np.concatenate([references, references]))


@pytest.mark.parametrize(
    "smiles", ["CC(C)(C)C1CC1", "c1ccc2[nH]ccc2c1", "C/C=C/C#N", "OC1(F)CC(=O)N1", "C12C3C4C1C5C4C3C25"]
)
def test_atom_symbols_are_as_many_as_atoms(smiles: str) -> None:
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    graph = ordered_graph(mol)
    assert int(atom_mask(graph.symbols).sum()) == mol.GetNumAtoms()
    back = Chem.MolFromSmiles(selfies.decoder("".join(graph.symbols)))
    assert Chem.MolToSmiles(back) == Chem.MolToSmiles(Chem.MolFromSmiles(smiles), isomericSmiles=False)


@pytest.mark.parametrize("seed", range(5))
def test_positions_are_rebuilt_from_exact_descriptors(seed: int) -> None:
    rng = np.random.default_rng(seed)
    size = 20
    parents = [int(rng.integers(0, child)) for child in range(1, size)]
    bonds = np.array([[parent, child] for child, parent in enumerate(parents, start=1)])
    positions = rng.normal(scale=2.0, size=(size, 3))
    references = reference_atoms([size], [bonds])
    values = descriptors(positions, references, np.zeros(size, dtype=np.int64))
    rebuilt = place(Forest.of_bonds(np.array([size]), [bonds]), np.arange(size), values)
    distances = [np.linalg.norm(x[:, None] - x[None], axis=2) for x in (positions, rebuilt)]
    np.testing.assert_allclose(distances[0], distances[1], atol=1e-6)


def test_frames_are_orthonormal_even_on_linear_and_coinciding_references() -> None:
    a = np.zeros((3, 3))
    b = np.array([[1.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 0.0]])
    c = np.array([[2.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, 0.0]])
    axes = np.stack(local_frames(a, b, c), axis=1)
    np.testing.assert_allclose(axes @ axes.transpose(0, 2, 1), np.tile(np.eye(3), (3, 1, 1)), atol=1e-12)
    np.testing.assert_allclose(np.linalg.det(axes), 1.0)


def test_local_points_have_their_distance() -> None:
    rng = np.random.default_rng(0)
    values = np.column_stack((rng.uniform(1, 2, 50), rng.uniform(0, np.pi, 50), rng.uniform(0, np.pi, 50), np.ones(50)))
    np.testing.assert_allclose(np.linalg.norm(local_points(values), axis=1), values[:, 0])


SMILES = ("CC(C)(C)C1CC1", "c1ccc2[nH]ccc2c1", "C/C=C/C#N", "C[N+](C)(C)CC([O-])=O", "[2H]OC", "OC(=O)[C@H](N)CS")


def both_sides(smiles: str) -> tuple[PreparedMolecule, DecodedGraph]:
    prepared = prepare(Molecule.from_smiles(smiles).embed(seed=0))
    codes = np.where(prepared.mask, 7, -1).astype(np.int16)
    return prepared, decoded_graph(prepared.graph.symbols, codes, 8)


@pytest.mark.parametrize("smiles", SMILES)
def test_both_sides_know_the_same_graph(smiles: str) -> None:
    prepared, graph = both_sides(smiles)
    np.testing.assert_array_equal(graph.bonds, prepared.graph.bonds)
    np.testing.assert_array_equal(graph.bonds, np.argwhere(np.triu(Chem.GetAdjacencyMatrix(graph.mol))))
    assert graph.atom_symbols == prepared.atom_symbols
    for side in (graph, prepared):
        assert side.elements.tolist() == [atom.GetAtomicNum() for atom in graph.mol.GetAtoms()]
        assert side.charges.tolist() == [atom.GetFormalCharge() for atom in graph.mol.GetAtoms()]


@pytest.mark.parametrize("smiles", SMILES)
def test_isotopes_are_noted(smiles: str) -> None:
    assert bool(both_sides(smiles)[0].notes) == ("2H" in smiles)


def test_placing_a_graph_again_leaves_the_first_molecule_as_it_was() -> None:
    prepared, graph = both_sides("C[C@H](N)C(=O)O")
    mirrored = prepared.positions * (1.0, 1.0, -1.0)
    first = with_positions(graph, prepared.positions)
    before = first.smiles
    second = with_positions(graph, mirrored)
    np.testing.assert_array_equal(first.mol.GetConformer().GetPositions(), prepared.positions)
    np.testing.assert_array_equal(second.mol.GetConformer().GetPositions(), mirrored)
    assert first.smiles == before
    assert {first.smiles, second.smiles} == {"C[C@H](N)C(=O)O", "C[C@@H](N)C(=O)O"}
