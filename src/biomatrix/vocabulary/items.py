"""What a caller may give for a document or a prompt, as a list of items, each checked with its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.modality_registry import modality_names
from biomatrix.vocabulary.tables import Codes, Deferred, Item, Positions, Tokens

_WRITTEN = (str, Entity, Tokens, Codes, Positions, Deferred)


def as_items(items: Item | Sequence[Item]) -> list[Item]:
    """Return the items as a list; a single item becomes a list of one. Nothing is checked but the list itself.

    A tuple of an entity and one word is an item: the word names the modality in which the entity is written.

    Raises
    ------
    TypeError
        What was given is neither an item nor a sequence of them, or a pair with the modality's name before its entity.
    """
    given: Any = items
    if isinstance(given, tuple) and _is_pair(given[::-1]) and given[0] in modality_names():
        raise TypeError(f"the name of a modality stands after its entity: (entity, {given[0]!r})")
    if _is_pair(given) or isinstance(given, _WRITTEN):
        return [given]
    if isinstance(given, Sequence | Iterator) and not isinstance(given, bytes | bytearray | memoryview | range):
        return list(given)
    raise TypeError(f"a {type(given).__name__} is no text, entity or list of them")


def item_fault(item: object) -> str | None:
    """Return why something cannot be part of a document, None where it can."""
    if isinstance(item, _WRITTEN) or (
        isinstance(item, tuple) and len(item) == 2 and isinstance(item[0], Entity) and isinstance(item[1], str)
    ):
        return None
    what = f"a tuple of {', '.join(type(one).__name__ for one in item)}" if isinstance(item, tuple) else None
    return (
        f"{what or f'a {type(item).__name__}'} cannot be part of a document; give text, an entity, "
        "(entity, modality), Tokens or Codes"
    )


def _is_pair(given: object) -> bool:
    """Return whether a tuple is an entity and the name of a modality, rather than an entity and words about it."""
    if not (isinstance(given, tuple) and len(given) == 2 and isinstance(given[0], Entity)):
        return False
    return isinstance(given[1], str) and given[1].isidentifier()
