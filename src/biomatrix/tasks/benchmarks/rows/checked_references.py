"""Gold answers that a judge can take: a broken one makes its row a reject, not the whole run an error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from biomatrix.entities.kind_registry import kind, kind_names
from biomatrix.entities.near_matches import choices
from biomatrix.errors import ConfigurationError, ParseError
from biomatrix.metrics.smolinstruct.formula import element_counts_of


def checked_reference(form: str, text: str) -> str:
    """Return a gold answer as it is written.

    Parameters
    ----------
    form : str
        What it must be: the name of a kind, such as ``molecule``; ``formula``, ``number``; "" for any text.
    text : str

    Raises
    ------
    ParseError
        It is no such thing.
    """
    if form in kind_names():
        kind(form).parse(text)
    elif form:
        if form not in _CHECKS:
            raise ConfigurationError(f"no form of answers {form!r}; {choices(form, (*kind_names(), *_CHECKS))}")
        try:
            _CHECKS[form](text)
        except ValueError as error:
            raise ParseError(f"the gold answer is no {form}: {text[:60]!r}") from error
    return text


_CHECKS: Final[Mapping[str, Callable[[str], object]]] = {"formula": element_counts_of, "number": float}
