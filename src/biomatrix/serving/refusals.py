"""Why something is refused, as the JSON that every way in answers with."""

from __future__ import annotations

from typing import Any, Final

from pydantic import ValidationError

from biomatrix.errors import (
    BioMatrixError,
    ConfigurationError,
    DecodeError,
    LimitError,
    ParseError,
    ServerError,
    UnsupportedError,
    VocabularyError,
    WeightsError,
)

_TYPES: Final[tuple[tuple[type[BioMatrixError], str], ...]] = (
    (ParseError, "parse"),
    (LimitError, "limit"),
    (UnsupportedError, "unsupported"),
    (DecodeError, "decode"),
    (VocabularyError, "vocabulary"),
    (WeightsError, "weights"),
    (ConfigurationError, "configuration"),
    (ServerError, "server"),
)
_MOST_FIELDS: Final = 5


def refusal_of(error: Exception) -> dict[str, Any]:
    """Return ``type``, ``message``, ``where`` and ``limit`` of what went wrong.

    An error that nobody expected is told by the name of its class alone: what a library says may hold paths and input.
    """
    if isinstance(error, ValidationError):
        return _of_fields(error)
    if not isinstance(error, BioMatrixError):
        message = f"unexpected {type(error).__name__}; the server's log has the details"
        return {"type": "internal", "message": message, "where": None, "limit": None}
    kind = next((name for known, name in _TYPES if isinstance(error, known)), "refused")
    if getattr(error, "retry_after", None) is not None:
        kind = "busy"
    place = {"field": error.file, "record": error.record, "position": error.position}
    where = place if any(part is not None for part in place.values()) else None
    broken = {"name": getattr(error, "limit", None), "actual": getattr(error, "actual", None)}
    broken["allowed"] = getattr(error, "allowed", None)
    limit = broken if broken["name"] is not None else None
    return {"type": kind, "message": error.describe(), "where": where, "limit": limit}


def _of_fields(error: ValidationError) -> dict[str, Any]:
    """Return what is wrong with each field of an input, as one line."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    told = [f"{_path(one['loc'])}: {one['msg']}" for one in found[:_MOST_FIELDS]]
    more = f" and {len(found) - _MOST_FIELDS} more" if len(found) > _MOST_FIELDS else ""
    where = {"field": _path(found[0]["loc"]), "record": None, "position": None}
    return {"type": "schema", "message": "; ".join(told) + more, "where": where, "limit": None}


def _path(place: tuple[int | str, ...]) -> str:
    """Return the place of a field within its input, such as ``entities.2.smiles``."""
    return ".".join(map(str, place)) or "the input"
