"""The filters of interactions: the sign before a measured value, and its range."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from biomatrix.corpus.filters.record_filter import RecordFilter
from biomatrix.corpus.records import INTERACTION, Record
from biomatrix.entities.entity_filter import number_in, outside


class InteractionRelation(RecordFilter):
    """The relations that a measured value may have: by default only exact ones, no ``>`` of inactive pairs.

    Records whose ``field`` is not there pass unless it is ``needed``.
    """

    kinds: ClassVar[tuple[str, ...]] = (INTERACTION,)

    field: str = "relation"
    allowed: list[str] = Field(default=["=", "~"])
    needed: bool = False

    def reason(self, record: Record) -> str | None:
        relation = record.fields.get(self.field)
        if relation is None:
            return f"no {self.field} is stated" if self.needed else None
        return None if relation.strip() in self.allowed else f"{self.field} {relation!r} is not allowed"


class InteractionRange(RecordFilter):
    """The range of a measured value, in the unit of its ``field``; by default any positive number.

    Records whose field is not there, or is no number, pass unless it is ``needed``.
    """

    kinds: ClassVar[tuple[str, ...]] = (INTERACTION,)

    field: str = "value"
    least: float = 1e-9
    most: float = 1e9
    needed: bool = False

    def reason(self, record: Record) -> str | None:
        value = number_in(record.fields, self.field)
        if value is None:
            return f"no number in {self.field}" if self.needed else None
        return outside(self.field, value, self.least, self.most)
