"""How a half-written string is completed to what is asked for: a text, read back before it is believed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from biomatrix.entities.molecule.smiles_automaton.core import Core, Mode
from biomatrix.entities.molecule.smiles_automaton.counting.aromatics import (
    FIRST_MARK,
    SYSTEM_WIDTH,
    first_free_label,
    spelled,
)
from biomatrix.entities.molecule.smiles_automaton.counting.closings import Closing, Closings, Site, make_room
from biomatrix.entities.molecule.smiles_automaton.counting.limits import INFINITE, Limits, Owed
from biomatrix.entities.molecule.smiles_automaton.counting.owed_text import (
    Parts,
    apart_texts,
    chain_text,
    parts_of,
    turning_chains,
    variants,
)
from biomatrix.entities.molecule.smiles_automaton.counting.reading import (
    NO_CONTEXT,
    NOTHING,
    Added,
    Context,
    Reader,
    plus,
)
from biomatrix.entities.molecule.smiles_automaton.counting.saturation import patterns
from biomatrix.entities.molecule.smiles_automaton.counting.work import FIRST_WORK, Spent, Work, later_work

_CLOSERS: Final = ("C", "N", "O", "S")
_MOST_SITES: Final = 6


class Completer:
    """Finds completions; no search does more than :mod:`.work` allows it.

    Parameters
    ----------
    reader : Reader
    closings : Closings
        Of that reader.
    limits : Limits
    letters : frozenset of str
        Characters that are pieces of their own.
    """

    def __init__(self, reader: Reader, closings: Closings, limits: Limits, letters: frozenset[str]) -> None:
        self.reader = reader
        self.limits = limits
        self._closings = closings
        self._letters = letters
        named = sorted(one for one in limits.counts.elements if one not in _CLOSERS and one != "H")
        self._preferred = (*_CLOSERS, *named)
        self._found: dict[tuple[Core, Context, Added, str], str | None] = {}
        self._bias = 0
        self.apart = False
        self.gave_up = False
        """Whether the search for the first completion did all that it may and found none."""
        self._work = Work(FIRST_WORK)
        self.first = self.find(reader.machine.start, NO_CONTEXT, NOTHING, "")
        if self.first is None:
            self.apart = True
            self._found.clear()
            self.gave_up = False
            self.first = self.find(reader.machine.start, NO_CONTEXT, NOTHING, "")

    def find(self, core: Core, context: Context, total: Added, written: str) -> str | None:
        """Return a text that completes a state, None where none is found.

        One character may stand for an aromatic system: see :mod:`.aromatics`. ``written`` is the string so far, which
        matters to rotatable bonds only.
        """
        key = (core, context, total, "" if self.limits.rotatable is None else written)
        if key not in self._found:
            make_room(self._found)
            self._found[key] = self._search(core, context, total, written)
        return self._found[key]

    def width(self, core: Core, context: Context, total: Added, written: str) -> int:
        """Return the tokens that complete a state, ``INFINITE`` where no way is known.

        What is owed decides it, so that states of other limits that owe the same share it.
        """
        if self.limits.rotatable is not None:
            return _width(self.find(core, context, total, written))
        owed = self.limits.owed(total)
        if owed is None:
            return INFINITE
        key = (core, context, owed.signature(), self.apart)
        widths = self._closings.widths
        known = widths.get(key)
        if known is None:
            make_room(widths)
            known = widths[key] = _width(self.find(core, context, total, written))
        return known

    def spell(self, core: Core, context: Context, text: str) -> str:
        """Return a completion of a state as it is written."""
        if not any(character >= FIRST_MARK for character in text):
            return text
        written = ""
        for character in text:
            written += spelled(character, core) if character >= FIRST_MARK else character
            step = self.reader.read(core, context, character)
            assert step is not None
            core, context = step.core, step.context
        return written

    def plainly(self, core: Core, context: Context) -> str:
        """Return a text that closes a state, whatever is owed."""
        closing = self._closings.of(core, context, _CLOSERS)
        return "" if closing is None else closing.text

    def _search(self, core: Core, context: Context, total: Added, written: str) -> str | None:
        owed = self.limits.owed(total)
        if owed is None:
            return None
        is_first = core.mode == Mode.START and total == NOTHING
        self._work = Work(FIRST_WORK if is_first else later_work(owed))
        try:
            return self._sought(core, context, total, owed, written)
        except Spent:
            self.gave_up = is_first
            return None

    def _sought(self, core: Core, context: Context, total: Added, owed: Owed, written: str) -> str | None:
        if self.limits.rotatable is not None:
            return self._turning(core, context, total, owed, written)
        texts = self._texts(core, context, total, owed, None)
        return next((text for text in texts if self._holds(core, context, total, text)), None)

    def _turning(self, core: Core, context: Context, total: Added, owed: Owed, written: str) -> str | None:
        """Return a completion with as many rotatable bonds as asked, each try corrected by the one before."""
        assert self.limits.rotatable is not None
        least, most = self.limits.rotatable
        rotors = self._rotors(core, context, owed, written)
        if rotors < 0:
            return None
        first, aim = rotors, max(rotors + self._bias, 0)
        tried: set[str] = set()
        for text in self._texts(core, context, total, owed, aim):
            if len(tried) >= (_MOST_VARIANTS if written else _MOST_FIRST):
                break
            if text in tried or not self._holds(core, context, total, text):
                continue
            tried.add(text)
            found = rotatable_bonds(written + self.spell(core, context, text))
            if least <= found <= most:
                return text
            aim = max(aim + (least if found < least else most) - found, 0)
            better = (one for one in self._texts(core, context, total, owed, aim) if one not in tried)
            text = next((one for one in better if self._holds(core, context, total, one)), "")
            if not text:
                continue
            tried.add(text)
            if least <= rotatable_bonds(written + self.spell(core, context, text)) <= most:
                self._bias = aim - first
                return text
        return None

    def _rotors(self, core: Core, context: Context, owed: Owed, written: str) -> int:
        """Return about how many rotatable bonds are owed; -1 where there are too many already."""
        least, most = self.limits.rotatable or (0, 0)
        closing = self._closings.of(core, context, self._elements(owed)) if core.mode != Mode.START else None
        if closing is None:
            return least
        found = rotatable_bonds(written + closing.text)
        return -1 if found > most else max(least - found, 0)

    def _elements(self, owed: Owed) -> tuple[str, ...]:
        return tuple(symbol for symbol in self._preferred if owed.allows(symbol) > 0)

    def _holds(self, core: Core, context: Context, total: Added, text: str) -> bool:
        self._work.spend(len(text))
        step = self.reader.run(core, context, text)
        if step is None or not self.reader.ends(step.core, step.context):
            return False
        owed = self.limits.owed(plus(total, step.added))
        return owed is not None and owed.nothing and all(c in self._letters or c >= FIRST_MARK for c in text)

    def _texts(self, core: Core, context: Context, total: Added, owed: Owed, rotors: int | None) -> Iterator[str]:
        if core.mode == Mode.START:
            yield from self._fresh(owed, rotors)
            return
        closing = self._closings.of(core, context, self._elements(owed))
        if closing is None:
            return
        after = self.limits.owed(plus(total, closing.added))
        if after is None:
            return
        if after.nothing:
            yield closing.text
            if not rotors:
                return
        if after.hydrogens is not None:
            yield from self._filled(closing, after)
        yield from self._hung(closing, after, rotors)
        if self.apart:
            for text in self._fresh(after, rotors):
                yield closing.text + "." + text

    def _fresh(self, owed: Owed, rotors: int | None) -> Iterator[str]:
        """Yield what is owed as a fragment."""
        if owed.hydrogens is not None:
            yield from self._filled(None, owed)
        if owed.nothing:
            owed = replace(owed, atoms=(1, owed.atoms[1]))
        for parts in variants(parts_of(owed, rooted=False), owed, rotors):
            self._work.spend(parts.size)
            if len(parts.hanging) == 1 and not parts.symbols and not parts.bonds:
                yield parts.hanging[0].removeprefix("-")
            if len(parts.hanging) == 2 and not parts.symbols and not parts.bonds:
                yield f"{parts.hanging[0].removeprefix('-')}{parts.hanging[1]}"
            made = chain_text(parts, owed, ["1"], rooted=False)
            if made is not None and not made[1]:
                yield made[0]
        if self.apart:
            yield from self._scattered(owed, rotors)

    def _scattered(self, owed: Owed, rotors: int | None) -> Iterator[str]:
        """Yield what is owed as several fragments: multiple bonds apart, then aromatic systems apart, then all."""
        single, double, triple, aromatic = owed.bonds
        none = (0, INFINITE)
        if rotors:
            for text, doubles in turning_chains(single[0] or rotors + 2, rotors):
                away = [none, (max(double[0] - doubles, 0), double[1]), triple, aromatic]
                yield ".".join([*apart_texts(replace(owed, bonds=away, elements={})), text])
        if double[0] or triple[0] or aromatic[0]:
            for away, kept in (([none, double, triple, none], aromatic), ([none, double, triple, aromatic], none)):
                texts = apart_texts(replace(owed, bonds=away, elements={}))
                rest = replace(owed, bonds=[single, none, none, kept])
                if single[0] or kept[0] or owed.elements:
                    for parts in variants(parts_of(rest, rooted=False), rest, rotors):
                        self._work.spend(parts.size)
                        made = chain_text(parts, rest, ["1"], rooted=False)
                        if made is not None and not made[1]:
                            yield ".".join([*texts, made[0]])
        yield ".".join(apart_texts(owed))

    def _filled(self, closing: Closing | None, owed: Owed) -> Iterator[str]:
        """Yield what is owed with the bonds and rings that leave as many hydrogens, behind a closing or on its own."""
        if not owed.most and closing is None and not owed.others:
            yield "[H][H]"
            yield "[H+]"
        radicals = self.limits.counts.radicals
        for parts, apart, named in patterns(owed, rooted=closing is not None, apart=self.apart, radicals=radicals):
            self._work.spend(parts.size)
            if closing is not None:
                texts: Iterator[str] = self._placed(closing, named, parts)
            elif not parts.symbols:
                texts = iter(["".join(one if place < 2 else f"({one})" for place, one in enumerate(parts.hanging))])
            else:
                made = chain_text(parts, named, ["1"], rooted=False)
                texts = iter([made[0]] if made is not None and not made[1] else [])
            yield from (".".join(text for text in (whole, *apart) if text) for whole in texts)

    def _hung(self, closing: Closing, owed: Owed, rotors: int | None) -> Iterator[str]:
        """Yield the closing with what is owed hung on its atoms."""
        for parts in variants(parts_of(owed, rooted=True), owed, rotors):
            self._work.spend(parts.size)
            yield from self._placed(closing, owed, parts)

    def _placed(self, closing: Closing, owed: Owed, parts: Parts) -> Iterator[str]:
        sites = sorted(closing.sites, key=lambda site: -site.offset)[:_MOST_SITES]
        if not parts.bonds and not parts.symbols:
            text = _spread(closing, parts.hanging, {})
            if text is not None:
                yield text
        chains: dict[str, tuple[str, list[str]] | None] = {}
        for site in sites:
            label = first_free_label(site.core)
            if label not in chains:
                chains[label] = chain_text(parts, owed, [label], rooted=True)
            made = chains[label]
            if made is None:
                return
            chain, left = made
            text = _spread(closing, left, {site: [chain] if chain else []})
            if text is not None:
                yield text


def _spread(closing: Closing, hanging: list[str], taken: dict[Site, list[str]]) -> str | None:
    """Return a closing with groups hung on its atoms; None where they have no room."""
    text, done = "", 0
    left = list(hanging)
    for site in closing.sites:
        here = list(taken.get(site, []))
        while left and len(here) < site.slots:
            here.append(left.pop(0))
        text += closing.text[done : site.offset] + "".join(f"({one})" for one in here)
        done = site.offset
    return None if left else text + closing.text[done:]


def width(text: str) -> int:
    """Return the characters that a completion takes at most."""
    return sum(SYSTEM_WIDTH if character >= FIRST_MARK else 1 for character in text)


def _width(text: str | None) -> int:
    return INFINITE if text is None else width(text)


def rotatable_bonds(smiles: str) -> int:
    """Return the rotatable bonds of a molecule as RDKit counts them; a great many where it is none."""
    from rdkit import Chem
    from rdkit.Chem.rdMolDescriptors import CalcNumRotatableBonds
    from rdkit.rdBase import BlockLogs

    with BlockLogs():
        mol = Chem.MolFromSmiles(smiles)
    return INFINITE if mol is None else int(CalcNumRotatableBonds(mol))


_MOST_FIRST: Final = 60
"""So many before anything is written."""
_MOST_VARIANTS: Final = 3
"""Completions whose rotatable bonds are counted before a piece is given up."""
