"""What the reader of a kind can be told of a file, such as which matrix of it holds the cells; declared by the kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from biomatrix.entities.kind_registry import kinds, load_attribute
from biomatrix.entities.options import chosen_options, defaults
from biomatrix.entities.registration import Kind
from biomatrix.entities.settings import checked


@dataclass(frozen=True)
class NoOptions:
    """Those of a kind whose reader takes none."""


def options_by_kind() -> dict[str, type[Any]]:
    """Return the class of reading options of every kind that declares one, by the kind's plural."""
    return {one.plural: load_attribute(one.reading_options) for one in kinds() if one.reading_options is not None}


def reading_options(owner: Kind, settings: Mapping[str, Any], of: str | Path) -> dict[str, Any]:
    """Return the reading options of a kind that are set, by name; those at their default are left out.

    Parameters
    ----------
    owner : Kind
    settings : mapping of str to object
        As given, perhaps with options of other kinds at their default.
    of : str or Path
        What is read, for messages.

    Raises
    ------
    ConfigurationError
        An option that the kind does not have, or a value that it cannot take.
    """
    every = options_by_kind()
    own: type[Any] = every.pop(owner.plural, NoOptions)
    chosen = chosen_options(own, owner.plural, settings, every, "the file")
    given = {name: getattr(chosen, name) for name, default in defaults(own).items()
             if name in settings and settings[name] != default}  # fmt: skip
    checked(given, own, of)
    return given
