"""Recordings of published code against this package: which kind compares them, and the result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from biomatrix.entities.files.paths import exists
from biomatrix.entities.kind_registry import kinds, load_attribute
from biomatrix.entities.options import chosen_options
from biomatrix.entities.parity import Comparison, ParityResult
from biomatrix.errors import ParseError, UnsupportedError


def comparisons() -> tuple[Comparison, ...]:
    """Return every comparison that a kind offers."""
    return tuple(load_attribute(home) for one in kinds() for home in one.parity.values())


def options_by_subject() -> dict[str, type[Any]]:
    """Return the class of options of every comparison, by the subject it compares."""
    return {one.subject: one.options for one in comparisons()}


def compare_recordings(
    path: Path, settings: Mapping[str, Any], progress: Callable[[str], None] = lambda _: None
) -> ParityResult:
    """Compare recordings with the results of this package.

    Parameters
    ----------
    path : Path
        A file or a folder, whichever the comparison reads.
    settings : mapping of str to object
        Options of the comparison.
    progress : callable
        Called with the name of each part compared.

    Raises
    ------
    ConfigurationError
        Options that do not fit the recordings.
    ParseError
        Nothing is there.
    UnsupportedError
        Recordings that no kind compares.
    """
    if not exists(path):
        raise ParseError("no such file or folder", file=str(path))
    comparison = next((one for one in comparisons() if one.recognises(path)), None)
    if comparison is None:
        subjects = ", ".join(options_by_subject())
        raise UnsupportedError(f"no recordings of a kind compared here; there are: {subjects}", file=str(path))
    others = options_by_subject()
    own = others.pop(comparison.subject)
    return comparison.run(path, chosen_options(own, comparison.subject, settings, others, "what was given"), progress)
