"""Atoms can be placed exactly from their references, and both sides of the codec see the same references."""

from __future__ import annotations

import numpy as np
import pytest
from rdkit import Chem

from biomatrix.entities import Molecule
from biomatrix.entities.molecule.structure.assembly import decoded_graph
from biomatrix.entities.molecule.structure.conditioned.chemistry import Chemistry, gather, graph_of, molecular_graph
from biomatrix.entities.molecule.structure.conditioned.contexts import length_keys, place_keys
from biomatrix.entities.molecule.structure.conditioned.lengths import BondLengths
from biomatrix.entities.molecule.structure.conditioned.placement import frames_at, meanings_of, placed
from biomatrix.entities.molecule.structure.conditioned.problem import Problem
from biomatrix.entities.molecule.structure.conditioned.references import (
    BESIDE,
    CLOSING,
    FIRST,
    HANDED,
    SECOND_ATOM,
    THIRD_ATOM,
    TORSION,
    references_of,
)
from biomatrix.entities.molecule.structure.conditioned.start import turned
from biomatrix.entities.molecule.structure.inputs import PreparedMolecule, prepare

SMILES = (
    "Cn1c(=O)c2c(ncn2C)n(C)c1=O",
    "C[C@H](N)C(=O)O",
    "C/C=C\\C",
    "CC(=O)Oc1ccccc1C(=O)O",
    "C#CC#C",
    "CC#CC#CC",
    "O",
    "[H][H]",
    "O=C=O",
    "C1CC2(C1)CCC2",
    "C12C3C4C1C5C2C3C45",
    "C[N+](C)(C)C.[Cl-]",
    "OS(=O)(=O)O",
    "FP(F)(F)(F)F",
)


@pytest.fixture(scope="module")
def prepared() -> list[PreparedMolecule]:
    molecules = [Molecule.from_smiles(smiles).embed(seed=1) for smiles in SMILES]
    molecules += [Molecule(Chem.RemoveHs(molecule.mol)) for molecule in molecules[:4]]
    return [prepare(molecule, fragments=True) for molecule in molecules]


@pytest.fixture(scope="module")
def chemistry(prepared: list[PreparedMolecule]) -> Chemistry:
    return gather([graph_of(item) for item in prepared])


def test_references_are_earlier_atoms(chemistry: Chemistry) -> None:
    references = references_of(chemistry)
    atoms = np.arange(len(chemistry.starts))
    for values in (references.parents, references.axes, references.mirrors, *references.sides.T, *references.bonded.T):
        given = values >= 0
        assert (values[given] < atoms[given]).all()
        assert (values[given] >= chemistry.starts[given]).all()
        assert (references.levels[values[given]] < references.levels[given]).all()
    for reference in (references.parents, references.axes):
        assert (references.sides != reference[:, None])[references.sides >= 0].all()


def test_kinds_of_placement() -> None:
    cyclobutane = prepare(Molecule(Chem.RemoveHs(Molecule.from_smiles("C1CCC1").embed(seed=0).mol)))
    assert references_of(gather([graph_of(cyclobutane)])).kinds.tolist() == [FIRST, SECOND_ATOM, THIRD_ATOM, CLOSING]
    ethane = prepare(Molecule.from_smiles("CC").embed(seed=0))
    kinds = references_of(gather([graph_of(ethane)])).kinds.tolist()
    assert kinds[:3] == [FIRST, SECOND_ATOM, THIRD_ATOM]
    assert sorted(kinds[3:]) == sorted([BESIDE, HANDED, TORSION, BESIDE, HANDED])


def test_meanings_place_atoms_exactly(prepared: list[PreparedMolecule]) -> None:
    """Without codes between, what an atom should mean puts it where it is, ring closures included."""
    graphs = [graph_of(item) for item in prepared]
    chemistry = gather(graphs)
    targets = turned(np.concatenate([item.positions for item in prepared]), chemistry.sizes)
    begin, end = chemistry.bonds.T
    true = np.sqrt(((targets[begin] - targets[end]) ** 2).sum(axis=1))
    problem = Problem.of(graphs, BondLengths.fit(length_keys(chemistry), true, least=1))
    for atoms in problem.levels[1:]:
        frames = frames_at(targets, problem.references, problem.bond, problem.closing, atoms)
        back = placed(frames, meanings_of(frames, targets[atoms]))
        closed = problem.references.kinds[atoms] == CLOSING
        np.testing.assert_allclose(back[~closed], targets[atoms[~closed]], atol=1e-6)
        # strained cages may ask for more than a ring-closing bond may give
        if closed.any():
            assert np.median(np.abs(back[closed] - targets[atoms[closed]])) < 1e-6


def test_frames_are_orthonormal(prepared: list[PreparedMolecule]) -> None:
    graphs = [graph_of(item) for item in prepared]
    problem = Problem.of(graphs, BondLengths((np.zeros(0, np.int64),) * 4, (np.zeros((0, 2)),) * 4))
    targets = turned(np.concatenate([item.positions for item in prepared]), problem.chemistry.sizes)
    for atoms in problem.levels[1:]:
        frames = frames_at(targets, problem.references, problem.bond, problem.closing, atoms)
        axes = np.stack((frames.u, frames.v, frames.w), axis=1)
        np.testing.assert_allclose(axes @ axes.transpose(0, 2, 1), np.tile(np.eye(3), (len(atoms), 1, 1)), atol=1e-5)


def test_both_sides_see_the_same_contexts(prepared: list[PreparedMolecule]) -> None:
    there = gather([graph_of(item) for item in prepared])
    decoded = []
    for item in prepared:
        codes = np.where(item.mask, 0, -1).astype(np.int16)
        graph = decoded_graph(item.graph.symbols, codes, 1, fragments=True)
        decoded.append(molecular_graph(graph.mol, None, graph.elements, graph.charges, graph.bonds))
    back = gather(decoded)
    for one, other in zip(length_keys(there), length_keys(back), strict=True):
        np.testing.assert_array_equal(one, other)
    for one, other in zip(place_keys(there, references_of(there)), place_keys(back, references_of(back)), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("seed", range(3))
def test_turned_molecules_do_not_depend_on_where_they_lay(prepared: list[PreparedMolecule], seed: int) -> None:
    rng = np.random.default_rng(seed)
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    turn *= np.sign(np.linalg.det(turn))
    for item in prepared:
        if item.size < 4:
            continue
        size = np.array([item.size])
        here = turned(item.positions, size)
        there = turned(item.positions @ turn.T + rng.normal(size=3), size)
        np.testing.assert_allclose(here, there, atol=1e-4)
        np.testing.assert_allclose(here[0], 0.0)
        np.testing.assert_allclose(here[1, 1:], 0.0, atol=1e-9)


def test_contexts_do_not_depend_on_the_batch(prepared: list[PreparedMolecule], chemistry: Chemistry) -> None:
    together = [*place_keys(chemistry, references_of(chemistry)), references_of(chemistry).levels]
    alone = []
    for item in prepared:
        one = gather([graph_of(item)])
        alone.append([*place_keys(one, references_of(one)), references_of(one).levels])
    for level, keys in enumerate(together):
        np.testing.assert_array_equal(keys, np.concatenate([found[level] for found in alone]))
    bonds = [length_keys(gather([graph_of(item)])) for item in prepared]
    for level, keys in enumerate(length_keys(chemistry)):
        np.testing.assert_array_equal(keys, np.concatenate([found[level] for found in bonds]))
