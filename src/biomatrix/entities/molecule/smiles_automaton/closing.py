"""Whether a string can be finished within what is left: tokens, and atoms at least and at most."""

from __future__ import annotations

from typing import Final, NamedTuple

from biomatrix.entities.molecule.smiles_automaton.core import Core, Mode
from biomatrix.entities.molecule.smiles_automaton.machine import Machine
from biomatrix.entities.molecule.smiles_automaton.plans import Plan, percent_ends, plan_of, ring_ends

UNLIMITED: Final = 1 << 40
"""The most atoms where any number will do."""


class Room(NamedTuple):
    """What is left to write.

    Parameters
    ----------
    tokens : int
        At most, the end token among them.
    least, most : int
        Atoms.
    """

    tokens: int
    least: int
    most: int

    def holds(self, plan: Plan) -> bool:
        """Return whether a plan can be carried out in the room."""
        return self.cost(plan) <= self.tokens

    def cost(self, plan: Plan) -> int:
        """Return the tokens that a plan takes, the end token among them; ``UNLIMITED`` where it breaks the limits."""
        further = max(0, self.least - plan.atoms)
        if plan.atoms > self.most or (further and not plan.grows):
            return UNLIMITED
        return plan.characters + further + 1


def plans_of(machine: Machine, core: Core) -> tuple[Plan, ...]:
    """Return ways to finish a state: the general plan, and those that first close rings on the current atom."""
    if "plans" not in core.notes:
        general = plan_of(machine, core)
        found = [] if general is None else [general]
        if core.mode in (Mode.ATOM, Mode.BOND, Mode.PERCENT):
            texts = percent_ends(core) if core.mode == Mode.PERCENT else ring_ends(core)
            for text in texts[:_MOST_RINGS]:
                after = machine.read(core, text)
                if after is not None:
                    found += (
                        Plan(plan.characters + len(text), plan.atoms, plan.grows) for plan in plans_of(machine, after)
                    )
        core.notes["plans"] = _best(found)
    return core.notes["plans"]  # type: ignore[no-any-return]


def fewest_tokens(machine: Machine, core: Core, room: Room) -> int:
    """Return the tokens that finish a state in the room, the end token among them; ``UNLIMITED`` where none do."""
    return min((room.cost(plan) for plan in plans_of(machine, core)), default=UNLIMITED)


def _best(plans: list[Plan]) -> tuple[Plan, ...]:
    """Return the plans that no other plan betters for any number of atoms."""
    kept: list[Plan] = []
    for plan in sorted(set(plans), key=lambda plan: (plan.atoms, plan.characters, not plan.grows)):
        if not any(_betters(other, plan) for other in kept):
            kept.append(plan)
    return tuple(kept)


def _betters(other: Plan, plan: Plan) -> bool:
    """Return whether a plan of no more atoms does all that another does, in as few characters."""
    further = plan.atoms - other.atoms
    return (other.grows or not (further or plan.grows)) and other.characters + further <= plan.characters


_MOST_RINGS: Final = 6
"""Open rings that are tried on the current atom."""
