"""The operations of the page: what a text is, its drawing, and one structure over another."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from rdkit import Chem

from biomatrix.entities import Molecule
from biomatrix.entities.kind_registry import kind
from biomatrix.serving.entities import file_text
from biomatrix.serving.operations.operation import operation
from biomatrix.serving.service import Service


def run(service: Service, name: str, **asked: Any) -> Any:
    one = operation(name)
    return one.run(service, one.asked.model_validate(asked))


@pytest.mark.parametrize(
    ("text", "known", "place"),
    [
        ("CC(=O)O", "molecule", None),
        ("MKTAYIAKQRQISFVKSHFSRQ", "protein", None),
        (">one\nMKTAYIAKQR\n", "protein", None),
        ("CC(=O)Oc1cc?ccc1", None, 11),
        ("MKTAY1AKQR", None, 5),
    ],
)
def test_a_text_is_recognised_or_its_fault_has_a_place(
    service: Service, text: str, known: str | None, place: int | None
) -> None:
    told = run(service, "draw", text=text)
    if known is None:
        assert told.drawn is None
        assert told.fault.place == place
        return
    assert told.drawn.kind == known
    again = run(service, "draw", entity=told.drawn.entity)
    assert again.drawn.text == told.drawn.text


def test_what_may_be_two_things_says_so(service: Service) -> None:
    assert run(service, "draw", text="CCNCC").drawn.also == ["protein", "dna", "rna"]


def test_a_drawing_counts_atoms_as_the_molecule_does() -> None:
    settings = Chem.SmilesParserParams()
    settings.removeHs = False
    molecule = Molecule.from_rdkit(Chem.MolFromSmiles("[H]OC([H])([H])C", settings))
    svg = kind("molecule").picture(molecule) or ""
    selectors = {int(found) for found in re.findall(r"class='atom-selector atom-(\d+)'", svg)}
    heavy = {atom.GetIdx() for atom in molecule.mol.GetAtoms() if atom.GetAtomicNum() > 1}
    assert selectors == heavy == {1, 2, 5}


@pytest.mark.parametrize("name", ["molecule", "protein"])
def test_a_turned_structure_comes_back_over_its_target(service: Service, name: str) -> None:
    one = kind(name)
    target = one.examples()[-1].entity
    points = one.points(target)
    assert points is not None
    turned = one.with_points(target, points @ np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1.0]]) + 3)
    form = next(form for form in one.formats if form.name == one.viewer[0]) if one.viewer else None
    assert form is not None
    moving, fixed = ({"type": name, form.name: file_text(entity, form)} for entity in (turned, target))
    told = run(service, "superpose", moving=moving, target=fixed)
    assert told.moved
    back = service.parser.read(told.content.encode(), told.format, name)[0]
    assert np.nanmax(np.abs(one.points(back) - points)) < 0.01  # Angstrom, of three decimals in a file


def test_different_molecules_stay_where_they_are(service: Service) -> None:
    form = next(form for form in kind("molecule").formats if form.name == "sdf")
    first, second = (kind("molecule").examples()[index].entity for index in (0, 1))
    moving, target = ({"type": "molecule", "sdf": file_text(entity, form)} for entity in (first, second))
    assert not run(service, "superpose", moving=moving, target=target).moved
