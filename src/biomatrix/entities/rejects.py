"""A record that could not be read, kept with its place and its reason so that a batch can go on."""

from __future__ import annotations

from dataclasses import dataclass

from biomatrix.errors import BioMatrixError


@dataclass(frozen=True)
class Reject:
    """One record left out of a batch.

    Parameters
    ----------
    file : str
        The file, or ``<stdin>``.
    record : int or str or None
        The record's number counted from 1, or the chain's name; None where the file as a whole failed.
    position : int or str or None
        The place within the record: a line, an atom, a residue.
    reason : str
        What was wrong and what to do.
    kind : str
        The name of the error, such as ``ParseError``.
    """

    file: str
    record: int | str | None
    position: int | str | None
    reason: str
    kind: str = "ParseError"

    @classmethod
    def from_error(cls, error: BioMatrixError, file: str, record: int | str | None = None) -> Reject:
        """Make a reject from an error; the error's own place wins over the arguments."""
        return cls(
            file=error.file if error.file is not None else file,
            record=error.record if error.record is not None else record,
            position=error.position,
            reason=error.message,
            kind=type(error).__name__,
        )

    def as_error(self) -> BioMatrixError:
        """Return the error that this reject was made from."""
        family = {error.__name__: error for error in BioMatrixError.__subclasses__()}
        error_class = family.get(self.kind, BioMatrixError)
        return error_class(self.reason, file=self.file, record=self.record, position=self.position)

    def __str__(self) -> str:
        place = [self.file]
        if self.record is not None:
            place.append(f"record {self.record}")
        if self.position is not None:
            place.append(f"position {self.position}")
        return f"{', '.join(place)}: {self.kind}: {self.reason}"
