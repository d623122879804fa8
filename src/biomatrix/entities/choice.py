"""One record out of many: by its number, by its name, or the only one there is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
        Several records have that name: the first would be a guess.
    BioMatrixError
        The record could not be read; the error is its own.
    """
    if isinstance(record, int) and record < 1:
        raise ParseError(f"records are counted from 1, not {record}", file=label)
    names: list[str] = []
    count = 0
    places: list[int] = []
    chosen: Entity | Reject | None = None
    for count, entry in enumerate(records, start=1):
        name = entry.name if isinstance(entry, Entity) else entry.record
        if len(names) < _SHOWN:
            names.append(str(name or count))
        if record is None and chosen is not None:
            raise ParseError(
                f"the file holds several records: ask for one by number or name, such as {', '.join(names)}",
                file=label,
            )
        if not isinstance(entry, Entity) and entry.record is None:
            if chosen is None:
                raise entry.as_error()  # the file as a whole
            break
        wanted = record is None or (record == count if isinstance(record, int) else record == str(name))
        if wanted:
            places.append(count)
            chosen = chosen or entry
        if isinstance(record, int) and chosen is not None:
            break
    if len(places) > 1:
        raise ParseError(
            f"{_shortened(list(map(str, places)), len(places), 'records')} are all named {record!r}: ask for one by "
            "its number",
            file=label,
        )
    if chosen is None:
        held = f"{count:,} ({_shortened(names, count)})" if names else "none"
        raise ParseError(f"there is no record {record}: the file holds {held}", file=label)
    if not isinstance(chosen, Entity):
        raise chosen.as_error()
    return chosen


def _shortened(words: Sequence[str], count: int, before: str = "") -> str:
    """Return words as a list, with an ellipsis where ``count`` says that there are more than are shown."""
    listed = ", ".join([*words[:_SHOWN], *(["..."] if count > _SHOWN else [])])
    return f"{before} {listed}".strip()
