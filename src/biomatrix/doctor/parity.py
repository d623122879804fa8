"""Recordings of published code beside this package: which kind compares them, and how they compare."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from biomatrix.entities.kind_registry import kinds, load_attribute
from biomatrix.entities.options import chosen_options
from biomatrix.entities.parity import Comparison, ParityResult
from biomatrix.errors import UnsupportedError


def comparisons() -> tuple[Comparison, ...]:
    """Return every comparison that a kind offers."""
    return tuple(load_attribute(home) for one in kinds() for home in one.parity.values())


def options_by_subject() -> dict[str, type[Any]]:
    """Return the options of every comparison by what is recorded."""
    return {one.subject: one.options for one in comparisons()}


def compare_recordings(
    path: Path, settings: Mapping[str, Any], progress: Callable[[str], None] = lambda _: None
) -> ParityResult:
    """Compare recordings with what this package gives.

    Parameters
    ----------
    path : Path
        A file or a folder, as the comparison wants it.
    settings : mapping of str to object
        Options of the comparison.
    progress : callable
        Told what is being compared.

    Raises
    ------
    ConfigurationError
        Options that do not fit what was recorded.
    UnsupportedError
        Recordings that no kind compares.
    """
    found = next((one for one in comparisons() if one.recognises(path)), None)
    if found is None:
        subjects = ", ".join(options_by_subject())
        raise UnsupportedError(f"no recordings of a kind compared here; there are: {subjects}", file=str(path))
    others = options_by_subject()
    own = others.pop(found.subject)
    return found.run(path, chosen_options(own, found.subject, settings, others, "what was given"), progress)
