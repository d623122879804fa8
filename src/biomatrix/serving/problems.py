"""What a request is answered where it cannot be served: a status, a type, one line, and where the fault is."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, Final

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
)
from biomatrix.serving.faults import validation_fault
from biomatrix.serving.screening import ScreenedError

_OF_ERRORS: Final[tuple[tuple[type[BioMatrixError], int, str], ...]] = (
    (BusyError, 503, "busy"),
    (ScreenedError, 403, "screened"),
    (LimitError, 413, "limit"),
    (ParseError, 422, "parse"),
    (DecodeError, 422, "decode"),
    (UnsupportedError, 422, "unsupported"),
    (VocabularyError, 422, "vocabulary"),
    (ConfigurationError, 422, "configuration"),
    (ServerError, 502, "upstream"),
    (BioMatrixError, 422, "refused"),
)
"""The first that fits counts."""
_LONGEST: Final = 600
_FIELD: Final = re.compile(r"[a-z_]+(\[\d+\]|\.[a-z0-9_]+)*")
"""A JSON path, such as ``prompt[0].smiles``."""
_INTERNAL: Final = "the server failed on this request; its log says more under the request's id"


class Problem(Exception):
    """A request that is refused.

    Parameters
    ----------
    status : int
        Of HTTP.
    type : str
        A word for programs.
    message : str
        What, where and what to do, in one line.
    where : mapping, optional
        ``field``, ``record``, ``position``.
    limit : mapping, optional
        ``name``, ``actual``, ``allowed``.
    retry_after : float, optional
        Seconds.
    """

    def __init__(
        self,
        status: int,
        type: str,
        message: str,
        *,
        where: Mapping[str, Any] | None = None,
        limit: Mapping[str, Any] | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.type = type
        self.code = type
        self.message = one_line(message)
        self.where = None if where is None else dict(where)
        self.limit = None if limit is None else dict(limit)
        self.retry_after = retry_after

    @property
    def headers(self) -> dict[str, str]:
        """Headers of the answer."""
        headers = {} if self.retry_after is None else {"retry-after": str(max(1, math.ceil(self.retry_after)))}
        return headers | ({"www-authenticate": "Bearer"} if self.status == 401 else {})

    def body(self) -> dict[str, Any]:
        """Return the answer; clients of OpenAI look for ``param`` and ``code``, the latter :attr:`type` elsewhere."""
        field = (self.where or {}).get("field")
        return {
            "error": {
                "type": self.type,
                "message": self.message,
                "where": self.where,
                "limit": self.limit,
                "param": field,
                "code": self.code,
            }
        }


def problem_of(error: BaseException) -> Problem:
    """Return what to answer for an error; one that nobody raised on purpose is a 500 that tells nothing of it."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, ValidationError):
        return _of_validation(error)
    if not isinstance(error, BioMatrixError):
        return Problem(500, "internal", _INTERNAL)
    status, name = next((status, name) for family, status, name in _OF_ERRORS if isinstance(error, family))
    where = {"field": _field_of(error), "record": error.record, "position": error.position}
    limit = None
    if isinstance(error, LimitError) and error.allowed is not None:
        limit = {"name": error.limit, "actual": error.actual, "allowed": error.allowed}
    return Problem(
        status,
        name,
        error.message,
        where=where if any(part is not None for part in where.values()) else None,
        limit=limit,
        retry_after=error.retry_after if isinstance(error, BusyError) else None,
    )


def _field_of(error: BioMatrixError) -> str | None:
    """Return the field of the request that an error names as its file; no path of this machine leaves it."""
    return error.file if error.file is not None and _FIELD.fullmatch(error.file) else None


def _of_validation(error: ValidationError) -> Problem:
    """Return what does not fit a schema, the first field at fault as its place."""
    fault = validation_fault(error)
    message = f"{fault.file or 'the body'}: {fault.message}"
    return Problem(422, "schema", message, where={"field": fault.file, "record": None, "position": None})


def one_line(message: str) -> str:
    """Return a message as one line of a length that can be read, characters that steer a terminal left out."""
    line = " ".join("".join(each if each.isprintable() else " " for each in message).split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}..."
