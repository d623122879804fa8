"""Options that say what an answer is to be and how it is chosen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from biomatrix.errors import BioMatrixError, ConfigurationError

if TYPE_CHECKING:
    from biomatrix.entities.constraint import Constraint


def list_constraints(request: bool) -> None:
    """Print every constraint with an example, and end."""
    if request:
        for line in _described():
            typer.echo(line)
        raise typer.Exit


def _described() -> Iterator[str]:
    from biomatrix.generation.constraint_registry import constraint_class, constraint_names, written_example

    for name in constraint_names():
        cls = constraint_class(name)
        yield f"--constraint '{written_example(cls)}'"
        yield f"    {cls.help}"
        if cls.kept:
            yield f"    {cls.kept}"


Answer = Annotated[
    str | None,
    typer.Option(
        metavar="MODALITY[,MODALITY]",
        help="The modality of the answer, or several of one entity in order; text when not given.",
    ),
]
Length = Annotated[
    str | None,
    typer.Option(metavar="N|A-B|A-", help="Length of the answer, exact or a range, where the modality counts."),
]
Constraints = Annotated[
    list[str] | None,
    typer.Option(
        "--constraint", metavar="NAME=VALUE", help="What the answer must keep, see --list-constraints; repeatable."
    ),
]
ListConstraints = Annotated[
    bool,
    typer.Option(
        "--list-constraints", callback=list_constraints, is_eager=True, help="Print the constraints with examples."
    ),
]
Drafts = Annotated[
    int | None,
    typer.Option(help="The most drafts of an answer: refused ones are written again. 16, or 1 where nothing is drawn."),
]
MaxNewTokens = Annotated[
    int | None,
    typer.Option(help="The longest answer in tokens; 512, or what a length needs, when not given."),
]
BestOf = Annotated[int, typer.Option(help="Write so many answers for each and return the likeliest by token.")]
Beams = Annotated[int | None, typer.Option(help="Search for the likeliest answers with so many beams.")]
Unguided = Annotated[
    bool, typer.Option("--unguided", help="Let every token come; answers then say what is wrong with them.")
]


def parsed_constraints(texts: Sequence[str]) -> list[Constraint]:
    """Return the constraints that were typed; ConfigurationError, under the option's name, where one is none."""
    from biomatrix.generation.constraint_registry import parse_constraint

    found = []
    for text in texts:
        try:
            found.append(parse_constraint(text))
        except BioMatrixError as error:
            raise ConfigurationError(f"--constraint {error.message}") from error
    return found


def outputs_of(answer: str | None) -> list[str]:
    """Return the modalities that ``--answer`` names; ConfigurationError where one is empty."""
    names = [] if answer is None else [name.strip() for name in answer.split(",")]
    if not all(names):
        raise ConfigurationError(f"--answer is a modality, or several with commas between, not {answer!r}")
    return names


def shown_names(settings: dict[str, Any]) -> dict[str, str]:
    """Return the option of each setting, as messages name it."""
    return {name: f"--{name.replace('_', '-')}" for name in settings}
