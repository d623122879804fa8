"""The input of the job: the examples of every kind, replaced by the user's own entities of that kind."""

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
        By kind, a file or what a person types for the kind. It replaces the examples of its kind that stand alone, or,
        where there are none, all of its kind and whatever shares a frame with them.
    records : mapping of str to int or str
        By kind, which record or chain of the file.
    seed : int
        Seeds the structure of an entity that has none and can get one.

    Raises
    ------
    BioMatrixError
        A kind that is not registered, or a file or spelling that cannot be read.
    """
    examples = [example for one in kinds() for example in one.examples()]
    for name, word in given.items():
        outdated = _examples_to_replace(examples, name)
        examples = [example for example in examples if example not in outdated]
        examples.append(_user_example(name, word, records.get(name), seed))
    # Entities that share a frame come first, and chains before the molecules bound to them.
    return sorted(examples, key=lambda one: (not one.frame, kind_of(one.entity).size(one.entity) is None))


def _examples_to_replace(examples: list[Example], name: str) -> list[Example]:
    mine = [example for example in examples if example.entity.kind == name]
    alone = [example for example in mine if not example.frame]
    frames = {example.frame for example in mine}
    return alone or [example for example in examples if example in mine or (example.frame and example.frame in frames)]


def _user_example(name: str, word: str, record: int | str | None, seed: int) -> Example:
    registered = kind(name)
    from_file = names_file(word, registered)
    entity: Entity = parse_entity(word, registered, record)
    origin = f"file {word}" if from_file else f"{registered.typed_as} {word}"
    entity, how = registered.completed(entity, seed)
    return Example(entity, entity.name or f"Your {name}", f"{origin}{how}", name)
