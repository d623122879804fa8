"""Round trips of molecules: figures agree with what was done to them, and failures are named."""

from __future__ import annotations

import json

import numpy as np
import pytest
from rdkit import Chem

from biomatrix.doctor.file_round_trip import table_of
from biomatrix.entities import Molecule, MoleculeStructureTokenizer, Reject
from biomatrix.entities.molecule.examples import bundled_component, bundled_ligand
from biomatrix.entities.molecule.round_trip.errors import MoleculeTally
from biomatrix.entities.molecule.round_trip.measure import measure_molecules
from biomatrix.entities.molecule.structure.inputs import prepare
from biomatrix.metrics.summaries import plain

CODES = ("CFF", "AIN", "TRP", "GLC")


@pytest.fixture(scope="module")
def tokenizer() -> MoleculeStructureTokenizer:
    return MoleculeStructureTokenizer.from_pretrained()


@pytest.fixture(scope="module")
def molecules() -> list[Molecule]:
    return [bundled_component(code) for code in CODES]


def test_the_round_trip_of_an_exact_copy_has_no_error(molecules: list[Molecule]) -> None:
    tally = MoleculeTally()
    for number, molecule in enumerate(molecules, start=1):
        ordered = prepare(molecule)

        copy = Molecule(Chem.RenumberAtoms(molecule.mol, ordered.graph.order.tolist()))
        found = tally.add(number, molecule, ordered, copy)
        assert found.rmsd < 1e-6
        assert found.same_stereochemistry
    errors = tally.errors()
    assert errors.bonds["all"].max < 1e-6
    assert errors.handedness.kept == errors.handedness.total > 5
    assert errors.bonds["all"].count == sum(molecule.mol.GetNumBonds() for molecule in molecules)


def test_a_mirror_image_loses_its_handedness(molecules: list[Molecule]) -> None:
    glucose = molecules[CODES.index("GLC")]
    assert glucose.coordinates is not None
    ordered = prepare(glucose)

    mirrored = glucose.with_coordinates(glucose.coordinates * np.array([-1.0, 1.0, 1.0]))
    copy = Molecule(Chem.RenumberAtoms(mirrored.mol, ordered.graph.order.tolist()))
    tally = MoleculeTally()
    assert not tally.add(1, glucose, ordered, copy).same_stereochemistry
    assert tally.errors().handedness.kept == 0
    assert tally.errors().bonds["all"].max < 1e-5


def test_measured_molecules(tokenizer: MoleculeStructureTokenizer, molecules: list[Molecule]) -> None:
    flat = Molecule.from_smiles("CCO")
    refused = Reject("x.sdf", 9, None, "broken")
    done: list[int] = []
    trip = measure_molecules([*molecules, flat, refused], tokenizer, progress=done.append)
    assert trip.records == sum(done) == len(molecules) + 2
    assert {failure.stage for failure in trip.failures} == {"encode", "read"}
    assert [one.name for one in trip.each] == [molecule.name for molecule in molecules]
    assert trip.errors.rmsd.mean == pytest.approx(np.mean([one.rmsd for one in trip.each]))
    assert trip.errors.rmsd.max < 0.5
    assert trip.codes.total == sum(molecule.num_atoms for molecule in molecules)
    assert trip.codes.used <= trip.codes.num_codes == tokenizer.num_codes
    assert trip.worst(1)[0].rmsd == trip.errors.rmsd.max
    assert "2 failed" in trip.as_text(2)
    json.dumps(plain(trip), allow_nan=False)
    assert len(table_of(trip.each).splitlines()) == len(molecules) + 1


def test_refinement_is_measured_before_and_after(
    tokenizer: MoleculeStructureTokenizer, molecules: list[Molecule]
) -> None:
    assert measure_molecules(molecules[:1], tokenizer).refined is None
    bare = bundled_ligand().without_hydrogens()
    trip = measure_molecules([*molecules, bare], tokenizer, refinement="mmff")
    assert trip.refined is not None
    assert trip.refined.errors.rmsd.count == trip.refined.before.rmsd.count == len(molecules)
    assert [failure.kind for failure in trip.refined.failures] == ["UnsupportedError"]
    assert trip.errors.rmsd.count == len(molecules) + 1
    assert "after mmff" in trip.as_text()
