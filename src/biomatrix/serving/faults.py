"""What went wrong, as values for JSON: the same for every way in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

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

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

_TYPES: Final[tuple[tuple[type[BioMatrixError], str], ...]] = (
    (LimitError, "limit"),
    (ParseError, "parse"),
    (DecodeError, "decode"),
    (UnsupportedError, "unsupported"),
    (VocabularyError, "vocabulary"),
    (WeightsError, "weights"),
    (ServerError, "server"),
    (ConfigurationError, "configuration"),
)
_SHOWN: Final = 3
_BRANCHES: Final = 400
"""The most characters of a message."""


def told_error(error: BioMatrixError) -> dict[str, Any]:
    """Return an error as ``{"error": {"type", "message", "where", "limit"}}``.

    Its file, where it has one, is the JSON path of the field at fault, as
    :func:`biomatrix.serving.entities.open_entity` gives it.
    """
    where = {"field": error.file, "record": error.record, "position": error.position}
    limit = None
    if isinstance(error, LimitError) and error.allowed is not None:
        limit = {"name": error.limit, "actual": error.actual, "allowed": error.allowed}
    return {
        "error": {
            "type": _type_of(error),
            "message": " ".join(error.message.split()),
            "where": where if any(one is not None for one in where.values()) else None,
            "limit": limit,
        }
    }


def _type_of(error: BioMatrixError) -> str:
    if getattr(error, "retry_after", None) is not None:
        return "busy"
    return next((name for cls, name in _TYPES if isinstance(error, cls)), "error")


def checked_input(asked: type[BaseModel], data: object) -> Any:
    """Return the input of an operation.

    Raises
    ------
    ConfigurationError
        It does not fit; the message is one line, and ``file`` the JSON path of the first field at fault.
    """
    from pydantic import ValidationError

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
    return ConfigurationError(f"{found[first]}{others}"[:_BRANCHES], file=first or None)


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
