"""The machine of SMILES without its rule that a ring takes one of the smallest free numbers."""

from __future__ import annotations

from typing import Final

from biomatrix.entities.molecule.smiles_automaton.bonding import closed, opened
from biomatrix.entities.molecule.smiles_automaton.core import Core, Mode
from biomatrix.entities.molecule.smiles_automaton.machine import Machine

_MOST_OPEN: Final = 20
"""Rings that may be open at once."""


class AnyNumbers(Machine):
    """Reads rings of any number: those of a scaffold count down from nine, out of the way of a model's own."""

    def _ring(self, core: Core, label: int) -> Core | None:
        numbers = [each for atom in core.path for each in atom.labels]
        if label in numbers:
            return self._after(closed(core.path, core.runs, label, core.bond), Mode.ATOM)
        if core.bond or len(numbers) >= _MOST_OPEN:
            return None
        path = opened(core.path, label)
        return None if path is None else self.core(Mode.ATOM, "", "", path, core.runs)
