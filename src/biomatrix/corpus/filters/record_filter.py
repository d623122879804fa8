"""What a filter of records is, and how a filter of one kind's entities becomes one."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import ClassVar

from biomatrix.corpus.records import Record
from biomatrix.entities.base_entity import Entity
from biomatrix.entities.entity_filter import EntityFilter
from biomatrix.entities.settings import Section

NOT_PROSE = ("licence", "repository")
"""Fields that are no text to read."""


class RecordFilter(Section):
    """A rule that records pass or not; a subclass's fields are its settings, all with a default or all needed."""

    kinds: ClassVar[tuple[str, ...]] = ()
    """The kinds of record that it judges; others pass."""

    @abstractmethod
    def reason(self, record: Record) -> str | None:
        """Return why a record does not pass, None where it does."""


class OfEntities:
    """A filter of one kind's entities as one of records: of the entity, or of each part of that kind.

    Parameters
    ----------
    kind : str
        The name of the kind.
    rule : EntityFilter
    """

    def __init__(self, kind: str, rule: EntityFilter) -> None:
        self.kind, self.rule = kind, rule

    def reason(self, record: Record) -> str | None:
        """Return why an entity of a record does not pass, with its role where it is a part."""
        for role, entity in self._entities(record):
            found = self.rule.reason(entity, record.fields)
            if found is not None:
                return f"{role}: {found}" if role else found
        return None

    def _entities(self, record: Record) -> Iterator[tuple[str, Entity]]:
        whole = () if record.entity is None else (("", record.entity),)
        return (pair for pair in (*whole, *record.parts.items()) if pair[1].kind == self.kind)


def prose(record: Record) -> str:
    """Return the words of a text record, its fields one under another."""
    return "\n".join(value for name, value in record.fields.items() if name not in NOT_PROSE)
