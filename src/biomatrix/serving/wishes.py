"""What is wished of an answer, refused by its field, and read by a worker before this process does: every way in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from biomatrix.entities.modality_registry import modality_class
from biomatrix.errors import BioMatrixError, ConfigurationError, ParseError, UnsupportedError
from biomatrix.generation.constraint_registry import constraint_class, parse_constraint
from biomatrix.generation.lengths import checked_length

if TYPE_CHECKING:
    from biomatrix.serving.service import Service


def try_wishes(service: Service, output: str | Sequence[str] | None, length: Any, constraints: Sequence[str]) -> None:
    """Read the output, length and constraints of a request, the last where a hostile one does no harm.

    Raises
    ------
    BioMatrixError
        One makes no sense, is unknown to the model, or names a file, which is not opened; ``file`` is its field.
    """
    for place, name in enumerate([output] if isinstance(output, str) else output or ()):
        with at_field("output" if isinstance(output, str) else f"output[{place}]"):
            modality_class(name)  # refuses an unknown one with the near ones
            service.model.vocabulary.block(name)
    if output is not None and not output:
        raise ConfigurationError("the list of outputs is empty; name one, or null for text", file="output")
    if length is not None:
        if output is None:
            message = "length needs an output modality; text has no exact length"
            raise ConfigurationError(message, file="length")
        with at_field("length"):
            checked_length(length)
    for place, text in enumerate(constraints):
        refuse_file(text, f"constraints[{place}]")
    try_one = getattr(service.parser, "try_constraint", parse_constraint)
    for place, text in enumerate(constraints):
        with at_field(f"constraints[{place}]"):
            try_one(text)


def refuse_file(text: str, where: str | None = None) -> None:
    """Raise an error where the value of a constraint names a file, or no constraint has its name."""
    name = text.partition("=")[0].strip()
    with at_field(where):
        reads_files = constraint_class(name).reads_files
    if reads_files:
        message = f"{name} names a file, and a server opens none; give the entity in kept, or another constraint"
        raise UnsupportedError(message, file=where)


@contextmanager
def at_field(where: str | None) -> Iterator[None]:
    """Let an error that is raised inside name a field of the request, where it names none."""
    try:
        yield
    except BioMatrixError as error:
        raise error.at(file=where) from error.__cause__


@contextmanager
def about_constraints(constraints: Sequence[str]) -> Iterator[None]:
    """Let what a model cannot meet of a request that was read name its constraints, where it has any."""
    try:
        yield
    except (ConfigurationError, ParseError, UnsupportedError) as error:
        raise (error.at(file="constraints") if constraints else error) from error.__cause__
