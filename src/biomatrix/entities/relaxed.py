"""What a relaxation made of a structure."""

from __future__ import annotations

from dataclasses import dataclass

from biomatrix.entities.base_entity import Entity


@dataclass(frozen=True, eq=False)
class Relaxed:
    """A structure after relaxation, as a function of :attr:`biomatrix.entities.registration.Kind.relaxations` returns.

    Parameters
    ----------
    entity : Entity
        The same entity with other positions.
    energy_before, energy_after : float
        In kcal/mol, on the method's own scale: only differences are meaningful.
    moved : float
        RMSD in Angstrom between the positions before and after, superposed.
    force_field : str
        The energy function and the program, such as ``MMFF94 (RDKit)``.
    notes : tuple of str
        What the method assumed or did not reach, one sentence each.
    """

    entity: Entity
    energy_before: float
    energy_after: float
    moved: float
    force_field: str
    notes: tuple[str, ...] = ()

    @property
    def data(self) -> dict[str, str]:
        """What a file should say of it: a name and a value with its unit for each item."""
        return {
            "relaxed_with": self.force_field,
            "relaxed_energy_before": f"{self.energy_before:.4f} kcal/mol",
            "relaxed_energy_after": f"{self.energy_after:.4f} kcal/mol",
            "relaxed_rmsd": f"{self.moved:.4f} Angstrom",
        }
