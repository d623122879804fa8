"""The filters of molecules: size, elements, charge, fragments, radicals, isotopes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field
from rdkit import Chem

from biomatrix.entities.entity_filter import EntityFilter, outside
from biomatrix.entities.molecule.entity import Molecule

Count = Annotated[int, Field(ge=0)]


class MoleculeSize(EntityFilter):
    """Heavy atoms, from ``least`` to ``most``."""

    least: Count = 3
    most: Count = 100

    def reason(self, entity: Molecule, fields: Mapping[str, str]) -> str | None:
        return outside("heavy atoms", entity.mol.GetNumHeavyAtoms(), self.least, self.most)


class MoleculeElements(EntityFilter):
    """The elements that may occur, hydrogen among them; by default those of organic and medicinal chemistry."""

    allowed: list[str] = Field(
        default=["H", "B", "C", "N", "O", "F", "Si", "P", "S", "Cl", "Se", "Br", "I", "Na", "K", "Ca", "Mg", "Li"]
    )
    carbon: bool = True
    """Whether there must be carbon."""

    def reason(self, entity: Molecule, fields: Mapping[str, str]) -> str | None:
        found = {atom.GetSymbol() for atom in entity.mol.GetAtoms()}
        others = sorted(found - set(self.allowed))
        if others:
            return f"elements that are not allowed: {', '.join(others)!r}"
        return "no carbon" if self.carbon and "C" not in found else None


class MoleculeCharge(EntityFilter):
    """The largest net charge, of either sign, and the largest number of atoms with a charge."""

    net: Count = 2
    atoms: Count = 8

    def reason(self, entity: Molecule, fields: Mapping[str, str]) -> str | None:
        net = Chem.GetFormalCharge(entity.mol)
        if abs(net) > self.net:
            return f"net charge {net}, beyond {self.net}"
        charged = sum(atom.GetFormalCharge() != 0 for atom in entity.mol.GetAtoms())
        return f"{charged} charged atoms, more than {self.atoms}" if charged > self.atoms else None


class MoleculeFragments(EntityFilter):
    """The largest number of fragments that are not bonded to one another: 1 leaves out salts and mixtures."""

    most: Count = 1

    def reason(self, entity: Molecule, fields: Mapping[str, str]) -> str | None:
        fragments = len(Chem.GetMolFrags(entity.mol))
        return f"{fragments} fragments, more than {self.most}" if fragments > self.most else None


class MoleculeRadicals(EntityFilter):
    """The largest number of unpaired electrons."""

    most: Count = 0

    def reason(self, entity: Molecule, fields: Mapping[str, str]) -> str | None:
        electrons = sum(atom.GetNumRadicalElectrons() for atom in entity.mol.GetAtoms())
        return f"{electrons} unpaired electrons, more than {self.most}" if electrons > self.most else None


class MoleculeIsotopes(EntityFilter):
    """The largest number of atoms with a stated isotope."""

    most: Count = 0

    def reason(self, entity: Molecule, fields: Mapping[str, str]) -> str | None:
        labelled = sum(atom.GetIsotope() > 0 for atom in entity.mol.GetAtoms())
        return f"{labelled} atoms of a stated isotope, more than {self.most}" if labelled > self.most else None
