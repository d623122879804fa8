"""What went wrong, as values for JSON: the same for every way in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from biomatrix.errors import (
    BioMatrixError,
    BusyError,
    ConfigurationError,
    DecodeError,
    LimitError,
    ParseError,
    ServerError,
    UnsupportedError,
    VocabularyError,
    WeightsError,
)
from biomatrix.serving.screening import ScreenedError

if TYPE_CHECKING:
    from pydantic import BaseModel

_OF_ERRORS: Final[tuple[tuple[type[Exception], int, str], ...]] = (
    (ValidationError, 422, "schema"),
    (BusyError, 503, "busy"),
    (ScreenedError, 403, "screened"),
    (LimitError, 413, "limit"),
    (ParseError, 422, "parse"),
    (DecodeError, 422, "decode"),
    (UnsupportedError, 422, "unsupported"),
    (VocabularyError, 422, "vocabulary"),
    (ConfigurationError, 422, "configuration"),
    (WeightsError, 500, "weights"),
    (ServerError, 502, "upstream"),
    (BioMatrixError, 422, "refused"),
    (Exception, 500, "internal"),
)
"""The status of HTTP and a word for programs, by the first family that fits."""
_FIGURES: Final = {"name": "limit", "actual": "actual", "allowed": "allowed"}
_INTERNAL: Final = "the server failed on this request; its log says more"
_SHOWN: Final = 3
_LONGEST: Final = 600
"""The most characters of a message."""
_FIELD: Final = re.compile(r"[a-z_]+(\[\d+\]|\.[a-z0-9_]+)*")
"""A JSON path, such as ``prompt[0].smiles``."""


def status_of(error: BaseException) -> int:
    """Return the status of HTTP that an error is answered with."""
    return _known(error)[0]


def reasons(status: int) -> tuple[str, ...]:
    """Return the words for programs that refusals of a status of HTTP carry, whatever raised them."""
    return tuple(word for _, of, word in _OF_ERRORS if of == status)


def told_error(error: BaseException) -> dict[str, Any]:
    """Return an error as ``{"type", "message", "where", "limit"}``, the message one line.

    Its file, where it has one, is the JSON path of the field at fault, as
    :func:`biomatrix.serving.entities.open_entity` gives it; no path of this machine is told. Of an error that nobody
    raised on purpose nothing is told: what a library says may hold paths and input.
    """
    kind, message, where, limit = _known(error)[1], _INTERNAL, None, None
    if isinstance(error, ValidationError):
        error = validation_fault(error)
        message = f"{error.file or 'the input'}: {error.message}"
    elif isinstance(error, BioMatrixError):
        message = error.message
    if isinstance(error, BioMatrixError):
        place = {"field": _field_of(error), "record": error.record, "position": error.position}
        where = place if any(part is not None for part in place.values()) else None
    if getattr(error, "allowed", None) is not None:  # limits, and whatever else is full
        limit = {name: getattr(error, key) for name, key in _FIGURES.items()}
    return {"type": kind, "message": one_line(message), "where": where, "limit": limit}


def placed_error(error: BaseException) -> dict[str, Any]:
    """Return the same with the place at the head of the message, for readers of the message alone."""
    told = told_error(error)
    field = (told["where"] or {}).get("field")
    if field and not told["message"].startswith(field):
        told["message"] = f"{field}: {told['message']}"
    return told


def one_line(message: str) -> str:
    """Return a message as one line of a length that can be read, characters that steer a terminal left out."""
    line = " ".join("".join(each if each.isprintable() else " " for each in message).split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}..."


def _known(error: BaseException) -> tuple[int, str]:
    return next(((status, name) for family, status, name in _OF_ERRORS if isinstance(error, family)), (500, "internal"))


def _field_of(error: BioMatrixError) -> str | None:
    return error.file if error.file is not None and _FIELD.fullmatch(error.file) else None


def checked_input(asked: type[BaseModel], data: object) -> Any:
    """Return the input of an operation.

    Raises
    ------
    ConfigurationError
        It does not fit; the message is one line, and ``file`` the JSON path of the first field at fault.
    """
    try:
        return asked.model_validate(data)
    except ValidationError as error:
        raise validation_fault(error) from None


def validation_fault(error: ValidationError) -> ConfigurationError:
    """Return what does not fit a schema, in one line; ``file`` is the JSON path of the first field at fault."""
    found: dict[str, str] = {}
    for one in error.errors(include_url=False, include_context=False, include_input=False):
        path = _path(one["loc"])
        said = one["msg"].removeprefix("Value error, ")
        # Of a field that may be text or more, what the richer form is missing says more than that it is no text.
        found[path] = said if path not in found or one["type"] == "value_error" else found[path]
    paths = list(found)
    deepest = [path for path in paths if not any(other != path and other.startswith(path) for other in paths)]
    first = deepest[0]
    others = "".join(f"; {path}: {found[path]}" for path in deepest[1:_SHOWN])
    return ConfigurationError(f"{found[first]}{others}", file=first or None)


def _path(location: tuple[int | str, ...]) -> str:
    """Return a JSON path, the names of alternatives left out.

    Examples
    --------
    >>> _path(("prompt", "list[union[str,GivenEntity]]", 1, "GivenEntity", "type"))
    'prompt[1].type'
    """
    path = ""
    for part in location:
        if isinstance(part, int):
            path += f"[{part}]"
        elif part.isidentifier() and part.islower() and part not in ("str", "int", "float", "bool"):
            path += f".{part}" if path else part
    return path
