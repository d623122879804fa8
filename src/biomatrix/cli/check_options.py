"""Options that say how answers are checked, and what is done to them afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from biomatrix.errors import BioMatrixError, ConfigurationError

if TYPE_CHECKING:
    from biomatrix.generation import Answer
    from biomatrix.generation.requests import Scorer

Checks = Annotated[
    str | None,
    typer.Option(
        metavar="off|fast|full",
        help="How thoroughly answers are checked; fast when not given. Given, it prints a line for each answer.",
    ),
]
Relax = Annotated[
    str | None,
    typer.Option(
        metavar="METHOD",
        help="Relax each structure that was written, and say what that did: mmff, uff, xtb of molecules; openmm of "
        "proteins.",
    ),
]
BestBy = Annotated[
    str | None,
    typer.Option(
        metavar="likelihood|checks",
        help="What makes one of the --best-of answers the best: likelihood, as when not given, or the fewest failed "
        "checks.",
    ),
]


def scorer_of(best_by: str | None, best_of: int, level: str | None) -> Scorer | None:
    """Return what chooses among several answers; None for their likelihood.

    Raises
    ------
    ConfigurationError
        There is no such way, nothing to choose among, or no check to choose by.
    """
    from biomatrix.generation.soundness import by_checks
    from biomatrix.trust.checking import checked_level

    if best_by is None:
        return None
    if best_by not in ("likelihood", "checks"):
        raise ConfigurationError(f"--best-by is likelihood or checks, not {best_by!r}")
    if best_of < 2:
        raise ConfigurationError("--best-by chooses among several answers; give --best-of, such as 8")
    if best_by == "checks" and level == "off":
        raise ConfigurationError("--best-by checks needs checks; leave out --checks off")
    return by_checks(level=checked_level(level or "fast")) if best_by == "checks" else None


def refuse_checks(level: str | None, method: str | None, answer: str | None, stream: bool) -> None:
    """Refuse a level or method that there is none of, before the model is asked.

    Parameters
    ----------
    level, method : str, optional
        What was typed.
    answer : str, optional
        The modality of the answer.
    stream : bool
        Whether the answer is printed as it is written.

    Raises
    ------
    ConfigurationError
    """
    from biomatrix.entities.kind_registry import kind
    from biomatrix.entities.modality_registry import modality_class
    from biomatrix.trust.checking import checked_level

    if level is not None:
        try:
            checked_level(level)
        except ConfigurationError as error:
            raise ConfigurationError(f"--checks: {error.message}") from None
    if method is None:
        return
    if stream:
        raise ConfigurationError("--relax changes a whole answer; leave out --stream")
    if answer is None or not modality_class(answer).needs_structure:
        raise ConfigurationError(f"--relax {method} needs --answer with a modality of structures")
    owner = kind(modality_class(answer).kind)
    if method not in owner.relaxations:
        known = ", ".join(owner.relaxations) or "none"
        raise ConfigurationError(f"--relax {method}: {owner.plural} have no such relaxation; there are: {known}")


def check_and_relax(answers: Sequence[Answer], level: str | None, method: str | None) -> list[Answer]:
    """Return the answers at the level asked, relaxed where asked and possible; what was done goes to standard error.

    Raises
    ------
    ConfigurationError
        What the method needs is not installed.
    """
    from biomatrix.trust.checking import checked_level

    found = list(answers) if level is None else [replace(one, level=checked_level(level)) for one in answers]
    if method is None:
        return found
    done: list[Answer] = []
    for number, answer in enumerate(found, start=1):
        try:
            relaxed = answer.with_relaxed(method) if answer.entity is not None else answer
        except ConfigurationError:
            raise
        except BioMatrixError as error:
            typer.echo(f"answer {number} is not relaxed: {error.message}", err=True)
            relaxed = answer
        if relaxed.relaxation is not None:
            typer.echo(f"answer {number}: {relaxed.relaxation}", err=True)
        done.append(relaxed)
    return done


def print_verdicts(answers: Sequence[Answer]) -> None:
    """Print a line on each answer to standard error: what passed and what failed."""
    from biomatrix.trust import Verdict

    for number, answer in enumerate(answers, start=1):
        if answer.checks:
            typer.echo(f"answer {number}: {Verdict(tuple(answer.checks))}", err=True)
