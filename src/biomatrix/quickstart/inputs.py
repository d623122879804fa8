"""What the job starts from: the examples of every kind, each replaced by the user's own where it is given."""

from __future__ import annotations

from collections.abc import Mapping

from biomatrix.entities import Entity, kind, kind_of, kinds, parse_entity
from biomatrix.entities.formats import names_file
from biomatrix.entities.registration import Example


def gather_inputs(given: Mapping[str, str], records: Mapping[str, int | str], seed: int) -> list[Example]:
    """Return the entities to work on.

    Parameters
    ----------
    given : mapping of str to str
        By kind, a file or what a person types for the kind. It replaces the example of its kind that stands alone, or
        else all of them with what lies in one frame with them.
    records : mapping of str to int or str
        By kind, which record or chain of the given file.
    seed : int
        Seeds the structure of an entity that has none and can be given one.
    """
    examples = [example for one in kinds() for example in one.examples()]
    for name, word in given.items():
        replaced = _replaced(examples, name)
        examples = [example for example in examples if example not in replaced]
        examples.append(_given(name, word, records.get(name), seed))
    # What lies in one frame comes first, chains before what is bound to them.
    return sorted(examples, key=lambda one: (not one.frame, kind_of(one.entity).size(one.entity) is None))


def _replaced(examples: list[Example], name: str) -> list[Example]:
    mine = [example for example in examples if example.entity.kind == name]
    alone = [example for example in mine if not example.frame]
    frames = {example.frame for example in mine}
    return alone or [example for example in examples if example in mine or (example.frame and example.frame in frames)]


def _given(name: str, word: str, record: int | str | None, seed: int) -> Example:
    of = kind(name)
    from_file = names_file(word, of)
    entity: Entity = parse_entity(word, of, record)
    origin = f"file {word}" if from_file else f"{of.typed_as} {word}"
    entity, how = of.completed(entity, seed)
    return Example(entity, entity.name or f"Your {name}", f"{origin}{how}", name)
