"""Relaxation as an explicit step: the structure before and after, each with its checks."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.kind_registry import kind_of
from biomatrix.errors import ConfigurationError, UnsupportedError
from biomatrix.trust.checking import Level, agreement_of, checked_level, checks_of
from biomatrix.trust.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from biomatrix.entities.relaxed import Relaxed


@dataclass(frozen=True, eq=False)
class Relaxation:
    """What a relaxation did to an entity.

    Parameters
    ----------
    method : str
    original, entity : Entity
        Before and after.
    before, after : Verdict
        Their checks; of the relaxed one also whether it is still the same graph or chain.
    energy_before, energy_after : float
        In kcal/mol, on the method's own scale.
    moved_rmsd : float
        Angstrom between the two, superposed.
    data : dict of str to str
        What a file should say of it: force field, energies and RMSD with their units, checks before and after.
    notes : tuple of str
        What the method assumed or did not reach.
    """

    method: str
    original: Entity
    entity: Entity
    before: Verdict
    after: Verdict
    energy_before: float
    energy_after: float
    moved_rmsd: float
    data: dict[str, str]
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return it as plain values, without the entities."""
        return {
            "method": self.method,
            "force_field": self.data["relaxed_with"],
            "before": self.before.as_json(),
            "after": self.after.as_json(),
            "energy_before": self.energy_before,
            "energy_after": self.energy_after,
            "energy_unit": "kcal/mol",
            "moved_rmsd": self.moved_rmsd,
            "moved_rmsd_unit": "Angstrom",
            "notes": list(self.notes),
        }

    @property
    def summary(self) -> str:
        """What was done, in words."""
        change = self.energy_after - self.energy_before
        return f"relaxed by {self.method}: {change:+.1f} kcal/mol, moved {self.moved_rmsd:.2f} Angstrom"

    def __str__(self) -> str:
        return f"{self.summary}; before: {self.before}; after: {self.after}"


def relax(entity: Entity, method: str, checks: Level = "fast") -> Relaxation:
    """Relax the structure of an entity by one of its kind's methods, and check it before and after.

    Parameters
    ----------
    entity : Entity
        With a structure.
    method : str
        Such as ``mmff``, ``uff`` and ``xtb`` of molecules, ``openmm`` of proteins.
    checks : {"off", "fast", "full"}

    Raises
    ------
    ConfigurationError
        The kind has no such method, or what it needs is not installed; the message says how to install it.
    UnsupportedError
        The entity has no structure, or one that the method cannot take.
    BioMatrixError
        The method ran and gave no structure.

    Examples
    --------
    >>> import biomatrix as bm
    >>> relax(bm.Molecule.from_smiles("CCO").embed(), "uff").after.sound
    True
    """
    level = checked_level(checks)
    function = relaxation_of(entity, method)
    if not entity.has_structure:
        raise UnsupportedError(f"a {entity.kind} without a structure cannot be relaxed", record=entity.name or None)
    relaxed = function(entity)
    after = checks_of(relaxed.entity, level)
    if level != "off":
        after += agreement_of(entity, relaxed.entity, "before")
    verdicts = Verdict(tuple(checks_of(entity, level))), Verdict(tuple(after))
    told = {f"relaxed_checks_{when}": str(one) for when, one in zip(("before", "after"), verdicts, strict=True)}
    return Relaxation(
        method,
        entity,
        relaxed.entity,
        *verdicts,
        relaxed.energy_before,
        relaxed.energy_after,
        relaxed.moved,
        relaxed.data | (told if level != "off" else {}),
        relaxed.notes,
    )


def relaxation_of(entity: Entity, method: str) -> Callable[[Entity], Relaxed]:
    """Return the function of a method. Raises ConfigurationError where the entity's kind has none of that name."""
    kind = kind_of(entity)
    address = kind.relaxations.get(method)
    if address is None:
        known = ", ".join(kind.relaxations) or "none"
        raise ConfigurationError(f"{kind.plural} have no relaxation {method!r}; there are: {known}")
    module, _, name = address.partition(":")
    return cast("Callable[[Entity], Relaxed]", getattr(import_module(module), name))
