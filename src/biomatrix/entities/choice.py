"""One record out of many: by its number, by its name, or the only one there is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from biomatrix.entities.base_entity import Entity
from biomatrix.errors import ParseError

if TYPE_CHECKING:
    from biomatrix.entities.rejects import Reject

_SHOWN: Final = 8


def choose_record(records: Iterable[Entity | Reject], record: int | str | None, label: str) -> Entity:
    """Return one record: by its number from 1 or its name; the only one when neither is given.

    Raises
    ------
    ParseError
        There is no such record, or there are several and ``record`` is None.
    BioMatrixError
        The record could not be read; the error is its own.
    """
    if isinstance(record, int) and record < 1:
        raise ParseError(f"records are counted from 1, not {record}", file=label)
    names: list[str] = []
    chosen: Entity | Reject | None = None
    for number, entry in enumerate(records, start=1):
        name = entry.name if isinstance(entry, Entity) else entry.record
        names.append(str(name or number))
        if record is None and chosen is not None:
            raise ParseError(
                f"the file holds several records: ask for one by number or name, such as {', '.join(names)}",
                file=label,
            )
        if not isinstance(entry, Entity) and entry.record is None:
            raise entry.as_error()  # the file as a whole
        wanted = record is None or (record == number if isinstance(record, int) else record == str(name))
        if chosen is None and wanted:
            chosen = entry
            if record is not None:
                break
    if chosen is None:
        held = f"{len(names)} ({', '.join(names[:_SHOWN])})" if names else "none"
        raise ParseError(f"there is no record {record}: the file holds {held}", file=label)
    if not isinstance(chosen, Entity):
        raise chosen.as_error()
    return chosen
