"""Interleaved text: the entities that a text names, written behind their names."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Final

from biomatrix.tasks.documents import PartItem
from biomatrix.tasks.written_records import WrittenRecord
from biomatrix.vocabulary.tables import Tokens

CHARACTERS_A_TOKEN: Final = 3
"""Characters of prose that one token holds at least, on average, by which the room beside a text is reckoned."""
_AROUND: Final = 3
"""The control pair of an entity, and a space in front of it."""


def interleave(
    record: WrittenRecord, modalities: Sequence[str], rng: Random, max_tokens: int, *, every: bool, longest: int
) -> list[PartItem] | None:
    """Return a text with its entities, each in one drawn modality behind its mention; None where there is no text.

    The text stays whole. An entity is never cut: one that is longer than ``longest``, or for which no room is left in
    the document, is left out, and the next one that fits is written.

    Parameters
    ----------
    record : WrittenRecord
        A text, its parts, and the places where it names them.
    modalities : sequence of str
        The modalities to draw from.
    rng : random.Random
        Draws the modality of each mention.
    max_tokens : int
        The longest document, in token ids; that of the text is reckoned by `CHARACTERS_A_TOKEN`.
    every : bool
        Whether an entity is written behind each of its mentions; behind the first alone otherwise.
    longest : int
        The most residues or symbols (of SMILES, characters) of an entity that is written; 0 for any.
    """
    text = record.fields.get("text", "")
    room = max_tokens - 1 - -(-len(text) // CHARACTERS_A_TOKEN)
    items: list[PartItem] = []
    written: set[str] = set()
    at = 0
    for place in record.places:
        if place.role in written and not every:
            continue
        tokens = _drawn(record, place.role, modalities, rng)
        size = 0 if tokens is None else _size(tokens)
        if tokens is None or (longest and size > longest) or size + _AROUND > room:
            continue
        items += [f"{text[at : place.end]} ", tokens]
        at = place.end
        room -= size + _AROUND
        written.add(place.role)
    if at < len(text):
        items.append(text[at:])
    return items or None


def _drawn(record: WrittenRecord, role: str, modalities: Sequence[str], rng: Random) -> Tokens | None:
    """Return a part in one of the modalities that it is written in; None where it is written in none of them."""
    part = record.parts.get(role)
    names = [] if part is None else [name for name in modalities if name in part.tokens]
    if part is None or not names:
        return None
    name = rng.choice(names)
    return Tokens(name, part.tokens[name])


def _size(tokens: Tokens) -> int:
    """Return the most ids that tokens can become: a modality that is spelled as text has one string, of characters."""
    return len(tokens.tokens[0]) if len(tokens.tokens) == 1 else len(tokens.tokens)
