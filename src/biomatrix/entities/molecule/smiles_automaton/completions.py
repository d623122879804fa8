"""Concrete ways to finish a string, character by character: what bounds promise, written out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from biomatrix.entities.molecule.smiles_automaton.brackets import bracket_ends
from biomatrix.entities.molecule.smiles_automaton.closing import UNLIMITED, Room, fewest_tokens
from biomatrix.entities.molecule.smiles_automaton.core import Core, Mode
from biomatrix.entities.molecule.smiles_automaton.live import ring_numbers
from biomatrix.entities.molecule.smiles_automaton.machine import ATOMS, Machine
from biomatrix.entities.molecule.smiles_automaton.plans import percent_ends, plan_of

_USUAL: Final = "){}Ccno={}%O-N(["
"""What a completion is written with, the usual first: the rings that are open and, later, one that is not."""
_MOST_STATES: Final = 400
"""States that are looked at for one completion."""
_MOST_KNOWN: Final = 50_000
_SPARE: Final = 4
"""Tokens that a short way may take beyond those that a plan promises."""
_AMPLE: Final = 64
_AMPLE_FOR_AN_ATOM: Final = 8
"""Tokens beyond twice the atoms still owed, and for each atom that may yet be bonded, that finish any string."""


class Completions:
    """Finds and remembers completions.

    Parameters
    ----------
    machine : Machine
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._known: dict[tuple[Core, Room], str | None] = {}
        self._age = machine.age

    def find(self, core: Core, room: Room) -> str | None:
        """Return characters that finish a state in the room, None where this finds none.

        The states along a completion know the rest of it: whoever follows it is never refused.
        """
        key = core, _enough(core, room)
        if key not in self._known:
            if len(self._known) >= _MOST_KNOWN or self._age != self._machine.age:
                self._known.clear()
                self._age = self._machine.age
            self._search(*key)
        return self._known[key]

    def shortest(self, core: Core, room: Room) -> str | None:
        """Return characters that finish a state in the room, and soon; None where this finds none."""
        plan = plan_of(self._machine, core)
        fewest = fewest_tokens(self._machine, core, room) if plan is None else room.cost(plan)
        return self.find(core, room._replace(tokens=min(room.tokens, fewest + _SPARE))) or self.find(core, room)

    def _search(self, core: Core, room: Room) -> None:
        """Follow one character after the other, and come back to the next where that leads nowhere."""
        first = core, room
        states = [first]
        written: list[str] = []
        waiting = [self._following(*first)]
        looked_at = 1
        while states:
            core, room = states[-1]
            known = self._known.get((core, room))
            if known is None and room.least <= 0 and room.tokens > 0 and self._machine.ends(core):
                known = ""
            if known is not None:
                self._remember(states, written, known)
                return
            following = None
            if (core, room) not in self._known:
                if looked_at >= _MOST_STATES:
                    break
                following = next(waiting[-1], None)
            if following is not None:
                character, after, left = following
                written.append(character)
                states.append((after, left))
                waiting.append(self._following(after, left))
                looked_at += 1
                continue
            self._known[core, room] = None
            states.pop()
            waiting.pop()
            if written:
                written.pop()
        self._known[first] = None

    def _remember(self, states: list[tuple[Core, Room]], written: list[str], rest: str) -> None:
        text = "".join(written) + rest
        for place, state in enumerate(states):
            self._known[state] = text[place:]

    def _following(self, core: Core, room: Room) -> Iterator[tuple[str, Core, Room]]:
        """Yield the characters that a completion may begin with: the usual first, those short of tokens last."""
        tight = []
        for character in _characters(core):
            after = self._machine.step(core, character)
            if after is None:
                continue
            added = character in ATOMS and core.mode not in (Mode.BRACKET, Mode.PERCENT)
            left = Room(room.tokens - 1, max(room.least - added, 0), room.most - added)
            plan = plan_of(self._machine, after)
            if plan is not None and left.cost(plan) + _SPARE <= left.tokens:
                yield character, after, _enough(after, left)
            else:
                tight.append((character, after, left))
        # More plans cost more to find, and the general one will often do.
        costs = [fewest_tokens(self._machine, after, left) for _, after, left in tight]
        for cost, (character, after, left) in sorted(zip(costs, tight, strict=True), key=lambda each: each[0]):
            if cost <= left.tokens:
                yield character, after, _enough(after, left)


def _enough(core: Core, room: Room) -> Room:
    """Return the room without what no completion needs, so that it is the same however much is left."""
    tokens = min(room.tokens, 2 * room.least + _AMPLE_FOR_AN_ATOM * len(core.path) + _AMPLE)
    return Room(tokens, room.least, min(room.most, room.least + UNLIMITED // 2))


def _characters(core: Core) -> str:
    if core.mode == Mode.BRACKET:
        return "".join(dict.fromkeys(end[0] for end in bracket_ends(core.text)))
    if core.mode == Mode.PERCENT:
        return "".join(dict.fromkeys(end[0] for end in percent_ends(core) if end))
    used = ring_numbers(core.path)
    new = next((str(number) for number in range(1, 10) if number not in used), "")  # any other does what this does
    return _USUAL.format("".join(str(number) for number in range(10) if number in used), new)
