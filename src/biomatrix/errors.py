"""The exceptions of this package: one family, a few named children.

Every message says what was wrong, where (file, record, residue or token index) and what to do about it.
"""

from __future__ import annotations

from typing import Any, Self


class BioMatrixError(Exception):
    """Base of every error this package raises on purpose.

    Parameters
    ----------
    message : str
        What was wrong and what to do.
    file : str, optional
        The file the problem was found in.
    record : int or str, optional
        The record within the file: its number counted from 1, or its name.
    position : int or str, optional
        The place within the record: an atom, residue, token or line.
    """

    def __init__(
        self,
        message: str,
        *,
        file: str | None = None,
        record: int | str | None = None,
        position: int | str | None = None,
    ) -> None:
        self.message = message
        self.file = file
        self.record = record
        self.position = position
        super().__init__(self.describe())

    def describe(self) -> str:
        """Return the message, preceded by the place it is about."""
        place = [
            str(part) if label is None else f"{label} {part}"
            for label, part in ((None, self.file), ("record", self.record), ("position", self.position))
            if part is not None
        ]
        return f"{', '.join(place)}: {self.message}" if place else self.message

    def at(
        self, *, file: str | None = None, record: int | str | None = None, position: int | str | None = None
    ) -> Self:
        """Return the same error, with all that its family adds, and the missing parts of its place filled in."""
        placed = type(self).__new__(type(self))
        placed.__dict__.update(self.__dict__)
        placed.file = self.file if self.file is not None else file
        placed.record = self.record if self.record is not None else record
        placed.position = self.position if self.position is not None else position
        placed.args = (placed.describe(),)
        return placed


class ParseError(BioMatrixError):
    """Outside data could not be read: broken syntax, impossible chemistry, an empty file."""


class UnsupportedError(BioMatrixError):
    """Well-formed input that this part cannot represent, such as a wildcard atom in SELFIES."""


class LimitError(BioMatrixError):
    """Input larger than a stated limit; the message names the limit and the value.

    Parameters
    ----------
    limit : str, optional
        The name of the limit, in the table that states it.
    actual, allowed : float, optional
        The value, and the largest that is let in.
    **place
        As for every error.
    """

    def __init__(
        self,
        message: str,
        *,
        limit: str | None = None,
        actual: float | None = None,
        allowed: float | None = None,
        **place: Any,
    ) -> None:
        self.limit = limit
        self.actual = actual
        self.allowed = allowed
        super().__init__(message, **place)


class DecodeError(BioMatrixError):
    """Tokens that do not spell an entity."""


class VocabularyError(BioMatrixError):
    """A token that the vocabulary lacks, or a vocabulary and weights that disagree."""


class WeightsError(BioMatrixError):
    """Weights that are missing, incomplete, or not what their description says."""


class ConfigurationError(BioMatrixError):
    """A setting, option or recipe that makes no sense."""


class ServerError(BioMatrixError):
    """A server that cannot be reached, is overloaded, or answers what no such server should."""


class BusyError(BioMatrixError):
    """More work waits than may wait.

    Parameters
    ----------
    message : str
    retry_after : float
        Seconds after which it is likely to be taken.
    **place
        As for every error.
    """

    def __init__(self, message: str, *, retry_after: float = 1.0, **place: Any) -> None:
        self.retry_after = retry_after
        super().__init__(message, **place)
