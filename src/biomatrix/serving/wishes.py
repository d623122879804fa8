"""Constraints of a request, refused or read by a worker before this process reads them: for every way in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biomatrix.errors import UnsupportedError
from biomatrix.generation.constraint_registry import constraint_class

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biomatrix.serving.service import Service


def try_wishes(service: Service, constraints: Sequence[str], where: str = "constraints") -> None:
    """Read constraints where a hostile one does no harm.

    Raises
    ------
    BioMatrixError
        One names a file, which is not opened, or cannot be read.
    """
    for place, text in enumerate(constraints):
        refuse_file(text, f"{where}[{place}]")
    try_one = getattr(service.parser, "try_constraint", None)
    if try_one is not None:
        for text in constraints:
            try_one(text)


def refuse_file(text: str, where: str | None = None) -> None:
    """Raise UnsupportedError where the value of a constraint names a file."""
    name = text.partition("=")[0].strip()
    if constraint_class(name).reads_files:
        message = f"{name} names a file, and a server opens none; give the entity in kept, or another constraint"
        raise UnsupportedError(message, file=where)
