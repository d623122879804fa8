"""How much one request may ask for: one table, each value of which the operator may change."""

from __future__ import annotations

import math
from dataclasses import dataclass

from biomatrix.errors import LimitError


@dataclass(frozen=True)
class ServingLimits:
    """The most of everything in one request.

    Parameters
    ----------
    request_bytes : int
        The body.
    text_characters : int
        Of a prompt, or of a SMILES, SELFIES or sequence that was typed.
    entities : int
        Records of an uploaded file, and entities of a prompt.
    atoms, residues : int
        Of one molecule, of one chain.
    samples : int
        Answers of one request, drafts and choices included.
    new_tokens : int
        Of one answer.
    seconds : float
        That a request may take once it is being worked on.
    parse_seconds : float
        For one outside file.
    compute_seconds : float
        For what is computed of one entity beside the model: coordinates, the checks that take seconds.
    parse_bytes : int
        Memory of a worker that parses or computes.
    """

    request_bytes: int = 32 * 2**20
    text_characters: int = 200_000
    entities: int = 1_000
    atoms: int = 1_000
    residues: int = 5_000
    samples: int = 256
    new_tokens: int = 4_096
    seconds: float = 120.0
    parse_seconds: float = 10.0
    compute_seconds: float = 60.0
    parse_bytes: int = 2 * 2**30

    def check(self, limit: str, value: float, what: str) -> None:
        """Raise LimitError, with the actual and the allowed value, where ``value`` is past the limit of that name."""
        allowed = getattr(self, limit)
        if value > allowed:
            raise LimitError(
                f"{what} is {value:,}, past this server's limit of {allowed:,}",
                limit=limit,
                actual=value,
                allowed=allowed,
            )


def seconds_past(taken: float, allowed: float) -> float:
    """Return how many seconds were taken when a limit was found broken, in milliseconds and never below the limit.

    Examples
    --------
    >>> seconds_past(10.01234, 10.0), seconds_past(9.9999, 10.0)
    (10.013, 10.0)
    """
    return max(math.ceil(taken * 1000) / 1000, allowed)
