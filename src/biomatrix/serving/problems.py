"""What a request is answered where it cannot be served: a status, a type, one line, and where the fault is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from biomatrix.errors import BusyError
from biomatrix.serving.faults import one_line, status_of, told_error


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
    told = told_error(error)
    return Problem(
        status_of(error),
        told["type"],
        told["message"],
        where=told["where"],
        limit=told["limit"],
        retry_after=error.retry_after if isinstance(error, BusyError) else None,
    )
